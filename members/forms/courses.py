"""Forms about what the co-op teaches."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel.models import Office
from members.models import Course, Membership, MembershipClass
from members.selectors import membership_by_number

from .desk import DateInput


class MomentInput(forms.DateTimeInput):
    """A browser's own picker of day and time, where the co-op is."""

    input_type = "datetime-local"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


def steps_of(text: str) -> list[tuple[str, str]]:
    """The checklist as typed, one line each, ``title | address of the material``. Raises ``ValidationError``."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        title, _bar, link = (part.strip() for part in line.partition("|"))
        if link:
            try:
                URLValidator(schemes=["http", "https"])(link)
            except ValidationError as wrong:
                raise ValidationError(_("“%s” is not an address a browser can open.") % link[:60]) from wrong
        found.append((title, link))
    return found


class CourseForm(forms.Form):
    """A course, its checklist, and how long it counts."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    about = forms.CharField(
        label=gettext_lazy("What it is about"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    needs_session = forms.BooleanField(
        label=gettext_lazy("One has to be there"),
        required=False,
        help_text=gettext_lazy("Without a tick the checklist alone is enough."),
    )
    steps = forms.CharField(
        label=gettext_lazy("Checklist"),
        required=False,
        max_length=30_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "A line each; the address of the material may follow after a bar: Fire exits | https://…"
        ),
    )
    valid_months = forms.IntegerField(
        label=gettext_lazy("Counts for so many months"),
        required=False,
        min_value=1,
        max_value=600,
        help_text=gettext_lazy("Empty: for good."),
    )

    def clean_steps(self):
        return steps_of(self.cleaned_data["steps"])

    @staticmethod
    def known(course: Course) -> dict:
        """What the course says now, as the form shows it."""
        steps = course.steps.filter(dropped_at=None)
        return {
            "name": course.name,
            "about": course.about,
            "needs_session": course.needs_session,
            "valid_months": course.valid_months,
            "steps": "\n".join(f"{each.title} | {each.link}" if each.link else each.title for each in steps),
        }


class SessionForm(forms.Form):
    """When and where a course is held."""

    starts_at = forms.DateTimeField(label=gettext_lazy("Begins"), widget=MomentInput)
    place = forms.CharField(label=gettext_lazy("Place"), max_length=200)
    held_by = forms.CharField(label=gettext_lazy("Held by"), max_length=120, required=False)
    seats = forms.IntegerField(
        label=gettext_lazy("Seats"),
        required=False,
        min_value=1,
        max_value=10_000,
        help_text=gettext_lazy("Empty: as many as come; otherwise at most 10,000."),
    )


class RequireForm(forms.Form):
    """Which class or office asks for a course, by when, and where that is written."""

    member_class = forms.ModelChoiceField(
        label=gettext_lazy("Members of the class"),
        queryset=MembershipClass.objects.none(),
        required=False,
        empty_label=gettext_lazy("no class"),
        to_field_name="slug",
    )
    office = forms.ChoiceField(
        label=gettext_lazy("Or whoever holds the office"),
        required=False,
        choices=[("", gettext_lazy("no office")), *Office.Role.choices],
    )
    days = forms.IntegerField(
        label=gettext_lazy("Within so many days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=gettext_lazy("Empty: before the board admits, or before the office is taken."),
    )
    for_present = forms.BooleanField(
        label=gettext_lazy("Also those who are there already"),
        required=False,
        help_text=gettext_lazy("Their days count from the day on which this begins."),
    )
    starts_on = forms.DateField(label=gettext_lazy("From"), widget=DateInput)
    cite = forms.CharField(
        label=gettext_lazy("Where it is written"),
        max_length=200,
        help_text=gettext_lazy("For example: by-laws § 2, or resolution 2026/14."),
    )

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["member_class"].queryset = MembershipClass.objects.filter(coop=coop)


class MemberNumberForm(forms.Form):
    """One member, by number."""

    number = forms.IntegerField(label=gettext_lazy("Member number"), min_value=1, max_value=10**15)

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.coop = coop

    def clean_number(self) -> Membership:
        found = membership_by_number(self.coop, self.cleaned_data["number"])
        if found is None:
            raise ValidationError(_("Nobody here has the number %s.") % self.cleaned_data["number"])
        return found


class ApplicantCompletionForm(forms.Form):
    """Somebody has done the course, here or elsewhere, and from what that was seen."""

    on = forms.DateField(label=gettext_lazy("Done on"), widget=DateInput)
    evidence = forms.CharField(
        label=gettext_lazy("Seen from"),
        max_length=200,
        help_text=gettext_lazy("For example: certificate of the regional federation, 3 May."),
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Counts until"),
        required=False,
        widget=DateInput,
        help_text=gettext_lazy("Empty: as long as the course says."),
    )


class CompletionForm(ApplicantCompletionForm, MemberNumberForm):
    """The same of a member, by number."""


class ReasonForm(forms.Form):
    """Why something is taken back."""

    because = forms.CharField(label=gettext_lazy("Why"), max_length=200)
