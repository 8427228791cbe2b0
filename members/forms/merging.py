"""Forms about records that are one person, or were two."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel import clock
from members.models import Membership, Party
from members.selectors import membership_by_number, merging

WHY = gettext_lazy("For example: same passport, seen on 3 May.")


class TwinForm(forms.Form):
    """The other record, by a member's number."""

    number = forms.IntegerField(
        label=gettext_lazy("Or the number of a membership of theirs"), min_value=1, max_value=10**15
    )

    def __init__(self, party: Party, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.party = party

    def clean_number(self) -> Party:
        found = membership_by_number(self.party.coop, self.cleaned_data["number"])
        if found is None:
            raise forms.ValidationError(_("Nobody here has the number %s.") % self.cleaned_data["number"])
        if found.party_id == self.party.pk:
            raise forms.ValidationError(_("That is this record."))
        return found.party


class MergeForm(forms.Form):
    """From which record each fact is taken where the two differ, and what shows that they are one."""

    because = forms.CharField(label=gettext_lazy("What shows it"), max_length=500, help_text=WHY)

    def __init__(self, kept: Party, other: Party, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for fact in merging.facts(kept, other, clock.today(kept.coop)):
            if fact.differs:
                self.fields[fact.key] = forms.ChoiceField(
                    label=fact.label,
                    choices=[("kept", fact.kept or _("none")), ("other", fact.other or _("none"))],
                    widget=forms.RadioSelect,
                    initial=fact.wins,
                )
        self.order_fields([*(key for key in self.fields if key != "because"), "because"])

    @property
    def choices(self) -> dict[str, str]:
        return {key: value for key, value in self.cleaned_data.items() if key != "because"}


class UndoMergeForm(forms.Form):
    """What shows that they were two."""

    because = forms.CharField(label=gettext_lazy("What shows it"), max_length=500)


class MembershipsField(forms.ModelMultipleChoiceField):
    """Memberships by number and class."""

    def label_from_instance(self, membership: Membership) -> str:
        return f"{membership.number_text}, {membership.member_class.name}"


class SplitForm(forms.Form):
    """The second person, and which memberships are theirs."""

    given_names = forms.CharField(label=gettext_lazy("Forenames"), max_length=150, required=False)
    family_name = forms.CharField(label=gettext_lazy("Family name"), max_length=150, required=False)
    firm = forms.CharField(label=gettext_lazy("Name of the organisation"), max_length=300)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    memberships = MembershipsField(
        label=gettext_lazy("Memberships of the second person"),
        queryset=Membership.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )
    because = forms.CharField(label=gettext_lazy("What shows it"), max_length=500)

    def __init__(self, party: Party, *args, **kwargs):
        super().__init__(*args, **kwargs)
        mine = party.memberships.select_related("party", "member_class").order_by("number")
        choice = self.fields["memberships"]
        if isinstance(choice, MembershipsField):
            choice.queryset = mine
        gone = ("firm",) if party.kind == Party.Kind.PERSON else ("given_names", "family_name")
        for name in gone:
            del self.fields[name]

    @property
    def name(self) -> dict[str, str]:
        return {key: self.cleaned_data.get(key, "") for key in ("given_names", "family_name", "firm")}
