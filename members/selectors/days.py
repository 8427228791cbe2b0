"""Days and moments of a co-op."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def end_of(day: date, coop) -> datetime:
    """The last moment of a day where the co-op is, in UTC."""
    if day >= date.max - timedelta(days=2):
        return datetime.max.replace(tzinfo=UTC)
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(coop.time_zone))
    return midnight.astimezone(UTC) - timedelta(microseconds=1)
