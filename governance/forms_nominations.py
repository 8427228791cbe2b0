"""What is typed around nominations: the by-laws' rule, who is put forward, and what they say of themselves."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import Office
from members.models import MembershipClass

from .models import NominationCall
from .pictures import LARGEST_FILE


class CallForm(forms.Form):
    opens_days = forms.IntegerField(label=_("Open from this many days before"), min_value=1, max_value=400, initial=56)
    closes_days = forms.IntegerField(
        label=_("To the end of the day this many days before"), min_value=0, max_value=399, initial=28
    )
    seconders = forms.IntegerField(label=_("Members who second each"), min_value=0, max_value=50, initial=2)
    classes = forms.ModelMultipleChoiceField(
        label=_("Classes that may stand"),
        queryset=MembershipClass.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None ticked: every class."),
    )
    member_for_months = forms.IntegerField(
        label=_("Months of membership on the last day"), min_value=0, max_value=600, initial=0
    )
    minimum_age = forms.IntegerField(label=_("Minimum age on the last day"), min_value=0, max_value=99, initial=18)
    not_employed = forms.BooleanField(label=_("Nobody the co-op employs may stand"), required=False)
    office = forms.ChoiceField(
        label=_("The office they stand for"),
        choices=[("", _("None, or another")), *Office.Role.choices],
        required=False,
        help_text=_("A course that comes before the office is then asked of whoever stands."),
    )
    order = forms.ChoiceField(label=_("Order on the paper"), choices=NominationCall.Order.choices)
    cite = forms.CharField(label=_("Where it is written"), max_length=120, required=False)

    def __init__(self, *args, coop, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["classes"].queryset = MembershipClass.objects.filter(coop=coop)


class NominateForm(forms.Form):
    number = forms.IntegerField(label=_("Their member number"), min_value=1, max_value=10**12)
    name = forms.CharField(
        label=_("Their name"), max_length=200, help_text=_("First or last name is enough: it must fit the number.")
    )


class PaperNominationForm(forms.Form):
    """A sheet as it was signed: everybody by member number."""

    nominee = forms.IntegerField(label=_("Member number of who stands"), min_value=1, max_value=10**12)
    proposer = forms.IntegerField(label=_("Member number of who puts them forward"), min_value=1, max_value=10**12)
    seconders = forms.CharField(
        label=_("Member numbers of the seconders"), max_length=600, required=False, help_text=_("Apart by spaces.")
    )
    sentence = forms.CharField(
        label=_("Who they are, in a sentence"), max_length=400, help_text=_("It stands beside the name on the paper.")
    )
    statement = forms.CharField(
        label=_("What they want to do"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    declared = forms.BooleanField(label=_("The sheet declares that the co-op does not employ them"), required=False)

    def __init__(self, *args, call: NominationCall, **kwargs):
        super().__init__(*args, **kwargs)
        if not call.not_employed:
            del self.fields["declared"]

    def clean_seconders(self) -> list[int]:
        numbers = self.cleaned_data["seconders"].replace(",", " ").split()
        if any(not (each.isascii() and each.isdigit() and 0 < len(each) < 13) for each in numbers):
            raise forms.ValidationError(_("Please type member numbers, apart by spaces."))
        return [int(each) for each in numbers]


class StandForm(forms.Form):
    sentence = forms.CharField(
        label=_("Who you are, in a sentence"), max_length=400, help_text=_("It stands beside your name on the paper.")
    )
    statement = forms.CharField(
        label=_("What you want to do"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 8})
    )
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("JPEG, PNG or WebP, 8 MB at most. We keep a small one, without the place and time in the file."),
    )
    photo_alt = forms.CharField(
        label=_("What the photo shows"),
        max_length=200,
        required=False,
        help_text=_("A few words for whoever cannot see it."),
    )
    drop_photo = forms.BooleanField(label=_("Take my photo out"), required=False)
    declared = forms.BooleanField(label=_("I declare that the co-op does not employ me"), required=False)

    def __init__(self, *args, call: NominationCall, has_photo: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if not has_photo:
            del self.fields["drop_photo"]
        if not call.not_employed:
            del self.fields["declared"]

    def clean_photo(self):
        sent = self.cleaned_data["photo"]
        if sent is None:
            return None
        if sent.size > LARGEST_FILE:
            raise forms.ValidationError(_("The photo is larger than 8 MB. Send a smaller one."))
        return sent.read()
