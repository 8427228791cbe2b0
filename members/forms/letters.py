"""Forms about letters on paper and invitations."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import PaperLetter

from .desk import DateInput


class PostForm(forms.Form):
    """How letters went out."""

    on = forms.DateField(label=_("Posted on"), widget=DateInput)
    how = forms.ChoiceField(label=_("How"), choices=PaperLetter.How.choices)
    tracking = forms.CharField(label=_("Number on the receipt"), max_length=80, required=False)


class DeliveryForm(forms.Form):
    """What became of a letter."""

    arrived = forms.TypedChoiceField(
        label=_("What happened"),
        choices=[("yes", _("It arrived")), ("no", _("It came back"))],
        coerce=lambda value: value == "yes",
    )
    on = forms.DateField(label=_("On"), widget=DateInput)
    proof = forms.CharField(
        label=_("Proof"),
        max_length=200,
        required=False,
        help_text=_("For example: signed receipt, or the post’s list."),
    )


class CodeForm(forms.Form):
    """A member's number, and the code from the letter."""

    number = forms.IntegerField(label=_("Member number"), min_value=1, max_value=10**15)
    code = forms.CharField(label=_("Code from the letter"), max_length=40)
