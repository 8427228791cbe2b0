"""Form fields for what money pages ask: amounts in minor units, rates as decimal strings, member numbers."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from coop.kernel import money
from ledger.units import Measure, Unit

RATE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")


class AmountField(forms.CharField):
    """A quantity of a :class:`Measure`, read strictly, given back as an integer of its smallest parts or None."""

    def __init__(self, *, measure: Measure | None = None, signed: bool = False, **kwargs):
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.measure, self.signed = measure or Measure(Unit.MONEY, "EUR"), signed

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        if text in self.empty_values:
            return None
        try:
            amount = self.measure.parse(text)
        except ValueError as problem:
            raise ValidationError(str(problem), code="amount") from None
        if amount < 0 and not self.signed:
            raise ValidationError(_("This cannot be less than nothing."), code="negative")
        if abs(amount) > money.LARGEST:
            raise ValidationError(_("This is more than can be kept here."), code="large")
        return amount

    def run_validators(self, value: Any) -> None:
        """The length was the text's; an integer has none."""

    def prepare_value(self, value: Any) -> Any:
        return self.measure.plain(value) if isinstance(value, int) else value


class RateField(forms.CharField):
    """A percentage as the decimal string the engine takes: ``"2.5"``. A decimal comma is understood."""

    def __init__(self, **kwargs):
        kwargs.setdefault("max_length", 12)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").strip().removesuffix("%").strip().replace(",", ".")
        if text and not RATE.fullmatch(text):
            raise ValidationError(_("“%(text)s” is not a percentage such as 2.5.") % {"text": text[:20]}, code="rate")
        return text


class NumbersField(forms.CharField):
    """Member numbers, separated by blanks or commas, as a list of integers in order, each once."""

    def to_python(self, value: Any) -> Any:
        parts = re.split(r"[\s,;]+", (super().to_python(value) or "").strip())
        wrong = [part for part in parts if part and not re.fullmatch(r"[0-9]{1,18}", part)]
        if wrong:
            raise ValidationError(_("“%(text)s” is not a member number.") % {"text": wrong[0][:20]}, code="number")
        return sorted({int(part) for part in parts if part})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value
