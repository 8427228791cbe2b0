"""The drill: a house backed up and restored, a co-op moved; every chain, sum and hash is the same afterwards.

The demo co-op is told once and goes both ways. What is planted or cut off is found, and nothing comes in by halves.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import tarfile
import time
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg2 import sql

from coop import privacy
from coop.demo import story
from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative, User
from coop.kernel.tenancy import Actor
from coop.moving import facts as summed
from coop.moving.examine import examine
from coop.moving.tables import forgotten
from governance.models import Ballot
from ledger.models import Entry
from ledger.services.accounts import account
from ledger.services.posting import post_in_bulk
from members.models import Party
from tests.database import _close_to_public, as_owner, point_at, schema_hash
from tests.governance.ballotbox.voter import finish
from tests.ledger.factories import make_entry

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"])]


@contextmanager
def another_database(name: str, *, migrated: bool):
    """A database of its own, empty or with the schema; the process is logged in to it meanwhile."""
    ours, database = connection.settings_dict["NAME"], f"test_{os.getpid()}_{name}"
    template = sql.Identifier(f"test_template_{schema_hash()}" if migrated else "template1")
    with as_owner() as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), template))
        _close_to_public(cursor, database)
        try:
            point_at(database)
            yield
        finally:
            point_at(ours)
            _wait_until_left(cursor, database)
            cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(database)))


def _wait_until_left(cursor, database: str) -> None:
    """A session that was closed ends a moment later, and the owner may not hurry one of the application's."""
    for _ in range(200):
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'", [database]
        )
        if cursor.fetchone() == (0,):
            return
        time.sleep(0.05)
    raise AssertionError(f"somebody is still in {database}")


def run(*command) -> str:
    out = io.StringIO()
    call_command(*map(str, command), stdout=out)
    return out.getvalue()


def known():
    with connection.cursor() as cursor:
        return summed.facts(cursor)


def refused(*command) -> CommandError:
    with pytest.raises(CommandError) as answer:
        run(*command)
    return answer.value


def with_a_bulk_entry(coop) -> None:
    bank, reserve = account(coop, "bank").pk, account(coop, "statutory_reserve").pk
    act = {"on": clock.today(coop), "kind": "test", "memo": "in bulk", "key": "moved in bulk"}
    post_in_bulk(actor=Actor.system(coop), rows=[(bank, 5), (bank, 6), (reserve, -11)], **act)


def erased_since(coop) -> tuple[Party, str]:
    """Somebody who asked after the backup was made: the first whom nothing keeps."""
    for party in Party.objects.filter(coop=coop, memberships=None, kind="person"):
        name = party.name
        with suppress(Refused):
            privacy.erase_person(actor=Actor.system(coop), party=party, scope="all", basis="asked after the backup")
            return party, name
    raise AssertionError("nobody in the demo may be erased")


@pytest.mark.timeout(400)
def test_the_demo_co_op_is_restored_and_moved(transactional_db, settings, tmp_path):
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")
    coop = story.seed()
    finish(Ballot.objects.get(coop=coop, kind="secret"))  # a co-op moves before or after a secret vote
    with_a_bulk_entry(coop)
    before = known()
    assert {"audit chain", "journal", "balances", "rolls", "share capital"} <= before[coop.slug].keys()
    assert examine(coop) == []
    backup, archive = tmp_path / "house.tar", tmp_path / "coop.zip"
    assert "audit chain" in run("backup", backup)
    assert "rows of" in run("export_coop", coop.slug, archive)
    journal = zipfile.ZipFile(archive).read("journal.hledger").decode()
    assert oct(backup.stat().st_mode & 0o777) == "0o600"
    refused("backup", backup)  # never in another's place

    gone, name = erased_since(coop)
    entries, logins = Entry.objects.count(), User.objects.count()

    with another_database("restored", migrated=False):
        said = run("restore", backup)
        assert "every chain and every sum holds" in said
        assert f"party {gone.pk} erased again" in said
        assert not Party.objects.filter(name=name).exists()
        after = known()[coop.slug]
        assert after.pop("audit chain") != before[coop.slug]["audit chain"], "the erasure is written down"
        same = {what: value for what, value in before[coop.slug].items() if what != "audit chain"}
        assert after == same
        assert Entry.objects.count() == entries
        with connection.cursor() as cursor:  # the rights came along
            cursor.execute("SELECT current_user, has_table_privilege('ledger_posting', 'UPDATE')")
            assert cursor.fetchone() == ("rochdale_app", False)
            cursor.execute("SELECT has_function_privilege('ledger_check_entries(bigint[])', 'EXECUTE')")
            assert cursor.fetchone() == (False,)
        make_entry(coop, "bank", "dues", 700)  # and the books go on
        assert examine(coop) == []
        assert "holds tables already" in str(refused("restore", backup))

    with another_database("moved", migrated=True):
        assert "every chain and every sum holds" in run("import_coop", archive)
        there = Cooperative.objects.get()
        assert known() == before
        assert User.objects.count() == logins
        assert not any(user.has_usable_password() or user.is_staff for user in User.objects.all())
        again = tmp_path / "again.zip"
        run("export_coop", there.slug, again)
        assert zipfile.ZipFile(again).read("journal.hledger").decode() == journal
        assert tables_of(again) == tables_of(archive)
        make_entry(there, "bank", "dues", 700)
        with pytest.raises(Exception, match="append-only|permission denied"), connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_posting SET amount = 1 WHERE batch <> 0")
        with as_owner(connection.settings_dict["NAME"]) as cursor, pytest.raises(Exception, match="append-only"):
            cursor.execute("DELETE FROM ledger_posting WHERE batch <> 0")
        assert "here already" in str(refused("import_coop", archive))

    with another_database("changed", migrated=True):
        planted = changed(archive, tmp_path / "planted.zip")
        assert str(refused("import_coop", planted)).startswith(f"Nothing was imported: {coop.slug}: balances: was ")
        assert not Cooperative.objects.exists(), "nothing came in by halves"
        # What no sum shows is found by the examination, before anything is committed.
        forged = changed(archive, tmp_path / "forged.zip", "governance_resolution", another_word)
        assert "its text was changed" in str(refused("import_coop", forged))
        assert not Cooperative.objects.exists(), "nothing came in before it was examined"


def tables_of(archive: Path) -> dict:
    return json.loads(zipfile.ZipFile(archive).read("manifest.json"))["tables"]


def one_cent_more(content: str) -> str:
    """In the first line of a table with amounts."""
    lines = content.splitlines(keepends=True)
    at = lines[0].strip().split(",").index("amount")
    cells = lines[1].split(",")
    cells[at] = str(int(cells[at]) + 1)
    return "".join([lines[0], ",".join(cells), *lines[2:]])


def another_word(content: str) -> str:
    """In the text of the first resolution, whose hash stays."""
    text = next(csv.DictReader(io.StringIO(content)))["text"]
    word = max(text.split(), key=len).strip(',.;"')
    return content.replace(word, word[::-1], 1)


def changed(archive: Path, target: Path, table: str = "ledger_posting", change=one_cent_more) -> Path:
    """A change in one table, and the file's sum made right again: as a forger would."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as copy:
        manifest = json.loads(source.read("manifest.json"))
        name = f"tables/{table}.csv"
        content = change(source.read(name).decode()).encode()
        manifest["tables"][table]["sha256"] = hashlib.sha256(content).hexdigest()
        for each in source.namelist():
            if each not in (name, "manifest.json"):
                copy.writestr(each, source.read(each))
        copy.writestr(name, content)
        copy.writestr("manifest.json", json.dumps(manifest))
    return target


def test_what_cannot_be_restored_says_so_in_a_sentence(coop, tmp_path):
    good = tmp_path / "good.tar"
    run("backup", good)
    cut = tmp_path / "cut.tar"
    cut.write_bytes(good.read_bytes()[:-20_000])
    bent = tmp_path / "bent.tar"
    at = (whole := good.read_bytes()).index(b"PGDMP") + 20_000
    bent.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    text = tmp_path / "text.tar"
    text.write_text("no backup\n")
    newer = tmp_path / "newer.tar"
    with tarfile.open(good) as source, tarfile.open(newer, "w") as copy:
        manifest = json.loads(source.extractfile("manifest.json").read())
        manifest["migrations"].append("zukunft.0001_initial")
        said = json.dumps(manifest).encode()
        head = tarfile.TarInfo("manifest.json")
        head.size = len(said)
        copy.addfile(head, io.BytesIO(said))
        copy.addfile(source.getmember("database.dump"), source.extractfile("database.dump"))
    with another_database("empty", migrated=False):
        for file, sentence in (
            (cut, "cannot be read as a backup: unexpected end of data"),
            (bent, "damaged or cut off"),
            (text, "cannot be read as a backup"),
            (newer, "newer Rochdale"),
            (tmp_path / "nowhere.tar", "No such file"),
        ):
            answer = refused("restore", file)
            assert sentence in str(answer)
            assert answer.returncode == 2
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
                assert cursor.fetchone() == (0,)


def test_a_restore_that_differs_from_what_was_backed_up_is_told(coop, tmp_path):
    """The facts are compared with the restored database, not with the file they came in."""
    file = tmp_path / "told.tar"
    run("backup", file)
    with tarfile.open(file) as source:
        manifest = json.loads(source.extractfile("manifest.json").read())
        dump = source.extractfile("database.dump").read()
    manifest["facts"][coop.slug]["members"] = "7, highest number 7"
    with tarfile.open(file, "w") as copy:
        for name, content in (("manifest.json", json.dumps(manifest).encode()), ("database.dump", dump)):
            head = tarfile.TarInfo(name)
            head.size = len(content)
            copy.addfile(head, io.BytesIO(content))
    with another_database("differs", migrated=False):
        answer = refused("restore", file)
        assert "members: was 7, highest number 7, is nothing" in str(answer)
        assert answer.returncode == 1


def test_every_table_moves_or_says_why_it_stays():
    assert forgotten() == []


def test_postgresqls_tools_come_with_the_wheel():
    from coop import embedded_files

    for name in ("pg_dump", "pg_restore"):
        done = subprocess.run([embedded_files.postgres_binary(name), "--version"], capture_output=True, text=True)
        assert f"(PostgreSQL) {embedded_files.MAJOR}" in done.stdout
