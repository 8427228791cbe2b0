"""The public application form."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django import forms
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.money import format_minor
from members import services, spam
from members.models import Application, ClassTerms, Party
from members.selectors import eligibility

from .desk import DateInput

# Register law asks for the members' postal address (GenG § 30; CCBSA 2014 s. 30; S.C. 1998 c. 1, s. 31).
OF_A_MINOR = ("born_on", "guardian_given_names", "guardian_family_name", "guardian_email", "guardian_agrees")
ADDRESS_BY_LAW = ("de-", "uk-", "ca-")
DETAILS = "given_names family_name firm register_court register_number email phone street postcode place note".split()


MINOR = "minor"  # a person, for whom a guardian applies


class ApplicationForm(forms.Form):
    """Asks for what the register needs and no more. ``save`` applies.

    ``ApplicationForm(coop, data, request=request)``. ``kind`` is ``person`` (the default), ``organisation`` or
    ``minor``; the page at ``?as=…`` asks for the others. ``share_price`` in minor units lets the choice of payment
    name sums.
    """

    kind = forms.ChoiceField(choices=[*Party.Kind.choices, (MINOR, "")], widget=forms.HiddenInput)
    firm = forms.CharField(label=gettext_lazy("Name of the organisation"), max_length=300)
    register_number = forms.CharField(
        label=gettext_lazy("Number in its register"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("If it is in one, for example GnR 1234."),
    )
    given_names = forms.CharField(
        label=gettext_lazy("Forenames"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    family_name = forms.CharField(
        label=gettext_lazy("Family name"),
        max_length=150,
        help_text=gettext_lazy("As it should stand in the register of members."),
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    born_on = forms.DateField(label=gettext_lazy("Born on"), widget=DateInput)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("For notices of meetings. If you have none, leave it empty and we will write to you."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    street = forms.CharField(
        label=gettext_lazy("Street and number"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    postcode = forms.CharField(
        label=gettext_lazy("Postcode"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    place = forms.CharField(
        label=gettext_lazy("Town"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    member_class = forms.ChoiceField(label=gettext_lazy("You join as"), widget=forms.RadioSelect)
    shares_wanted = forms.IntegerField(label=gettext_lazy("How many shares"), min_value=0, max_value=1_000_000)
    pay = forms.ChoiceField(label=gettext_lazy("How would you like to pay?"), widget=forms.RadioSelect)
    guardian_given_names = forms.CharField(label=gettext_lazy("Guardian’s forenames"), max_length=150, required=False)
    guardian_family_name = forms.CharField(label=gettext_lazy("Guardian’s family name"), max_length=150)
    guardian_email = forms.EmailField(
        label=gettext_lazy("Guardian’s e-mail"), help_text=gettext_lazy("We write to you both.")
    )
    guardian_agrees = forms.BooleanField(
        label=gettext_lazy("I am the guardian. I agree to this membership and act for it until the child is of age."),
        error_messages={"required": gettext_lazy("A minor joins only with the guardian’s yes.")},
    )
    of_age = forms.BooleanField()
    accept_bylaws = forms.BooleanField(
        error_messages={"required": gettext_lazy("Members are bound by the by-laws, so we need your yes to them.")}
    )
    website = forms.CharField(required=False)  # the trap
    stamp = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, coop, data=None, *, request=None, kind: str = "", share_price: int | None = None, **kwargs):
        super().__init__(data, **kwargs)
        self.coop, self.request, self.share_price = coop, request, share_price
        self.terms: list[ClassTerms] = eligibility(coop)
        asked = kind or (request.GET.get("as", "") if request is not None else "")
        self.applicant: str = (data.get("kind") if data else asked) or ""
        if self.applicant not in (*Party.Kind.values, MINOR):
            self.applicant = Party.Kind.PERSON
        self.initial = {**self.initial, "kind": self.applicant, "stamp": spam.stamp()}
        self._fit_kind()
        self._fit_address()
        self._fit_terms()
        self._fit_bylaws()

    @property
    def is_open(self) -> bool:
        """Can anybody apply at all? Not before the co-op has by-laws with a class open to the public."""
        return bool(self.terms)

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def _fit_kind(self) -> None:
        gone = {
            Party.Kind.ORGANISATION: ("given_names", "family_name", "of_age", *OF_A_MINOR),
            Party.Kind.PERSON: ("firm", "register_number", *OF_A_MINOR),
            MINOR: ("firm", "register_number", "of_age"),
        }
        for name in gone[self.applicant]:
            del self.fields[name]
        if self.applicant == MINOR:
            self.fields["given_names"].label = _("The child’s forenames")
            self.fields["family_name"].label = _("The child’s family name")

    def _fit_address(self) -> None:
        if self.coop.law.startswith(ADDRESS_BY_LAW):
            for name in ("street", "postcode", "place"):
                self.fields[name].required = True
            self.fields["street"].help_text = _("The law’s register of members asks for your postal address.")

    def _fit_terms(self) -> None:
        if not self.terms:
            return
        only = self.terms[0] if len(self.terms) == 1 else None
        choices = [(each.member_class.slug, each.member_class.name) for each in self.terms]
        self._choose("member_class", choices)
        self.initial.setdefault("member_class", choices[0][0])
        if only is not None:
            self.fields["member_class"].widget = forms.HiddenInput()
        least = min(each.minimum_shares for each in self.terms)
        shares = self.fields["shares_wanted"]
        shares.widget.attrs["min"] = least
        self.initial.setdefault("shares_wanted", least)
        shares.help_text = self._shares_help(only, least)
        age = max(each.minimum_age for each in self.terms)
        if "of_age" in self.fields:
            if age:
                self.fields["of_age"].label = _("I am %(age)s or over") % {"age": age}
                self.fields["of_age"].error_messages["required"] = _(
                    "You can join from the age of %(age)s. Before that a guardian can apply; please write to us."
                ) % {"age": age}
            else:
                del self.fields["of_age"]
        self._fit_payment(max(each.instalments for each in self.terms))

    def _shares_help(self, only: ClassTerms | None, least: int) -> str:
        words = ngettext("At least %(n)s share.", "At least %(n)s shares.", least) % {"n": least}
        if only is not None and only.maximum_shares:
            words += " " + _("At most %(n)s.") % {"n": only.maximum_shares}
        return words

    def _fit_payment(self, parts: int) -> None:
        if parts < 2:
            del self.fields["pay"]
            return
        in_parts = _("In up to %(parts)s monthly parts") % {"parts": parts}
        at_once = _("All at once")
        if self.share_price is not None and len(self.terms) == 1:
            (terms,) = self.terms
            total = terms.minimum_shares * self.share_price
            part = -(-total // parts)
            in_parts = _("In %(parts)s monthly parts of %(sum)s") % {
                "parts": parts,
                "sum": format_minor(part, self.coop.currency),
            }
            at_once = _("All at once, %(sum)s") % {"sum": format_minor(total + terms.entry_fee, self.coop.currency)}
        self._choose("pay", [("parts", in_parts), ("once", at_once)])
        self.initial.setdefault("pay", "parts")

    def _fit_bylaws(self) -> None:
        if not self.terms:
            return
        bylaws = self.terms[0].bylaws
        link = format_html(
            '<a href="{}">{}</a>',
            reverse("members:bylaws-text", kwargs={"coop": self.coop.slug, "pk": bylaws.pk}),
            _("by-laws"),
        )
        words = _("I have read the {} of {} and accept them")
        if self.applicant == MINOR:
            words = _("We have both read the {} of {}; the child wants to join and accepts them")
        self.fields["accept_bylaws"].label = format_html(words, link, date_format(bylaws.adopted_on, "j F Y"))

    def clean(self):
        if self.cleaned_data.get("website"):
            raise forms.ValidationError(
                _("This looks like a machine filled it in. Please leave the hidden field empty.")
            )
        self._clean_stamp()
        if self.request is not None and not self.errors:
            address = get_adapter(self.request).get_client_ip(self.request)
            if spam.sent_too_often(self.coop, address):
                raise forms.ValidationError(
                    _("Many applications came from your network in the last hour. Please try again later, or on paper.")
                )
        return self.cleaned_data

    def _clean_stamp(self) -> None:
        age = spam.age(self.cleaned_data.get("stamp", ""))
        if age is None or age > spam.STALE:
            message = _("This page was open for too long. Please send it again; what you wrote is still here.")
        elif age < spam.FASTEST:
            message = _("That was quicker than anybody types. Please look at it once more and send it again.")
        else:
            return
        self.data = {**{name: self.data.get(name) for name in self.data}, "stamp": spam.stamp()}
        raise forms.ValidationError(message)

    def save(self, *, channel: str = Application.Channel.WEB) -> Application | None:
        """Apply. None where the rules refuse; the form then says why beside the field."""
        said = self.cleaned_data
        account = getattr(self.request, "user", None)
        signed_in = account is not None and account.is_authenticated
        bylaws = {each.member_class.slug: each.bylaws for each in self.terms}
        try:
            return services.apply(
                coop=self.coop,
                kind=Party.Kind.ORGANISATION if self.applicant == Party.Kind.ORGANISATION else Party.Kind.PERSON,
                born_on=said.get("born_on"),
                guardian=self._guardian(),
                member_class=said["member_class"],
                shares_wanted=said["shares_wanted"],
                instalments=said.get("pay") == "parts",
                of_age=said.get("of_age", True),
                bylaws=bylaws.get(said["member_class"]),
                channel=channel,
                account=account if signed_in else None,
                **{name: said[name] for name in DETAILS if name in said},
            )
        except Refused as refused:
            refused.into(self)
            return None

    def _guardian(self) -> dict[str, str] | None:
        """Who applies for the child, as said here; the secretary looks at it before the board admits."""
        if self.applicant != MINOR:
            return None
        said = {name: self.cleaned_data[f"guardian_{name}"] for name in ("given_names", "family_name", "email")}
        day = date_format(clock.today(self.coop), "j F Y")
        return {**said, "evidence": _("Both agreed on the website on %s.") % day}
