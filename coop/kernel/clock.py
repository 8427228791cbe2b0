"""The only reader of time.

``now()`` is an aware UTC moment, ``today(coop)`` the calendar day where the co-op is. Everything else takes time as an
argument. ``at(moment)`` lets demo data and tests live through a year with the same services that run today: it moves
this context only, and never touches the database's own clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_at: ContextVar[datetime | None] = ContextVar("clock_at", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _at.get() or datetime.now(UTC)


def today(coop) -> date:
    """Today's date in the co-op's time zone; ``None`` means UTC."""
    return local_day(now(), coop)


def local_day(moment: datetime, coop) -> date:
    """The calendar day a moment falls on where the co-op is."""
    return moment.astimezone(ZoneInfo(coop.time_zone) if coop is not None else UTC).date()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside the block, it is ``moment`` (aware)."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    token = _at.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _at.reset(token)
