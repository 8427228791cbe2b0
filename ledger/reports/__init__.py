"""Reports: rows in, statements out. Pure; integer minor units; every sum can be checked, and none hides a difference.

Rows carry the journal's sign, debit positive. What a report shows carries the reader's: capital, income and what is
owed are positive where they are credits.
"""

from ledger.reports.books import (
    BalanceSheet,
    IncomeStatement,
    Line,
    Section,
    TrialBalance,
    TrialLine,
    balance_sheet,
    income_statement,
    trial_balance,
)
from ledger.reports.equity import OPENING, EquityLine, EquityRow, MembersEquity, members_equity
from ledger.reports.rows import KINDS, AccountBalance, Movement, ReportError, by_currency
from ledger.reports.statement import Statement, StatementLine, statement
from ledger.reports.surplus import Item, Owned, PoolShare, SurplusStatement, WholePart, Why, surplus_statement

__all__ = [
    "KINDS",
    "OPENING",
    "AccountBalance",
    "BalanceSheet",
    "EquityLine",
    "EquityRow",
    "IncomeStatement",
    "Item",
    "Line",
    "MembersEquity",
    "Movement",
    "Owned",
    "PoolShare",
    "ReportError",
    "Section",
    "Statement",
    "StatementLine",
    "SurplusStatement",
    "TrialBalance",
    "TrialLine",
    "WholePart",
    "Why",
    "balance_sheet",
    "by_currency",
    "income_statement",
    "members_equity",
    "statement",
    "surplus_statement",
    "trial_balance",
]
