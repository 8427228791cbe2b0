"""Very many small entries at once: the same door as one by one, all or none."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import rfc8785
from django.db import connection, transaction

from coop.kernel.errors import Refused
from ledger.models import Entry, Posting, Sealed
from ledger.selectors.balances import balances
from ledger.services.posting import Line, post_entry, request_hash
from ledger.services.posting_many import Draft, post_entries

from .conftest import raw, snapshot
from .test_posting import in_threads

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
DAY = date(2026, 3, 1)


def drafts(books, n: int, *, amount: int = 5, start: int = 0) -> list[Draft]:
    return [
        Draft(DAY, "many", f"no. {k}", [Line(books.a, amount + k), Line(books.b, -amount - k)], f"many-{k}")
        for k in range(start, start + n)
    ]


def test_many_are_posted_as_one_by_one(books):
    before = balances(books.coop)
    numbers = post_entries(actor=books.actor, drafts=drafts(books, 300))
    entries = Entry.objects.in_bulk(numbers)
    assert [entries[pk].key for pk in numbers] == [f"many-{k}" for k in range(300)]
    assert Sealed.objects.filter(entry__in=numbers, lines=2).count() == 300
    assert balances(books.coop)[books.a.pk] - before[books.a.pk] == sum(5 + k for k in range(300))
    assert set(Posting.objects.filter(entry__in=numbers).values_list("batch", flat=True)) == {0}


def test_again_they_are_the_entries_that_are_there_and_new_ones_join(books):
    first = post_entries(actor=books.actor, drafts=drafts(books, 3))
    more = post_entries(actor=books.actor, drafts=drafts(books, 5))
    assert more[:3] == first
    assert len(set(more)) == 5


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("unbalanced", lambda b: Draft(DAY, "many", "", [Line(b.a, 5), Line(b.b, -4)], "x")),
        ("too_few_lines", lambda b: Draft(DAY, "many", "", [Line(b.a, 5)], "x")),
        ("key", lambda b: Draft(DAY, "many", "", [Line(b.a, 5), Line(b.b, -5)], "")),
        ("closed_period", lambda b: Draft(date(2025, 3, 1), "many", "", [Line(b.a, 5), Line(b.b, -5)], "x")),
        ("key_used", lambda b: Draft(DAY, "many", "", [Line(b.a, 5), Line(b.b, -5)], "everyday")),
        ("key_used", lambda b: Draft(DAY, "many", "", [Line(b.a, 6), Line(b.b, -6)], "many-2")),
        ("text", lambda b: Draft(DAY, "many", "a\0b", [Line(b.a, 5), Line(b.b, -5)], "x")),
        ("text", lambda b: Draft(DAY, "many", "", [Line(b.a, 5, memo="a\0b"), Line(b.b, -5)], "x")),
    ],
)
def test_one_refusal_refuses_all(books, code, spoil):
    before = snapshot()
    with pytest.raises(Refused) as refused:
        post_entries(actor=books.actor, drafts=[*drafts(books, 5), spoil(books)])
    assert refused.value.code == code
    assert snapshot() == before


def test_known_ones_may_stand_anywhere_among_new_ones(books):
    """What is there already is found out by its key when the rows arrive; the rest is sent again, in order."""
    first = post_entries(actor=books.actor, drafts=drafts(books, 2, start=3))
    before = Posting.objects.count()
    numbers = post_entries(actor=books.actor, drafts=[*drafts(books, 9), *drafts(books, 9)])
    assert numbers[:9] == numbers[9:]
    assert numbers[3:5] == first
    assert sorted({*numbers} - {*first}) == numbers[:3] + numbers[5:9]
    assert Posting.objects.count() == before + 14
    entries = Entry.objects.in_bulk(numbers)
    assert [entries[pk].key for pk in numbers[:9]] == [f"many-{k}" for k in range(9)]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_neighbours_entry_under_one_of_the_keys_is_waited_for(books, end):
    """Another transaction has posted one of the keys and not yet committed: its entry if it commits, ours if not."""
    drafted = drafts(books, 20)
    said = request_hash(on=DAY, kind="many", memo=drafted[7].memo, says=drafted[7].lines)

    def post():
        return in_threads(1, lambda _n: post_entries(actor=books.actor, drafts=drafted))[0]

    with raw() as neighbour, neighbour.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        for statement in books.good(9001, key=drafted[7].key, request_hash=said):
            cursor.execute(*statement)
        waiting = pool.submit(post)
        with pytest.raises(TimeoutError):
            waiting.result(0.5)
        getattr(neighbour, end)()
        numbers = waiting.result(10)
    assert len(set(numbers)) == 20
    assert (numbers[7] == 9001) == (end == "commit")
    assert Posting.objects.filter(entry__in=numbers).count() == 40


def test_no_drafts_are_no_entries(books):
    assert post_entries(actor=books.actor, drafts=[]) == []


def test_eight_at_once_post_each_once(books):
    answers = in_threads(8, lambda i: post_entries(actor=books.actor, drafts=drafts(books, 50)))
    assert len({tuple(answer) for answer in answers}) == 1
    assert Entry.objects.filter(kind="many").count() == 50


def test_an_entry_costs_the_same_in_books_that_grew(books):
    """Plans kept from nearly empty books must not read all of them: that made each entry dearer than the one before."""
    for number in range(12):  # a foreign key's check keeps its plan from the sixth time on
        lines = [Line(books.a, 1), Line(books.b, -1)]
        post_entry(actor=books.actor, on=DAY, kind="one", memo="", lines=lines, key=f"one-{number}")
    costs = []
    for start in (0, 200, 400):
        with transaction.atomic():
            before = rows_read()
            post_entries(actor=books.actor, drafts=drafts(books, 200, start=start))
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            costs.append((rows_read() - before) / 200)
    assert max(costs) < 40, costs


AWKWARD = ['a "quoted" \\ word', "{a,b},NULL", "Ünïcode 🌾\u2028", "NULL", "tab\tline\nend", "  "]


def test_awkward_words_arrive_as_they_were(books):
    lines = [Line(books.a, 1, memo=AWKWARD[0]), Line(books.b, -1, memo=AWKWARD[4])]
    drafts_ = [Draft(DAY, "many", words, lines, f"awkward {words}") for words in AWKWARD]
    numbers = post_entries(actor=books.actor, drafts=drafts_)
    kept = Entry.objects.in_bulk(numbers)
    assert [(kept[pk].memo, kept[pk].key) for pk in numbers] == [(words, f"awkward {words}") for words in AWKWARD]
    again = post_entry(actor=books.actor, on=DAY, kind="many", memo=AWKWARD[0], lines=lines, key=drafts_[0].key)
    assert again.pk == numbers[0]


@pytest.mark.parametrize("words", [*AWKWARD, "\x7f\x01", ""])
def test_the_hash_of_a_request_is_over_its_canonical_json(books, words):
    lines = [Line(books.a, 2**60, memo=words), Line(books.b, -(2**60))]
    said = {"on": "2026-03-01", "kind": words, "memo": words, "reverses": None}
    told = [[str(line.account.pk), str(line.amount), line.memo] for line in lines]
    for says, plainly in ((lines, told), (words, words)):
        wanted = hashlib.sha256(rfc8785.dumps(said | {"says": plainly})).hexdigest()
        assert request_hash(on=DAY, kind=words, memo=words, says=says) == wanted
    wanted = hashlib.sha256(rfc8785.dumps(said | {"reverses": str(books.everyday.pk), "says": told})).hexdigest()
    assert request_hash(on=DAY, kind=words, memo=words, says=lines, reverses=books.everyday) == wanted


def rows_read() -> int:
    """Rows of the books this transaction has looked at so far, in checks and keys, too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE relname IN"
            " ('ledger_entry', 'ledger_posting_0', 'ledger_account', 'ledger_period', 'ledger_sealed')"
        )
        return cursor.fetchone()[0]
