"""Members' equity over a period: share capital by class, retained equity by year, and what came in and went out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

OPENING = ""  # the kind of a row that says where a part stood before the period


@dataclass(frozen=True, slots=True)
class EquityRow:
    """What one kind of act changed in one part of the equity; an increase is positive. ``kind`` "" is the opening."""

    part: str
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class EquityLine:
    """One part: opening + sum of changes = closing. ``changes`` has a figure for every kind of the report."""

    part: str
    opening: int
    changes: Mapping[str, int]
    closing: int


@dataclass(frozen=True, slots=True)
class MembersEquity:
    """A line a part in the order they first appear, a column a kind likewise, and the total line."""

    kinds: tuple[str, ...]
    lines: tuple[EquityLine, ...]
    total: EquityLine


def members_equity(rows: Iterable[EquityRow]) -> MembersEquity:
    """Return the statement of changes in members' equity.

    Rows of the same part and kind are added up; a part with an opening and no change keeps its line.

    >>> rows = [EquityRow("Shares", OPENING, 30000), EquityRow("Kept 2025", "allocated", 3475)]
    >>> found = members_equity(rows)
    >>> [(line.part, line.opening, dict(line.changes), line.closing) for line in found.lines]
    [('Shares', 30000, {'allocated': 0}, 30000), ('Kept 2025', 0, {'allocated': 3475}, 3475)]
    >>> found.total.closing
    33475
    """
    sums: dict[str, dict[str, int]] = {}
    kinds: dict[str, None] = {}
    for row in rows:
        part = sums.setdefault(row.part, {})
        part[row.kind] = part.get(row.kind, 0) + row.amount
        if row.kind != OPENING:
            kinds.setdefault(row.kind)
    lines = tuple(_line(part, figures, kinds) for part, figures in sums.items())
    whole: dict[str, int] = {}
    for figures in sums.values():
        for kind, amount in figures.items():
            whole[kind] = whole.get(kind, 0) + amount
    return MembersEquity(tuple(kinds), lines, _line("", whole, kinds))


def _line(part: str, figures: Mapping[str, int], kinds: Iterable[str]) -> EquityLine:
    changes = {kind: figures.get(kind, 0) for kind in kinds}
    opening = figures.get(OPENING, 0)
    return EquityLine(part, opening, changes, opening + sum(changes.values()))
