"""Forms of an expulsion's steps."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import ExpulsionCase

from .desk import DateInput, StandingForm


def _text(label, **more) -> forms.CharField:
    return forms.CharField(label=label, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}), **more)


class OpenCaseForm(forms.Form):
    """The grounds, and when the member is heard."""

    on = forms.DateField(label=_("Decided on"), widget=DateInput)
    resolution = forms.CharField(label=_("Resolution"), max_length=80)
    grounds = _text(_("Grounds"), help_text=_("What the member did, and which rule it breaks. They will read it."))
    hearing_on = forms.DateField(
        label=_("Hearing on"), widget=DateInput, help_text=_("At least 14 days later. Until then they may also write.")
    )


class HearingForm(forms.Form):
    """What the member said."""

    on = forms.DateField(label=_("Heard on"), widget=DateInput)
    how = forms.ChoiceField(label=_("How"), choices=ExpulsionCase.How.choices)
    statement = _text(_("What the member said"), required=False)


class DropForm(StandingForm):
    """The board lets it be."""

    def clean(self):
        said = super().clean()
        if "reason" in self.cleaned_data:
            self.cleaned_data["because"] = self.cleaned_data.pop("reason")
        return said


class AppealForm(forms.Form):
    """The member's own words."""

    because = _text(_("Why the decision is wrong"))


class PaperAppealForm(AppealForm):
    """An appeal that came on paper."""

    on = forms.DateField(label=_("Arrived on"), widget=DateInput)


class AppealDecisionForm(DropForm):
    """What the body of appeal decided."""

    upheld = forms.TypedChoiceField(
        label=_("Decided"),
        choices=[("yes", _("The expulsion stands")), ("no", _("The expulsion is overturned"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
