"""Periods: one a fiscal year, made when the first entry falls into it."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta

from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel.errors import Refused
from ledger.models import Period

EARLIEST = date(1844, 12, 21)  # the Pioneers opened their shop


def fiscal_year(coop, on: date) -> tuple[date, date]:
    """First and last day of the co-op's fiscal year that contains ``on``."""
    month = coop.fiscal_year_end_month
    year = on.year if on.month <= month else on.year + 1
    ends = date(year, month, calendar.monthrange(year, month)[1])
    first = ends.replace(day=1)
    for _back in range(11):
        first = (first - timedelta(days=1)).replace(day=1)
    return first, ends


def period_of(coop, on: date) -> Period | None:
    """The period that contains ``on``, or None. Inside a transaction it cannot be closed before that is over."""
    return next(iter(Period.objects.raw("SELECT * FROM ledger_hold_period(%s, %s)", [coop.pk, on])), None)


def open_period(*, coop, on: date) -> Period:
    """The open period that contains ``on``; the fiscal year is made if nothing is there yet.

    Refuses a day in a closed period, and one before the first closed period.
    """
    period = period_of(coop, on) or _make(coop, on)
    if period.is_closed:
        raise Refused(
            "closed_period",
            _("The books for %(day)s are closed (%(period)s).") % {"day": date_format(on), "period": period.name},
            "on",
        )
    return period


def wait_for_years(coop, days: Iterable[date]) -> None:
    """Open the years of several acts before the first is posted: one somebody else is just opening is waited for now,
    not with the audit chain's lock in one's hand. What a day is refused for, its own act says."""
    for _year, day in sorted({fiscal_year(coop, day): day for day in days}.items()):
        with suppress(Refused):
            open_period(coop=coop, on=day)


def _make(coop, on: date) -> Period:
    if on < EARLIEST:
        raise Refused("too_early", _("%(day)s is before any books.") % {"day": on.isoformat()}, "on")
    starts, ends = fiscal_year(coop, on)
    # A period somebody else made may lie in part of the year; ours fills what is left around the day.
    before = Period.objects.filter(coop=coop, ends__gte=starts, ends__lt=on).order_by("-ends").first()
    after = Period.objects.filter(coop=coop, starts__gt=on, starts__lte=ends).order_by("starts").first()
    starts = before.ends + timedelta(days=1) if before else starts
    ends = after.starts - timedelta(days=1) if after else ends
    if Period.objects.filter(coop=coop, starts__gt=starts, closed_at__isnull=False).exists():
        raise Refused(
            "closed_period",
            _("The books for %(day)s lie before years that are closed.") % {"day": date_format(on)},
            "on",
        )
    name = f"{starts.year}" if starts.year == ends.year else f"{starts.year}/{ends.year % 100:02d}"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_period (coop_id, name, starts, ends) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [coop.pk, name, starts, ends],
        )
    made = period_of(coop, on)
    assert made is not None  # noqa: S101 - this statement or a neighbour's has just made it
    return made
