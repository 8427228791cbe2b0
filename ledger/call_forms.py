"""What the board and the treasurer type about calls on shares."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.call_laws import law_of
from ledger.forms import CoopForm, DayInput, MoneyField
from ledger.models import ShareClass


class CallForm(CoopForm):
    share_class = forms.ModelChoiceField(label=_("Class of shares"), queryset=ShareClass.objects.none())
    per_share = MoneyField(label=_("A share"), help_text=_("Nobody is asked for more than was subscribed."))
    due_on = forms.DateField(label=_("Due on"), widget=DayInput)
    notice_days = forms.IntegerField(label=_("Days of notice before shares may be forfeited"), max_value=365)
    decision = forms.CharField(
        label=_("Decision of the board"), max_length=120, help_text=_("For example: Board, 3 May 2026, item 4.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        on_call = ShareClass.objects.filter(coop=self.coop, on_call=True)
        self.fields["share_class"].queryset = on_call
        law = law_of(self.coop)
        self.fields["due_on"].help_text = _("%(n)s days from today, or later.") % {"n": law.due_days}
        sentence = _("%(n)s or more. %(cite)s Ask your adviser.")
        self.fields["notice_days"].help_text = sentence % {
            "n": law.notice_days,
            "cite": f"{law.cite}".rstrip(".") + ".",
        }
        self.initial.setdefault("notice_days", law.notice_days)
        self.initial.setdefault("share_class", on_call.first())


class ForfeitForm(CoopForm):
    shares = forms.IntegerField(label=_("Shares"), min_value=1, max_value=1_000_000)
    decision = forms.CharField(label=_("Decision of the board"), max_length=120)
