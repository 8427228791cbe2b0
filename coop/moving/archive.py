"""One co-op out of an installation, in formats anybody can read, and into another one.

The archive is a zip: every table as CSV with a heading (RFC 4180; dates ISO 8601, money in minor units), the journal
once more for hledger, and a manifest with the sums and heads of the chains. Numbers stay what they were, because the
chains of hashes run over them; so an installation that has given one of them away already refuses the archive whole.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.core.files.storage import default_storage
from django.db import DatabaseError, connections, transaction
from django.db.migrations.loader import MigrationLoader

from coop.kernel import clock, guards
from coop.kernel.models import Cooperative
from coop.moving.backup import MoveError, owner_parameters
from coop.moving.examine import examine
from coop.moving.facts import differences, facts
from coop.moving.tables import STAYS, tables
from governance.models import Ballot
from ledger.exchange.journal_export import hledger
from ledger.exchange.journal_rows import journal_export

FORMAT = 1
READ_ME = """The whole co-op, as it stood in Rochdale.

tables/*.csv      every table that is the co-op's, UTF-8, one heading line, RFC 4180. Money is whole minor units
                  (cents), moments are ISO 8601 with their offset. An empty field is "nothing said", "" is empty text.
journal.hledger   the books once more, for hledger; it needs nothing of ours to be added up again.
manifest.json     when and from what version; for each table rows and SHA-256; the sums and the heads of the chains.

Passwords, second factors, tokens, sessions and letters under way are not in it. Everything else about the members is:
keep it like the register itself.
"""


def export_coop(coop: Cooperative, file: Path) -> dict[str, int]:
    """Write everything that is the co-op's into ``file``; rows by table. Raises MoveError; never half a file.

    Refuses while a secret ballot's box is not opened (its papers are nobody's to carry) and records that do not hold.
    """
    if file.exists():
        raise MoveError(f"{file} is there already; an archive never takes another's place.")
    sealed = Ballot.objects.filter(coop=coop, kind="secret", state__in=["open", "closed"], box_opening=None)
    if sealed.exists():
        raise MoveError(
            f"The box of “{sealed[0].title}” is not opened yet; a co-op moves before or after a secret vote."
        )
    broken = examine(coop)
    if broken:
        raise MoveError(f"{coop.slug} does not hold and is not moved: {broken[0]}")
    rows: dict[str, int] = {}
    handle, draft = tempfile.mkstemp(prefix=".export-", dir=file.parent)
    try:
        with open(handle, "wb") as target, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            with closing(psycopg2.connect(**owner_parameters())) as connection:
                connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
                with connection.cursor() as cursor:
                    cursor.execute("SET TIME ZONE 'UTC'; SET datestyle = 'ISO'")
                    said = _write_tables(cursor, coop, archive)
                    known = facts(cursor)[coop.slug]
            rows = {name: each["rows"] for name, each in said.items()}
            manifest = {
                "rochdale_coop": FORMAT,
                "slug": coop.slug,
                "name": coop.name,
                "made_at": clock.now().isoformat(),
                "migrations": _applied(),
                "tables": said,
                "facts": known,
                "stays": STAYS,
            }
            archive.writestr("journal.hledger", "".join(hledger(journal_export(coop))))
            logo = str(coop.logo or "")
            if logo and default_storage.exists(logo):
                with default_storage.open(logo) as picture:
                    archive.writestr(f"media/{logo}", picture.read())
            archive.writestr("README.txt", READ_ME)
            archive.writestr("manifest.json", json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False))
        os.link(draft, file)
    finally:
        os.unlink(draft)
    return rows


class _Counted:
    """A stream into the archive that keeps the sum of what went through."""

    def __init__(self, target):
        self.target, self.digest = target, hashlib.sha256()

    def write(self, data) -> int:
        data = data.encode() if isinstance(data, str) else data
        self.digest.update(data)
        return self.target.write(data)


def _write_tables(cursor, coop, archive: zipfile.ZipFile) -> dict[str, dict]:
    said = {}
    for table in tables():
        query = cursor.mogrify(table.query(), {"coop": coop.pk}).decode()
        with archive.open(f"tables/{table.name}.csv", "w", force_zip64=True) as target:
            counted = _Counted(target)
            cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER)", counted)
        said[table.name] = {"rows": cursor.rowcount, "sha256": counted.digest.hexdigest()}
    return said


def import_coop(file: Path) -> tuple[str, dict[str, int]]:
    """Bring an archive into this installation, whole or not at all; slug and rows by table. Raises MoveError."""
    archive, manifest = _opened(file)
    with archive:
        _refuse(manifest)
        _write(archive, manifest)
        for name in archive.namelist():
            if name.startswith("media/") and not default_storage.exists(name.removeprefix("media/")):
                default_storage.save(name.removeprefix("media/"), io.BytesIO(archive.read(name)))
    guards.ensure(connections["owner"])
    return manifest["slug"], {name: said["rows"] for name, said in manifest["tables"].items()}


def _opened(file: Path) -> tuple[zipfile.ZipFile, dict]:
    """The archive and its manifest, every table's sum checked."""
    try:
        archive = zipfile.ZipFile(file)
        manifest = json.loads(archive.read("manifest.json"))
        if manifest.get("rochdale_coop") != FORMAT:
            raise KeyError("rochdale_coop")
        for name, said in manifest["tables"].items():
            with archive.open(f"tables/{name}.csv") as source:
                if hashlib.file_digest(source, "sha256").hexdigest() != said["sha256"]:  # type: ignore[arg-type]
                    raise MoveError(f"{file} is damaged: tables/{name}.csv is not what was written.")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as problem:
        raise MoveError(f"{file} is no archive of a co-op, or is cut off: {problem}") from problem
    return archive, manifest


def _write(archive: zipfile.ZipFile, manifest: dict) -> None:
    try:
        with _as_owner() as line, transaction.atomic():
            with line.cursor() as cursor:
                _bring_in(cursor, archive, manifest)
            broken = examine(Cooperative.objects.get(slug=manifest["slug"]))
            if broken:
                raise MoveError(f"Nothing was imported: {manifest['slug']} does not hold: {broken[0]}")
    except psycopg2.errors.UniqueViolation as clash:
        raise MoveError(
            "This installation has given away a number, name or address the co-op brings along; nothing was imported."
            f" {clash.diag.message_detail} ({clash.diag.table_name})"
        ) from clash
    except (psycopg2.Error, DatabaseError) as problem:
        raise MoveError(f"Nothing was imported: {str(problem).splitlines()[0]}") from problem


@contextmanager
def _as_owner() -> Iterator[Any]:
    """Everything the models ask goes over a line of the owner's own meanwhile, so that what was written and is not
    committed yet can be examined. Gives the line, as the driver knows it."""
    ours, owner = connections["default"], connections["owner"].copy(alias="default")
    owner.ensure_connection()
    connections["default"] = owner
    try:
        yield owner.connection
    finally:
        connections["default"] = ours
        owner.close()


def _refuse(manifest: dict) -> None:
    if manifest["migrations"] != _applied():
        raise MoveError(
            "The archive is of another version of Rochdale; bring both installations to the same one first."
        )
    if set(manifest["tables"]) != {table.name for table in tables()}:
        raise MoveError("The archive holds other tables than this version of Rochdale moves.")
    if Cooperative.objects.filter(slug=manifest["slug"]).exists():
        raise MoveError(f"There is a co-op “{manifest['slug']}” here already.")


def _bring_in(cursor, archive: zipfile.ZipFile, manifest: dict) -> None:
    """In one transaction: the guards of history look away while history is written as it was; keys and checks do not.
    What the guards would have seen to is proven before the end by the sums and chains."""
    cursor.execute("SET TIME ZONE 'UTC'; SET CONSTRAINTS ALL DEFERRED")
    moving = tables()
    for batch in _batches(archive):
        _partition(cursor, batch)
    for table in moving:
        cursor.execute(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
    for table in moving:
        with archive.open(f"tables/{table.name}.csv") as source:
            heading = next(csv.reader([source.readline().decode()]))
            columns = ", ".join(f'"{each}"' for each in heading if each in table.columns)
            if len(heading) != len(table.columns) or set(heading) != set(table.columns):
                raise MoveError(f"tables/{table.name}.csv has other columns than the table here.")
            cursor.copy_expert(f'COPY "{table.name}" ({columns}) FROM STDIN WITH (FORMAT csv)', source)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in moving:
        cursor.execute(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')
        if "id" in table.columns:
            _move_on(cursor, table.name)
    cursor.execute(
        "SELECT setval('ledger_batch_number', greatest((SELECT last_value FROM ledger_batch_number),"
        " (SELECT coalesce(max(id), 1) FROM ledger_bulkbatch)))"
    )
    differ = differences({manifest["slug"]: manifest["facts"]}, {manifest["slug"]: facts(cursor)[manifest["slug"]]})
    if differ:
        raise MoveError(f"Nothing was imported: {differ[0]}")


def _batches(archive: zipfile.ZipFile) -> list[int]:
    with archive.open("tables/ledger_bulkbatch.csv") as source:
        lines = csv.DictReader(io.TextIOWrapper(source, encoding="utf-8", newline=""))
        return [int(line["id"]) for line in lines if line["state"] == "sealed"]


def _partition(cursor, batch: int) -> None:
    """A bulk entry's own table, with the triggers a sealed one has (migration ``ledger.0003_bulk``)."""
    name = f"ledger_posting_{batch:d}"
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
    if cursor.fetchone()[0]:
        raise MoveError(f"This installation has a bulk posting numbered {batch} already; nothing was imported.")
    cursor.execute(f"CREATE TABLE {name} PARTITION OF ledger_posting FOR VALUES IN ({batch:d})")
    cursor.execute(f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {name} EXECUTE FUNCTION ledger_append_only()")
    cursor.execute(
        f"CREATE TRIGGER no_late_lines AFTER INSERT ON {name} REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_no_late_lines()"
    )


def _move_on(cursor, table: str) -> None:
    """The next number of the table lies above every one that came."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    sequence = cursor.fetchone()[0]
    if sequence:
        cursor.execute(
            f'SELECT setval(%s, greatest((SELECT last_value FROM {sequence}), (SELECT coalesce(max(id), 1) FROM "{table}")))',  # noqa: S608, E501
            [sequence],
        )


def _applied() -> list[str]:
    loader = MigrationLoader(connections["owner"])
    return sorted(f"{app}.{name}" for app, name in loader.applied_migrations)
