"""A backup is a tar of two files: what PostgreSQL's own ``pg_dump`` wrote, and what must be true of it.

The facts are summed up in the very snapshot that is dumped. Restoring goes into an empty database, compares the facts,
examines every chain and sum anew, and then erases again whoever was erased since the backup was made.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from coop import embedded_files, privacy
from coop.kernel import clock
from coop.kernel.models import Cooperative
from coop.moving.examine import examine
from coop.moving.facts import Facts, differences, facts

FORMAT = 1
MANIFEST, DUMP, MEDIA = "manifest.json", "database.dump", "media"
# Who is logged in at the moment is no record; whoever restores a backup must not revive a session.
LEFT_OUT = ("django_session", "usersessions_usersession")
BLOCK = 1 << 20


class MoveError(Exception):
    """A move that cannot be made; the message is the sentence for whoever asked."""


@dataclass(frozen=True)
class Restored:
    """What came back: facts that differ from the backup's, what does not hold, and who was erased again."""

    made_at: str
    coops: Facts
    differences: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    erased: list[privacy.Erased] = field(default_factory=list)
    stayed: list[str] = field(default_factory=list)  # who could not be erased again yet, and why

    @property
    def whole(self) -> bool:
        return not self.differences and not self.broken


def owner_parameters() -> dict[str, Any]:
    """libpq's parameters of the owner's login; it owns every table and so may read and make them all."""
    given = connections["owner"].get_connection_params()
    names = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")
    return {name: given[name] for name in names if given.get(name)}


def make_backup(file: Path) -> Facts:
    """Write the whole database into ``file``, readable by its owner only. Raises MoveError; never half a file."""
    if file.exists():
        raise MoveError(f"{file} is there already; a backup never takes another's place.")
    if not file.parent.is_dir():
        raise MoveError(f"There is no folder {file.parent}.")
    parameters = owner_parameters()
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
        dump = Path(folder) / DUMP
        with closing(psycopg2.connect(**parameters)) as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
                snapshot, server = cursor.fetchone()
                left = [f"--exclude-table-data={table}" for table in LEFT_OUT]
                _run("pg_dump", ["--format=custom", f"--snapshot={snapshot}", f"--file={dump}", *left], parameters)
                known = facts(cursor)
        manifest = {
            "rochdale_backup": FORMAT,
            "made_at": clock.now().isoformat(),
            "server": server,
            "application_role": settings.DATABASES["default"]["USER"],
            "migrations": _applied(),
            "dump_sha256": _digest(dump),
            "facts": known,
        }
        draft = Path(folder) / "backup.tar"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            _write(target, manifest, dump)
            target.flush()
            os.fsync(target.fileno())
        os.link(draft, file)  # unlike rename it does not replace what appeared meanwhile
    return known


def _write(target, manifest: dict[str, Any], dump: Path) -> None:
    with tarfile.open(fileobj=target, mode="w") as tar:
        said = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode()
        head = tarfile.TarInfo(MANIFEST)
        head.size, head.mode, head.mtime = len(said), 0o600, int(datetime.now(UTC).timestamp())
        tar.addfile(head, io.BytesIO(said))
        tar.add(dump, arcname=DUMP)
        if Path(settings.MEDIA_ROOT).is_dir():  # logos
            tar.add(settings.MEDIA_ROOT, arcname=MEDIA)


def restore_backup(file: Path) -> Restored:
    """Bring a backup into the configured database, which must be empty. Raises MoveError before anything is written
    where the file is damaged, newer than this program, or the database is in use."""
    with tempfile.TemporaryDirectory(prefix="rochdale-restore-") as folder:
        manifest, dump = _unpack(file, Path(folder))
        _refuse(manifest)
        parameters = owner_parameters()
        with closing(psycopg2.connect(**parameters)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            if cursor.fetchone()[0]:
                raise MoveError(
                    f"The database {parameters['dbname']} holds tables already; a backup is restored into an empty one."
                )
        options = ["--no-owner", "--single-transaction", "--exit-on-error", f"--dbname={parameters['dbname']}"]
        _run("pg_restore", [*options, str(dump)], parameters)
        with closing(psycopg2.connect(**parameters)) as connection, connection.cursor() as cursor:
            differ = differences(manifest["facts"], facts(cursor))
    call_command("migrate", verbosity=0, skip_checks=True, with_open_ballots=True)
    _bring_back_media(file)
    stayed: list[str] = []
    erased = [] if differ else privacy.erase_again(stayed.append)
    broken = [f"{coop.slug}: {what}" for coop in Cooperative.objects.order_by("slug") for what in examine(coop)]
    return Restored(manifest["made_at"], manifest["facts"], differ, broken, erased, stayed)


def _unpack(file: Path, folder: Path) -> tuple[dict[str, Any], Path]:
    dump = folder / DUMP
    try:
        with tarfile.open(file, mode="r:") as tar:
            first = tar.next()
            source = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
            manifest = json.loads(source.read()) if source else {}
            if manifest.get("rochdale_backup") != FORMAT:
                raise MoveError(f"{file} is no backup this program made.")
            second = tar.next()
            source = tar.extractfile(second) if second is not None and second.name == DUMP else None
            if source is None:
                raise MoveError(f"{file} is cut off: the database is missing in it.")
            with dump.open("wb") as target:
                shutil.copyfileobj(source, target, BLOCK)
    except (OSError, ValueError, AttributeError, tarfile.TarError) as problem:
        raise MoveError(f"{file} cannot be read as a backup: {problem}") from problem
    if _digest(dump) != manifest["dump_sha256"]:
        raise MoveError(f"{file} is damaged or cut off: its sum is not the one it says. Nothing was restored.")
    return manifest, dump


def _bring_back_media(file: Path) -> None:
    with tarfile.open(file, mode="r:") as tar:
        inside = [each for each in tar.getmembers() if each.name.startswith(f"{MEDIA}/")]
        for each in inside:
            each.name = each.name.removeprefix(f"{MEDIA}/")
        if inside:
            tar.extractall(settings.MEDIA_ROOT, members=inside, filter="data")


def _refuse(manifest: dict[str, Any]) -> None:
    ours = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    unknown = [each for each in manifest["migrations"] if tuple(each.split(".", 1)) not in ours]
    if unknown:
        raise MoveError(f"The backup is of a newer Rochdale: this one does not know {unknown[-1]}.")
    role = settings.DATABASES["default"]["USER"]
    if manifest["application_role"] != role:
        raise MoveError(
            f"In the backup the application logs in as {manifest['application_role']}, here as {role}. Its rights are"
            " part of the backup: make a role of that name and let DATABASE_URL use it."
        )


def _applied() -> list[str]:
    loader = MigrationLoader(connections["owner"])
    return sorted(f"{app}.{name}" for app, name in loader.applied_migrations)


def _digest(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _run(program: str, options: list[str], parameters: dict[str, Any]) -> None:
    """Run PostgreSQL's own tool, out of the wheel, as the owner; the password goes by the environment."""
    binary = embedded_files.postgres_binary(program)
    names = {"dbname": "DATABASE"}
    login = {f"PG{names.get(name, name).upper()}": str(value) for name, value in parameters.items()}
    done = subprocess.run(  # noqa: S603 - a binary of the wheel
        [str(binary), "--no-password", *options],
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", **login},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()
        raise MoveError(f"{program} failed: {said[0]}")
