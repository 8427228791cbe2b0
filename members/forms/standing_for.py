"""Forms about who stands for whom."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel import clock
from members.models import Party, Relationship
from members.selectors import membership_by_number

from .desk import DateInput

KINDS = (Relationship.Kind.REPRESENTS, Relationship.Kind.GUARDIAN, Relationship.Kind.JOINT)


class StandInForm(forms.Form):
    """Somebody on record by number, or somebody new by name."""

    kind = forms.ChoiceField(label=gettext_lazy("How"))
    number = forms.IntegerField(
        label=gettext_lazy("Number, if they are a member"), required=False, min_value=1, max_value=10**15
    )
    given_names = forms.CharField(label=gettext_lazy("Forenames"), max_length=150, required=False)
    family_name = forms.CharField(label=gettext_lazy("Family name"), max_length=150, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    on = forms.DateField(label=gettext_lazy("From"), widget=DateInput)
    evidence = forms.CharField(
        label=gettext_lazy("Seen from"),
        max_length=300,
        help_text=gettext_lazy("For example: extract of the commercial register, or a birth certificate."),
    )

    def __init__(self, party, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.party = party
        self.initial.setdefault("on", clock.today(party.coop))
        fits = {Relationship.Kind.REPRESENTS: party.kind == Party.Kind.ORGANISATION}
        self.fields["kind"].choices = [(each.value, each.label) for each in KINDS if fits.get(each, True)]
        if party.kind == Party.Kind.ORGANISATION:
            self.fields["kind"].choices = [(KINDS[0].value, KINDS[0].label)]

    def clean(self):
        said = self.cleaned_data
        person = {name: said.pop(name, "") for name in ("given_names", "family_name", "email")}
        number = said.pop("number", None)
        found = membership_by_number(self.party.coop, number) if number else None
        if number and found is None:
            self.add_error("number", _("Nobody here has the number %s.") % number)
        said["by"], said["person"] = (found.party, None) if found else (None, person)
        return said
