"""What is typed about the votes of a federation's member organisations: shape only."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .models.weights import MOST


class WeightForm(forms.Form):
    number = forms.IntegerField(label=_("Number of the member organisation"), min_value=1, max_value=2**31 - 1)
    votes = forms.IntegerField(
        label=_("Votes"), min_value=1, max_value=MOST, help_text=_("1 takes further votes away again.")
    )
    effective_on = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("A roll takes what is in force on its record date."),
    )
    because = forms.CharField(
        label=_("Where it is written"), max_length=300, help_text=_("For example: § 12 of the by-laws, 3,100 members.")
    )
