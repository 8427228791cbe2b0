"""Forms of entries by hand: the head and its paper, the board's limit, and the decision on a draft."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.forms import CoopForm, EntryForm, MoneyField


class DocumentField(forms.FileField):
    """A paper behind an entry; what it is and how large is the service's question."""

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("Invoice or receipt"))
        kwargs.setdefault("help_text", _("PDF, JPEG or PNG, at most 5 MB. It is kept for good."))
        kwargs.setdefault("max_length", 300)
        super().__init__(**kwargs)
        self.widget.attrs["accept"] = "application/pdf,image/jpeg,image/png"


class ManualEntryForm(EntryForm):
    """An entry by hand with its paper. Its lines are ``forms.EntryLineForm``."""

    document = DocumentField(required=False)


class DocumentForm(CoopForm):
    document = DocumentField()


class EntryLimitForm(CoopForm):
    amount = MoneyField(
        label=_("One officer alone up to"),
        required=False,
        help_text=_("Above it, a second officer approves. 0 means two people always; empty means any amount alone."),
    )
    resolution = forms.CharField(label=_("Resolution of the board"), max_length=80)


class RefuseDraftForm(CoopForm):
    because = forms.CharField(label=_("Why; whoever drafted it reads this"), max_length=300)
