"""Attacks 1–7, 14–17 and 22 of ``ledger_attacks.md``, and our own: raw SQL, as the application's role."""

from __future__ import annotations

import threading

import psycopg2
import pytest

from coop.kernel.models import Cooperative
from coop.moving.examine import examine
from ledger.models import Account, Entry, Period, Posting, Sealed

from .conftest import attack, raw, refused

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_01_a_balanced_entry_is_taken_and_sealed(books):
    attack(*books.good(9001))
    assert Sealed.objects.get(entry_id=9001).lines == 2


def test_02_a_head_without_lines(books):
    with refused("entry 9001 has 0 lines"):
        attack(books.entry(9001))


def test_03_one_line(books):
    with refused("entry 9001 has 1 lines"):
        attack(books.entry(9001), books.line(9001, 1, books.a, 5))


def test_04_unbalanced(books):
    with refused("entry 9001 is off by -1 EUR"):
        attack(books.entry(9001), books.line(9001, 1, books.a, 5), books.line(9001, 2, books.b, -6))


def test_05_each_currency_balances_by_itself(books):
    with refused("entry 9001 is off by (10 EUR|-10 USD)"):
        attack(books.entry(9001), books.line(9001, 1, books.a, 10), books.line(9001, 2, books.usd, -10))


def test_05b_two_currencies_that_both_balance_are_taken(books):
    more = [books.line(9001, 3, books.usd, 7), books.line(9001, 4, books.usd2, -7)]
    attack(*books.good(9001), *more)
    assert Posting.objects.filter(entry_id=9001).count() == 4


def test_06_a_closed_period(books):
    with refused("closed or does not contain its date"):
        attack(*books.good(9001, period=books.closed, on="2025-03-01"))


def test_07_a_date_outside_the_period(books):
    with refused("closed or does not contain its date"):
        attack(*books.good(9001, on="2027-03-01"))


def test_14_the_same_key_twice(books):
    with refused("entry_posted_once"):
        attack(*books.good(9001, key="everyday"))


def test_15_a_savepoint_inside_a_posting_is_fine(books):
    head, *lines = books.good(9001)
    attack(head, "SAVEPOINT s", lines[0], "RELEASE s", "SAVEPOINT t", lines[1], "RELEASE t")
    assert Sealed.objects.get(entry_id=9001).lines == 2


def test_16_and_17_an_entry_is_reversed_once(books, sealed):
    lines = [
        books.line(9001, n, line.account, -line.amount)
        for n, line in enumerate(Posting.objects.filter(entry=sealed).order_by("n"), start=1)
    ]
    attack(books.entry(9001, reverses_id=sealed.pk), *lines)
    again = [(sql, [9002, *values[1:]]) for sql, values in lines]
    with refused("ledger_entry_reverses_id"):
        attack(books.entry(9002, reverses_id=sealed.pk), *again)


def test_22_set_constraints_then_a_third_line(books):
    with refused("entry 9001 is posted and takes no more lines"):
        attack(*books.good(9001), "SET CONSTRAINTS ALL IMMEDIATE", books.line(9001, 3, books.a, 777))


def test_22b_set_constraints_in_a_savepoint_that_is_rolled_back(books):
    """The seal goes with the savepoint, but so does the check: it is due again at commit."""
    with refused("entry 9001 is off by 777 EUR"):
        attack(
            *books.good(9001),
            "SAVEPOINT s",
            "SET CONSTRAINTS ALL IMMEDIATE",
            "ROLLBACK TO s",
            books.line(9001, 3, books.a, 777),
        )


def test_22c_set_constraints_before_the_first_line(books):
    with refused("entry 9001 has 0 lines"):
        attack("SET CONSTRAINTS ALL IMMEDIATE", *books.good(9001))


def test_27_a_line_for_an_entry_another_transaction_has_not_committed(books):
    """Foreign keys may be asked at commit; the line is refused at once, so it cannot wait for its entry."""
    with raw() as first, raw() as second:
        with first.cursor() as cursor:
            for sql, values in books.good(9001):
                cursor.execute(sql, values)
        with (
            pytest.raises(psycopg2.Error, match="which is not there"),
            second.cursor() as cursor,
        ):
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(*books.line(9001, 3, books.a, 777))
        second.rollback()
        first.commit()
    assert sum(line.amount for line in Posting.objects.filter(entry_id=9001)) == 0


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_28_an_old_snapshot_that_does_not_see_the_seal(books, level):
    with raw() as old:
        old.set_session(isolation_level=level)
        with old.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM ledger_entry")
            attack(*books.good(9001))
            with pytest.raises(psycopg2.Error, match="not there|takes no more lines"):
                cursor.execute(*books.line(9001, 3, books.a, 777))


def test_29_an_unbalanced_entry_numbered_below_a_good_one(books):
    """The first check of a transaction looks at later numbers only; a lower one is checked by itself."""
    with refused("entry 8000 is off by 5 EUR"):
        attack(
            *books.good(9001),
            books.entry(8000),
            books.line(8000, 1, books.a, 5),
            books.line(8000, 2, books.a, 5),
            books.line(8000, 3, books.b, -5),
        )


def test_30_an_entry_that_says_it_is_a_batch(books):
    for batch in (4711, books.bulk.batch):
        with refused("sealed as one|entry_has_its_own_batch|says otherwise"):
            attack(books.entry(9001, batch=batch))
    with refused("says otherwise than its entry"):
        attack(books.entry(9001, batch=4711), books.line(9001, 1, books.a, 5), books.line(9001, 2, books.b, -5))


def test_31_a_line_dated_otherwise_than_its_entry(books):
    with refused("says otherwise than its entry"):
        attack(
            books.entry(9001),
            books.line(9001, 1, books.a, 5, posted_on="2025-03-01"),
            books.line(9001, 2, books.b, -5, posted_on="2025-03-01"),
        )


def test_32_another_co_ops_account_or_entry(books, other_coop):
    theirs = Account.objects.create(coop=other_coop, code="1", name="Bank", kind="asset", currency="EUR")
    with refused("which co-op .* does not have"):
        attack(books.entry(9001), books.line(9001, 1, books.a, 5), books.line(9001, 2, theirs, -5))
    with refused("says otherwise than its entry"):
        own = {"coop_id": other_coop.pk}
        attack(books.entry(9001), books.line(9001, 1, books.a, 5), books.line(9001, 2, theirs, -5, **own))
    period = Period.objects.create(coop=other_coop, name="2026", starts="2026-01-01", ends="2026-12-31")
    with refused("names period .*, which co-op .* does not have"):
        attack(*books.good(9001, period=period))


def test_33_sums_that_would_run_over(books):
    largest = 9_223_372_036_854_775_807
    with refused("entry 9001 is off by 18446744073709551616 EUR"):
        attack(
            books.entry(9001),
            books.line(9001, 1, books.a, largest),
            books.line(9001, 2, books.a, largest),
            books.line(9001, 3, books.b, 2),
        )


def test_34_sealing_by_hand(books):
    with refused("permission denied"):
        attack(books.entry(9001), ("INSERT INTO ledger_sealed VALUES (9001, 2)", None))
    with refused("permission denied"):
        attack(("SELECT ledger_check_entries(ARRAY[%s]::bigint[])", [books.everyday.pk]))


def test_35_temporary_tables_that_look_like_ours(books):
    """The definer's functions look for temporary objects last."""
    fakes = [
        "CREATE TEMP TABLE ledger_sealed (entry_id bigint, lines int)",
        "CREATE TEMP TABLE ledger_account AS SELECT id, coop_id, 'EUR' AS currency, purpose FROM public.ledger_account",
        "CREATE TEMP TABLE ledger_period AS SELECT id, starts, ends, NULL::date closed_at FROM public.ledger_period",
        "SET search_path = pg_temp, public",
    ]
    with refused("permission denied to create temporary tables"):
        attack(*fakes)
    as_owner = {"role": "owner"}  # who may make temporary tables
    with refused("entry 9001 is off by"):
        wrong = [books.line(9001, 1, books.a, 5), books.line(9001, 2, books.usd, -5)]
        attack(*fakes, _in_public(books.entry(9001)), *map(_in_public, wrong), **as_owner)
    with refused("closed or does not contain its date"):
        attack(*fakes, *map(_in_public, books.good(9001, period=books.closed, on="2025-03-01")), **as_owner)
    with refused("takes no more lines"):
        late = books.line(books.everyday.pk, 3, books.a, 5, posted_on="2026-02-01")
        attack(*fakes, _in_public(late), **as_owner)


def _in_public(statement):
    sql, values = statement
    return sql.replace("INTO ledger_", "INTO public.ledger_"), values


def test_36_switching_the_guards_off(books):
    for statement in (
        "SET session_replication_role = replica",
        "ALTER TABLE ledger_posting DISABLE TRIGGER ALL",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_complete",
        "DROP TRIGGER no_late_lines ON ledger_posting_0",
        "ALTER TABLE ledger_posting DETACH PARTITION ledger_posting_0",
        "DROP TABLE ledger_posting_0",
        "CREATE TABLE mine (LIKE ledger_posting)",
        "CREATE RULE r AS ON INSERT TO ledger_posting DO INSTEAD NOTHING",
        "CREATE OR REPLACE FUNCTION ledger_no_late_lines() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
        "SET ROLE rochdale_owner",
    ):
        with refused("permission denied|must be owner"):
            attack(statement)


def test_37_merge_and_on_conflict_edit_nothing(books):
    line = Posting.objects.filter(entry=books.everyday).first()
    sql, values = books.line(books.everyday.pk, line.n, books.a, 1, posted_on="2026-02-01")
    with refused("permission denied"):
        attack((f"{sql} ON CONFLICT (batch, entry_id, n) DO UPDATE SET amount = 1", values))
    with refused("permission denied"):
        attack(
            "MERGE INTO ledger_posting p USING (SELECT 1) x ON p.amount = 700 WHEN MATCHED THEN UPDATE SET amount = 1"
        )


def test_38_an_entry_races_the_closing_of_its_period(books):
    """Whoever comes second waits, and then sees what the first did."""
    with raw() as poster, raw() as closer:
        with poster.cursor() as cursor:
            for sql, values in books.good(9001):
                cursor.execute(sql, values)
        with closer.cursor() as cursor:
            cursor.execute("SELECT ledger_close_period(%s, NULL, now(), NULL, '')", [books.open.pk])
        outcome = []

        def commit():
            try:
                poster.commit()
                outcome.append("posted")
            except psycopg2.Error as refusal:
                outcome.append(str(refusal))

        thread = threading.Thread(target=commit)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()  # it waits for the closing
        closer.commit()
        thread.join(10)
    assert "closed or does not contain its date" in outcome[0]
    assert not Entry.objects.filter(pk=9001).exists()


def test_39_a_stranger_co_op_reverses_our_entry(books, other_coop):
    theirs = [
        Account.objects.create(coop=other_coop, code=str(n), name="x", kind="asset", currency="EUR") for n in (1, 2)
    ]
    period = Period.objects.create(coop=other_coop, name="2026", starts="2026-01-01", ends="2026-12-31")
    own = {"coop_id": other_coop.pk}
    with refused("entry 9001 is no mirror"):
        attack(
            books.entry(9001, period=period, reverses_id=books.everyday.pk, **own),
            books.line(9001, 1, theirs[0], -700, **own),
            books.line(9001, 2, theirs[1], 700, **own),
        )
    assert Cooperative.objects.count() == 2


MANY = "INSERT INTO ledger_posting (entry_id, coop_id, account_id, amount, n, posted_on)"


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize("table", ["ledger_posting", "ledger_posting_0"])
def test_40_one_stranger_among_many_lines_of_a_statement(books, other_coop, role, table):
    """Lines are asked as a set: one wrong line among a thousand right ones, by INSERT into either table."""
    theirs = Account.objects.create(coop=other_coop, code="1", name="Bank", kind="asset", currency="EUR")
    for stranger in (theirs.pk, 987_654_321):
        rows = (
            f"{MANY.replace('ledger_posting', table)} SELECT 9001, %s, CASE WHEN n = 500 THEN %s ELSE %s END,"
            " CASE WHEN n %% 2 = 0 THEN 5 ELSE -5 END, n, '2026-03-01' FROM generate_series(1, 1000) n"
        )
        with refused("which co-op .* does not have|permission denied"):
            attack(books.entry(9001), (rows, [books.coop.pk, stranger, books.a.pk]), role=role)


@pytest.mark.parametrize("role", ["app", "owner"])
def test_41_an_account_or_an_entry_renumbered_under_its_lines(books, role):
    """What the foreign keys of lines would refuse, with constraints deferred as far as they go."""
    for table, key in (("ledger_account", books.a.pk), ("ledger_entry", books.everyday.pk)):
        for act in (f"UPDATE {table} SET id = 987654321 WHERE id = %s", f"DELETE FROM {table} WHERE id = %s"):
            with refused("permission denied|keeps its|never deleted|Cannot update or delete"):
                attack("SET CONSTRAINTS ALL DEFERRED", (act, [key]), role=role)


def test_42_a_line_for_an_account_or_an_entry_that_is_taken_back(books):
    """Made in a savepoint that is rolled back, or by another transaction that has not committed."""
    made = (
        "INSERT INTO ledger_account (id, coop_id, code, name, kind, currency, purpose, is_open, created_at)"
        " VALUES (987654321, %s, 'x', 'x', 'asset', 'EUR', '', true, now())",
        [books.coop.pk],
    )
    line = (f"{MANY} VALUES (9001, %s, 987654321, 5, 1, '2026-03-01')", [books.coop.pk])
    with refused("which co-op .* does not have"):
        attack(books.entry(9001), "SAVEPOINT s", made, "ROLLBACK TO s", line)
    with raw() as first, first.cursor() as cursor:
        cursor.execute(*made)
        with refused("which co-op .* does not have"):
            attack(books.entry(9001), line)
        first.rollback()
    with refused("entry 9001, which is not there"):
        attack("SAVEPOINT s", books.entry(9001), "ROLLBACK TO s", *books.good(9001)[1:])


def test_43_examine_finds_what_the_owner_slipped_in_with_the_guards_off(books):
    assert examine(books.coop) == []
    stray = (f"{MANY} VALUES (%s, %s, 987654321, 5, 3, '2026-02-01')", [books.everyday.pk, books.coop.pk])
    off, on = (f"ALTER TABLE ledger_posting {what} TRIGGER USER" for what in ("DISABLE", "ENABLE"))
    attack(off, stray, on, role="owner")
    assert f"line 3 of entry {books.everyday.pk} belongs to no entry or no account of this co-op" in examine(books.coop)
