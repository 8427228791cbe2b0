"""The statement of one account: where it stood, what moved, where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from ledger.reports.rows import Movement, ReportError


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement and the balance after it, read with the sign of the account."""

    on: date
    entry: int
    memo: str
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """opening + added - taken = closing, and the last line's balance is the closing one."""

    opening: int
    lines: tuple[StatementLine, ...]
    added: int
    taken: int
    closing: int


def statement(
    rows: Iterable[Movement],
    *,
    opening: int = 0,
    starts: date | None = None,
    ends: date | None = None,
    credit: bool = False,
) -> Statement:
    """Return the statement of one account from ``starts`` to ``ends``, both included; None leaves that side open.

    ``rows`` are movements in the order of their dates (entries of one day keep their order), in the journal's sign, as
    is ``opening``: the balance before the first row. Rows before ``starts`` move the opening balance, rows after
    ``ends`` are left out. With ``credit`` the sign is turned for the reader: for a member's capital, what was paid in
    is positive. Raises :class:`~ledger.reports.rows.ReportError` for rows out of order.

    >>> paid = Movement(date(2026, 3, 1), 7, "Shares", -5000)
    >>> statement([paid], credit=True).closing
    5000
    """
    sign = -1 if credit else 1
    balance = opening * sign
    start_balance, lines = balance, []
    for row in _in_order(rows):
        if ends is not None and row.on > ends:
            break
        balance += row.amount * sign
        if starts is not None and row.on < starts:
            start_balance = balance
        else:
            lines.append(StatementLine(row.on, row.entry, row.memo, row.amount * sign, balance))
    return Statement(
        opening=start_balance,
        lines=tuple(lines),
        added=sum(line.amount for line in lines if line.amount > 0),
        taken=-sum(line.amount for line in lines if line.amount < 0),
        closing=balance,
    )


def _in_order(rows: Iterable[Movement]) -> list[Movement]:
    found = list(rows)
    for earlier, later in pairwise(found):
        if later.on < earlier.on:
            raise ReportError(f"entry {later.entry} of {later.on} stands after {earlier.on}")
    return found
