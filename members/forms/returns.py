"""Which list leaves the house, for whom and why."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel import clock
from members.exchange.packs import PACKS

from .desk import DateInput


class ExportForm(forms.Form):
    """A register pack and the reason it is made."""

    pack = forms.ChoiceField(
        label=gettext_lazy("List"),
        choices=[(pack.key, f"{pack.title} ({pack.law}, {pack.citation})") for pack in PACKS.values()],
    )
    as_at = forms.DateField(label=gettext_lazy("As at"), widget=DateInput)
    known = forms.DateField(
        label=gettext_lazy("As known on"),
        widget=DateInput,
        required=False,
        help_text=gettext_lazy("Empty: with every correction made since."),
    )
    form = forms.ChoiceField(
        label=gettext_lazy("As"),
        choices=[("csv", gettext_lazy("a file for a spreadsheet")), ("pdf", gettext_lazy("a paper"))],
    )
    asked_by = forms.CharField(label=gettext_lazy("Who asked for it"), max_length=100)
    basis = forms.CharField(
        label=gettext_lazy("On what basis"),
        max_length=90,
        help_text=gettext_lazy("For example: member’s right to inspect, yearly return, auditor."),
    )

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.coop = coop

    def clean(self):
        today = clock.today(self.coop)
        for name in ("as_at", "known"):
            if (day := self.cleaned_data.get(name)) is not None and day > today:
                self.add_error(name, _("That day is still to come."))
        return self.cleaned_data
