"""Days and hours of the story, counted back from today."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def at(day: date, hour: int = 10) -> datetime:
    """That day at that hour, in UTC."""
    return datetime.combine(day, time(hour), tzinfo=UTC)


def last_month_end(day: date) -> date:
    """The last day of the month before ``day``'s."""
    return day.replace(day=1) - timedelta(days=1)
