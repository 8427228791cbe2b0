"""What members did with their co-op in a year, as it counts now: corrections in, undone files out."""

from __future__ import annotations

import calendar
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet, Sum

from ledger.models import PatronageImport, PatronageRecord, PatronageYear, Posting, SurplusPlan

ON_THE_WAY = (  # states of a plan under which a year's figures no longer change
    SurplusPlan.State.PROPOSED,
    SurplusPlan.State.RESOLVED,
    SurplusPlan.State.APPROVED,
    SurplusPlan.State.POSTED,
)


@dataclass(frozen=True, slots=True)
class PoolTotal:
    """One pool of a year: the members' business, the largest member's, and what others bought."""

    pool: str
    unit: str
    members: int
    total: int
    outside: int

    @property
    def label(self) -> str:
        return self.pool[:1].upper() + self.pool[1:]


@dataclass(frozen=True, slots=True)
class BasisRow:
    """One member's business in one pool."""

    membership_id: int
    number: int
    pool: str
    quantity: int


def year_bounds(coop, year: int) -> tuple[date, date]:
    """First and last day of the co-op's financial year that ends in calendar year ``year``."""
    month = coop.fiscal_year_end_month

    def end(of: int) -> date:
        return date(of, month, calendar.monthrange(of, month)[1])

    return end(year - 1) + timedelta(days=1), end(year)


def years(coop) -> QuerySet[PatronageYear]:
    """The co-op's years with patronage, the latest first."""
    return PatronageYear.objects.filter(coop=coop)


@dataclass(frozen=True, slots=True)
class Recordable:
    """A financial year business may be recorded for; ``plan`` is the letter of the one its figures are frozen by."""

    year: int
    starts_on: date
    ends_on: date
    is_running: bool
    plan: str


def years_to_record(coop, today: date) -> list[Recordable]:
    """The running financial year and the four before it, the latest first. One query."""
    latest = today.year if today <= year_bounds(coop, today.year)[1] else today.year + 1
    standing = SurplusPlan.objects.filter(coop=coop, state__in=ON_THE_WAY).values_list("year__year", "letter")
    plans = dict(standing)
    return [
        Recordable(year, first, last, last >= today, plans.get(year, ""))
        for year in range(latest, latest - 5, -1)
        for first, last in [year_bounds(coop, year)]
    ]


def sold_to_members(year: PatronageYear) -> int:
    """What the books show as sold to members in the year, closing entries left out; minor units."""
    rows = Posting.objects.filter(
        coop_id=year.coop_id, posted_on__range=(year.starts_on, year.ends_on), account__purpose="sales_members"
    ).exclude(Q(entry__kind="closing") | Q(entry__reverses__kind="closing"))
    return -(rows.aggregate(b=Sum("amount"))["b"] or 0)


def imports(coop) -> QuerySet[PatronageImport]:
    """Every file and batch of the co-op, the latest first."""
    return PatronageImport.objects.filter(coop=coop).select_related("year", "checked_by", "recorded_by", "undone_by")


def pools(year: PatronageYear) -> list[PoolTotal]:
    """The year's pools with their totals, by name. One query."""
    rows = (
        PatronageRecord.objects.filter(year=year)
        .effective()
        .values("pool", "unit")
        .annotate(
            members=Count("membership", distinct=True),
            total=Sum("quantity", filter=Q(membership__isnull=False), default=0),
            outside=Sum("quantity", filter=Q(membership__isnull=True), default=0),
        )
        .order_by("pool", "unit")
    )
    return [PoolTotal(**row) for row in rows]


def basis(year: PatronageYear) -> Iterator[BasisRow]:
    """Every member's sum in every pool, by member number; one who comes to nothing stands there with 0. One query."""
    rows = (
        PatronageRecord.objects.filter(year=year, membership__isnull=False)
        .effective()
        .values_list("membership_id", "membership__number", "pool")
        .annotate(quantity=Sum("quantity"))
        .order_by("membership__number", "pool")
    )
    return (BasisRow(*row) for row in rows.iterator(chunk_size=10_000))


def of_member(year: PatronageYear, membership_id: int) -> QuerySet[PatronageRecord]:
    """One member's rows that count, in the order they came."""
    return (
        PatronageRecord.objects.filter(year=year, membership_id=membership_id)
        .effective()
        .select_related("source", "recorded_by")
        .order_by("id")
    )


def sums_of_member(year: PatronageYear, membership_id: int) -> dict[tuple[str, str], int]:
    """One member's business in a year by pool and unit."""
    rows = of_member(year, membership_id).order_by("pool", "unit").values_list("pool", "unit")
    return {(pool, unit): total for pool, unit, total in rows.annotate(total=Sum("quantity"))}


@dataclass(frozen=True, slots=True)
class RecordedRow:
    """One recorded line, as its file said it."""

    line: int | None
    number: int | None
    pool: str
    quantity: int


def largest_rows(source: PatronageImport, count: int) -> list[RecordedRow]:
    """The largest recorded lines of a file."""
    rows = PatronageRecord.objects.filter(source=source).order_by("-quantity", "line")[:count]
    return [RecordedRow(*row) for row in rows.values_list("line", "membership__number", "pool", "quantity")]


def corrections(year: PatronageYear) -> QuerySet[PatronageRecord]:
    """The rows of a year that came by hand, the latest first."""
    return (
        PatronageRecord.objects.filter(year=year, source__isnull=True)
        .select_related("membership__party", "recorded_by")
        .order_by("-id")
    )


def member_ids(coop, numbers: Iterable[int]) -> dict[int, int]:
    """Membership by number, for those of these numbers that are given."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, id FROM members_membership WHERE coop_id = %s AND number = ANY(%s)",
            [coop.pk, list(numbers)],
        )
        return dict(cursor.fetchall())


def strangers(coop, numbers: Iterable[int]) -> set[int]:
    """Those of these numbers no member of the co-op has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n FROM unnest(%s::bigint[]) n"
            " WHERE NOT EXISTS (SELECT FROM members_membership m WHERE m.coop_id = %s AND m.number = n)",
            [list(numbers), coop.pk],
        )
        return {number for (number,) in cursor.fetchall()}


def overlap(patronage_import: PatronageImport, pools: Iterable[str], numbers: Container[int]) -> int:
    """How many of these members have business in these pools of the import's year already, from somewhere else."""
    found = PatronageRecord.objects.filter(year_id=patronage_import.year_id, pool__in=list(pools)).effective()
    if patronage_import.replaces_id:
        found = found.exclude(source_id=patronage_import.replaces_id)
    there = found.exclude(source=patronage_import).filter(membership__isnull=False)
    found = there.values_list("membership__number", flat=True).distinct().order_by().iterator(chunk_size=10_000)
    return sum(number in numbers for number in found)


def latest_year(coop) -> int | None:
    """The latest year with patronage."""
    return PatronageYear.objects.filter(coop=coop).aggregate(latest=Max("year"))["latest"]
