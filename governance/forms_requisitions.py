"""What is typed where members ask for a meeting."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Meeting


class RequisitionForm(forms.Form):
    meeting = forms.ModelChoiceField(
        label=_("What do you ask for?"),
        queryset=Meeting.objects.none(),
        required=False,
        empty_label=_("A general meeting"),
        help_text=_("Or an item on the agenda of a meeting that is called already."),
    )
    purpose = forms.CharField(label=_("What about, in a sentence"), max_length=200)
    reasons = forms.CharField(label=_("Why"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 8}))

    def __init__(self, *args, coming, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["meeting"].queryset = coming


class AnswerForm(forms.Form):
    meeting = forms.ModelChoiceField(
        label=_("By which meeting"), queryset=Meeting.objects.none(), empty_label=None, help_text=_("Call it first.")
    )

    def __init__(self, *args, coming, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["meeting"].queryset = coming


class RequisitionRuleForm(forms.Form):
    part = forms.IntegerField(label=_("Members who must ask together: so many"), min_value=1, max_value=1000)
    whole = forms.IntegerField(label=_("Of so many members"), min_value=1, max_value=1000)
    call_within_days = forms.IntegerField(label=_("Days the board has to call it"), min_value=1, max_value=365)
    cite = forms.CharField(label=_("Where it is written"), max_length=200)
