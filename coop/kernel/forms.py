from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Office


class AppointForm(forms.Form):
    email = forms.EmailField(label=_("E-mail they sign in with"))
    role = forms.ChoiceField(label=_("Office"), choices=Office.Role.choices)
    starts_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label=_("By which decision"), max_length=300, help_text=_("For example: board, 3 March, item 4.")
    )


class EndOfficeForm(forms.Form):
    ends_on = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))


class FactorResetForm(forms.Form):
    email = forms.EmailField(label=_("Officer who lost the second factor"))
    reason = forms.CharField(
        label=_("How you know it is them"),
        max_length=300,
        help_text=_("For example: she came to the shop with her card."),
    )
