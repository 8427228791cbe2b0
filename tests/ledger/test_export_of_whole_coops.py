"""The demo co-op's books and those of very many members, added up again by programs nobody here wrote."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from coop.demo import story
from coop.kernel import clock
from coop.kernel.money import decimal_text
from ledger.models import Account, Posting
from ledger.selectors.balances import chart
from ledger.selectors.shares import reconciliation
from ledger.services import accounts
from ledger.services.opening import open_books
from ledger.services.posting import post_in_bulk
from members import services as members
from members.models import Membership
from tests.members.factories import make_class

from .factories import make_books, make_entry
from .test_journal_export import READERS, ours, written

# hledger needs a minute and a half for ten thousand members' accounts in one entry: "make soak" asks for them all.
MANY = int(os.environ.get("ROCHDALE_MANY_MEMBERS", "2000"))
pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.books]


def plant_a_cent(file, fmt: str) -> None:
    """One cent more in the last line with an amount: the way a typist would."""
    lines = file.read_text().splitlines(keepends=True)
    place = max(n for n, line in enumerate(lines) if line.startswith("  ") and " EUR" in line)
    head, _space, _currency = lines[place].rstrip("\n").rpartition(" ")
    words, _space, amount = head.rpartition(" ")
    lines[place] = f"{words} {Decimal(amount) + Decimal('0.01')} EUR\n"
    file.write_text("".join(lines))


def compare(coop, tmp_path) -> None:
    lines = Posting.objects.filter(coop=coop).count()
    trial = sum((Decimal(decimal_text(line.amount, coop.currency)) for line in chart(coop)), Decimal(0))
    assert trial == 0
    for fmt, (read, name) in READERS.items():
        expected = ours(coop, name)
        file = written(coop, fmt, tmp_path)
        assert read(file) == expected, fmt
        plant_a_cent(file, fmt)
        read(file, ok=False)
    assert lines > len(expected) > 0


@pytest.mark.timeout(400)
def test_the_demos_books(transactional_db, tmp_path):
    """Told an hour before midnight in Greenwich, when the co-op has the next day already."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with clock.at(yesterday.replace(hour=23, minute=30)):
        coop = story.seed()
    compare(coop, tmp_path)


def very_many(coop, secretary, treasurer) -> None:
    """Brought in as a co-op of that size is: the register from a file, the old books, then a year of bulk and cash."""
    make_class(coop)
    make_books(coop)
    names = [f"{n};Member{n % 997}, Test{n};2020-01-01" for n in range(1, MANY + 1)]
    batch = members.read_file(
        actor=secretary, file_name="old.csv", data=("number;name;since\n" + "\n".join(names)).encode()
    )
    options = {"member_class": "consumer", "admitted_on": "2020-01-01", "active": True}
    members.name_columns(actor=secretary, batch=batch, mapping=batch.mapping, options=options)
    members.check_lines(batch)
    batch.refresh_from_db()
    batch = members.commit_import(actor=secretary, batch=batch, members=MANY)
    members.write_import(actor=secretary, batch=batch)  # what the worker does with a large file
    capital = [25_000 + n % 7 * 1_037 for n in range(1, MANY + 1)]
    old = ["member,paid", *(f"{n},{decimal_text(paid, 'EUR')}" for n, paid in enumerate(capital, start=1))]
    total = decimal_text(sum(capital), "EUR")
    open_books(
        actor=treasurer,
        on=date(2025, 1, 1),
        trial=f"account,debit,credit\n1000,{total},\n3000,,{total}\n".encode(),
        trial_name="trial.csv",
        members="\n".join(old).encode(),
        members_name="members.csv",
    )
    ids = list(Membership.objects.filter(coop=coop).values_list("pk", flat=True))
    accounts.member_accounts(coop, "patronage_payable", ids, year=2025)
    own = Account.objects.filter(coop=coop, purpose="patronage_payable", year=2025).order_by("pk")
    shares = [(each.pk, -(101 + n % 5003), "refund 2025") for n, each in enumerate(own)]
    reserve = accounts.account(coop, "unallocated").pk
    rows = [*shares, (reserve, -sum(amount for _pk, amount, _memo in shares), "refunds 2025")]
    bulk = {"on": date(2025, 12, 31), "kind": "distribution", "memo": "Refunds of the year", "key": "bulk"}
    post_in_bulk(actor=treasurer, rows=rows, **bulk)
    for n in range(50):
        make_entry(coop, "bank", "dues", 700 + n, on=date(2025, 2, 1))


@pytest.mark.timeout(1800)
def test_the_books_of_very_many_members(transactional_db, coop, mei, lena, tmp_path):
    very_many(coop, mei, lena)
    assert reconciliation(coop).agrees
    assert Membership.objects.filter(coop=coop).count() == MANY
    compare(coop, tmp_path)
