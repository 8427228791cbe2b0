"""The only door: one act once, its mirror once, refusals in sentences."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, connections, transaction

from coop.kernel.errors import Refused
from ledger.models import Account, BulkBatch, Entry, Period, Posting
from ledger.services.posting import Line, Query, post_entry, post_in_bulk, reverse_entry

from .conftest import raw, snapshot

DAY = date(2026, 3, 1)
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def in_threads(n: int, act) -> list:
    """Run ``act(i)`` n times at once, each on a connection of its own; results and refusals as they come."""

    def run(i):
        try:
            return act(i)
        except Refused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=20) as pool:
        return list(pool.map(run, range(n)))


def test_an_entry_says_who_when_and_what(books):
    entry = books.post(100, "k")
    assert (entry.actor, entry.posted_on, entry.kind) == (books.actor.user, DAY, "test")
    assert [line.amount for line in entry.lines.order_by("n")] == [100, -100]
    assert entry.sealed.lines == 2
    assert entry.period == books.open


def test_the_same_act_again_is_the_entry_that_is_there(books):
    assert books.post(100, "k").pk == books.post(100, "k").pk
    assert Entry.objects.filter(key="k").count() == 1


def test_another_act_under_the_same_key_is_refused(books):
    books.post(100, "k")
    before = snapshot()
    for act in (lambda: books.post(101, "k"), lambda: books.post(100, "k", on=date(2026, 3, 2))):
        with pytest.raises(Refused) as refusal:
            act()
        assert (refusal.value.code, refusal.value.status) == ("key_used", 409)
    assert snapshot() == before


def test_a_hundred_at_once_with_one_key_are_one_entry(books):
    answers = in_threads(100, lambda i: books.post(100, "k").pk)
    assert len(set(answers)) == 1
    assert Posting.objects.filter(entry__key="k").count() == 2


def test_a_hundred_at_once_with_one_key_and_two_payloads_are_one_entry_and_refusals(books):
    answers = in_threads(100, lambda i: books.post(100 + i % 2, "k"))
    entries = {a.pk for a in answers if isinstance(a, Entry)}
    refusals = [a for a in answers if isinstance(a, Refused)]
    assert len(entries) == 1
    assert len(refusals) == 50
    assert {r.code for r in refusals} == {"key_used"}


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("too_few_lines", lambda b: [Line(b.a, 5)]),
        ("unbalanced", lambda b: [Line(b.a, 5), Line(b.b, -4)]),
        ("unbalanced", lambda b: [Line(b.a, 5), Line(b.usd, -5)]),
        ("nothing", lambda b: [Line(b.a, 5), Line(b.b, -5), Line(b.b, 0)]),
        ("amount", lambda b: [Line(b.a, 5.0), Line(b.b, -5)]),
        ("amount", lambda b: [Line(b.a, True), Line(b.b, -1)]),
        ("amount", lambda b: [Line(b.a, 2**63), Line(b.b, -(2**63))]),
    ],
)
def test_what_the_door_refuses(books, code, lines):
    before = snapshot()
    with pytest.raises(Refused) as refusal:
        post_entry(actor=books.actor, on=DAY, kind="test", memo="", lines=lines(books), key="k")
    assert refusal.value.code == code
    assert snapshot() == before


def test_another_co_ops_account_a_closed_account_and_a_closed_period_are_refused(books, other_coop):
    theirs = Account.objects.create(coop=other_coop, code="1", name="Bank", kind="asset", currency="EUR")
    shut = Account.objects.create(coop=books.coop, code="x", name="Old", kind="asset", currency="EUR", is_open=False)
    for code, account, on in (
        ("other_coop", theirs, DAY),
        ("closed_account", shut, DAY),
        ("closed_period", books.a, date(2025, 3, 1)),
        ("closed_period", books.a, date(2024, 3, 1)),
        ("too_early", books.a, date(1800, 1, 1)),
    ):
        with pytest.raises(Refused) as refusal:
            lines = [Line(account, 5), Line(books.b, -5)]
            post_entry(actor=books.actor, on=on, kind="test", memo="", lines=lines, key="k")
        assert refusal.value.code == code


def test_the_fiscal_year_is_made_when_first_needed_by_many_at_once(books):
    answers = in_threads(20, lambda i: books.post(1, f"k{i}", on=date(2027, 6, 1)).period_id)
    assert len(set(answers)) == 1
    made = Period.objects.get(coop=books.coop, starts="2027-01-01")
    assert (made.name, str(made.ends)) == ("2027", "2027-12-31")


def test_a_fiscal_year_that_ends_in_september(books):
    books.coop.fiscal_year_end_month = 9
    books.coop.save()
    entry = books.post(1, "k", on=date(2027, 6, 1))
    assert (entry.period.name, str(entry.period.starts)) == ("2027", "2027-01-01")  # what 2026 left of it
    entry = books.post(1, "l", on=date(2027, 10, 1))
    assert (entry.period.name, str(entry.period.ends)) == ("2027/28", "2028-09-30")


def test_a_reversal_is_the_mirror_and_happens_once(books):
    entry = books.post(100, "k")
    reversal = reverse_entry(actor=books.actor, entry=entry, on=DAY, because="typed twice")
    assert reversal.reverses == entry
    assert [line.amount for line in reversal.lines.order_by("n")] == [-100, 100]
    with pytest.raises(Refused, match="reversed already") as refusal:
        reverse_entry(actor=books.actor, entry=entry, on=DAY, because="again")
    assert refusal.value.status == 409
    with pytest.raises(Refused, match="not dated before"):
        reverse_entry(actor=books.actor, entry=books.post(5, "l"), on=date(2026, 2, 1), because="x")
    with pytest.raises(Refused, match="needs its reason"):
        reverse_entry(actor=books.actor, entry=books.post(5, "l"), on=DAY, because="  ")


def test_two_reversals_at_once_leave_one(books):
    entry = books.post(100, "k")
    answers = in_threads(8, lambda i: _reverse(books, entry))
    assert Entry.objects.filter(reverses=entry).count() == 1
    assert sum(isinstance(a, Entry) for a in answers) >= 1


def _reverse(books, entry):
    try:
        return reverse_entry(actor=books.actor, entry=entry, on=DAY, because="typed twice")
    except transaction.TransactionManagementError:  # pragma: no cover - would be a fault of ours
        raise AssertionError("a half-open transaction") from None


# --- in bulk ----------------------------------------------------------------------------------------------------------


def bulk(books, rows, key="b", **more):
    return post_in_bulk(actor=books.actor, on=DAY, kind="test", memo="many", key=key, rows=rows, **more)


def test_a_stream_of_many_lines_is_one_entry(books):
    seen = []
    rows = [(books.a.pk, 1, "line\t\\ with\nbreaks")] * 30_000 + [(books.b.pk, -30_000)]
    entry = bulk(books, iter(rows), progress=seen.append)
    assert entry.sealed.lines == 30_001
    assert seen == [20_000]
    assert entry.lines.get(n=1).memo == "line\t\\ with\nbreaks"
    assert bulk(books, iter([])).pk == entry.pk  # known by its key; the rows are not even read


def test_rows_made_in_the_database(books):
    sql = "SELECT %s::bigint, 1 FROM generate_series(1, 500) UNION ALL SELECT %s, -500"
    entry = bulk(books, Query(sql, [books.a.pk, books.b.pk]))
    assert entry.sealed.lines == 501


def test_a_bulk_act_that_says_something_else_under_its_key_is_refused(books):
    rows = [(books.a.pk, 5), (books.b.pk, -5)]
    bulk(books, rows, says="plan 1")
    with pytest.raises(Refused, match="used before"):
        bulk(books, rows, says="plan 2")


def test_a_refused_bulk_leaves_nothing(books):
    before = snapshot()
    for rows in (
        [(books.a.pk, 5), (books.b.pk, -4)],
        [(books.a.pk, 5), (books.usd.pk, -5)],
        [(2**40, 5), (books.b.pk, -5)],
    ):
        with pytest.raises(Refused) as refusal:
            bulk(books, rows)
        assert refusal.value.code == "bulk_refused"
    after = snapshot()
    assert {table for table in before if before[table] != after[table]} == {"ledger_bulkbatch"}
    assert set(BulkBatch.objects.filter(key="b").values_list("state", flat=True)) == {"dropped"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tablename ~ '^ledger_posting_[0-9]+$'")
        tables = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'ledger_posting'::regclass")
        assert cursor.fetchone()[0] == tables


def test_what_the_caller_does_while_sealing_stands_or_falls_with_the_entry(books):
    def broken(entry):
        raise Refused("changed", "The plan was changed meanwhile.")

    with pytest.raises(Refused, match="changed meanwhile"):
        bulk(books, [(books.a.pk, 5), (books.b.pk, -5)], sealing=broken)
    assert not Entry.objects.filter(key="b").exists()
    seen = []
    entry = bulk(books, [(books.a.pk, 5), (books.b.pk, -5)], sealing=seen.append)
    assert seen == [entry]


def test_a_bulk_run_killed_between_two_steps_is_taken_up_again(books):
    with raw() as killed, killed.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_open_batch(%s, 'b', repeat('0', 64), '2026-03-01', %s, 'x', '', NULL, NULL, now())",
            [books.coop.pk, books.open.pk],
        )
        number = cursor.fetchone()[0]
        killed.commit()
        cursor.execute(f"INSERT INTO ledger_posting_{number} (n, account_id, amount) VALUES (1, %s, 5)", [books.a.pk])
        killed.commit()
    entry = bulk(books, [(books.a.pk, 5), (books.b.pk, -5)])
    assert entry.sealed.lines == 2
    assert BulkBatch.objects.get(pk=number).state == "dropped"


def test_a_bulk_entry_is_reversed_in_bulk(books):
    entry = bulk(books, [(books.a.pk, 5), (books.a.pk, 6), (books.b.pk, -11)])
    with pytest.raises(Refused, match="reversed in bulk"):
        reverse_entry(actor=books.actor, entry=entry, on=DAY, because="void")
    with pytest.raises(Refused, match="no mirror"):
        bulk(books, [(books.a.pk, -11), (books.b.pk, 11)], key="r", reverses=entry)
    mirrored = Query("SELECT account_id, -amount FROM ledger_posting WHERE batch = %s", [entry.batch])
    assert bulk(books, mirrored, key="r", reverses=entry).reverses == entry


def test_a_closed_period_is_refused_at_the_seal_as_well(books):
    def close(done):
        with raw() as other, other.cursor() as cursor:
            cursor.execute("SELECT ledger_close_period(%s, NULL, now(), NULL, '')", [books.open.pk])
            other.commit()

    rows = [(books.a.pk, 1)] * 20_000 + [(books.b.pk, -20_000)]
    with pytest.raises(Refused, match="closed or does not contain its date"):
        bulk(books, rows, progress=close)
    assert not Entry.objects.filter(key="b").exists()
