"""What is typed around minutes."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import User


class Numbers(forms.CharField):
    """Member numbers, apart by anything that is no digit."""

    widget = forms.Textarea(attrs={"rows": 4, "inputmode": "numeric"})

    def clean(self, value) -> list[int]:
        return [int(each) for each in re.findall(r"[0-9]{1,12}", super().clean(value))]


class AttendanceForm(forms.Form):
    room = Numbers(label=_("Member numbers in the room"), required=False, max_length=200_000)
    online = Numbers(label=_("Member numbers online"), required=False, max_length=200_000)


class MinutesForm(forms.Form):
    chair = forms.ModelChoiceField(label=_("Who chaired"), queryset=User.objects.none(), empty_label=None)
    guests = forms.CharField(label=_("Guests"), max_length=1000, required=False)
    course = forms.CharField(
        label=_("The course of the meeting"),
        max_length=60_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("What was said and asked. Attendance and resolutions come in by themselves."),
    )

    def __init__(self, *args, chairs, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["chair"].queryset = chairs


class SignForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput)
    addendum = forms.IntegerField(widget=forms.HiddenInput, required=False)


class AddendumForm(forms.Form):
    text = forms.CharField(
        label=_("What is wrong, and how it is right"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 6})
    )
