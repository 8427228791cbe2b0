"""A year's patronage comes in: checked, recorded as a whole, corrected by new rows, undone as a whole.

Whoever changes a year's figures holds the year's row first, so a plan is never proposed on figures that are moving.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money, rules
from coop.kernel.csv_source import Packed, Source
from coop.kernel.csv_table import DELIMITERS, check_size, digest_of
from coop.kernel.errors import Refused
from ledger.exchange import patronage_csv
from ledger.models import PatronageFile, PatronageImport, PatronageRecord, PatronageYear
from ledger.selectors import patronage as selectors
from ledger.services.patronage_rows import (
    changed,
    counts,
    figures_may_change,
    load,
    named_pool,
    open_year,
    same_units,
    say,
)
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

PREVIEW_LINES = 10


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
    What is wrong with single lines is in ``problems``; such an import cannot be recorded. The same file sent again
    takes the place of the one before; sent twice in a row by one person, and read alike, it is the one before.
    """
    found, said = begin(actor=actor, year=year, pool=pool, unit=unit, file_name=file_name, data=data, replaces=replaces)
    sheet = judged(actor, found, said, data, columns or {})
    said |= what_it_says(sheet)
    before = PatronageImport.objects.filter(year=found, digest=sheet.digest, state=PatronageImport.State.CHECKED)
    same = before.select_related("replaces", "checked_by").last()
    if same is not None and all(getattr(same, field) == value for field, value in said.items()):
        return same
    before.update(state=PatronageImport.State.DISCARDED)
    checked = PatronageImport.objects.create(coop=actor.coop, year=found, digest=sheet.digest, **said)
    PatronageFile.objects.create(source=checked, content=zlib.compress(data, 6))
    return checked


def begin(
    *, actor, year: int, pool: str, unit: str, file_name: str, data: bytes, replaces: PatronageImport | None
) -> tuple[PatronageYear, dict[str, Any]]:
    """What is known of a file before it is read: its year, locked, and the fields of its import.

    Refused as :func:`check_file` says, as far as that shows without reading it.
    """
    rules.require(actor, "ledger.keep_books")
    pool = named_pool(pool)
    file_name = file_name.replace("\\", "/").rpartition("/")[2][:200] or "file.csv"
    found = open_year(coop=actor.coop, year=year)
    figures_may_change(found)
    check_size(len(data), file_name)
    not_known(found, digest_of(data), file_name)
    if replaces is not None and (replaces.year_id != found.pk or replaces.state != PatronageImport.State.RECORDED):
        raise Refused("nothing_to_replace", _("The file to be replaced is not recorded for this year."), "replaces")
    return found, {
        "pool": pool,
        "unit": unit,
        "file_name": file_name,
        "size": len(data),
        "replaces": replaces,
        "checked_by": actor.user,
    }


def judged(
    actor,
    year: PatronageYear,
    said: Mapping[str, Any],
    data: Source,
    columns: Mapping[str, str],
    progress: Callable[[int], None] | None = None,
) -> patronage_csv.Sheet:
    """Read the file as ``said`` (pool, unit, file_name, replaces) and hold it against register and year."""
    sheet = patronage_csv.read(
        data,
        file_name=said["file_name"],
        measure=Measure(said["unit"], actor.coop.currency),
        pool=said["pool"],
        columns={name: column for name, column in columns.items() if column},
        progress=progress,
    )
    patronage_csv.unknown_members(sheet, partial(selectors.strangers, actor.coop))
    same_units(year, sheet, said["unit"], said["replaces"])
    return sheet


def what_it_says(sheet: patronage_csv.Sheet) -> dict[str, Any]:
    """The fields of an import that come out of its file."""
    return {
        "reading": {
            "encoding": sheet.encoding,
            "delimiter": sheet.delimiter,
            "heading": list(sheet.heading),
            "columns": dict(zip(("member", "amount", "pool"), sheet.columns, strict=True)),
        },
        "problem_count": sheet.problem_count,
        "problems": [[problem.line, problem.sentence] for problem in sheet.problems],
        **counts(sheet.rows),
    }


def not_known(year: PatronageYear, digest: str, file_name: str) -> None:
    known = PatronageImport.objects.filter(year=year, digest=digest, state=PatronageImport.State.RECORDED).first()
    if known is not None:
        since = date_format(known.recorded_at, "j F Y") if known.recorded_at else ""
        raise Refused(
            "already_recorded",
            _("“%(file)s” is recorded for %(year)s already, since %(day)s; nothing was added.")
            % {
                "file": file_name,
                "year": year.year,
                "day": since,
            },
            field="file",
        )


def record_import(
    *, actor, patronage_import: PatronageImport, progress: Callable[[int, int], None] | None = None
) -> PatronageImport:
    """Record a checked file, all of it or nothing. Asked twice, it is recorded once.

    The file is read again and the register asked again, so what changed since the preview is found. ``progress`` is
    told twice as many steps as the file has lines. Refused: a file with problems, one thrown away or undone, a year
    whose plan is on its way.
    """
    rules.require(actor, "ledger.keep_books")
    found = PatronageImport.objects.select_related("year", "replaces").get(coop=actor.coop, pk=patronage_import.pk)
    if found.state == PatronageImport.State.RECORDED:
        return found
    lines = found.rows
    tell = progress or (lambda done, total: None)
    # Reading takes long and the year's row is held shortly: a file is never changed, only thrown away.
    sheet = None
    if found.state == PatronageImport.State.CHECKED and not found.problem_count:
        with suppress(PatronageFile.DoesNotExist):  # thrown away this moment, which is said under the lock
            sheet = _read_again(actor, found, lambda read: tell(min(read, lines), lines * 2))
    return _record_read(actor, found, sheet, lambda loaded: tell(lines + loaded, lines * 2))


@transaction.atomic
def _record_read(
    actor, patronage_import: PatronageImport, sheet: patronage_csv.Sheet | None, progress: Callable[[int], None]
) -> PatronageImport:
    year, found = locked(actor, patronage_import)
    if found.state == PatronageImport.State.RECORDED:
        return found
    if found.state != PatronageImport.State.CHECKED:
        raise Refused("not_waiting", _("This file was thrown away; choose it again if it is wanted."))
    figures_may_change(year)
    not_known(year, found.digest, found.file_name)
    if sheet is None or sheet.problem_count:
        raise Refused("has_problems", _("The file has lines that cannot be taken; nothing was recorded."))
    same_units(year, sheet, found.unit, found.replaces)
    if counts(sheet.rows) != {name: getattr(found, name) for name in ("rows", "members", "total", "outside")}:
        raise Refused("changed_meanwhile", _("The file reads differently now; check it again."))
    if found.replaces is not None:
        _undo(actor, found.replaces, _("Replaced by “%(file)s”.") % {"file": found.file_name})
    try:
        with transaction.atomic():
            load(actor, found, sheet.rows, progress)
    except IntegrityError as twice:
        raise Refused("already_recorded", _("This file is recorded already; nothing was added.")) from twice
    return found


def locked(actor, patronage_import: PatronageImport) -> tuple[PatronageYear, PatronageImport]:
    year = PatronageYear.objects.select_for_update(no_key=True).get(coop=actor.coop, pk=patronage_import.year_id)
    found = PatronageImport.objects.select_for_update(no_key=True, of=("self",)).select_related("replaces")
    return year, found.get(coop=actor.coop, pk=patronage_import.pk)


def _read_again(actor, found: PatronageImport, progress: Callable[[int], None] | None = None) -> patronage_csv.Sheet:
    return patronage_csv.read(
        Packed(found.file.content),
        file_name=found.file_name,
        measure=Measure(found.unit, actor.coop.currency),
        pool=found.pool,
        columns={name: said for name, said in found.reading["columns"].items() if said},
        progress=progress,
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
    if patronage_import.state == PatronageImport.State.READING:
        return Preview([], [], 0, None)
    if patronage_import.state != PatronageImport.State.CHECKED:
        return Preview(selectors.largest_rows(patronage_import, PREVIEW_LINES), [], 0, None)
    kept = patronage_import.reading.get("seen") or seen_of(patronage_import, _read_again(actor, patronage_import))
    elsewhere = PatronageImport.objects.filter(
        coop=actor.coop, digest=patronage_import.digest, state=PatronageImport.State.RECORDED
    )
    return Preview(
        lines=[patronage_csv.Row(*row) for row in kept["lines"]],
        pools=[tuple(pool) for pool in kept["pools"]],
        overlap=kept["overlap"],
        elsewhere=elsewhere.exclude(year=patronage_import.year_id).select_related("year").first(),
    )


def seen_of(patronage_import: PatronageImport, sheet: patronage_csv.Sheet) -> dict[str, Any]:
    """The figures of a preview: JSON, so that those of a large file are kept when it is read."""
    largest = sheet.rows.largest(PREVIEW_LINES)
    return {
        "lines": [[row.line, row.number, row.pool, row.quantity] for row in largest],
        "pools": [list(pool) for pool in sheet.rows.by_pool()],
        "overlap": selectors.overlap(patronage_import, sheet.rows.pools, sheet.rows.numbers),
    }


@transaction.atomic
def discard_import(*, actor, patronage_import: PatronageImport) -> PatronageImport:
    """Throw a checked file away; it never counted."""
    rules.require(actor, "ledger.keep_books")
    _year, found = locked(actor, patronage_import)
    if found.state in (PatronageImport.State.READING, PatronageImport.State.CHECKED):
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
    year, found = locked(actor, patronage_import)
    if found.state == PatronageImport.State.UNDONE:
        return found
    figures_may_change(year)
    _undo(actor, found, because)
    changed(year)
    say(actor, "ledger.patronage_undone", found, because=found.because)
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
    figures_may_change(found)
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
    changed(found)
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
