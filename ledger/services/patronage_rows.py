"""What every way in for patronage shares: the year's row, the rules between rows and plans, and loading the rows."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money
from coop.kernel.errors import Refused
from ledger.exchange import patronage_csv
from ledger.exchange.columns import Rows
from ledger.models import PatronageImport, PatronageRecord, PatronageYear, SurplusPlan
from ledger.selectors import patronage as selectors

FIRST_YEAR = 1844  # Rochdale


def open_year(*, coop, year: int) -> PatronageYear:
    """The row of a financial year, made where it is missing, locked until the transaction ends."""
    if not FIRST_YEAR <= year <= clock.today(coop).year + 1:
        raise Refused("no_such_year", _("%(year)s is not a year to record business for.") % {"year": year}, "year")
    starts_on, ends_on = selectors.year_bounds(coop, year)
    PatronageYear.objects.get_or_create(coop=coop, year=year, defaults={"starts_on": starts_on, "ends_on": ends_on})
    return PatronageYear.objects.select_for_update(no_key=True).get(coop=coop, year=year)


def figures_may_change(year: PatronageYear) -> None:
    """Refuse any change of a year whose plan is before the members or beyond."""
    plan = SurplusPlan.objects.filter(year=year, state__in=selectors.ON_THE_WAY).first()
    if plan is not None:
        raise Refused(
            "plan_stands_on_it",
            _("Plan %(plan)s for %(year)s (%(state)s) stands on these figures; they cannot change now.")
            % {"plan": plan.letter, "year": year.year, "state": plan.get_state_display().lower()},
        )


def changed(year: PatronageYear) -> None:
    """The year's figures are others than before: drafts worked out on the old ones can tell."""
    PatronageYear.objects.filter(pk=year.pk).update(version=F("version") + 1)


def named_pool(pool: str) -> str:
    """The name of a pool as it is kept: lower case, single blanks."""
    name = " ".join(pool.split()).casefold()
    if not patronage_csv.POOL_NAME.fullmatch(name):
        raise Refused("no_pool", _("Name the pool in up to 60 letters, such as “purchases”."), "pool")
    return name


def same_units(year: PatronageYear, sheet: patronage_csv.Sheet, unit: str, replaces) -> None:
    """A pool is measured in one unit, or its sum would mean nothing."""
    there = PatronageRecord.objects.filter(year=year).effective().exclude(unit=unit)
    if replaces is not None:
        there = there.exclude(source=replaces)
    clash = there.filter(pool__in=sheet.rows.pools).values_list("pool", flat=True).first()
    if clash is not None:
        raise Refused(
            "another_unit",
            _("“%(pool)s” is measured in another unit this year; choose that unit or another pool.") % {"pool": clash},
            field="unit",
        )


def counts(rows: Rows) -> dict[str, int]:
    """What an import says of itself: rows, members, the members' total, and business with others."""
    if max(rows.total, rows.outside) > money.LARGEST:
        raise Refused("too_much", _("The amounts add up to more than can be kept here."), "file")
    return {
        "rows": len(rows),
        "members": len(rows.numbers),
        "total": rows.total,
        "outside": rows.outside,
    }


def load(actor, found: PatronageImport, rows: Rows, progress: Callable[[int], None] | None = None) -> None:
    """Make an import recorded and its rows count, at once. The database refuses the same file twice for one year.

    Refused: a row whose member is not in the register.
    """
    found.state, found.recorded_at, found.recorded_by = PatronageImport.State.RECORDED, clock.now(), actor.user
    found.save(update_fields=["state", "recorded_at", "recorded_by"])
    with connection.cursor() as cursor:
        cursor.execute(_BY_KEY, ["off", "off"])
        for first in range(0, len(rows), AT_ONCE):
            if progress:
                progress(first)
            cursor.execute(_TAKE_IN, {"source": found.pk, "pools": rows.pools, **rows.arrays(first, first + AT_ONCE)})
            if cursor.rowcount != min(AT_ONCE, len(rows) - first):
                raise Refused("has_problems", _("The file has lines that cannot be taken; nothing was recorded."))
        cursor.execute(_BY_KEY, ["on", "on"])
    changed(found.year)
    say(actor, "ledger.patronage_recorded", found)


AT_ONCE = 50_000  # rows taken in between two words about how far it is
# Each number is looked up in the register, instead of walking through all of it for every fifty thousand.
_BY_KEY = "SELECT set_config('enable_hashjoin', %s, true), set_config('enable_mergejoin', %s, true)"
# Who recorded a file stands with the file, not with each of its rows.
_TAKE_IN = """
INSERT INTO ledger_patronagerecord
  (coop_id, year_id, membership_id, pool, unit, quantity, source_id, line, because, recorded_at)
SELECT i.coop_id, i.year_id, m.id, (%(pools)s::text[])[r.place + 1], i.unit, r.quantity, i.id, r.line, '', i.recorded_at
  FROM ledger_patronageimport i
 CROSS JOIN unnest(%(lines)s::integer[], %(numbers)s::bigint[], %(places)s::integer[], %(quantities)s::bigint[])
       AS r (line, number, place, quantity)
  LEFT JOIN members_membership m ON m.coop_id = i.coop_id AND m.number = r.number
 WHERE i.id = %(source)s AND (m.id IS NOT NULL OR r.number < 0)
"""


def say(actor, kind: str, found: PatronageImport, **more) -> None:
    """Write an act on an import into the audit chain."""
    audit.record(
        actor=actor,
        kind=kind,
        subject=f"patronage-import:{found.pk}",
        year=found.year.year,
        file=found.file_name,
        digest=found.digest,
        rows=found.rows,
        total=found.total,
        **more,
    )
