"""A file on its way into the register: read, columns named, every line checked, totals compared; and thrown away."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.copying import Json, Rows
from coop.kernel.csv_table import Unreadable, check_size, digest_of, fold, open_table
from coop.kernel.errors import Refused
from members.exchange import roster
from members.exchange.roster import Row
from members.folding import fold as fold_name
from members.models import ImportBatch, ImportMapping, ImportRow, Membership, MembershipClass, Party, PartyName

State = ImportBatch.State
IN_A_REQUEST = 3000  # lines; more are checked and written by the worker
CHUNK = 1000
Progress = Callable[[int, int], None]


@transaction.atomic
def read_file(*, actor, file_name: str, data: bytes) -> ImportBatch:
    """Take a file in and find out what program wrote it. Nothing is in the register yet.

    Refused: what is no table, and a file that is in the register or on its way already.
    """
    rules.require(actor, "members.keep_register")
    file_name = file_name.replace("\\", "/").rpartition("/")[2][:200] or "file.csv"
    check_size(len(data), file_name)
    digest = digest_of(data)
    known = ImportBatch.objects.filter(coop_id=actor.coop_id, digest=digest).exclude(
        state__in=[State.UNDONE, State.DISCARDED]
    )
    if (before := known.first()) is not None:
        words = _("“%(file)s” is the same file as “%(before)s”, taken in on %(day)s.")
        raise Refused(
            "file_known",
            words % {"file": file_name, "before": before.file_name, "day": f"{before.created_at:%d.%m.%Y}"},
            "file",
        )
    table, has_heading = _open(data, file_name)
    batch = ImportBatch(
        coop_id=actor.coop_id,
        file_name=file_name,
        digest=digest,
        size=len(data),
        content=data,
        encoding=table.encoding,
        delimiter=table.delimiter,
        has_heading=has_heading,
        created_by_id=actor.user_id,
    )
    first = _first_lines(table, file_name)
    batch.heading = list(table.heading) or [_("Column %s") % (at + 1) for at in range(max(map(len, first)))]
    remembered = ImportMapping.objects.filter(coop_id=actor.coop_id, heading_hash=_heading_hash(batch)).first()
    if remembered is not None:
        batch.mapping, batch.options = remembered.mapping, remembered.options
    elif not has_heading and len(batch.heading) == roster.CORE_POS.width:
        batch.preset, batch.mapping = "core-pos", dict(roster.CORE_POS.mapping)
    else:
        batch.mapping = roster.suggest(batch.heading)
    batch.save(force_insert=True)
    audit.record(actor=actor, kind="members.import_read", subject=f"import:{batch.pk}", file=file_name, digest=digest)
    return batch


def _open(data: bytes, file_name: str):
    try:
        return open_table(data, file_name), True
    except Refused as refused:
        if refused.code != "no_heading":
            raise
    return open_table(data, file_name, has_heading=False), False


def _first_lines(table, file_name: str) -> list[list[str]]:
    try:
        first = [cells for (_line, cells), _n in zip(table.lines, range(5), strict=False)]
    except Unreadable as broken:
        raise Refused(
            "unreadable",
            _("“%(file)s” breaks off in line %(line)s.") % {"file": file_name, "line": broken.line},
            "file",
        ) from None
    if not first:
        raise Refused("file_empty", _("“%s” has a heading and nothing below it.") % file_name, "file")
    return first


def _heading_hash(batch: ImportBatch) -> str:
    said = json.dumps([batch.has_heading, [fold(str(words)) for words in batch.heading]])
    return hashlib.sha256(said.encode()).hexdigest()


@transaction.atomic
def name_columns(*, actor, batch: ImportBatch, mapping: Mapping[str, int], options: Mapping[str, Any]) -> ImportBatch:
    """Say which column means what, and what holds where the file says nothing. The lines are then checked.

    ``options``: ``member_class`` (slug), ``admitted_on`` (ISO date), ``active`` (their shares are paid).
    """
    rules.require(actor, "members.keep_register", batch)
    batch = lock(actor, batch, State.READ, State.STAGED)
    mapping = {name: int(at) for name, at in mapping.items() if name in roster.FIELDS}
    if not {"family_name", "name", "firm"} & set(mapping):
        raise Refused("name_column_missing", _("Say which column holds the names."), "family_name")
    if len(set(mapping.values())) != len(mapping):
        raise Refused("column_twice", _("One column cannot mean two things."), None)
    if any(not 0 <= at < len(batch.heading) for at in mapping.values()):
        raise Refused("column_unknown", _("There is no such column in this file."), None)
    batch.mapping, batch.options = mapping, dict(options)
    batch.state = State.READ
    batch.save(update_fields=["mapping", "options", "state"])
    ImportMapping.objects.update_or_create(
        coop_id=actor.coop_id,
        heading_hash=_heading_hash(batch),
        defaults={"mapping": batch.mapping, "options": batch.options},
    )
    if _line_count(batch) > IN_A_REQUEST:
        title = _("Checking “%s”") % batch.file_name
        jobs.enqueue("members.check_import", batch.pk, actor=actor, title=title, total=_line_count(batch))
        return batch
    return check_lines(batch)


def _line_count(batch: ImportBatch) -> int:
    return bytes(batch.content or b"").count(b"\n")


@transaction.atomic
def check_lines(batch: ImportBatch, progress: Progress = lambda done, total: None) -> ImportBatch:
    """Read every line in our terms and hold it against the register. Part of ``name_columns``, or the worker's."""
    batch = ImportBatch.objects.select_for_update(no_key=True, of=("self",)).select_related("coop").get(pk=batch.pk)
    if batch.state not in (State.READ, State.STAGED) or batch.content is None:
        return batch
    rows = _read(batch)
    roster.gather(rows, has_persons="person" in batch.mapping)
    today = clock.today(batch.coop)
    for at in range(0, len(rows), CHUNK):
        chunk = rows[at : at + CHUNK]
        _against_register(batch, chunk, today)
        progress((at + len(chunk)) // 2, len(rows))  # the other half is writing down what was found
    _settle_holders(rows)
    ImportRow.objects.filter(batch=batch).delete()
    for at in range(0, len(rows), CHUNK):
        _store(batch, rows[at : at + CHUNK])
        progress((len(rows) + min(at + CHUNK, len(rows))) // 2, len(rows))
    coming = [row for row in rows if not row.is_held]
    batch.lines, batch.held = len(rows), len(rows) - len(coming)
    batch.flagged = sum(bool(row.codes) for row in coming)
    batch.persons, batch.members = len(coming), sum(row.is_holder for row in coming)
    batch.units, batch.capital = sum(row.units for row in coming), sum(row.capital for row in coming)
    batch.state = State.STAGED
    batch.save()
    return batch


def _read(batch: ImportBatch) -> list[Row]:
    table = open_table(bytes(batch.content or b""), batch.file_name, has_heading=batch.has_heading)
    classes: dict[str, str] = {}
    for known in MembershipClass.objects.filter(coop_id=batch.coop_id):
        classes |= {fold(known.slug): known.slug, fold(known.name): known.slug}
    try:
        lines = list(table.lines)
    except Unreadable as broken:
        raise Refused(
            "unreadable",
            _("“%(file)s” breaks off in line %(line)s.") % {"file": batch.file_name, "line": broken.line},
            "file",
        ) from None
    dates = [
        cells[at]
        for name in ("admitted_on", "ends_on")
        if (at := batch.mapping.get(name)) is not None
        for _line, cells in lines
        if at < len(cells)
    ]
    preset = roster.PRESETS.get(batch.preset)
    reading = roster.Reading(
        mapping=batch.mapping,
        currency=batch.coop.currency,
        date_order=roster.order_of_dates(dates),
        classes=classes,
        standings=preset.standings if preset else {},
    )
    return [roster.read_line(line, cells, reading) for line, cells in lines]


def _against_register(batch: ImportBatch, rows: list[Row], today: date) -> None:
    numbers = {row.number for row in rows if row.number is not None}
    taken = set(Membership.objects.filter(coop_id=batch.coop_id, number__in=numbers).values_list("number", flat=True))
    sortable = {row.line: _sort_name(row) for row in rows if row.name}
    known: dict[str, list[Party]] = {}
    for party in Party.objects.filter(coop_id=batch.coop_id, sort_name__in=set(sortable.values())):
        known.setdefault(party.sort_name, []).append(party)
    for row in rows:
        if row.number in taken:
            row.says("number_taken", _("Number %s belongs to a member already.") % row.number)
        since, until = row.data["admitted_on"], row.data["ends_on"]
        if since > today.isoformat():
            row.says("not_yet", _("“Member since” lies in the future."))
        if since and until and until < since:
            row.says("bad_date", _("The last day lies before the first."))
        _compare(row, known.get(sortable.get(row.line, ""), ()))


def _sort_name(row: Row) -> str:
    name = PartyName(**{key: row.data[key] for key in ("family_name", "given_names", "firm")})
    return fold_name(name.sortable)[:300]


def _compare(row: Row, parties) -> None:
    email, place = row.data["email"], fold_name(row.data["place"])
    for party in parties:
        if (email and party.email == email) or (place and fold_name(party.place) == place):
            row.says("known_already", _("%s is on record already.") % party.name)
            return
    if parties:
        row.says("same_name", _("Somebody of this name is on record already; please compare them later."))


def _settle_holders(rows: list[Row]) -> None:
    """Where the first person of a number stays out, the next one that comes in holds it."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    for members in groups.values():
        coming = sorted(
            (row for row in members if not row.is_held), key=lambda row: (not row.is_holder, row.person or 0)
        )
        for row in members:
            row.is_holder = bool(coming) and row is coming[0]


STORED = ("line", "cells", "data", "group", "is_holder", "state", "codes", "problems")


def _store(batch: ImportBatch, rows: list[Row]) -> None:
    stored = Rows(ImportRow, STORED, coop_id=batch.coop_id, batch_id=batch.pk)
    for row in rows:
        state = ImportRow.State.HELD if row.is_held else ImportRow.State.FLAGGED if row.codes else ImportRow.State.READY
        cells = [cell.replace("\x00", "") for cell in row.cells]
        data = {**row.data, "number": row.number, "units": row.units, "capital": row.capital}
        stored.add(
            row.line, Json(cells), Json(data), row.group, row.is_holder, state.value, row.codes, Json(row.problems)
        )
    stored.send()


@transaction.atomic
def discard(*, actor, batch: ImportBatch) -> ImportBatch:
    """Throw a file away before it is in the register; its lines go with it."""
    rules.require(actor, "members.keep_register", batch)
    batch = lock(actor, batch, State.READ, State.STAGED)
    ImportRow.objects.filter(batch=batch).delete()
    batch.state, batch.content = State.DISCARDED, None
    batch.save(update_fields=["state", "content"])
    audit.record(actor=actor, kind="members.import_discarded", subject=f"import:{batch.pk}")
    return batch


def lock(actor, batch: ImportBatch, *states: str) -> ImportBatch:
    """The batch, fresh and locked, if it is in one of these states."""
    locked = ImportBatch.objects.select_for_update(no_key=True, of=("self",)).select_related("coop")
    batch = locked.get(pk=batch.pk, coop_id=actor.coop_id)
    if batch.state not in states:
        raise Refused(
            "wrong_state", _("This file is “%s”; that cannot be done now.") % batch.get_state_display().lower()
        )
    return batch
