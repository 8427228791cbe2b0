"""Forms about one membership's end, and about households."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.selectors import memberships_by_number

from .desk import DateInput


class NoticeForm(forms.Form):
    """A notice that came on paper."""

    received_on = forms.DateField(label=gettext_lazy("Received on"), widget=DateInput)
    because = forms.CharField(
        label=gettext_lazy("Reason, if one was given"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DeathForm(forms.Form):
    """A death, and what it was seen from."""

    died_on = forms.DateField(label=gettext_lazy("Died on"), widget=DateInput)
    evidence = forms.CharField(
        label=gettext_lazy("Seen from"),
        max_length=300,
        help_text=gettext_lazy("For example: death certificate, registry office Kiel, 4/2026."),
    )


class HouseholdForm(forms.Form):
    """A household by its members' numbers; the one named first casts its vote."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("For example the street and number.")
    )
    numbers = forms.CharField(
        label=gettext_lazy("Member numbers"),
        max_length=400,
        help_text=gettext_lazy("Parted by commas or spaces. The first one casts the household’s vote."),
    )

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.coop = coop

    def clean(self):
        said = self.cleaned_data.get("numbers", "")
        parts = [part for part in re.split(r"[\s,;]+", said) if part]
        wrong = [part for part in parts if not part.isdecimal() or len(part) > 18]
        if wrong:
            self.add_error("numbers", _("“%s” is not a member number.") % wrong[0][:40])
            return self.cleaned_data
        found = memberships_by_number(self.coop, map(int, parts))
        unknown = [part for part in parts if int(part) not in found]
        if unknown:
            self.add_error("numbers", _("Nobody here has the number %s.") % unknown[0])
        elif parts:
            chosen = [found[int(part)] for part in parts]
            self.cleaned_data = {
                "name": self.cleaned_data.get("name", ""),
                "memberships": chosen,
                "voter": chosen[0],
            }
        return self.cleaned_data
