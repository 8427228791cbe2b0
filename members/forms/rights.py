"""Forms about a person's own data."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Consent, Erasure, Party


class EraseForm(forms.Form):
    """How far, and on what basis."""

    scope = forms.ChoiceField(label=_("What goes"), choices=Erasure.Scope.choices, widget=forms.RadioSelect)
    basis = forms.CharField(
        label=_("On what basis"),
        max_length=200,
        help_text=_("For example: asked by letter of 3 May. Name nobody here."),
    )


class NewNameForm(forms.Form):
    """A member's new name, and why it changed."""

    given_names = forms.CharField(label=_("Forenames"), max_length=150, required=False)
    family_name = forms.CharField(label=_("Family name"), max_length=150, required=False)
    firm = forms.CharField(label=_("Name of the organisation"), max_length=300, required=False)
    because = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("For example: married on 4 May. We will ask to see the document.")
    )

    def __init__(self, party, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("firm",) if party.kind == Party.Kind.PERSON else ("given_names", "family_name"):
            del self.fields[name]


class ConsentForm(forms.Form):
    """One tick for each purpose."""

    def __init__(self, known: dict[str, bool], *args, **kwargs):
        super().__init__(*args, **kwargs)
        for purpose in Consent.Purpose:
            self.fields[purpose.value] = forms.BooleanField(
                label=purpose.label, required=False, initial=known.get(purpose.value, False)
            )


class AnswerForm(forms.Form):
    """The secretary's answer to a request."""

    answer = forms.CharField(
        label=_("Answer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed if you refuse; the member reads it."),
    )
