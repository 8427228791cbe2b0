"""Statutory registers and their inspection copies. Pure writers: lines and holdings in, rows and text out.

Each pack is data with its citation and date. It is a starting point: the by-laws and your adviser come first. What
one law shows to everybody another keeps to the society, so an inspection copy is a pack of its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol


class Holding(Protocol):
    """What a pack reads of a member's shares; minor units."""

    @property
    def shares(self) -> int: ...

    @property
    def subscribed(self) -> int: ...

    @property
    def paid_up(self) -> int: ...


Money = Callable[[int], str]
Cell = Callable[[Any, Any, Money], object]


@dataclass(frozen=True)
class Pack:
    """One kind of list. ``shows_holdings`` says that money leaves the house with it; ``former`` adds who has left."""

    key: str
    title: str
    law: str
    citation: str
    checked: str
    columns: tuple[tuple[str, Cell], ...]
    shows_holdings: bool = False
    former: bool = False
    by_class: bool = False
    of_officers: bool = False  # who holds an office instead of who is a member


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _holding(name: str) -> Cell:
    def cell(line: Any, held: Any, money: Money) -> object:
        value = getattr(held, name) if held is not None else 0
        return value if name == "shares" else money(value)

    return cell


_AUSGESCHIEDEN: dict[str, str] = {  # how a membership ended, in the words of GenG §§ 65, 68, 76, 77 and 77a
    "resigned": "Kündigung",
    "expelled": "Ausschluss",
    "died": "Tod",
    "transferred": "Übertragung des Geschäftsguthabens",
    "dissolved": "Auflösung",
}

NUMBER: Cell = lambda line, held, money: line.number_text  # noqa: E731
FAMILY: Cell = lambda line, held, money: line.firm or line.family_name or line.name  # noqa: E731
GIVEN: Cell = lambda line, held, money: line.given_names  # noqa: E731
NAME: Cell = lambda line, held, money: line.name  # noqa: E731
COURT: Cell = lambda line, held, money: " ".join(filter(None, (line.register_court, line.register_number)))  # noqa: E731
STREET: Cell = lambda line, held, money: line.street  # noqa: E731
POSTCODE: Cell = lambda line, held, money: line.postcode  # noqa: E731
PLACE: Cell = lambda line, held, money: line.place  # noqa: E731
COUNTRY: Cell = lambda line, held, money: line.country  # noqa: E731
EMAIL: Cell = lambda line, held, money: line.email  # noqa: E731
CLASS: Cell = lambda line, held, money: line.class_name  # noqa: E731
ENTERED: Cell = lambda line, held, money: _day(line.admitted_on)  # noqa: E731
CEASED: Cell = lambda line, held, money: _day(line.ends_on)  # noqa: E731
GRUND: Cell = lambda line, held, money: _AUSGESCHIEDEN.get(line.ending, line.ending)  # noqa: E731
ROLE: Cell = lambda line, held, money: line.role  # noqa: E731
TOOK: Cell = lambda line, held, money: _day(line.starts_on)  # noqa: E731
SHARES, SUBSCRIBED, PAID = _holding("shares"), _holding("subscribed"), _holding("paid_up")

_GERMAN = (
    ("Mitgliedsnummer", NUMBER),
    ("Familienname oder Firma", FAMILY),
    ("Vornamen", GIVEN),
    ("Registergericht und Nummer", COURT),
    ("Straße", STREET),
    ("PLZ", POSTCODE),
    ("Ort", PLACE),
    ("Land", COUNTRY),
    ("Eintritt am", ENTERED),
    ("Ausscheiden zum", CEASED),
    ("Grund", GRUND),
)
_ENGLISH = (
    ("Number", NUMBER),
    ("Name", NAME),
    ("Street", STREET),
    ("Town", PLACE),
    ("Postcode", POSTCODE),
    ("Country", COUNTRY),
)

PACKS: dict[str, Pack] = {
    pack.key: pack
    for pack in (
        Pack(
            "de-full",
            "Mitgliederliste",
            "Germany",
            "GenG § 30",
            "2026-11",
            (*_GERMAN, ("Geschäftsanteile", SHARES), ("Geschäftsguthaben eingezahlt", PAID)),
            shows_holdings=True,
            former=True,
        ),
        Pack("de-inspection", "Mitgliederliste zur Einsicht", "Germany", "GenG § 31", "2026-11", _GERMAN, former=True),
        Pack(
            "uk-full",
            "Register of members",
            "United Kingdom",
            "Co-operative and Community Benefit Societies Act 2014, s. 30",
            "2026-11",
            (
                *_ENGLISH,
                ("Electronic address", EMAIL),
                ("Shares", SHARES),
                ("Nominal", SUBSCRIBED),
                ("Paid", PAID),
                ("Entered", ENTERED),
                ("Ceased", CEASED),
            ),
            shows_holdings=True,
            former=True,
        ),
        Pack(
            "uk-inspection",
            "Register of members, copy for inspection",
            "United Kingdom",
            "Co-operative and Community Benefit Societies Act 2014, s. 103",
            "2026-11",
            (*_ENGLISH, ("Electronic address", EMAIL), ("Entered", ENTERED), ("Ceased", CEASED)),
            former=True,
        ),
        Pack(
            "uk-officers",
            "Register of officers",
            "United Kingdom",
            "Co-operative and Community Benefit Societies Act 2014, s. 30",
            "2026-11",
            (
                ("Office", ROLE),
                *_ENGLISH[1:],
                ("Electronic address", EMAIL),
                ("Took office", TOOK),
                ("Left it", CEASED),
            ),
            former=True,
            of_officers=True,
        ),
        Pack(
            "ca",
            "Register of members",
            "Canada",
            "Canada Cooperatives Act, S.C. 1998, c. 1, s. 31",
            "2026-11",
            (*_ENGLISH, ("Membership shares", SHARES), ("Paid", PAID), ("Became member", ENTERED), ("Ceased", CEASED)),
            shows_holdings=True,
            former=True,
        ),
        Pack(
            "us-alphabetical",
            "Members entitled to inspect, alphabetical by class",
            "United States",
            "state co-operative acts, for example Minn. Stat. § 308A.320",
            "2026-11",
            (("Class", CLASS), *_ENGLISH, ("Member since", ENTERED)),
            by_class=True,
        ),
    )
}


def table(pack: Pack, lines: Iterable[Any], holdings: Mapping[int, Holding], money: Money) -> list[list[str]]:
    """The pack's headings, then a row a member, as plain text.

    ``lines`` are the register's, ``holdings`` by membership id (looked at only where the pack shows holdings),
    ``money`` turns minor units into plain digits.
    """
    rows = list(lines)
    if pack.by_class:
        rows.sort(key=lambda line: (line.class_name.casefold(), line.sort_name.casefold(), line.number))
    found = [[heading for heading, _cell in pack.columns]]
    for line in rows:
        held = holdings.get(line.membership_id) if pack.shows_holdings else None
        found.append([str(cell(line, held, money)) for _heading, cell in pack.columns])
    return found


def csv_text(rows: Iterable[list[str]]) -> str:
    """The rows as CSV (RFC 4180). A cell a spreadsheet would run as a formula gets an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def _safe(text: str) -> str:
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
