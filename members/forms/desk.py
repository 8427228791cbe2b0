"""Forms of the secretary's desk and of the member's own page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.forms import DayField
from members import services
from members.models import Application, MembershipClass, Party
from members.selectors import eligibility


class DateInput(forms.DateInput):
    """A browser's own date picker."""

    input_type = "date"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%d", **kwargs)


def one_is_needed(form: forms.Form, *names: str) -> None:
    """Not each of these fields is needed, but one is, as the page says before them: so none is called optional."""
    for name in names:
        if name in form.fields:
            form.fields[name].one_of_several = True  # type: ignore[attr-defined]


class MemberSearchForm(forms.Form):
    """Search and filters of the members' list."""

    q = forms.CharField(
        label=gettext_lazy("Name, number, e-mail or town"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": gettext_lazy("for example 0187")}),
    )
    member_class = forms.ModelChoiceField(
        label=gettext_lazy("Class"),
        queryset=MembershipClass.objects.none(),
        required=False,
        empty_label=gettext_lazy("All classes"),
        to_field_name="slug",
    )
    state = forms.ChoiceField(
        label=gettext_lazy("Standing"),
        required=False,
        choices=[
            ("", gettext_lazy("Any")),
            ("active", gettext_lazy("In good standing")),
            ("admitted", gettext_lazy("Shares not yet paid")),
            ("suspended", gettext_lazy("Suspended")),
        ],
    )

    tag = forms.CharField(label=gettext_lazy("Tag"), required=False, max_length=40)

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["member_class"].queryset = MembershipClass.objects.filter(coop=coop)


class AsAtForm(forms.Form):
    """The two dates of a reading: as at, and as known on."""

    as_at = DayField(label=gettext_lazy("As at"), required=False, widget=DateInput)
    known = DayField(label=gettext_lazy("As known on"), required=False, widget=DateInput)

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.coop = coop

    def clean(self):
        """Where a day is left out it is today."""
        today = clock.today(self.coop)
        said = {name: self.cleaned_data.get(name) or today for name in ("as_at", "known")}
        if not self.errors:
            try:
                services.refuse_reading(self.coop, said["as_at"], said["known"])
            except Refused as refused:
                refused.into(self)
        return said

    @property
    def is_asked(self) -> bool:
        return bool(self.data.get("as_at") or self.data.get("known"))


class SheetForm(forms.Form):
    """A new board sheet: for which meeting, with which applications."""

    meeting_on = forms.DateField(label=gettext_lazy("Meeting on"), widget=DateInput)
    applications = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Applications"),
        queryset=Application.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one application for the sheet.")},
    )

    def __init__(self, applications, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["applications"].queryset = applications
        self.fields["applications"].label_from_instance = lambda each: each.full_name


class DecisionForm(forms.Form):
    """What the body decided about each application of a sheet: one choice and, for a refusal, one reason each."""

    CHOICES = [
        (services.ADMIT, gettext_lazy("Admit")),
        (services.REFUSE, gettext_lazy("Refuse")),
        (services.POSTPONE, gettext_lazy("Postpone")),
    ]
    resolution = forms.CharField(
        label=gettext_lazy("Resolution"),
        max_length=80,
        help_text=gettext_lazy("As the minutes call it, for example 2026/14."),
    )
    on = forms.DateField(label=gettext_lazy("Decided on"), widget=DateInput)

    def __init__(self, applications, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.applications = list(applications)
        for each in self.applications:
            self.fields[f"verdict_{each.pk}"] = forms.ChoiceField(
                label=_("Decision about %s") % each.full_name, choices=self.CHOICES, widget=forms.RadioSelect
            )
            self.fields[f"reason_{each.pk}"] = forms.CharField(
                label=_("Reason, if %s is refused") % each.full_name,
                required=False,
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def lines(self):
        """Each application with its two fields, for the template."""
        for each in self.applications:
            yield each, self[f"verdict_{each.pk}"], self[f"reason_{each.pk}"]

    def decisions(self) -> dict[int, services.Decision]:
        said = self.cleaned_data
        return {
            each.pk: services.Decision(said[f"verdict_{each.pk}"], said[f"reason_{each.pk}"])
            for each in self.applications
        }


class PaperApplicationForm(forms.Form):
    """An application that came on paper, typed in by the secretary."""

    kind = forms.ChoiceField(label=gettext_lazy("Who is joining"), choices=Party.Kind.choices)
    given_names = forms.CharField(label=gettext_lazy("Forenames"), max_length=150, required=False)
    family_name = forms.CharField(label=gettext_lazy("Family name"), max_length=150, required=False)
    firm = forms.CharField(label=gettext_lazy("Name of the organisation"), max_length=300, required=False)
    register_number = forms.CharField(label=gettext_lazy("Number in its register"), max_length=60, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=60, required=False)
    street = forms.CharField(label=gettext_lazy("Street and number"), max_length=200, required=False)
    postcode = forms.CharField(label=gettext_lazy("Postcode"), max_length=20, required=False)
    place = forms.CharField(label=gettext_lazy("Town"), max_length=120, required=False)
    member_class = forms.ChoiceField(label=gettext_lazy("Class"))
    shares_wanted = forms.IntegerField(label=gettext_lazy("How many shares"), min_value=0, max_value=1_000_000)
    instalments = forms.BooleanField(label=gettext_lazy("Pays in parts"), required=False)
    of_age = forms.BooleanField(label=gettext_lazy("Said to be of age"), required=False, initial=True)
    born_on = forms.DateField(label=gettext_lazy("Born on, if a minor"), required=False, widget=DateInput)
    guardian_given_names = forms.CharField(label=gettext_lazy("Guardian’s forenames"), max_length=150, required=False)
    guardian_family_name = forms.CharField(label=gettext_lazy("Guardian’s family name"), max_length=150, required=False)
    guardian_email = forms.EmailField(label=gettext_lazy("Guardian’s e-mail"), required=False)
    guardian_evidence = forms.CharField(
        label=gettext_lazy("What shows it"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For example: birth certificate and the signatures of both parents."),
    )
    received_on = forms.DateField(label=gettext_lazy("Received on"), widget=DateInput)
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.coop = coop
        terms = eligibility(coop)
        self.fields["member_class"].choices = [(each.member_class.slug, each.member_class.name) for each in terms]
        self.initial.setdefault("shares_wanted", min((each.minimum_shares for each in terms), default=1))
        self.initial.setdefault("received_on", clock.today(coop))
        one_is_needed(self, "given_names", "family_name", "firm", "email", "street")

    def save(self) -> Application | None:
        said = dict(self.cleaned_data)
        named = ("given_names", "family_name", "email", "evidence")
        guardian = {name: said.pop(f"guardian_{name}") for name in named}
        try:
            return services.apply(coop=self.coop, channel=Application.Channel.PAPER, guardian=guardian, **said)
        except Refused as refused:
            refused.into(self)
            return None


class DetailsForm(forms.Form):
    """Address and contact data: a member's own, or typed in by the secretary."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=60, required=False)
    street = forms.CharField(label=gettext_lazy("Street and number"), max_length=200, required=False)
    postcode = forms.CharField(label=gettext_lazy("Postcode"), max_length=20, required=False)
    place = forms.CharField(label=gettext_lazy("Town"), max_length=120, required=False)


class NameForm(DetailsForm):
    """The secretary's form: names and the day from which it holds, too."""

    given_names = forms.CharField(label=gettext_lazy("Forenames"), max_length=150, required=False)
    family_name = forms.CharField(label=gettext_lazy("Family name"), max_length=150, required=False)
    one_name = forms.BooleanField(label=gettext_lazy("They have one name only"), required=False)
    firm = forms.CharField(label=gettext_lazy("Name of the organisation"), max_length=300, required=False)
    register_number = forms.CharField(label=gettext_lazy("Number in its register"), max_length=60, required=False)
    on = forms.DateField(
        label=gettext_lazy("Holds from"),
        widget=DateInput,
        help_text=gettext_lazy("Earlier days keep showing what held then. A day to come is waited for, up to a year."),
    )

    def __init__(self, party, *args, **kwargs):
        super().__init__(*args, **kwargs)
        person = ("given_names", "family_name", "one_name")
        gone = ("firm", "register_number") if party.kind == Party.Kind.PERSON else person
        for name in gone:
            del self.fields[name]
        one_is_needed(self, "given_names", "family_name")
        if "firm" in self.fields:
            self.fields["firm"].required = True
        order = ["given_names", "family_name", "one_name", "firm", "register_number"]
        self.order_fields(order + list(DetailsForm.base_fields) + ["on"])


class StandingForm(forms.Form):
    """A decision of the board about one membership."""

    on = forms.DateField(label=gettext_lazy("Decided on"), widget=DateInput)
    resolution = forms.CharField(label=gettext_lazy("Resolution"), max_length=80)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("In a sentence the member will read."),
    )
