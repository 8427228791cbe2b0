"""What the treasurer types. Forms check shape; what may be done is the services' question."""

from __future__ import annotations

import secrets

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock, money
from coop.kernel.forms import DayField
from ledger.models import Account
from members.models import Membership
from members.selectors import membership_by_number


class MoneyField(forms.CharField):
    """An amount as people write it, turned into minor units of the form's currency."""

    def __init__(self, **kwargs):
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.currency = "EUR"

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            return money.parse_minor(text, self.currency)
        except ValueError as fault:
            raise forms.ValidationError(str(fault)) from None


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class CoopForm(forms.Form):
    """A form inside a co-op: amounts are in its currency, days are its own."""

    def __init__(self, *args, coop, **kwargs):
        super().__init__(*args, **kwargs)
        self.coop = coop
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = coop.currency


class KeyedForm(CoopForm):
    """A form whose act is posted once, however often it is sent: the key was given out with the empty form."""

    key = forms.CharField(max_length=100, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", f"form:{secrets.token_urlsafe(16)}")


class MemberNumberField(forms.IntegerField):
    def __init__(self, **kwargs):
        kwargs.setdefault("min_value", 1)
        kwargs.setdefault("max_value", 2**62)
        kwargs.setdefault("label", _("Member number"))
        super().__init__(**kwargs)


class MemberForm(KeyedForm):
    """A form about one member, named by number; the cleaned value is the membership."""

    member = MemberNumberField()

    def clean_member(self) -> Membership:
        number = self.cleaned_data["member"]
        membership = membership_by_number(self.coop, number)
        if membership is None:
            raise forms.ValidationError(_("There is no member %(number)s."), params={"number": number})
        return membership


class PaymentForm(MemberForm):
    amount = MoneyField(label=_("Amount"), help_text=_("As on the bank statement, for example 260.00."))
    on = forms.DateField(label=_("Day it came in"), widget=DayInput)
    reference = forms.CharField(label=_("Reference"), max_length=140, required=False)
    keep = forms.BooleanField(
        label=_("Keep what is more than owed as the member’s credit"),
        required=False,
        help_text=_("Without this, more than is owed is refused."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))


class PaymentFileForm(CoopForm):
    file = forms.FileField(
        label=_("CSV file"), help_text=_("Columns date, member, amount and, if you like, reference."), max_length=200
    )
    total = MoneyField(
        label=_("Total you expect"), help_text=_("Read off the bank statement; the file must add up to it.")
    )
    keep = forms.BooleanField(label=_("Keep what is more than owed as credits"), required=False)


class SubscribeForm(CoopForm):
    shares = forms.IntegerField(label=_("More shares"), min_value=1, max_value=1_000_000)
    on = forms.DateField(label=_("From"), widget=DayInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))


class ShareClassForm(CoopForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    par = MoneyField(label=_("Par value of a share"))
    is_default = forms.BooleanField(label=_("New members subscribe to this one"), required=False)
    on_call = forms.BooleanField(
        label=_("Paid when the board calls for it"),
        required=False,
        help_text=_("What joining asks for is due as always; what is taken beyond it waits for a call. For good."),
    )


class ReasonForm(CoopForm):
    """Why something is taken back or opened again, and from when."""

    because = forms.CharField(label=_("Why"), max_length=300)
    on = forms.DateField(label=_("Day it counts from"), widget=DayInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))


class AccountForm(CoopForm):
    code = forms.CharField(label=_("Code"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Account.Kind.choices)


class AccountChangeForm(CoopForm):
    name = forms.CharField(label=_("Name"), max_length=200)
    is_open = forms.BooleanField(label=_("Takes postings"), required=False)


class JournalSearch(forms.Form):
    q = forms.CharField(label=_("Number or words"), required=False, max_length=100)
    since = DayField(label=_("From"), required=False, widget=DayInput)
    until = DayField(label=_("To"), required=False, widget=DayInput)


class StatementSearch(forms.Form):
    since = DayField(label=_("From"), required=False, widget=DayInput)
    until = DayField(label=_("To"), required=False, widget=DayInput)


class AsAtForm(forms.Form):
    on = DayField(label=_("As at"), required=False, widget=DayInput)


class ShareSearch(AsAtForm):
    q = forms.CharField(label=_("Name or number"), required=False, max_length=100)
    field_order = ("q", "on")


class EntryForm(KeyedForm):
    """The head of an entry by hand; its lines are ``EntryLineForm``."""

    memo = forms.CharField(label=_("What for"), max_length=300)
    on = forms.DateField(label=_("Date"), widget=DayInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))


class AccountChoice(forms.ModelChoiceField):
    def label_from_instance(self, account) -> str:
        return f"{account.code} {account.name}"


class EntryLineForm(CoopForm):
    account = AccountChoice(label=_("Account"), queryset=Account.objects.none(), required=False, empty_label="")
    debit = MoneyField(label=_("Debit"), required=False)
    credit = MoneyField(label=_("Credit"), required=False)

    def __init__(self, *args, accounts, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = accounts

    def clean(self):
        said = self.cleaned_data
        debit, credit, account = said.get("debit"), said.get("credit"), said.get("account")
        if self.errors or (debit is None and credit is None and account is None):
            return said
        if account is None:
            raise forms.ValidationError(_("This line names no account."))
        if (debit is None) == (credit is None):
            raise forms.ValidationError(_("This line needs a debit or a credit, not both."))
        if min(debit or 0, credit or 0) < 0:
            raise forms.ValidationError(_("Write a debit instead of a credit below nothing, and the other way round."))
        said["signed"] = (debit or 0) - (credit or 0)
        return said


class CloseForm(CoopForm):
    reason = forms.CharField(label=_("Note"), max_length=300, required=False)


class ReopenForm(CoopForm):
    because = forms.CharField(label=_("Why it must be opened again"), max_length=300)


class SharesOutForm(KeyedForm):
    """Shares that leave a holding: how many, when, why."""

    shares = forms.IntegerField(label=_("Shares"), min_value=1, max_value=1_000_000)
    on = forms.DateField(label=_("Day"), widget=DayInput)
    because = forms.CharField(label=_("Why, and by which decision or deed"), max_length=300)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))


class TransferForm(SharesOutForm):
    member = MemberNumberField(label=_("To member number"))
    field_order = ("member", "shares", "on", "because")
    clean_member = MemberForm.clean_member


class GiftForm(SharesOutForm):
    forfeited = forms.BooleanField(
        label=_("Forfeited by a decision, not given"), required=False, help_text=_("Name the decision above.")
    )


class AskBackForm(CoopForm):
    shares = forms.IntegerField(label=_("How many shares"), min_value=1, max_value=1_000_000)
    because = forms.CharField(label=_("Why"), max_length=300, required=False)


class AskBackForMemberForm(AskBackForm):
    on = forms.DateField(label=_("Asked on"), widget=DayInput)
    due_on = forms.DateField(
        label=_("Not before"),
        widget=DayInput,
        required=False,
        help_text=_("The day the by-laws make it payable, if they do."),
    )
    field_order = ("shares", "on", "due_on", "because")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))


class LimitForm(CoopForm):
    amount = MoneyField(label=_("At most"))
    starts = forms.DateField(label=_("From"), widget=DayInput)
    ends = forms.DateField(label=_("To"), widget=DayInput)
    resolution = forms.CharField(label=_("Resolution of the board"), max_length=80)


class DayForm(CoopForm):
    on = forms.DateField(label=_("Day"), widget=DayInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))


class AcceptForm(DayForm):
    out_of_turn = forms.CharField(
        label=_("Why before those who have waited longer"),
        max_length=300,
        required=False,
        help_text=_("Only if somebody else is first in the queue."),
    )


class RefuseForm(CoopForm):
    because = forms.CharField(label=_("Why; the member reads this"), max_length=300)


class OpeningForm(CoopForm):
    on = forms.DateField(label=_("Day"), widget=DayInput, help_text=_("The first day of the year you go on with."))
    trial = forms.FileField(label=_("Trial balance"), max_length=200, help_text=_("CSV: account, debit, credit."))
    members = forms.FileField(
        label=_("What belongs to each member"),
        max_length=200,
        required=False,
        help_text=_("CSV: member, paid. Only if there is members’ money in the trial balance."),
    )
