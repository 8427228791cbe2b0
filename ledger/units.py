"""What patronage is measured in, trade by trade, and how a quantity is read, kept and said."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.kernel import money


class Unit(models.TextChoices):
    MONEY = "money", _("money: purchases, deliveries, wages, rent, interest")
    HOURS = "hours", _("hours of work")
    KWH = "kwh", _("kilowatt-hours")
    KG = "kg", _("kilograms")
    LITRES = "litres", _("litres")
    GIGABYTES = "gigabytes", _("gigabytes")
    PIECES = "pieces", _("pieces")


PLACES = {Unit.HOURS: 2, Unit.KWH: 3, Unit.KG: 3, Unit.LITRES: 3, Unit.GIGABYTES: 3, Unit.PIECES: 0}
MARKS = {
    Unit.HOURS: _("h"),
    Unit.KWH: "kWh",
    Unit.KG: "kg",
    Unit.LITRES: "l",
    Unit.GIGABYTES: "GB",
    Unit.PIECES: _("pieces"),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit as one co-op uses it: quantities are integers of the unit's smallest parts, ``10 ** -places`` of it."""

    unit: str
    currency: str

    @property
    def places(self) -> int:
        return money.exponent(self.currency) if self.unit == Unit.MONEY else PLACES[Unit(self.unit)]

    def parse(self, text: str) -> int:
        """Smallest parts of what a person or a file says; ``ValueError`` with a sentence, and never a rounding."""
        if self.unit == Unit.MONEY:
            return money.parse_minor(text, self.currency)
        return money.parse_scaled(text, self.places)

    def plain(self, quantity: int) -> str:
        """Digits for files, form fields and the engine: ``2318.40``."""
        places = self.places
        sign, digits = ("-" if quantity < 0 else ""), str(abs(quantity)).rjust(places + 1, "0")
        return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)

    def said(self, quantity: int) -> str:
        """What a person reads: ``€2,318.40``, ``7.50 h``."""
        if self.unit == Unit.MONEY:
            return money.format_minor(quantity, self.currency)
        whole, _point, part = self.plain(abs(quantity)).partition(".")
        sign = money.MINUS if quantity < 0 else ""
        return f"{sign}{int(whole):,}{'.' if part else ''}{part}{money.NO_BREAK}{MARKS[Unit(self.unit)]}"
