"""What a bulk entry asks of the tables everybody shares: nothing anyone has to wait for."""

from __future__ import annotations

import threading

import psycopg2
import pytest
from django.db import connection

from ledger.models import BulkBatch
from ledger.services import patience
from ledger.services.posting import post_in_bulk

from .conftest import attack, raw

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
SHARED = ("ledger_account", "ledger_entry", "ledger_posting", "ledger_posting_0", "ledger_sealed", "ledger_period")
EVERYDAY = {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}  # none of them keeps another of them out
HELD = """
    SELECT l.relation::regclass::text, array_agg(DISTINCT l.mode) FROM pg_locks l
     WHERE l.pid = pg_backend_pid() AND l.relation::regclass::text = ANY(%s) GROUP BY 1
"""


def seal(books, key="seal-waits", **more):
    rows = [(books.a.pk, 5), (books.b.pk, -5)]
    return post_in_bulk(
        actor=books.actor, on=books.bulk.posted_on, kind="test", memo="many", key=key, rows=rows, **more
    )


def test_the_sealing_transaction_holds_nothing_a_post_waits_for(books):
    held = {}

    def look(entry):
        with connection.cursor() as cursor:
            cursor.execute(HELD, [list(SHARED)])
            held.update({table: set(modes) for table, modes in cursor.fetchall()})

    seal(books, sealing=look)
    assert held.pop("ledger_posting") <= EVERYDAY | {"ShareUpdateExclusiveLock"}  # keeps only another seal out
    assert set(held) >= {"ledger_entry", "ledger_sealed"}
    assert {table: modes - EVERYDAY for table, modes in held.items()} == dict.fromkeys(held, set())


def test_a_seal_does_not_wait_for_somebody_opening_accounts(books):
    """Another co-op opens a million accounts in one transaction; the seal goes through meanwhile."""
    done = {}

    def open_accounts():
        with raw() as opening, opening.cursor() as cursor:
            cursor.execute("LOCK TABLE ledger_account IN ROW EXCLUSIVE MODE")
            opened.set()
            done["let_through"] = sealed.wait(10)
            opening.rollback()

    opened, sealed = threading.Event(), threading.Event()
    other = threading.Thread(target=open_accounts)

    def begin(*_told):
        if not other.ident and BulkBatch.objects.filter(state="built").exists():
            other.start()
            assert opened.wait(20)

    seal(books, stepped=begin)  # with the accounts' lock held by the other since it was built
    sealed.set()
    other.join()
    assert done == {"let_through": True}


def test_a_lock_others_queue_behind_is_waited_for_shortly_and_again(books, monkeypatch):
    monkeypatch.setattr(patience, "BETWEEN", 0.05)
    tries, blocker = [], psycopg2.connect(**_as_app())
    with blocker.cursor() as cursor:
        cursor.execute("LOCK TABLE ledger_account IN ROW EXCLUSIVE MODE")

    def ask():
        tries.append(1)
        if len(tries) == 3:
            blocker.rollback()
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_build_batch(%s, 'keyed', 'tied')", [batch])

    batch = _keyed(books)
    patience.patiently(ask)
    blocker.close()
    assert len(tries) == 3
    assert BulkBatch.objects.get(pk=batch).state == "tied"


def test_lines_that_are_not_tied_to_the_accounts_are_not_sealed(books):
    """As the owner: the key is taken off a built batch."""
    batch = _keyed(books)
    with connection.cursor() as cursor:
        for step in (("keyed", "tied"), ("tied", "valid"), ("valid", "built")):
            cursor.execute("SELECT ledger_build_batch(%s, %s, %s)", [batch, *step])
    attack(f"ALTER TABLE ledger_posting_{batch} DROP CONSTRAINT posting_account_of_the_coop", role="owner")
    with pytest.raises(psycopg2.Error, match="not tied to the accounts"):
        attack(("SELECT ledger_seal_batch(%s, now())", [batch]), role="owner")


def test_every_partition_is_tied_to_the_accounts(books):
    """Each batch by its key; everyday lines are asked by their statement (``test_attacks_everyday.py``)."""
    seal(books)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(c.oid) FROM pg_inherits i LEFT JOIN pg_constraint c ON c.conrelid = i.inhrelid"
            " AND c.conname = 'posting_account_of_the_coop' AND c.convalidated"
            " AND c.confrelid = 'ledger_account'::regclass WHERE i.inhparent = 'ledger_posting'::regclass"
            " AND i.inhrelid <> 'ledger_posting_0'::regclass"
        )
        parts, tied = cursor.fetchone()
    assert parts == tied >= 2


def _as_app() -> dict:
    params = connection.get_connection_params()
    return {name: params[name] for name in ("host", "port", "user", "password", "dbname") if params.get(name)}


def _keyed(books) -> int:
    """A batch with two lines, its keys made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_open_batch(%s, 'by hand', repeat('0', 64), %s, %s, 'test', '', NULL, NULL, now())",
            [books.coop.pk, books.bulk.posted_on, books.bulk.period_id],
        )
        batch = cursor.fetchone()[0]
        cursor.execute(
            f"INSERT INTO ledger_posting_{batch:d} (n, account_id, amount) VALUES (1, %s, 5), (2, %s, -5)",
            [books.a.pk, books.b.pk],
        )
        cursor.execute("SELECT ledger_build_batch(%s, 'open', 'keyed')", [batch])
    return batch
