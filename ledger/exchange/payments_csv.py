"""Share payments from a CSV file: one row a payment, every fault named by its line, nothing guessed.

Columns ``date``, ``member``, ``amount`` and, if there is one, ``reference``, in any order. Dates are ISO 8601
(2026-03-31) or day first with dots (31.03.2026); one with slashes could mean two days: refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from coop.kernel import money
from coop.kernel.csv_table import Unreadable, digest_of, fold, open_table
from coop.kernel.errors import Refused

MOST_ROWS = 20_000
HEADINGS = {
    "on": frozenset("date day bookedon bookingdate valuedate datum buchungstag fecha data".split()),
    "member": frozenset("member membernumber memberno membernr number mitglied mitgliedsnummer socio membre".split()),
    "amount": frozenset("amount sum paid credit betrag importe importo montant".split()),
    "reference": frozenset("reference text purpose memo verwendungszweck concepto causale libelle".split()),
}


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment as the file says it: the line it stands in, the member's number, minor units."""

    line: int
    on: date
    member: int
    amount: int
    reference: str


@dataclass
class PaymentSheet:
    """What a file says, and one sentence for every line that cannot be taken."""

    digest: str
    rows: list[PaymentRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(row.amount for row in self.rows)


def read_payments(data: bytes, file_name: str, currency: str) -> PaymentSheet:
    """Read the file; raises :class:`Refused` where it is no such table at all."""
    table = open_table(data, file_name)
    places = _columns(table.heading, file_name)
    sheet = PaymentSheet(digest_of(data))
    try:
        for line, cells in table.lines:
            if len(sheet.rows) >= MOST_ROWS:
                raise Refused("too_many_rows", _("A file holds at most %(n)s payments.") % {"n": MOST_ROWS}, "file")
            try:
                sheet.rows.append(_row(line, cells, places, currency))
            except ValueError as fault:
                sheet.problems.append(_("Line %(line)s: %(fault)s") % {"line": line, "fault": fault})
    except Unreadable as broken:
        sheet.problems.append(_("Line %(line)s: the file breaks off here.") % {"line": broken.line})
    if not sheet.rows and not sheet.problems:
        raise Refused("no_rows", _("“%(file)s” names its columns and holds no payment.") % {"file": file_name}, "file")
    return sheet


def _columns(heading: tuple[str, ...], file_name: str) -> dict[str, int]:
    folded = [fold(cell) for cell in heading]
    places = {}
    for name, words in HEADINGS.items():
        found = [place for place, cell in enumerate(folded) if cell in words]
        if len(found) > 1:
            raise Refused(
                "column_twice",
                _("“%(file)s” has two columns that could be the %(column)s; leave one.")
                % {"file": file_name, "column": name},
                "file",
            )
        if found:
            places[name] = found[0]
    missing = [name for name in ("on", "member", "amount") if name not in places]
    if missing:
        raise Refused(
            "columns",
            _("“%(file)s” needs the columns date, member and amount; it has %(heading)s.")
            % {"file": file_name, "heading": ", ".join(heading)[:120]},
            "file",
        )
    return places


def _row(line: int, cells: list[str], places: dict[str, int], currency: str) -> PaymentRow:
    def cell(name: str) -> str:
        place = places.get(name)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    number = cell("member")
    if not number.isdecimal() or not number.isascii() or len(number) > 18:
        raise ValueError(_("“%(text)s” is no member number.") % {"text": number[:40]})
    amount = money.parse_minor(cell("amount"), currency)
    if amount <= 0:
        raise ValueError(_("a payment is more than nothing."))
    return PaymentRow(line, _day(cell("on")), int(number), amount, cell("reference")[:140])


def _day(text: str) -> date:
    iso, dotted = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text), re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})", text)
    try:
        if iso:
            return date(*map(int, iso.groups()))
        if dotted:
            return date(*map(int, reversed(dotted.groups())))
    except ValueError:
        pass
    raise ValueError(_("“%(text)s” is no date; write 2026-03-31.") % {"text": text[:40]})
