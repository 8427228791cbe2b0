"""Balances are sums, with and without a checkpoint, as at any day."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.models import Account
from ledger.selectors.balances import account_balances, balance, balances, by_month, chart
from ledger.selectors.journal import account_statement, entries, moved
from ledger.services.accounts import account

from .factories import make_books, make_entry, make_shareholder

pytestmark = pytest.mark.django_db


@pytest.fixture
def posted(coop):
    make_books(coop)
    for n, (day, amount) in enumerate([((2026, 1, 5), 100), ((2026, 2, 5), 30), ((2026, 3, 5), 7)]):
        make_entry(coop, "bank", "dues", amount, on=date(*day), memo=f"dues {n}")
    return coop


def test_balances_as_at_a_day(posted):
    bank = account(posted, "bank")
    assert [balance(bank, date(2026, month, 28)) for month in (1, 2, 3)] == [100, 130, 137]
    assert balances(posted, date(2026, 2, 28)) == {bank.pk: 130, account(posted, "dues").pk: -130}
    assert balances(posted, date(2025, 12, 31)) == {}
    assert by_month(posted, "bank", [date(2026, 1, 31), date(2026, 2, 28)]) == [100, 130]


def test_the_chart_adds_members_accounts_to_the_general_one(posted):
    make_shareholder(posted, on=date(2026, 3, 1))
    lines = {line.purpose: line for line in chart(posted, date(2026, 3, 31)) if line.purpose}
    assert (lines["share_capital"].shown, lines["share_capital"].members) == (25_000, 1)
    assert lines["entry_fees"].shown == 1000
    assert lines["bank"].shown == 137 + 26_000
    rows = account_balances(posted, date(2026, 3, 31))
    assert sum(row.amount for row in rows) == 0
    assert len(rows) == Account.objects.filter(coop=posted, membership=None).count()
    moved_in_march = {
        row.code: row.amount for row in account_balances(posted, date(2026, 3, 31), since=date(2026, 3, 1))
    }
    assert moved_in_march[account(posted, "dues").code] == -7


def test_an_accounts_statement_runs_on_over_its_pages(posted):
    bank = account(posted, "bank")
    first = account_statement(bank, since=date(2026, 1, 6), page=1, size=1)
    second = account_statement(bank, since=date(2026, 1, 6), page=2, size=1)
    assert (first.opening, first.closing, first.count) == (100, 137, 2)
    assert [(line.amount, line.balance, line.memo) for line in (*first.lines, *second.lines)] == [
        (30, 130, "dues 1"),
        (7, 137, "dues 2"),
    ]


def test_entries_are_found_by_number_words_kind_and_day(posted):
    found = list(entries(posted, q="dues 1"))
    assert [entry.memo for entry in found] == ["dues 1"]
    assert [entry.memo for entry in entries(posted, q=str(found[0].pk))] == ["dues 1"]
    assert entries(posted, kind="manual", since=date(2026, 2, 1)).count() == 2
    assert entries(posted, until=date(2026, 1, 31)).count() == 1
    assert moved(found) == {found[0].pk: {"EUR": 30}}
