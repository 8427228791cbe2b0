"""Forms after a death: the heirs, and the way back."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel import clock
from members.selectors import membership_by_number

from .desk import DateInput


class HeirForm(forms.Form):
    """Somebody on record by number, or somebody new by name; alone or for all heirs."""

    number = forms.IntegerField(
        label=gettext_lazy("Number, if they are a member"), required=False, min_value=1, max_value=10**15
    )
    given_names = forms.CharField(label=gettext_lazy("Forenames"), max_length=150, required=False)
    family_name = forms.CharField(label=gettext_lazy("Family name"), max_length=150, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    represents = forms.BooleanField(
        label=gettext_lazy("Stands for all the heirs"),
        required=False,
        help_text=gettext_lazy("Also an executor, or who looks after the estate."),
    )
    on = forms.DateField(label=gettext_lazy("From"), widget=DateInput)
    evidence = forms.CharField(
        label=gettext_lazy("Seen from"),
        max_length=300,
        help_text=gettext_lazy("For example: certificate of inheritance, local court Kiel, 4 VI 12/26."),
    )

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.coop = coop
        self.initial.setdefault("on", clock.today(coop))

    def clean(self):
        said = self.cleaned_data
        person = {name: said.pop(name, "") for name in ("given_names", "family_name", "email")}
        number = said.pop("number", None)
        found = membership_by_number(self.coop, number) if number else None
        if number and found is None:
            self.add_error("number", _("Nobody here has the number %s.") % number)
        said["heir"], said["person"] = (found.party, None) if found else (None, person)
        return said


class TakeBackForm(forms.Form):
    """Why a death that is on record is none."""

    because = forms.CharField(
        label=gettext_lazy("How the mistake came about, and what shows it"),
        max_length=300,
        help_text=gettext_lazy("For example: the certificate was of a namesake; the member came in person on 4 May."),
    )
