"""What is filled in to move business between members. Shape is checked here, rules by the service."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledger.surplus_forms import CorrectionForm


class ReassignForm(CorrectionForm):
    """One member's business moved to others: a line each, ``17 400.00``."""

    to = forms.CharField(
        label=gettext_lazy("To whom, and how much"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=20_000,
        help_text=gettext_lazy("A line each: the member number, a blank, the amount. Such as “17 400.00”."),
    )
    field_order = ("number", "pool", "to", "because")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.measure = self.fields.pop("quantity").measure

    def clean_to(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for place, line in enumerate(self.cleaned_data["to"].splitlines(), start=1):
            number, _blank, amount = " ".join(line.split()).partition(" ")
            if not number:
                continue
            try:
                quantity = self.measure.parse(amount)
            except ValueError as problem:
                sentence = _("Line %(line)s: %(problem)s") % {"line": place, "problem": problem}
                raise forms.ValidationError(sentence) from None
            if not (number.isascii() and number.isdigit() and len(number) < 18) or int(number) in found:
                raise forms.ValidationError(_("Line %(line)s needs a member’s number, once.") % {"line": place})
            found[int(number)] = quantity
        return found
