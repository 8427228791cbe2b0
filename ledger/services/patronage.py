"""A year's patronage comes in: checked, recorded as a whole, corrected by new rows, undone as a whole.

Whoever changes a year's figures holds the year's row first, so a plan is never proposed on figures that are moving.
"""

from __future__ import annotations

import heapq
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money, rules
from coop.kernel.csv_table import DELIMITERS, check_size, digest_of
from coop.kernel.errors import Refused
from ledger.exchange import patronage_csv
from ledger.models import PatronageFile, PatronageImport, PatronageRecord, PatronageYear, SurplusPlan
from ledger.selectors import patronage as selectors
from ledger.units import Measure

__all__ = [
    "DELIMITERS",
    "check_file",
    "check_size",
    "correct",
    "discard_import",
    "named_pool",
    "open_year",
    "preview",
    "record_import",
    "undo_import",
]

FIRST_YEAR = 1844  # Rochdale
PREVIEW_LINES = 10
ON_THE_WAY = (
    SurplusPlan.State.PROPOSED,
    SurplusPlan.State.RESOLVED,
    SurplusPlan.State.APPROVED,
    SurplusPlan.State.POSTED,
)


def open_year(*, coop, year: int) -> PatronageYear:
    """The row of a financial year, made where it is missing, locked until the transaction ends."""
    if not FIRST_YEAR <= year <= clock.today(coop).year + 1:
        raise Refused("no_such_year", _("%(year)s is not a year to record business for.") % {"year": year}, "year")
    starts_on, ends_on = selectors.year_bounds(coop, year)
    PatronageYear.objects.get_or_create(coop=coop, year=year, defaults={"starts_on": starts_on, "ends_on": ends_on})
    return PatronageYear.objects.select_for_update().get(coop=coop, year=year)


def _figures_may_change(year: PatronageYear) -> None:
    plan = SurplusPlan.objects.filter(year=year, state__in=ON_THE_WAY).first()
    if plan is not None:
        raise Refused(
            "plan_stands_on_it",
            _("Plan %(plan)s for %(year)s (%(state)s) stands on these figures; they cannot change now.")
            % {"plan": plan.letter, "year": year.year, "state": plan.get_state_display().lower()},
        )


def _changed(year: PatronageYear) -> None:
    PatronageYear.objects.filter(pk=year.pk).update(version=F("version") + 1)


@transaction.atomic
def check_file(
    *,
    actor,
    year: int,
    pool: str,
    unit: str,
    file_name: str,
    data: bytes,
    columns: Mapping[str, str] | None = None,
    replaces: PatronageImport | None = None,
) -> PatronageImport:
    """Read a file and keep what it says for a preview; nothing counts yet.

    Refused: a file that is no such table, one that is recorded already for this year, a year whose plan is on its way.
    What is wrong with single lines is in ``problems``; such an import cannot be recorded.
    """
    rules.require(actor, "ledger.keep_books")
    pool = named_pool(pool)
    file_name = file_name.replace("\\", "/").rpartition("/")[2][:200] or "file.csv"
    found = open_year(coop=actor.coop, year=year)
    _figures_may_change(found)
    check_size(len(data), file_name)
    _not_known(found, digest_of(data), file_name)
    if replaces is not None and (replaces.year_id != found.pk or replaces.state != PatronageImport.State.RECORDED):
        raise Refused("nothing_to_replace", _("The file to be replaced is not recorded for this year."), "replaces")
    sheet = patronage_csv.read(
        data,
        file_name=file_name,
        measure=Measure(unit, actor.coop.currency),
        pool=pool,
        columns={name: said for name, said in (columns or {}).items() if said},
    )
    patronage_csv.unknown_members(sheet, selectors.member_ids(actor.coop, sheet.numbers))
    _same_units(found, sheet, unit, replaces)
    PatronageImport.objects.filter(year=found, digest=sheet.digest, state=PatronageImport.State.CHECKED).update(
        state=PatronageImport.State.DISCARDED
    )
    checked = PatronageImport.objects.create(
        coop=actor.coop,
        year=found,
        pool=pool,
        unit=unit,
        file_name=file_name,
        digest=sheet.digest,
        size=len(data),
        reading={
            "encoding": sheet.encoding,
            "delimiter": sheet.delimiter,
            "heading": list(sheet.heading),
            "columns": dict(zip(("member", "amount", "pool"), sheet.columns, strict=True)),
        },
        replaces=replaces,
        checked_by=actor.user,
        problem_count=sheet.problem_count,
        problems=[[problem.line, problem.sentence] for problem in sheet.problems],
        **_counts(sheet.rows),
    )
    PatronageFile.objects.create(source=checked, content=zlib.compress(data, 6))
    return checked


def named_pool(pool: str) -> str:
    """The name of a pool as it is kept: lower case, single blanks."""
    name = " ".join(pool.split()).casefold()
    if not patronage_csv.POOL_NAME.fullmatch(name):
        raise Refused("no_pool", _("Name the pool in up to 60 letters, such as “purchases”."), "pool")
    return name


def _not_known(year: PatronageYear, digest: str, file_name: str) -> None:
    known = PatronageImport.objects.filter(year=year, digest=digest, state=PatronageImport.State.RECORDED).first()
    if known is not None:
        raise Refused(
            "already_recorded",
            _("“%(file)s” is recorded for %(year)s already, since %(day)s; nothing was added.")
            % {"file": file_name, "year": year.year, "day": date_format(known.recorded_at, "j F Y")},
            field="file",
        )


def _same_units(year: PatronageYear, sheet: patronage_csv.Sheet, unit: str, replaces) -> None:
    """A pool is measured in one unit, or its sum would mean nothing."""
    there = PatronageRecord.objects.filter(year=year).effective().exclude(unit=unit)
    if replaces is not None:
        there = there.exclude(source=replaces)
    names = {row.pool for row in sheet.rows}
    clash = there.filter(pool__in=names).values_list("pool", flat=True).first()
    if clash is not None:
        raise Refused(
            "another_unit",
            _("“%(pool)s” is measured in another unit this year; choose that unit or another pool.") % {"pool": clash},
            field="unit",
        )


def _counts(rows) -> dict[str, int]:
    total = sum(row.quantity for row in rows if row.number is not None)
    outside = sum(row.quantity for row in rows if row.number is None)
    if max(total, outside) > money.LARGEST:
        raise Refused("too_much", _("The amounts add up to more than can be kept here."), "file")
    return {
        "rows": len(rows),
        "members": len({row.number for row in rows if row.number is not None}),
        "total": total,
        "outside": outside,
    }


@transaction.atomic
def record_import(*, actor, patronage_import: PatronageImport) -> PatronageImport:
    """Record a checked file, all of it or nothing. Asked twice, it is recorded once.

    The file is read again and the register asked again, so what changed since the preview is found. Refused: a file
    with problems, one thrown away or undone, a year whose plan is on its way.
    """
    rules.require(actor, "ledger.keep_books")
    year, found = _locked(actor, patronage_import)
    if found.state == PatronageImport.State.RECORDED:
        return found
    if found.state != PatronageImport.State.CHECKED:
        raise Refused("not_waiting", _("This file was thrown away; choose it again if it is wanted."))
    _figures_may_change(year)
    _not_known(year, found.digest, found.file_name)
    sheet = _read_again(actor, found)
    if sheet.problem_count or found.problem_count:
        raise Refused("has_problems", _("The file has lines that cannot be taken; nothing was recorded."))
    if _counts(sheet.rows) != {name: getattr(found, name) for name in ("rows", "members", "total", "outside")}:
        raise Refused("changed_meanwhile", _("The file reads differently now; check it again."))
    if found.replaces_id:
        _undo(actor, found.replaces, _("Replaced by “%(file)s”.") % {"file": found.file_name})
    _set_recorded(actor, found)
    _copy(actor, found, sheet.rows, selectors.member_ids(actor.coop, sheet.numbers))
    _changed(year)
    _say(actor, "ledger.patronage_recorded", found)
    return found


def _locked(actor, patronage_import: PatronageImport) -> tuple[PatronageYear, PatronageImport]:
    year = PatronageYear.objects.select_for_update().get(coop=actor.coop, pk=patronage_import.year_id)
    found = PatronageImport.objects.select_for_update(of=("self",)).select_related("replaces")
    return year, found.get(coop=actor.coop, pk=patronage_import.pk)


def _read_again(actor, found: PatronageImport) -> patronage_csv.Sheet:
    sheet = patronage_csv.read(
        zlib.decompress(found.file.content),
        file_name=found.file_name,
        measure=Measure(found.unit, actor.coop.currency),
        pool=found.pool,
        columns={name: said for name, said in found.reading["columns"].items() if said},
    )
    patronage_csv.unknown_members(sheet, selectors.member_ids(actor.coop, sheet.numbers))
    return sheet


def _set_recorded(actor, found: PatronageImport) -> None:
    found.state, found.recorded_at, found.recorded_by = PatronageImport.State.RECORDED, clock.now(), actor.user
    try:
        with transaction.atomic():
            found.save(update_fields=["state", "recorded_at", "recorded_by"])
    except IntegrityError as twice:
        raise Refused("already_recorded", _("This file is recorded already; nothing was added.")) from twice


def _copy(actor, source: PatronageImport, rows, member_ids: Mapping[int, int]) -> None:
    """Load the rows in one go. The reader has checked numbers and pools; a pool holds no tab and no line break."""
    lines = io.StringIO()
    for row in rows:
        member = r"\N" if row.number is None else member_ids[row.number]
        pool = row.pool.replace("\\", "\\\\")
        lines.write(f"{source.coop_id}\t{source.year_id}\t{member}\t{pool}\t{source.unit}\t{row.quantity}\t")
        lines.write(f"{source.pk}\t{row.line}\t\t{source.recorded_at.isoformat()}\t{actor.user_id or chr(92) + 'N'}\n")
    lines.seek(0)
    columns = (
        "coop_id, year_id, membership_id, pool, unit, quantity, source_id, line, because, recorded_at, recorded_by_id"
    )
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY ledger_patronagerecord ({columns}) FROM STDIN", lines)


def _say(actor, kind: str, found: PatronageImport, **more) -> None:
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


@dataclass(frozen=True)
class Preview:
    """What a person looks at before agreeing: the largest lines, the pools, and whom it would count twice."""

    lines: list  # patronage_csv.Row, or selectors.RecordedRow
    pools: list[tuple[str, int, int]]  # name, lines, total
    overlap: int  # members with business in the same pool and year from elsewhere
    elsewhere: PatronageImport | None  # the same file, recorded for another year


def preview(*, actor, patronage_import: PatronageImport) -> Preview:
    """Read a waiting file again for its preview; of one that was recorded, its rows. One thrown away is gone."""
    rules.require(actor, "ledger.read_books", patronage_import)
    if patronage_import.state != PatronageImport.State.CHECKED:
        return Preview(selectors.largest_rows(patronage_import, PREVIEW_LINES), [], 0, None)
    sheet = _read_again(actor, patronage_import)
    pools: dict[str, list[int]] = {}
    for row in sheet.rows:
        pools.setdefault(row.pool, []).append(row.quantity)
    elsewhere = PatronageImport.objects.filter(
        coop=actor.coop, digest=patronage_import.digest, state=PatronageImport.State.RECORDED
    )
    return Preview(
        lines=heapq.nlargest(PREVIEW_LINES, sheet.rows, key=lambda row: (row.quantity, -row.line)),
        pools=[(name, len(found), sum(found)) for name, found in sorted(pools.items())],
        overlap=selectors.overlap(patronage_import, pools, sheet.numbers),
        elsewhere=elsewhere.exclude(year=patronage_import.year_id).select_related("year").first(),
    )


@transaction.atomic
def discard_import(*, actor, patronage_import: PatronageImport) -> PatronageImport:
    """Throw a checked file away; it never counted."""
    rules.require(actor, "ledger.keep_books")
    _year, found = _locked(actor, patronage_import)
    if found.state == PatronageImport.State.CHECKED:
        found.state = PatronageImport.State.DISCARDED
        found.save(update_fields=["state"])
        PatronageFile.objects.filter(source=found).delete()
    elif found.state != PatronageImport.State.DISCARDED:
        raise Refused("is_recorded", _("This file is recorded; undo it instead."))
    return found


@transaction.atomic
def undo_import(*, actor, patronage_import: PatronageImport, because: str) -> PatronageImport:
    """Take a recorded file back as a whole: its rows stay readable and no longer count.

    Refused: no reason, a year whose plan is on its way.
    """
    rules.require(actor, "ledger.keep_books")
    year, found = _locked(actor, patronage_import)
    if found.state == PatronageImport.State.UNDONE:
        return found
    _figures_may_change(year)
    _undo(actor, found, because)
    _changed(year)
    _say(actor, "ledger.patronage_undone", found, because=found.because)
    return found


def _undo(actor, found: PatronageImport, because: str) -> None:
    because = " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why the file is undone."), "because")
    if found.state != PatronageImport.State.RECORDED:
        raise Refused("not_recorded", _("Only a recorded file can be undone."))
    found.state, found.undone_at, found.undone_by = PatronageImport.State.UNDONE, clock.now(), actor.user
    found.because = because
    found.save(update_fields=["state", "undone_at", "undone_by", "because"])


@transaction.atomic
def correct(*, actor, membership, year: int, pool: str, quantity: int, because: str) -> PatronageRecord:
    """Set one member's business in a pool right: a new row carries the difference to ``quantity``.

    Refused: no reason, a negative figure, an unknown pool, no difference, a year whose plan is on its way.
    """
    rules.require(actor, "ledger.keep_books")
    pool, because = named_pool(pool), " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why the figure is corrected."), "because")
    if not 0 <= quantity <= money.LARGEST:
        raise Refused("negative", _("A member’s business in a year cannot be less than nothing."), "quantity")
    found = open_year(coop=actor.coop, year=year)
    _figures_may_change(found)
    unit = next((known.unit for known in selectors.pools(found) if known.pool == pool), None)
    if unit is None:
        raise Refused("no_pool", _("%(year)s has no pool “%(pool)s”.") % {"year": year, "pool": pool}, "pool")
    was = selectors.sums_of_member(found, membership.pk).get((pool, unit), 0)
    if was == quantity:
        raise Refused("no_change", _("That is what the figure says already."), "quantity")
    row = PatronageRecord.objects.create(
        coop=actor.coop,
        year=found,
        membership=membership,
        pool=pool,
        unit=unit,
        quantity=quantity - was,
        because=because,
        recorded_by=actor.user,
    )
    _changed(found)
    audit.record(
        actor=actor,
        kind="ledger.patronage_corrected",
        subject=f"membership:{membership.pk}",
        year=year,
        pool=pool,
        before=was,
        after=quantity,
        because=because,
    )
    return row
