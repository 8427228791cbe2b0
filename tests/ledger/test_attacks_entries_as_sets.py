"""What is asked of all entries of a transaction at once, and of no entry by a foreign key: its period and what it
reverses. Raw SQL as the application's role and as the owner."""

from __future__ import annotations

import psycopg2
import pytest

from coop.moving.examine import examine
from ledger.models import Account, Entry, Period

from .conftest import attack, raw, refused, snapshot

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

HEADS = (
    "INSERT INTO ledger_entry (id, coop_id, period_id, posted_on, kind, memo, key, request_hash, batch, recorded_at,"
    " reverses_id) OVERRIDING SYSTEM VALUE SELECT 9000 + n, %(coop)s, {period}, {day}, 'attack', '', 'attack-' || n,"
    " repeat('0', 64), 0, now(), {reverses} FROM generate_series(1, 200) n"
)
LINES = (
    "INSERT INTO ledger_posting (entry_id, coop_id, account_id, amount, n, posted_on)"
    " SELECT e.id, e.coop_id, x.account, x.amount, x.n, e.posted_on FROM ledger_entry e,"
    " (VALUES (1, %(a)s, 5), (2, %(b)s, -5)) x (n, account, amount) WHERE e.id BETWEEN 9001 AND 9200"
)


def many(books, *, period="%(open)s", day="date '2026-03-01'", reverses="NULL::bigint", **named) -> list:
    """SQL for two hundred entries that balance, in two statements, with something about one of them put otherwise."""
    values = {"coop": books.coop.pk, "open": books.open.pk, "a": books.a.pk, "b": books.b.pk, **named}
    return [(HEADS.format(period=period, day=day, reverses=reverses), values), (LINES, values)]


def one_otherwise(otherwise: str, usual: str) -> str:
    return f"CASE WHEN n = 77 THEN {otherwise} ELSE {usual} END"


def theirs(coop) -> tuple[Period, Entry]:
    """A period of another co-op and an entry in it."""
    period = Period.objects.create(coop=coop, name="2026", starts="2026-01-01", ends="2026-12-31")
    pair = [Account.objects.create(coop=coop, code=f"x{n}", name="x", kind="asset", currency="EUR") for n in (1, 2)]
    heads = [
        "INSERT INTO ledger_entry (id, coop_id, period_id, posted_on, kind, memo, key, request_hash, batch,"
        " recorded_at) OVERRIDING SYSTEM VALUE"
        f" VALUES (8000, {coop.pk}, {period.pk}, '2026-03-01', 'x', '', 'x', '0', 0, now())"
    ]
    heads += [
        f"INSERT INTO ledger_posting (entry_id, coop_id, account_id, amount, n, posted_on)"
        f" VALUES (8000, {coop.pk}, {account.pk}, {amount}, {n}, '2026-03-01')"
        for n, (account, amount) in enumerate(zip(pair, (-5, 5), strict=True), start=1)
    ]
    attack(*heads)
    return period, Entry.objects.get(pk=8000)


def test_many_at_once_are_taken(books):
    attack(*many(books))
    assert Entry.objects.filter(kind="attack", sealed__lines=2).count() == 200


def test_one_wrong_entry_among_many_is_found_and_none_is_posted(books, other_coop, role):
    period, entry = theirs(other_coop)
    before = snapshot()
    attempts = {
        f"entry 9077 names period {period.pk}, which co-op .* does not have": {
            "period": one_otherwise(str(period.pk), "%(open)s")
        },
        "entry 9077 names period 987654321, which": {"period": one_otherwise("987654321", "%(open)s")},
        "the period of entry 9077 is closed or does not contain its date": {
            "day": one_otherwise("date '2025-12-31'", "date '2026-03-01'")
        },
        "the period of entry 9077 is closed or does not": {
            "period": one_otherwise(str(books.closed.pk), "%(open)s"),
            "day": one_otherwise("date '2025-03-01'", "date '2026-03-01'"),
        },
        f"entry 9077 is no mirror of entry {entry.pk}": {"reverses": one_otherwise(str(entry.pk), "NULL::bigint")},
        "entry 9077 is no mirror of entry 987654321": {"reverses": one_otherwise("987654321", "NULL::bigint")},
        f"entry 9077 is no mirror of entry {books.everyday.pk}": {
            "reverses": one_otherwise(str(books.everyday.pk), "NULL::bigint")
        },
    }
    for said, otherwise in attempts.items():
        for deferred in ((), ("SET CONSTRAINTS ALL DEFERRED",)):
            with refused(said):
                attack(*deferred, *many(books, **otherwise), role=role)
    assert snapshot() == before


def test_a_period_does_not_go_away_or_change_under_its_entries(books, other_coop, role):
    acts = [
        f"UPDATE ledger_period SET id = 987654321 WHERE id = {books.open.pk}",
        f"UPDATE ledger_period SET coop_id = {other_coop.pk} WHERE id = {books.open.pk}",
        f"DELETE FROM ledger_period WHERE id = {books.open.pk}",
        "TRUNCATE ledger_period CASCADE",
        f"UPDATE ledger_entry SET period_id = {books.closed.pk} WHERE id = {books.everyday.pk}",
        f"UPDATE ledger_entry SET reverses_id = {books.bulk.pk} WHERE id = {books.everyday.pk}",
    ]
    before = snapshot()
    for act in acts:
        with refused("permission denied|keeps its|never deleted|append-only|Cannot (update|delete)"):
            attack("SET CONSTRAINTS ALL DEFERRED", act, role=role)
    assert snapshot() == before


def test_a_period_or_an_original_that_is_taken_back(books):
    """Made in a savepoint that is rolled back after the check was asked for, or not committed by somebody else."""
    made = (
        "INSERT INTO ledger_period (id, coop_id, name, starts, ends) OVERRIDING SYSTEM VALUE"
        " VALUES (987654321, %s, '2027', '2027-01-01', '2027-12-31')",
        [books.coop.pk],
    )
    later = many(books, period="987654321", day="date '2027-03-01'")
    with refused("names period 987654321, which"):
        attack("SAVEPOINT s", made, "ROLLBACK TO s", *later)
    with refused("names period 987654321, which"):
        attack(later[0], "SAVEPOINT s", made, later[1], "SET CONSTRAINTS ALL IMMEDIATE", "ROLLBACK TO s", later[1])
    with raw() as first, first.cursor() as cursor:
        cursor.execute(*made)
        with refused("names period 987654321, which"):
            attack(*later)
        first.rollback()

    mirror = [
        books.entry(9001, reverses_id=9002),
        books.line(9001, 1, books.a, -100),
        books.line(9001, 2, books.b, 100),
    ]
    with refused("entry 9001 is no mirror of entry 9002"):
        attack(*mirror, "SAVEPOINT s", *books.good(9002), "SET CONSTRAINTS ALL IMMEDIATE", "ROLLBACK TO s")
    with raw() as first, first.cursor() as cursor:
        for statement in books.good(9002):
            cursor.execute(*statement)
        with refused("entry 9001 is no mirror of entry 9002"):
            attack(*mirror)
        first.rollback()
    assert not Entry.objects.filter(kind="attack").exists()


def test_the_period_stays_open_until_the_entries_in_it_are_there(books):
    """Checked early, within the transaction, the period's row is held: who closes it waits."""
    with raw() as poster, raw() as closer:
        with poster.cursor() as cursor:
            for statement in many(books):
                cursor.execute(*statement)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with closer.cursor() as cursor, pytest.raises(psycopg2.errors.LockNotAvailable):
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            cursor.execute("SELECT ledger_close_period(%s, NULL, now(), NULL, '')", [books.open.pk])
        closer.rollback()
        poster.commit()
    assert Entry.objects.filter(kind="attack").count() == 200


def test_examine_finds_a_misplaced_entry_the_owner_slipped_in_with_the_guards_off(books, other_coop):
    period, _entry = theirs(other_coop)
    assert examine(books.coop) == []
    off, on = (f"ALTER TABLE ledger_entry {what} TRIGGER USER" for what in ("DISABLE", "ENABLE"))
    for number, otherwise in (
        (9001, {"period": period}),
        (9002, {"reverses_id": 987654321}),
        (9003, {"on": "2027-01-01"}),
    ):
        attack(off, books.entry(number, **otherwise), "SET CONSTRAINTS ALL IMMEDIATE", on, role="owner")
    found = examine(books.coop)
    for number in (9001, 9002, 9003):
        assert f"entry {number} lies in no period, or reverses no entry, of this co-op" in found
