"""A file from another program: which column means what, and the totals it must come to."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel.money import decimal_text, parse_minor
from members.exchange.roster import FIELDS
from members.models import MembershipClass

from .desk import DateInput


class UploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("As your old program or spreadsheet saves it. Nothing is in the register yet."),
    )


class ColumnsForm(forms.Form):
    """One choice of column for each of our fields, and what holds where the file says nothing."""

    member_class = forms.ChoiceField(label=gettext_lazy("Class, where the file names none"))
    admitted_on = forms.DateField(label=gettext_lazy("Member since, where the file says nothing"), widget=DateInput)
    active = forms.BooleanField(
        label=gettext_lazy("Their shares are paid"),
        required=False,
        help_text=gettext_lazy("Otherwise they are admitted, and in good standing once the treasurer records it."),
    )

    def __init__(self, batch, *args, **kwargs):
        super().__init__(*args, **kwargs)
        columns = [("", _("not in this file"))]
        columns += [(str(at), str(words) or _("Column %s") % (at + 1)) for at, words in enumerate(batch.heading)]
        for name, label in FIELDS.items():
            self.fields[f"column_{name}"] = forms.ChoiceField(label=label, choices=columns, required=False)
            self.initial.setdefault(f"column_{name}", str(batch.mapping.get(name, "")))
        classes = MembershipClass.objects.filter(coop_id=batch.coop_id)
        field = self.fields["member_class"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(each.slug, each.name) for each in classes]
        self.initial |= {name: batch.options[name] for name in ("member_class", "active") if name in batch.options}
        self.initial.setdefault("active", True)
        if batch.options.get("admitted_on"):
            self.initial["admitted_on"] = batch.options["admitted_on"]
        self.order_fields([f"column_{name}" for name in FIELDS])

    @property
    def mapping(self) -> dict[str, int]:
        said = ((name, self.cleaned_data.get(f"column_{name}")) for name in FIELDS)
        return {name: int(at) for name, at in said if at}

    @property
    def options(self) -> dict:
        said = self.cleaned_data
        return {
            "member_class": said["member_class"],
            "admitted_on": said["admitted_on"].isoformat(),
            "active": said["active"],
        }


class TotalsForm(forms.Form):
    """What the file must come to, typed from the old program's own totals."""

    members = forms.IntegerField(label=gettext_lazy("Members"), min_value=0, max_value=10_000_000)
    units = forms.IntegerField(label=gettext_lazy("Shares"), min_value=0, max_value=2**62)
    capital = forms.CharField(label=gettext_lazy("Paid-up capital"), max_length=40)

    def __init__(self, batch, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.currency = batch.coop.currency
        for name in ("units", "capital"):
            if name not in batch.mapping:
                del self.fields[name]

    def clean_capital(self) -> int:
        try:
            return parse_minor(self.cleaned_data["capital"], self.currency)
        except ValueError as wrong:
            example = decimal_text(123450, self.currency)
            words = _("%(why)s Write it like %(example)s.") % {"why": wrong, "example": example}
            raise forms.ValidationError(words) from None
