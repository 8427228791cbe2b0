"""The first-run wizard's three pages."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.core.validators import validate_email
from django.utils.dates import MONTHS
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from coop.kernel import money
from coop.kernel.models import Cooperative
from coop.law import BYLAWS_TO_BEGIN_WITH, PACKS
from ledger.chart_templates import TEMPLATES

CURRENCIES = ("EUR USD GBP CHF SEK NOK DKK PLN CZK CAD AUD NZD JPY INR KRW PHP BRL MXN ZAR KES TND").split()


INDUCTION = (
    ("", _("No")),
    ("members", _("For whoever joins")),
    ("board", _("For whoever stands for the board")),
    ("both", _("For both")),
)


class CoopForm(forms.ModelForm):
    """Who we are."""

    slug = forms.SlugField(
        label=_("Address here"), max_length=40, help_text=_("Small letters, digits and hyphens: riverside-food")
    )
    law = forms.ChoiceField(label=_("Law"), choices=[(pack.code, pack.label) for pack in PACKS.values()])
    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=[(code, format_lazy("{}, {} {}", code, money.exponent(code), _("decimals"))) for code in CURRENCIES],
        help_text=_("All amounts are kept in its smallest unit. It cannot be changed later."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=[(each, each) for each in sorted(available_timezones())]
    )
    fiscal_year_end_month = forms.TypedChoiceField(
        label=_("The business year ends with"), choices=list(MONTHS.items()), coerce=int, initial=12
    )

    class Meta:
        model = Cooperative
        fields = [
            "name",
            "slug",
            "registration",
            "address",
            "email",
            "law",
            "currency",
            "time_zone",
            "fiscal_year_end_month",
        ]
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}


class RulesForm(forms.Form):
    """What we agreed."""

    adopted_on = forms.DateField(label=_("By-laws adopted on"), widget=forms.DateInput(attrs={"type": "date"}))
    bylaws_text = forms.CharField(
        label=_("By-laws"),
        widget=forms.Textarea(attrs={"rows": 10}),
        initial=BYLAWS_TO_BEGIN_WITH,
        help_text=_("A text to begin with. Put yours in its place, and ask your adviser."),
    )
    class_name = forms.CharField(label=_("What members are called"), max_length=80, initial=_("Member"))
    eligibility = forms.CharField(label=_("Who can join"), initial=_("Anyone who uses the co-operative."))
    share_price = forms.CharField(label=_("One share costs"), help_text=_("For example 50.00"))
    minimum_shares = forms.IntegerField(
        label=_("Smallest number of shares"), min_value=1, max_value=1_000_000, initial=1
    )
    instalments = forms.IntegerField(
        label=_("May be paid in how many parts"), min_value=1, max_value=120, initial=1, help_text=_("1: all at once.")
    )
    entry_fee = forms.CharField(label=_("Joining fee"), initial="0")
    induction = forms.ChoiceField(
        label=_("Does a course come first?"),
        choices=INDUCTION,
        required=False,
        help_text=_("Where your by-laws ask for an induction. Its checklist and sessions are made under Courses."),
    )
    chart = forms.ChoiceField(label=_("Chart of accounts"), choices=[(each, each) for each in TEMPLATES])

    def __init__(self, *args, currency: str = "EUR", **kwargs):
        super().__init__(*args, **kwargs)
        self.currency = currency

    def _money(self, name: str) -> int:
        try:
            amount = money.parse_minor(self.cleaned_data[name], self.currency)
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from None
        if amount < 0:
            raise forms.ValidationError(_("It cannot be less than nothing."))
        return amount

    def clean_share_price(self) -> int:
        return self._money("share_price")

    def clean_entry_fee(self) -> int:
        return self._money("entry_fee")


class OfficesForm(forms.Form):
    """Who does what."""

    founder_name = forms.CharField(label=_("Your name"), max_length=200)
    founder_email = forms.EmailField(label=_("Your e-mail"), help_text=_("You become secretary."))
    treasurer = forms.EmailField(label=_("Treasurer's e-mail"), required=False)
    returning_officer = forms.EmailField(label=_("Returning officer's e-mail"), required=False)
    board = forms.CharField(
        label=_("Board members' e-mails"), required=False, help_text=_("Separated by commas. You can add more later.")
    )
    auditor = forms.EmailField(label=_("Auditor's e-mail"), required=False)
    logo = forms.ImageField(label=_("Logo"), required=False, help_text=_("PNG or JPEG, at most 1 MB."))

    def clean_board(self) -> list[str]:
        emails = [each.strip().lower() for each in self.cleaned_data["board"].split(",") if each.strip()]
        for each in emails:
            validate_email(each)
        return emails

    def clean_logo(self):
        logo = self.cleaned_data["logo"]
        if logo and logo.size > 1_000_000:
            raise forms.ValidationError(_("The picture is larger than 1 MB."))
        return logo

    def officers(self) -> list[tuple[str, str, str]]:
        """(office, e-mail, name) of everyone named."""
        data = self.cleaned_data
        single = [(role, data[role], "") for role in ("treasurer", "returning_officer", "auditor") if data[role]]
        return single + [("board", email, "") for email in data["board"]]


class SettingsForm(forms.ModelForm):
    """What the secretary may change later; currency, address and law stay as founded."""

    class Meta:
        model = Cooperative
        fields = ["name", "registration", "founded_on", "address", "email", "logo"]
        widgets = {
            "address": forms.Textarea(attrs={"rows": 3}),
            "founded_on": forms.DateInput(attrs={"type": "date"}),
        }
