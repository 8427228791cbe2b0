"""When the parts of a subscription are due. Pure: whole minor units and dates, nothing else."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

DAYS_TO_PAY = 30  # for what is not paid in parts


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what was subscribed, in minor units, and the day it is due.

    ``call`` is the line of the board's call that asks for it; a part of the schedule has none. What stands on the
    member's own account of debts names its ``entry``, and the ``charge`` of dues it is of.
    """

    due_on: date
    amount: int
    call: int | None = None
    entry: int | None = None
    charge: int | None = None


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last day of a month that is too short for it."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def schedule(total: int, parts: int, starts: date) -> list[Part]:
    """``total`` in that many monthly parts from ``starts``; odd units go to the first parts, so the sum is exact."""
    if parts <= 1:
        return [Part(starts + timedelta(days=DAYS_TO_PAY), total)] if total else []
    each, odd = divmod(total, parts)
    amounts = [each + (1 if n < odd else 0) for n in range(parts)]
    return [Part(months_later(starts, n), amount) for n, amount in enumerate(amounts) if amount]


def due_by(parts: Iterable[Part], on: date) -> int:
    """How much of the schedule was due by the end of that day."""
    return sum(part.amount for part in parts if part.due_on <= on)


def still_open(parts: Iterable[Part], paid: int) -> list[Part]:
    """What is not paid yet of each part, the earliest paid first."""
    found = []
    for part in parts:
        covered = min(part.amount, max(0, paid))
        paid -= covered
        if covered < part.amount:
            found.append(replace(part, amount=part.amount - covered))
    return found
