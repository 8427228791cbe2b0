"""Forms about whole lists of members."""

from __future__ import annotations

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from coop.kernel import clock
from members.models import BulkLetter, CourseSession
from members.selectors.acts import Act, open_sessions


class SaveFilterForm(forms.Form):
    """A name for what the list is filtered by now."""

    name = forms.CharField(label=gettext_lazy("Keep this filter as"), max_length=80)
    shared = forms.BooleanField(label=gettext_lazy("for the other officers, too"), required=False)


class WriteForm(forms.Form):
    """A letter to everybody on the list."""

    about = forms.ChoiceField(
        label=gettext_lazy("What it is about"), choices=BulkLetter.About.choices, widget=forms.RadioSelect
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    text = forms.CharField(
        label=gettext_lazy("Letter"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("Greeting with the name and the co-op’s name below are added."),
    )


class BasisForm(forms.Form):
    """Why a list leaves."""

    basis = forms.CharField(label=gettext_lazy("What the list is for"), max_length=200)


class SessionField(forms.ModelChoiceField):
    """Sessions, each with its time where the co-op is and its place."""

    def label_from_instance(self, session) -> str:
        when = date_format(timezone.localtime(session.starts_at), "j F Y, H:i")
        return f"{session.course.name}, {when}, {session.place}"


class ActForm(forms.Form):
    """What is to be done with everybody on the list."""

    act = forms.ChoiceField(label=gettext_lazy("What is done"), choices=Act.choices, widget=forms.RadioSelect)
    tag = forms.CharField(
        label=gettext_lazy("The tag"), max_length=40, required=False, help_text=gettext_lazy("For a tag alone.")
    )
    session = SessionField(
        label=gettext_lazy("The session"),
        queryset=CourseSession.objects.none(),
        required=False,
        empty_label=gettext_lazy("no session"),
        help_text=gettext_lazy("For signing up alone; everybody is written to with time and place."),
    )

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = open_sessions(coop, clock.now())
