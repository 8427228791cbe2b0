"""A year's business from a CSV file: read strictly, refused by line, never guessed at silently.

Nothing here touches the database. ``read`` takes the bytes and says what it found; ``Sheet.problems`` holds one
sentence for every line that cannot be taken, and a sheet with problems is never recorded in part. What programs write
differs (``csv_table`` sees to that), what money means does not: an amount is never rounded, a formula is never
computed, and a number that can be read in two ways is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from coop.kernel.csv_source import Source
from coop.kernel.csv_table import Unreadable, digest_of, fold, open_table
from coop.kernel.errors import Refused
from ledger.exchange.columns import Row, Rows
from ledger.units import Measure

MOST_ROWS = 2_000_000
SHOWN_PROBLEMS = 200  # the rest is counted
AT_A_TIME = 10_000  # rows, wherever all of them at once would be too many
TOLD_EVERY = 10_000  # lines between two words about how far the reading is
FORMULA = re.compile(r"[=@]|[-+].*?([A-Za-z]\$?[0-9]|[A-Za-z]\(|[0-9][-+*/])")
# Headings as real exports write them, folded: no case, accents, blanks or punctuation.
MEMBER_HEADINGS = frozenset(
    "member membernumber memberno membernr memberid membership membershipnumber number no nr id customer customernumber"
    " cardno cardnumber owner ownernumber mitglied mitgliedsnummer mitgliedsnr mitgliednr nummer socio numerosocio"
    " numerodesocio nsocio membre numeromembre numerodemembre adherent numeroadherent lid lidnummer".split()
)
AMOUNT_HEADINGS = frozenset(
    "amount amounts purchases purchase total sales turnover value spend spent sum quantity qty patronage business"
    " volume hours kwh kg litres wages deliveries netsales grosssales totalsales netpurchases grosspurchases"
    " totalpurchases netamount grossamount betrag umsatz nettoumsatz bruttoumsatz jahresumsatz einkauf summe menge"
    " importe compras totale importo acquisti montant achats bedrag omzet".split()
)
POOL_HEADINGS = frozenset("pool department dept category product class abteilung kategorie departamento rayon".split())
TOTAL_WORDS = frozenset("total totals sum summe gesamt totale somme subtotal grandtotal".split())
OUTSIDE_WORDS = frozenset("0 nonmember nonmembers nonmitglied nonmitglieder nosocios public guest guests".split())
POOL_NAME = re.compile(r"[^\x00-\x1f]{1,60}")
MEMBER_NUMBER = re.compile(r"[1-9][0-9]{0,17}").fullmatch  # one that cannot be anything else


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be taken, and why."""

    line: int
    sentence: str


@dataclass
class Sheet:
    """What a file holds. ``problems`` is cut at ``SHOWN_PROBLEMS``; ``problem_count`` is not."""

    file_name: str
    digest: str
    encoding: str
    delimiter: str
    heading: tuple[str, ...]
    columns: tuple[str, str, str]
    rows: Rows = field(default_factory=Rows)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    def refuse(self, line: int, sentence: str) -> None:
        self.problem_count += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(Problem(line, sentence))

    @property
    def total(self) -> int:
        """All quantities, members' and others'."""
        return self.rows.total + self.rows.outside


def read(
    data: Source,
    *,
    file_name: str,
    measure: Measure,
    pool: str,
    columns: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sheet:
    """Read a file of patronage. ``progress`` is told the number of lines read, every ``TOLD_EVERY`` of them.

    ``pool`` is where a row without its own department belongs. ``columns`` may name the headings of ``member``,
    ``amount`` and ``pool`` where they cannot be recognised. Raises :class:`Refused` for a file that is no such table
    at all; everything wrong with single lines lands in ``problems``.
    """
    table = open_table(data, file_name)
    places = _columns(table.heading, file_name, columns or {})
    sheet = Sheet(
        file_name=file_name,
        digest=digest_of(data),
        encoding=table.encoding,
        delimiter=table.delimiter,
        heading=table.heading,
        columns=tuple("" if place is None else table.heading[place] for place in places),  # type: ignore[arg-type]
    )
    _Reading(sheet, places, measure, pool).run(table.lines, progress)
    if not sheet.rows and not sheet.problem_count:
        raise Refused(
            "no_rows", _("“%(file)s” has a heading and no lines below it.") % {"file": file_name}, field="file"
        )
    return sheet


def from_rows(rows: Iterable[tuple[int | None, str, str]], *, digest: str, measure: Measure, pool: str) -> Sheet:
    """Rows of (member number or None, quantity, pool or "") that came another way, judged as a file's lines are."""
    sheet = Sheet("", digest, "", "", ("member", "amount", "pool"), ("member", "amount", "pool"))
    lines = (
        (place, ["0" if number is None else str(number), quantity, named])
        for place, (number, quantity, named) in enumerate(rows, start=1)
    )
    _Reading(sheet, (0, 1, 2), measure, pool).run(lines)
    return sheet


def _columns(heading: tuple[str, ...], file_name: str, wanted: Mapping[str, str]) -> tuple[int, int, int | None]:
    member = _column(heading, wanted.get("member", ""), MEMBER_HEADINGS)
    amount = _column(heading, wanted.get("amount", ""), AMOUNT_HEADINGS)
    pool = _column(heading, wanted.get("pool", ""), POOL_HEADINGS)
    if member is None or amount is None or member == amount:
        named = ", ".join(f"“{cell[:40]}”" for cell in heading[:12]) or _("none")
        raise Refused(
            "wrong_columns",
            _(
                "“%(file)s” has the columns %(named)s; it needs one for the member number, such as “member”, and one"
                " for the amount, such as “purchases”."
            )
            % {"file": file_name, "named": named},
            field="file",
        )
    return member, amount, pool


def not_known(reading: Mapping[str, Any]) -> dict[str, str]:
    """Of the columns a file was read by, those whose heading only a person could point out."""
    known = {"member": MEMBER_HEADINGS, "amount": AMOUNT_HEADINGS, "pool": POOL_HEADINGS}
    columns = reading.get("columns", {})
    return {name: said for name, said in columns.items() if said and fold(said) not in known[name]}


def _column(heading: tuple[str, ...], wanted: str, known: frozenset[str]) -> int | None:
    if wanted:
        folded = [fold(cell) for cell in heading]
        return folded.index(fold(wanted)) if fold(wanted) in folded else None
    found = [place for place, cell in enumerate(heading) if fold(cell) in known]
    return found[0] if len(found) == 1 else None


class _Reading:
    """One pass over the lines below the heading."""

    def __init__(self, sheet: Sheet, places: tuple[int, int, int | None], measure: Measure, pool: str):
        self.sheet, self.measure, self.pool = sheet, measure, pool
        self.member, self.amount, self.department = places
        self.width = len(sheet.heading)
        self.control: tuple[int, int] | None = None
        # with the four decimals a currency has at most, no more digits than can be kept
        part = rf"\.[0-9]{{{measure.places}}}" if measure.places else ""
        self.plain_amount = re.compile("[0-9]{1,14}" + part).fullmatch
        self.pools = {"": pool}  # cells of the department as they stand in the file, and the pool each names

    def run(self, lines: Iterator[tuple[int, list[str]]], progress: Callable[[int], None] | None = None) -> None:
        try:
            self._walk(lines, progress)
        except Unreadable as broken:
            self.sheet.refuse(broken.line, _("Line %(line)s cannot be read as CSV.") % {"line": broken.line})
        self._check_control()

    def _walk(self, lines: Iterator[tuple[int, list[str]]], progress: Callable[[int], None] | None) -> None:
        for read_before, (line, cells) in enumerate(lines):
            if progress and read_before % TOLD_EVERY == 0:
                progress(read_before)
            if self._plainly(line, cells):
                continue
            if len(self.sheet.rows) >= MOST_ROWS:
                raise Refused(
                    "too_many_rows",
                    _("“%(file)s” has more than %(most)s lines; split it.")
                    % {"file": self.sheet.file_name, "most": MOST_ROWS},
                    field="file",
                )
            self._line(line, cells)

    def _plainly(self, line: int, cells: list[str]) -> bool:
        """Take a line as most are: a bare member number, a bare amount, a department known by its cell.

        What :meth:`_line` would make of it, in a third of the time. False, with nothing taken, for every other line.
        """
        if len(cells) != self.width or self.control is not None or len(self.sheet.rows) >= MOST_ROWS:
            return False
        figure, named = cells[self.amount], "" if self.department is None else cells[self.department]
        number, pool = MEMBER_NUMBER(cells[self.member]), self.pools.get(named)
        if number is None or pool is None or self.plain_amount(figure) is None:
            return False
        return self.sheet.rows.add(line, int(number[0]), pool, int(figure.replace(".", "", 1)))

    def _line(self, line: int, cells: list[str]) -> None:
        if self.control is not None:
            self.sheet.refuse(line, _("Line %(line)s stands below the line with the total.") % {"line": line})
            return
        if len(cells) <= max(self.member, self.amount):
            self.sheet.refuse(
                line,
                _("Line %(line)s has %(cells)s cells; the heading has %(width)s.")
                % {"line": line, "cells": len(cells), "width": self.width},
            )
            return
        said, figure = cells[self.member].strip(), cells[self.amount].strip()
        if not self._no_formula(line, said, figure):
            return
        quantity = self._quantity(line, figure)
        if quantity is None:
            return
        if fold(said) in TOTAL_WORDS or (not said and any(fold(cell) in TOTAL_WORDS for cell in cells)):
            self.control = (line, quantity)
            return
        self._member_line(line, said, quantity, self._pool(cells))

    def _pool(self, cells: list[str]) -> str:
        cell = cells[self.department] if self.department is not None and len(cells) > self.department else ""
        pool = " ".join(cell.split()).casefold() or self.pool
        if POOL_NAME.fullmatch(pool):
            self.pools[cell] = pool
        return pool

    def _no_formula(self, line: int, *cells: str) -> bool:
        for cell in cells:
            if FORMULA.match(cell):
                self.sheet.refuse(
                    line,
                    _("Line %(line)s holds a formula (“%(cell)s”); save the file with values only.")
                    % {"line": line, "cell": cell[:40]},
                )
                return False
        return True

    def _quantity(self, line: int, figure: str) -> int | None:
        if not figure:
            self.sheet.refuse(line, _("Line %(line)s has no amount; write 0 if there was none.") % {"line": line})
            return None
        try:
            quantity = self.measure.parse(figure)
        except ValueError as problem:
            self.sheet.refuse(line, _("Line %(line)s: %(problem)s") % {"line": line, "problem": problem})
            return None
        if quantity < 0:
            self.sheet.refuse(
                line,
                _("Line %(line)s: %(figure)s is negative; take returns off before, or correct the figure afterwards.")
                % {"line": line, "figure": figure[:40]},
            )
            return None
        return quantity

    def _member_line(self, line: int, said: str, quantity: int, pool: str) -> None:
        if fold(said) in OUTSIDE_WORDS:
            number = None
        elif re.fullmatch(r"[0-9]{1,18}", said):
            number = int(said)
        else:
            self.sheet.refuse(
                line,
                _("Line %(line)s: “%(said)s” is not a member number.") % {"line": line, "said": said[:40]}
                if said
                else _("Line %(line)s has no member number.") % {"line": line},
            )
            return
        if not POOL_NAME.fullmatch(pool):
            self.sheet.refuse(line, _("Line %(line)s: the name of the pool is too long.") % {"line": line})
            return
        if not self.sheet.rows.add(line, number, pool, quantity):
            self._duplicate(line, number, pool)

    def _duplicate(self, line: int, number: int | None, pool: str) -> None:
        if len(self.sheet.problems) >= SHOWN_PROBLEMS:
            self.sheet.refuse(line, "")  # counted; looking for the first of the two costs a walk through the file
            return
        who = _("member %(number)s") % {"number": number} if number is not None else _("non-members")
        self.sheet.refuse(
            line,
            _("Line %(line)s: %(who)s stands on line %(first)s already; add the two up or remove one.")
            % {"line": line, "who": who, "first": self.sheet.rows.line_of(number, pool)},
        )

    def _check_control(self) -> None:
        """A line with the file's own total must agree with the lines above it, when all of them could be read."""
        if self.control is None or self.sheet.problem_count:
            return
        line, said = self.control
        if said != self.sheet.total:
            self.sheet.refuse(
                line,
                _("Line %(line)s says the total is %(said)s; the lines above add up to %(found)s.")
                % {"line": line, "said": self.measure.plain(said), "found": self.measure.plain(self.sheet.total)},
            )


def unknown_members(sheet: Sheet, strangers: Callable[[list[int]], Container[int]]) -> None:
    """Add a problem for every line whose member is among ``strangers``, at its place among the others.

    ``strangers`` says which of these numbers nobody has; it is asked for ``AT_A_TIME`` rows at once, so that no
    register is held in memory.
    """
    for first in range(0, len(sheet.rows), AT_A_TIME):
        unknown = strangers(sheet.rows.members(first, first + AT_A_TIME))
        if unknown:
            _refuse_unknown(sheet, sheet.rows[first : first + AT_A_TIME], unknown)
    sheet.problems.sort(key=lambda problem: problem.line)


def _refuse_unknown(sheet: Sheet, rows: Iterable[Row], unknown: Container[int]) -> None:
    for row in rows:
        if row.number is not None and row.number in unknown:
            sheet.refuse(
                row.line,
                _("Line %(line)s: no member has the number %(number)s.") % {"line": row.line, "number": row.number},
            )
