"""What a class's dues come to for one member and one period. Pure: whole minor units and dates, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ledger.instalments import months_later

WHOLE, MONTHS, NEXT = "whole", "months", "next"


@dataclass(frozen=True, slots=True)
class Share:
    """So many months of a period are charged, at so much for the whole of it. ``amount`` in minor units."""

    months: int
    of_months: int
    rate: int

    @property
    def amount(self) -> int:
        """The rate by months, rounded down: the odd unit is the member's."""
        return self.rate * self.months // self.of_months


def span(every: int, day: date, year_ends_in: int) -> tuple[date, date]:
    """First and last day of the period of ``every`` months that holds a day, counted from the fiscal year's first.

    ``every`` divides twelve; ``year_ends_in`` is the fiscal year's last month.
    """
    first = date(day.year, day.month, 1)
    starts = months_later(first, -((day.month - year_ends_in - 1) % every))
    return starts, months_later(starts, every) - timedelta(days=1)


def months_between(first: date, last: date) -> int:
    """Calendar months two days and everything between them touch; a month begun counts. Nought if last is before."""
    if last < first:
        return 0
    return (last.year - first.year) * 12 + last.month - first.month + 1


def share(
    *, rate: int, starts: date, ends: date, joined: date, left: date | None, joining: str, leaving: str
) -> Share | None:
    """What of a period somebody is charged who joined and perhaps left at some time; None for nothing.

    ``joining``: the whole period, its months from the one they joined in, or nothing before the next period.
    ``leaving``: the whole period, or its months up to the one they left in.
    """
    if joined > ends or (left is not None and left < starts) or (joined > starts and joining == NEXT):
        return None
    first = joined if joined > starts and joining == MONTHS else starts
    last = left if left is not None and left < ends and leaving == MONTHS else ends
    found = Share(months_between(first, last), months_between(starts, ends), rate)
    return found if found.amount > 0 else None
