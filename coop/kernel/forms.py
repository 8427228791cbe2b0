from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .models import Cooperative, Office


class DayField(forms.DateField):
    """A day out of an address: what is none is named, because a browser's own picker shows nothing of it."""

    def to_python(self, value):
        try:
            return super().to_python(value)
        except ValidationError:
            said = _("“%(typed)s” is not a day of the calendar; write it like 2026-12-31.")
            raise ValidationError(said, code="invalid", params={"typed": str(value)[:40]}) from None


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


class TokenForm(forms.Form):
    """What a token is for. ``coops`` are those its maker belongs to; with one there is nothing to choose."""

    name = forms.CharField(
        label=_("What it is for"), max_length=80, help_text=_("For example: the shop’s till, or my spreadsheet.")
    )
    coop = forms.ModelChoiceField(label=_("Good in"), queryset=Cooperative.objects.none(), to_field_name="slug")
    days = forms.TypedChoiceField(
        label=_("Good for"),
        coerce=int,
        choices=[(7, _("a week")), (90, _("three months")), (365, _("a year"))],
        initial=90,
    )
    may_change = forms.BooleanField(
        label=_("It may also change things"),
        required=False,
        help_text=_("Without this it only reads what you may read."),
    )

    def __init__(self, *args, coops, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["coop"].queryset = Cooperative.objects.filter(pk__in=[coop.pk for coop in coops])
        if len(coops) == 1:
            self.fields["coop"].initial = coops[0].slug
            self.fields["coop"].widget = forms.HiddenInput()
