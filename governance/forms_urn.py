"""What officers and clerks type about papers of a secret ballot: shape only; the services know the rules."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Question, StrikeOff


class HandOutForm(forms.Form):
    number = forms.IntegerField(label=_("Member number"), min_value=1, max_value=2**31 - 1)
    channel = forms.ChoiceField(
        label=_("The paper is"),
        choices=[(StrikeOff.Channel.PAPER, _("handed out in the room")), (StrikeOff.Channel.POST, _("sent by post"))],
    )
    by_proxy = forms.BooleanField(label=_("Given to who holds this member’s proxy"), required=False)


class SettleForm(forms.Form):
    missing_because = forms.CharField(
        label=_("Why papers are missing"), max_length=300, required=False, help_text=_("Where none is, leave it empty.")
    )


class SheetForm(forms.Form):
    """A paper: a line of numbers for each question, as they are printed beside the options, from 1."""

    sheet = forms.IntegerField(label=_("Number on the paper"), min_value=1, max_value=2**31 - 1)

    def __init__(self, *args, questions: Sequence[Question], classes: Sequence[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            help_text = _("Numbers of the options, apart by spaces; nothing where it is blank.")
            if question.is_ranked:
                help_text = _("Numbers of the options, best first, apart by spaces; nothing where it is blank.")
            elif question.method == Question.Method.SCORE:
                help_text = _("A score for each option in their order, – for none; nothing where it is blank.")
            self.fields[f"question_{question.pk}"] = forms.CharField(
                label=question.title, required=False, max_length=400, help_text=help_text
            )
        if classes:
            self.fields["class_name"] = forms.ChoiceField(
                label=_("Class"), required=False, choices=[("", _("Any other")), *((name, name) for name in classes)]
            )
        self.fields["spoiled_because"] = forms.CharField(
            label=_("Spoiled, because"), required=False, max_length=300, help_text=_("Then nothing else is read of it.")
        )

    def clean(self) -> dict:
        said = super().clean() or {}
        for question in self.questions:
            name = f"question_{question.pk}"
            try:
                said[name] = _mark(question, said.get(name, ""))
            except ValueError:
                self.add_error(name, _("Please type numbers, apart by spaces."))
        return said

    def said(self) -> dict:
        """What the service is told."""
        spoiled = self.cleaned_data["spoiled_because"].strip()
        marks = [self.cleaned_data[f"question_{question.pk}"] for question in self.questions]
        return {
            "sheet": self.cleaned_data["sheet"],
            "marks": None if spoiled and not any(marks) else marks,
            "spoiled_because": spoiled,
            "class_name": self.cleaned_data.get("class_name", ""),
        }


def _mark(question: Question, text: str) -> list:
    parts = text.replace(",", " ").split()
    if question.method == Question.Method.SCORE:
        return [None if part in ("-", "–") else int(part) for part in parts]
    return [int(part) - 1 for part in parts]
