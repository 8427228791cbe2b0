"""What is typed about voting letters: a code by whoever got one; a number, a run and a reason by the officer."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LetterCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code in the letter"),
        max_length=60,
        help_text=_("Twelve letters and digits. Small or large, with or without hyphens, does not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class AgainForm(forms.Form):
    number = forms.IntegerField(label=_("Member number"), min_value=1, max_value=2**31 - 1)
    because = forms.CharField(
        label=_("Why a new letter"), max_length=300, help_text=_("The old code opens nothing from then on.")
    )


class SpoilForm(forms.Form):
    batch = forms.IntegerField(label=_("Print run"), min_value=1, max_value=2**15 - 1, required=False)
    number = forms.IntegerField(label=_("Or member number"), min_value=1, max_value=2**31 - 1, required=False)
    because = forms.CharField(label=_("Why they are spoiled"), max_length=300)
