"""What reports are made of: integer minor units with the journal's sign, debit positive, credit negative."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

DEBIT_KINDS = ("asset", "expense")
CREDIT_KINDS = ("liability", "equity", "income")
KINDS = ("asset", "liability", "equity", "income", "expense")


class ReportError(ValueError):
    """Rows that no honest report can be made of: two currencies in one column, an unknown kind, one account twice."""


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """The balance of one account at one date."""

    code: str
    name: str
    kind: str
    currency: str
    amount: int

    @property
    def shown(self) -> int:
        """The balance as it is read on this kind of account: what is normally a credit has its sign turned."""
        return -self.amount if self.kind in CREDIT_KINDS else self.amount


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of one entry on an account."""

    on: date
    entry: int
    memo: str
    amount: int


def checked(rows: Iterable[AccountBalance]) -> tuple[AccountBalance, ...]:
    """Return ``rows`` in the order of their codes; raise :class:`ReportError` when they cannot stand in one report."""
    ordered = tuple(sorted(rows, key=lambda row: row.code))
    one_currency(ordered)
    for before, after in zip(ordered, ordered[1:], strict=False):
        if before.code == after.code:
            raise ReportError(f"account {after.code} stands in these rows twice")
    for row in ordered:
        if row.kind not in KINDS:
            raise ReportError(f"account {row.code} is of an unknown kind: {row.kind}")
    return ordered


def one_currency(rows: Iterable[AccountBalance]) -> None:
    """Raise :class:`ReportError` for rows of more than one currency."""
    currencies = sorted({row.currency for row in rows})
    if len(currencies) > 1:
        raise ReportError(f"a report is in one currency; these rows are in {' and '.join(currencies)}")


def by_currency(rows: Iterable[AccountBalance]) -> dict[str, tuple[AccountBalance, ...]]:
    """Return the rows of each currency, so that each can have its own report."""
    found: dict[str, list[AccountBalance]] = {}
    for row in rows:
        found.setdefault(row.currency, []).append(row)
    return {currency: tuple(found[currency]) for currency in sorted(found)}


def currency_of(rows: Sequence[AccountBalance]) -> str:
    return rows[0].currency if rows else ""
