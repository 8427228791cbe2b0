"""Trial balance, income statement, balance sheet: they add up, and say by how much when the books do not."""

import doctest
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reports import (
    KINDS,
    AccountBalance,
    ReportError,
    balance_sheet,
    by_currency,
    income_statement,
    trial_balance,
)

YEAR = [
    AccountBalance("1000", "Bank", "asset", "EUR", 90_000),
    AccountBalance("1200", "Stock", "asset", "EUR", 25_000),
    AccountBalance("2000", "Suppliers", "liability", "EUR", -15_000),
    AccountBalance("3000", "Share capital", "equity", "EUR", -60_000),
    AccountBalance("4000", "Sales", "income", "EUR", -100_000),
    AccountBalance("5000", "Goods", "expense", "EUR", 60_000),
]
BEFORE = [
    AccountBalance("1000", "Bank", "asset", "EUR", 50_000),
    AccountBalance("3000", "Share capital", "equity", "EUR", -48_000),
    AccountBalance("4000", "Sales", "income", "EUR", -9_000),
    AccountBalance("5100", "Rent", "expense", "EUR", 7_000),
]

AMOUNTS = st.integers(-(10**15), 10**15)


@st.composite
def books(draw, balanced=True):
    """Draw accounts of all kinds; one more account takes what is missing to balance."""
    rows = [
        AccountBalance(f"{code:04d}", f"Account {code}", draw(st.sampled_from(KINDS)), "EUR", draw(AMOUNTS))
        for code in draw(st.lists(st.integers(0, 9998), unique=True, max_size=12))
    ]
    last = -sum(row.amount for row in rows) if balanced else draw(AMOUNTS)
    return [*rows, AccountBalance("9999", "The rest", draw(st.sampled_from(KINDS)), "EUR", last)]


@pytest.mark.parametrize("module", ["books", "equity", "statement", "rows", "surplus"])
def test_the_worked_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(importlib.import_module(f"ledger.reports.{module}")).failed == 0


def test_a_trial_balance_has_each_account_in_one_column():
    found = trial_balance(reversed(YEAR))
    assert [(line.code, line.debit, line.credit) for line in found.lines] == [
        ("1000", 90_000, 0), ("1200", 25_000, 0), ("2000", 0, 15_000), ("3000", 0, 60_000), ("4000", 0, 100_000),
        ("5000", 60_000, 0),
    ]  # fmt: skip
    assert (found.debit, found.credit, found.difference, found.currency) == (175_000, 175_000, 0, "EUR")


def test_books_that_do_not_balance_say_by_how_much():
    wrong = [*YEAR[:-1], AccountBalance("5000", "Goods", "expense", "EUR", 60_001)]
    assert trial_balance(wrong).difference == 1
    assert balance_sheet([*YEAR, AccountBalance("1300", "Till", "asset", "EUR", -5)]).difference == -5


def test_the_income_statement_reads_income_as_positive():
    found = income_statement(YEAR, BEFORE)
    assert [(line.code, line.amount, line.before) for line in found.income.lines] == [("4000", 100_000, 9_000)]
    assert [(line.name, line.amount, line.before) for line in found.expense.lines] == [
        ("Goods", 60_000, 0), ("Rent", 0, 7_000),
    ]  # fmt: skip
    assert (found.result, found.before) == (40_000, 2_000)


def test_the_result_not_yet_closed_stands_with_the_equity():
    found = balance_sheet(YEAR, BEFORE)
    assert (found.assets.total, found.liabilities.total, found.equity.total, found.result) == (
        115_000, 15_000, 60_000, 40_000,
    )  # fmt: skip
    assert (found.assets.before, found.equity.before, found.result_before) == (50_000, 48_000, 2_000)
    assert found.difference == found.difference_before == 0


@given(books())
def test_debits_equal_credits_in_balanced_books(rows):
    found = trial_balance(rows)
    assert found.debit == found.credit == sum(row.amount for row in rows if row.amount > 0)
    assert len(found.lines) == len(rows)
    assert all(line.debit >= 0 and line.credit >= 0 and not (line.debit and line.credit) for line in found.lines)


@given(books(balanced=False), books(balanced=False))
def test_every_report_tells_the_same_difference(rows, before):
    trial, sheet, income = trial_balance(rows), balance_sheet(rows, before), income_statement(rows, before)
    assert trial.difference == sheet.difference == sum(row.amount for row in rows)
    assert trial_balance(before).difference == sheet.difference_before
    assert sheet.result == income.result
    for section in (sheet.assets, sheet.liabilities, sheet.equity, income.income, income.expense):
        assert section.total == sum(line.amount for line in section.lines)
        assert section.before == sum(line.before for line in section.lines)
        assert [line.code for line in section.lines] == sorted(line.code for line in section.lines)


@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, random):
    mixed = random.sample(rows, len(rows))
    assert trial_balance(mixed) == trial_balance(rows)
    assert balance_sheet(mixed) == balance_sheet(rows)


def test_rows_that_do_not_belong_together_are_refused():
    dollars = AccountBalance("1001", "Bank", "asset", "USD", 5)
    for report in (trial_balance, income_statement, balance_sheet):
        with pytest.raises(ReportError, match="EUR and USD"):
            report([*YEAR, dollars])
        with pytest.raises(ReportError, match="1000 stands in these rows twice"):
            report([*YEAR, YEAR[0]])
        with pytest.raises(ReportError, match="unknown kind"):
            report([AccountBalance("1", "x", "debt", "EUR", 1)])
    with pytest.raises(ReportError, match="EUR and USD"):
        balance_sheet(YEAR, [dollars])
    assert {currency: len(rows) for currency, rows in by_currency([*YEAR, dollars]).items()} == {"EUR": 6, "USD": 1}


def test_no_rows_are_an_empty_report():
    assert (trial_balance([]).debit, income_statement([]).result, balance_sheet([]).difference) == (0, 0, 0)
