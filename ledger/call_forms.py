"""What the board and the treasurer type about calls on shares."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.forms import CoopForm, DayInput, MoneyField
from ledger.models import ShareClass
from ledger.models.calls import NOTICE_DAYS


class CallForm(CoopForm):
    share_class = forms.ModelChoiceField(label=_("Class of shares"), queryset=ShareClass.objects.none())
    per_share = MoneyField(label=_("A share"), help_text=_("Nobody is asked for more than was subscribed."))
    due_on = forms.DateField(label=_("Due on"), widget=DayInput, help_text=_("A fortnight from today, or later."))
    notice_days = forms.IntegerField(
        label=_("Days of notice before shares may be forfeited"), min_value=NOTICE_DAYS, max_value=365
    )
    decision = forms.CharField(
        label=_("Decision of the board"), max_length=120, help_text=_("For example: Board, 3 May 2026, item 4.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        on_call = ShareClass.objects.filter(coop=self.coop, on_call=True)
        self.fields["share_class"].queryset = on_call
        self.initial.setdefault("notice_days", NOTICE_DAYS)
        self.initial.setdefault("share_class", on_call.first())


class ForfeitForm(CoopForm):
    shares = forms.IntegerField(label=_("Shares"), min_value=1, max_value=1_000_000)
    decision = forms.CharField(label=_("Decision of the board"), max_length=120)
