"""What is filled in to file about a plan. Shape is checked here, rules by the writers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class FireForm(forms.Form):
    """The co-op as payer, and the members' taxpayer numbers, none of which is kept."""

    year = forms.IntegerField(label=_("Tax year"), min_value=2000, max_value=2100)
    tin = forms.CharField(label=_("The co-op’s taxpayer number (EIN)"), max_length=11)
    control_code = forms.CharField(
        label=_("Transmitter control code"), min_length=5, max_length=5, help_text=_("Five places; the IRS gives it.")
    )
    name = forms.CharField(label=_("Name of the co-op"), max_length=80)
    street = forms.CharField(label=_("Street"), max_length=40)
    city = forms.CharField(label=_("City"), max_length=40)
    state = forms.CharField(label=_("State"), min_length=2, max_length=2, help_text=_("Two letters."))
    zip_code = forms.CharField(label=_("ZIP code"), max_length=10)
    contact = forms.CharField(label=_("Whom the IRS may ask"), max_length=40)
    phone = forms.CharField(label=_("Telephone"), max_length=15)
    email = forms.EmailField(label=_("E-mail"), max_length=50)
    taxpayers = forms.FileField(
        label=_("Members’ taxpayer numbers"),
        required=False,
        help_text=_("A CSV with the columns member, tin, type (EIN, SSN or exempt) and state. It is not kept."),
    )
    test = forms.BooleanField(label=_("A file for the IRS’s test system"), required=False)
