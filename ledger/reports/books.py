"""Trial balance, income statement and balance sheet, from one balance an account.

None of them hides a difference: where the rows do not balance, ``difference`` says by how much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.reports.rows import AccountBalance, checked, currency_of, one_currency


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One account; its balance stands in one of the two columns, the other is 0."""

    code: str
    name: str
    kind: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account with its balance as a debit or a credit; the two columns have the same total, or do not."""

    currency: str
    lines: tuple[TrialLine, ...]
    debit: int
    credit: int

    @property
    def difference(self) -> int:
        """Debits less credits: 0 in books that balance."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Line:
    """One account in a statement, with its figure of the period before. Read with the sign of its kind."""

    code: str
    name: str
    amount: int
    before: int


@dataclass(frozen=True, slots=True)
class Section:
    """All accounts of one kind with their total."""

    kind: str
    lines: tuple[Line, ...]
    total: int
    before: int


@dataclass(frozen=True, slots=True)
class IncomeStatement:
    """Income less expense; a loss is a negative result."""

    currency: str
    income: Section
    expense: Section
    result: int
    before: int


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """What is owned, and to whom it belongs. ``result`` is what income and expense hold until the year is closed."""

    currency: str
    assets: Section
    liabilities: Section
    equity: Section
    result: int
    result_before: int

    @property
    def difference(self) -> int:
        """Assets less liabilities, equity and result: 0 in books that balance."""
        return self.assets.total - self.liabilities.total - self.equity.total - self.result

    @property
    def difference_before(self) -> int:
        return self.assets.before - self.liabilities.before - self.equity.before - self.result_before


def trial_balance(rows: Iterable[AccountBalance]) -> TrialBalance:
    """Return the trial balance of ``rows``, one line a row, in the order of the codes.

    Raises :class:`~ledger.reports.rows.ReportError` for rows of two currencies, of an unknown kind or of one account
    twice.

    >>> bank = AccountBalance("1000", "Bank", "asset", "EUR", 750)
    >>> found = trial_balance([bank, AccountBalance("3000", "Shares", "equity", "EUR", -750)])
    >>> (found.debit, found.credit, found.difference)
    (750, 750, 0)
    """
    found = checked(rows)
    lines = tuple(TrialLine(row.code, row.name, row.kind, max(row.amount, 0), max(-row.amount, 0)) for row in found)
    return TrialBalance(
        currency_of(found), lines, sum(line.debit for line in lines), sum(line.credit for line in lines)
    )


def income_statement(rows: Iterable[AccountBalance], before: Iterable[AccountBalance] = ()) -> IncomeStatement:
    """Return income and expense of a period beside those of the period before; other kinds of account are left out.

    The rows are what moved within the period, not balances that grew over several. Raises ReportError as
    :func:`trial_balance` does.
    """
    now, then = checked(rows), checked(before)
    one_currency([*now, *then])
    income, expense = _section("income", now, then), _section("expense", now, then)
    return IncomeStatement(
        currency_of(now or then), income, expense, income.total - expense.total, income.before - expense.before
    )


def balance_sheet(rows: Iterable[AccountBalance], before: Iterable[AccountBalance] = ()) -> BalanceSheet:
    """Return the balance sheet at a date beside an earlier one.

    Give the balances of all accounts: what income and expense hold at the date is the result not yet closed, and
    stands with the equity. Raises ReportError as :func:`trial_balance` does.
    """
    now, then = checked(rows), checked(before)
    year = income_statement(now, then)
    return BalanceSheet(
        currency=year.currency,
        assets=_section("asset", now, then),
        liabilities=_section("liability", now, then),
        equity=_section("equity", now, then),
        result=year.result,
        result_before=year.before,
    )


def _section(kind: str, now: Sequence[AccountBalance], then: Sequence[AccountBalance]) -> Section:
    figures, earlier = ({row.code: row for row in rows if row.kind == kind} for rows in (now, then))
    lines = tuple(
        Line(
            code,
            (figures.get(code) or earlier[code]).name,
            figures[code].shown if code in figures else 0,
            earlier[code].shown if code in earlier else 0,
        )
        for code in sorted({*figures, *earlier})
    )
    return Section(kind, lines, sum(line.amount for line in lines), sum(line.before for line in lines))
