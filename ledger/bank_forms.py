"""Forms of the bank: an account there, a statement brought in, and what a line is."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.forms import AccountChoice, CoopForm, MemberForm, MemberNumberField
from ledger.models import Account, BankAccount, Entry
from ledger.services.accounts import OF_MEMBERS


class BankAccountForm(CoopForm):
    name = forms.CharField(label=_("What you call it"), max_length=100, help_text=_("For example: house bank."))
    number = forms.CharField(
        label=_("IBAN"), max_length=42, help_text=_("Or the account number, where there is no IBAN.")
    )
    bic = forms.RegexField(
        r"^[A-Za-z]{6}[A-Za-z0-9]{2}([A-Za-z0-9]{3})?$",
        label=_("BIC"),
        required=False,
        error_messages={"invalid": _("A BIC has 8 or 11 letters and digits, such as COBADEFFXXX.")},
    )
    holder = forms.CharField(
        label=_("Account holder"), max_length=70, required=False, help_text=_("The co-op’s name if left empty.")
    )
    creditor_id = forms.CharField(
        label=_("Creditor identifier"),
        max_length=40,
        required=False,
        help_text=_("Only for direct debits; your central bank gives it out."),
    )
    of = AccountChoice(label=_("Account of the books"), queryset=Account.objects.none(), empty_label=None)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        free = Account.objects.filter(coop=self.coop, kind="asset", membership=None, is_open=True)
        free = free.exclude(purpose__in=OF_MEMBERS).filter(bank_account=None)
        self.fields["of"].queryset = free.order_by("code")


class StatementForm(CoopForm):
    file = forms.FileField(
        label=_("Statement"), max_length=200, help_text=_("camt.053, MT940, OFX or CSV, as your bank gives it.")
    )
    bank_account = forms.ModelChoiceField(
        label=_("Account"),
        queryset=BankAccount.objects.none(),
        required=False,
        empty_label=_("As the file says"),
        help_text=_("A CSV does not say it: choose."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["bank_account"].queryset = BankAccount.objects.filter(coop=self.coop)


class LinePaymentForm(MemberForm):
    """A waiting line is a member's payment. The key is the line's own."""

    act = forms.CharField(widget=forms.HiddenInput, initial="payment")
    member = MemberNumberField(label=_("Member number"))
    keep = forms.BooleanField(label=_("Keep what is more than owed as the member’s credit"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["key"]


class LineAccountForm(CoopForm):
    act = forms.CharField(widget=forms.HiddenInput, initial="account")
    to = AccountChoice(label=_("Account"), queryset=Account.objects.none(), empty_label="")
    memo = forms.CharField(label=_("What for"), max_length=300)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        general = Account.objects.filter(coop=self.coop, membership=None, is_open=True).exclude(purpose__in=OF_MEMBERS)
        self.fields["to"].queryset = general.order_by("code")


class LineEntryForm(CoopForm):
    act = forms.CharField(widget=forms.HiddenInput, initial="entry")
    entry = forms.ModelChoiceField(label=_("Entry"), queryset=Entry.objects.none(), empty_label=None)

    def __init__(self, *args, found, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["entry"].queryset = Entry.objects.filter(coop=self.coop, pk__in=[each.pk for each in found])


class LineAsideForm(CoopForm):
    act = forms.CharField(widget=forms.HiddenInput, initial="aside")
    because = forms.CharField(label=_("Why it needs no entry"), max_length=300)
