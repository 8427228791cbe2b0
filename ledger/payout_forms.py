"""What is filled in about pay-outs. Shape is checked here, rules by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from ledger.fields import AmountField
from ledger.models import Way
from ledger.units import Measure, Unit

OFFERED = {"EUR": (Way.SEPA, Way.CHEQUE), "USD": (Way.NACHA, Way.CHEQUE)}


def ways(coop) -> list[tuple[str, Any]]:
    """How money can leave a co-op that keeps its books in this currency."""
    return [(way.value, way.label) for way in OFFERED.get(coop.currency, (Way.CHEQUE,))]


class DetailsForm(forms.Form):
    """Where a member's money goes. Only the fields of the ways the co-op's currency knows are shown."""

    way = forms.ChoiceField(label=_("How it reaches you"), widget=forms.RadioSelect)
    holder = forms.CharField(label=_("Account holder"), max_length=70, required=False)
    iban = forms.CharField(
        label="IBAN",
        max_length=42,
        required=False,
        help_text=_("Needed for a transfer, not for a cheque."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    bic = forms.CharField(label="BIC", max_length=11, required=False, help_text=_("Only if your bank asks for it."))
    routing = forms.CharField(label=_("Routing number"), max_length=11, required=False)
    account = forms.CharField(
        label=_("Account number"), max_length=24, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    savings = forms.BooleanField(label=_("It is a savings account"), required=False)

    def __init__(self, *args, coop, **kwargs):
        super().__init__(*args, **kwargs)
        offered = ways(coop)
        self.fields["way"].choices = offered
        self.fields["way"].initial = offered[0][0]
        known = {value for value, _label in offered}
        own = {Way.SEPA: ("iban", "bic"), Way.NACHA: ("routing", "account", "savings")}
        needless = [field for way, fields in own.items() if way.value not in known for field in fields]
        for field in needless if known & set(own) else [*needless, "holder"]:
            del self.fields[field]


class PayingAccountForm(forms.Form):
    """The account the co-op pays from."""

    holder = forms.CharField(label=_("Account holder"), max_length=70)
    iban = forms.CharField(
        label="IBAN", max_length=42, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    bic = forms.CharField(label="BIC", max_length=11, required=False)
    routing = forms.CharField(label=_("Routing number"), max_length=11, required=False)
    bank = forms.CharField(label=_("Name of the bank"), max_length=23, required=False)
    company_id = forms.CharField(label=_("Company id the bank gave"), max_length=10, required=False)

    def __init__(self, *args, way: str, **kwargs):
        super().__init__(*args, **kwargs)
        needless = ("routing", "bank", "company_id") if way == Way.SEPA else ("iban", "bic")
        for name in needless:
            del self.fields[name]


class RunForm(forms.Form):
    """A new pay-out."""

    way = forms.ChoiceField(label=_("How it is paid"))
    pay_on = forms.DateField(label=_("To be paid on"), help_text=_("The day the bank is asked to pay."))
    more_than = AmountField(
        label=_("Only sums above"),
        required=False,
        help_text=_("Smaller ones stay owed and wait for more. Empty: every sum is paid."),
    )
    set_off = forms.BooleanField(
        label=_("Take off what members owe the co-op"),
        required=False,
        help_text=_("Only where the by-laws allow it. Ask your adviser."),
    )

    def __init__(self, *args, coop, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["way"].choices = ways(coop)
        self.fields["pay_on"].initial = clock.today(coop)
        self.fields["more_than"].measure = Measure(Unit.MONEY, coop.currency)

    def clean_more_than(self) -> int:
        return self.cleaned_data["more_than"] or 0


class ReturnForm(forms.Form):
    """A payment that came back."""

    on = forms.DateField(label=_("Back on our account on"))
    code = forms.CharField(
        label=_("The bank’s code"), max_length=10, required=False, help_text=_("Such as AC04 or R03.")
    )
    because = forms.CharField(label=_("What the bank says"), max_length=300)


class PostedForm(forms.Form):
    """The printed notices went to the post."""

    on = forms.DateField(label=_("Taken to the post on"))


class UnclaimedForm(forms.Form):
    """A list of money nobody claimed. It begins with what the co-op's law pack says."""

    years = forms.IntegerField(label=_("Owed for at least, in years"), min_value=1, max_value=50)
    notice_days = forms.IntegerField(label=_("Days between the letter and the booking"), min_value=0, max_value=730)
    goes_to = forms.ChoiceField(label=_("Then it goes to"))

    def __init__(self, *args, accounts, law, **kwargs):
        kwargs["initial"] = {"years": law.years, "notice_days": law.notice_days}
        super().__init__(*args, **kwargs)
        self.fields["goes_to"].choices = [("", _("Choose an account")), *accounts]


class EquityForm(forms.Form):
    """A payback of kept refunds."""

    decided = forms.CharField(
        label=_("Decided by"), max_length=120, help_text=_("The resolution behind it, such as “board 2026-07”.")
    )
    who = forms.ChoiceField(
        label=_("Who is paid back"),
        choices=[
            ("all", _("everybody")),
            ("estates", _("the estates of members who have died")),
            ("age", _("members from an age on")),
        ],
    )
    age = forms.IntegerField(label=_("From which age on"), min_value=18, max_value=120, required=False)
    order = forms.ChoiceField(
        label=_("In which order"),
        choices=[
            ("oldest", _("the oldest years first")),
            ("newest", _("the newest years first")),
            ("every", _("every year by the same percentage")),
            ("hybrid", _("a part for the oldest years, the rest for the newest")),
        ],
    )
    oldest_percent = forms.IntegerField(
        label=_("Part for the oldest years, per cent"), min_value=0, max_value=100, required=False, initial=50
    )
    amount = AmountField(
        label=_("How much altogether"), required=False, help_text=_("Empty: everything kept for those it is for.")
    )

    def __init__(self, *args, coop, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].measure = Measure(Unit.MONEY, coop.currency)

    def clean_oldest_percent(self) -> int:
        given = self.cleaned_data["oldest_percent"]
        return 50 if given is None else given
