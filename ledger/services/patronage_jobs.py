"""Large files of patronage: kept at once, checked and recorded by the worker, so that nobody waits for an answer.

Small files go the short way, within the request. The worker reads outside of any transaction and holds the year's row
only to write down what it found; killed anywhere before that, it reads again.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import jobs, rules
from coop.kernel.csv_source import Packed
from coop.kernel.csv_table import digest_of
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from ledger.models import PatronageFile, PatronageImport
from ledger.services import patronage as services

State = PatronageImport.State
AT_ONCE = 1_000_000  # bytes; a file of some fifty thousand lines is read in about a second
BYTES_A_LINE = 12  # what a line has at least, to say how far the reading is before the lines are counted


def take_file(
    *, actor, data: bytes, columns: Mapping[str, str] | None = None, **said: Any
) -> tuple[PatronageImport, Job | None]:
    """:func:`~ledger.services.patronage.check_file`, or for a large file an import that is being read and its job."""
    if len(data) <= AT_ONCE:
        return services.check_file(actor=actor, data=data, columns=columns, **said), None
    return _keep(actor, data, columns or {}, said)


@transaction.atomic
def _keep(actor, data: bytes, columns: Mapping[str, str], said: dict[str, Any]) -> tuple[PatronageImport, Job]:
    year, fields = services.begin(actor=actor, data=data, **{"replaces": None, **said})
    wanted = {"columns": {name: column for name, column in columns.items() if column}}
    digest = digest_of(data)
    waiting = PatronageImport.objects.filter(year=year, digest=digest, state=State.READING, reading=wanted, **fields)
    found = waiting.first()
    if found is None:
        found = PatronageImport.objects.create(
            coop=actor.coop, year=year, digest=digest, state=State.READING, reading=wanted, **fields
        )
        PatronageFile.objects.create(source=found, content=zlib.compress(data, 6))
    title = _("Reading “%(file)s”") % {"file": found.file_name}
    return found, jobs.enqueue("ledger.read_patronage", found.pk, actor=actor, title=title, total=_lines(found))


def _lines(found: PatronageImport) -> int:
    return found.rows or found.size // BYTES_A_LINE


def read_waiting(
    *, actor, import_id: int, progress: Callable[[int, int | None], None] | None = None
) -> PatronageImport:
    """Read and check a file that waits for it; checked already or thrown away, leave it.

    A file that is no such table is thrown away, and refused with the sentence the short way would say.
    """
    rules.require(actor, "ledger.keep_books")
    found = PatronageImport.objects.select_related("year", "replaces").get(coop=actor.coop, pk=import_id)
    if found.state != State.READING:
        return found
    said = {name: getattr(found, name) for name in ("pool", "unit", "file_name", "replaces")}
    guess = _lines(found)
    tell = progress or (lambda done, total: None)
    try:
        sheet = services.judged(
            actor,
            found.year,
            said,
            Packed(found.file.content),
            found.reading["columns"],
            lambda read: tell(read, max(guess, read)),
        )
        fields = services.what_it_says(sheet)
    except Refused:
        services.discard_import(actor=actor, patronage_import=found)
        raise
    fields["reading"]["seen"] = services.seen_of(found, sheet)
    return _checked(actor, found, fields)


@transaction.atomic
def _checked(actor, waiting: PatronageImport, fields: dict[str, Any]) -> PatronageImport:
    year, found = services.locked(actor, waiting)
    if found.state != State.READING:
        return found
    PatronageImport.objects.filter(year=year, digest=found.digest, state=State.CHECKED).update(state=State.DISCARDED)
    for name, value in {**fields, "state": State.CHECKED}.items():
        setattr(found, name, value)
    found.save(update_fields=[*fields, "state"])
    return found


def record(*, actor, patronage_import: PatronageImport) -> tuple[PatronageImport, Job | None]:
    """Record a checked file: a small one at once, a large one by a job. Asked twice, it is one job."""
    if patronage_import.size <= AT_ONCE:
        return services.record_import(actor=actor, patronage_import=patronage_import), None
    return _ask_to_record(actor, patronage_import)


@transaction.atomic
def _ask_to_record(actor, patronage_import: PatronageImport) -> tuple[PatronageImport, Job | None]:
    rules.require(actor, "ledger.keep_books")
    _year, found = services.locked(actor, patronage_import)
    if found.state == State.RECORDED:
        return found, None
    if not found.can_be_recorded:
        raise Refused("not_waiting", _("This file cannot be recorded now; look at it again."), status=409)
    title = _("Recording “%(file)s”") % {"file": found.file_name}
    job = jobs.enqueue("ledger.record_patronage", found.pk, actor=actor, title=title, total=found.rows * 2)
    return found, job
