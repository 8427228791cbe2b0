"""A statement as CSV, however the bank names its columns: day and amount, and what else there is.

The account is not in such a file: the person says which it is. Nothing tells whether the last lines are missing,
unless the file breaks off within one.
"""

from __future__ import annotations

import re
from datetime import date

from django.utils.translation import gettext as _

from coop.kernel import money
from coop.kernel.csv_table import Unreadable, fold, open_table

from .shape import NAME, REFERENCE, TEXT, BankRow, Statement, clean, plain_iban, refused

MOST_ROWS = 50_000
HEADINGS = {
    "day": "date day bookingdate bookedon posted postingdate transactiondate datum buchungstag buchung fecha data",
    "amount": "amount sum value betrag betrageur umsatz importe importo montant",
    "in": "credit paidin moneyin haben gutschrift abono",
    "out": "debit paidout moneyout soll lastschrift cargo",
    "text": "reference text purpose memo description details verwendungszweck concepto causale libelle",
    "name": "name payee counterparty payer beguenstigterzahlungspflichtiger begunstigterzahlungspflichtiger"
    " auftraggeber nombre",
    "iban": "iban counterpartyiban kontonummer kontonummeriban account",
    "currency": "currency wahrung waehrung divisa valuta",
    "ref": "transactionid id bankreference",
}
COLUMNS = {name: frozenset(words.split()) for name, words in HEADINGS.items()}


def read(data: bytes, file_name: str, currency: str) -> Statement:
    """The lines of a CSV statement; raises :class:`Refused` with the first line that cannot be taken."""
    table = open_table(data, file_name)
    places = _places(table.heading, file_name)
    statement = Statement("CSV", "", currency)
    try:
        for line, cells in table.lines:
            if len(statement.rows) >= MOST_ROWS:
                raise refused("too_many_rows", _("A file holds at most %(n)s lines.") % {"n": MOST_ROWS})
            if len(cells) < max(places.values()) + 1:
                raise refused("broken_off", _("Line %(line)s: the file breaks off here.") % {"line": line})
            try:
                statement.rows.append(_row(line, cells, places, currency))
            except ValueError as fault:
                raise refused("line", _("Line %(line)s: %(why)s") % {"line": line, "why": fault}) from None
    except Unreadable as broken:
        raise refused("broken_off", _("Line %(line)s: the file breaks off here.") % {"line": broken.line}) from None
    if not statement.rows:
        raise refused("no_rows", _("“%(file)s” names its columns and holds no line.") % {"file": file_name})
    return statement


def _places(heading: tuple[str, ...], file_name: str) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, cell in enumerate(heading):
        for name, words in COLUMNS.items():
            if fold(cell) in words:
                places.setdefault(name, place)
    if "day" not in places or not ("amount" in places or {"in", "out"} <= places.keys()):
        raise refused(
            "columns",
            _("“%(file)s” needs a column date and a column amount (or debit and credit); it has %(heading)s.")
            % {"file": file_name, "heading": ", ".join(heading)[:120]},
        )
    return places


def _row(line: int, cells: list[str], places: dict[str, int], currency: str) -> BankRow:
    def cell(name: str) -> str:
        return cells[places[name]].strip() if name in places else ""

    said = cell("currency").upper()
    if said and said != currency:
        raise ValueError(
            _("it is in %(said)s, and the account is in %(currency)s.") % {"said": said[:10], "currency": currency}
        )
    if "amount" in places:
        amount = money.parse_minor(cell("amount"), currency)
    else:
        amount = sum(
            sign * abs(money.parse_minor(cell(name), currency))
            for name, sign in (("in", 1), ("out", -1))
            if cell(name) and cell(name) not in ("0", "-")
        )
    if not amount:
        raise ValueError(_("it moves nothing."))
    return BankRow(
        str(line),
        _day(cell("day")),
        amount,
        clean(cell("text"), TEXT),
        clean(cell("name"), NAME),
        plain_iban(cell("iban")) if cell("iban") else "",
        bank_ref=clean(cell("ref"), REFERENCE),
    )


def _day(text: str) -> date:
    iso, dotted = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text), re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4}|\d\d)", text)
    try:
        if iso:
            return date(*map(int, iso.groups()))
        if dotted:
            day, month, year = map(int, dotted.groups())
            return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        pass
    raise ValueError(_("“%(text)s” is no date; write 2026-03-31.") % {"text": text[:40]})
