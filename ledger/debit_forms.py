"""What is filled in about direct debits. Shape is checked here, rules by the services."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from ledger.forms import CoopForm, DayInput, MemberForm, MoneyField
from ledger.models import BankAccount

NOTICE_DAYS = 14


class MandateForm(MemberForm):
    """A mandate as it was signed on paper."""

    holder = forms.CharField(
        label=_("Account holder"), max_length=70, required=False, help_text=_("The member’s name if left empty.")
    )
    iban = forms.CharField(label="IBAN", max_length=42, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    bic = forms.CharField(label="BIC", max_length=11, required=False)
    signed_on = forms.DateField(label=_("Signed on"), widget=DayInput)
    reference = forms.CharField(
        label=_("Mandate reference"), max_length=35, required=False, help_text=_("Made from the number if left empty.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["key"]
        self.initial.setdefault("signed_on", clock.today(self.coop))


class CreditorForm(CoopForm):
    bank_account = forms.ModelChoiceField(
        label=_("Collected into"), queryset=BankAccount.objects.none(), empty_label=None
    )
    creditor_id = forms.CharField(
        label=_("Creditor identifier"),
        max_length=42,
        help_text=_("Your central bank gives it out: DE98 ZZZ 0999 9999 999."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["bank_account"].queryset = BankAccount.objects.filter(coop=self.coop, is_iban=True, currency="EUR")


class DebitRunForm(CoopForm):
    collect_on = forms.DateField(label=_("To be collected on"), widget=DayInput)
    notice_days = forms.IntegerField(
        label=_("Days members are told before"),
        min_value=1,
        max_value=30,
        initial=NOTICE_DAYS,
        help_text=_("14, unless the mandates agree on fewer."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("collect_on", clock.today(self.coop) + timedelta(days=NOTICE_DAYS + 2))


class DebitReturnForm(CoopForm):
    on = forms.DateField(label=_("Came back on"), widget=DayInput)
    code = forms.CharField(
        label=_("The bank’s reason"), max_length=10, help_text=_("AC04 account closed, MD06 taken back by the payer …")
    )
    fee = MoneyField(label=_("The bank’s fee"), required=False)
    charge = forms.BooleanField(label=_("The member owes the fee"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))

    def clean_fee(self) -> int:
        return self.cleaned_data["fee"] or 0
