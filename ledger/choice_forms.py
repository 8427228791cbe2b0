"""What is filled in about members' choices. Shape is checked here, rules by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.fields import AmountField
from ledger.models import RefundOffer, ShareClass
from ledger.units import Measure, Unit


class OfferForm(forms.Form):
    """Let the members of a plan choose."""

    closes_on = forms.DateField(label=_("Members choose until"), help_text=_("This day is the last one."))
    bylaws = forms.CharField(
        label=_("Where it is allowed"), max_length=120, help_text=_("The by-law, such as “by-laws § 34”.")
    )
    may_donate = forms.BooleanField(label=_("They may give to the community fund"), required=False, initial=True)
    share_class = forms.ModelChoiceField(
        label=_("They may take shares"), queryset=ShareClass.objects.none(), required=False, empty_label=_("no shares")
    )

    def __init__(self, *args, classes, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["share_class"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = classes


class ChoiceForm(forms.Form):
    """One member's choice; what is not offered is not asked."""

    donated = AmountField(label=_("For the community fund"), required=False)
    shares = forms.IntegerField(label=_("As shares, how many"), min_value=0, required=False)

    def __init__(self, *args, offer: RefundOffer, most_shares: int, par: int, **kwargs):
        super().__init__(*args, **kwargs)
        measure = Measure(Unit.MONEY, offer.coop.currency)
        self.fields["donated"].measure = measure  # type: ignore[attr-defined]
        self.fields["donated"].help_text = _("Empty: nothing.")
        self.fields["shares"].help_text = _("A share is %(par)s; at most %(most)s.") % {
            "par": measure.said(par),
            "most": most_shares,
        }
        if offer.goes_to is None:
            del self.fields["donated"]
        if not most_shares:
            del self.fields["shares"]

    def wish(self) -> dict[str, Any]:
        """What the service takes: nothing is nought."""
        return {name: self.cleaned_data.get(name) or 0 for name in ("donated", "shares")}
