"""How moments are said in sentences."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as format_date


def local(moment: datetime, coop) -> str:
    """A moment in the co-op's own time: ``3 May 2026, 18:00``."""
    return format_date(moment.astimezone(ZoneInfo(coop.time_zone)), "j F Y, H:i")
