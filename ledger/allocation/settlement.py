"""How what a member is allocated becomes cash, notices, netted debts and roll-forward.

For each member, in this order, on the whole allocation from all pools:

1. the cash part is ``cash_percent`` of the allocation, rounded up;
2. under ``qualified`` it is raised to ``minimum_cash_percent``, rounded up, unless the member did not consent, who then
   gets a nonqualified notice (26 U.S.C. 1388(c): the fifth in money is tested patron by patron);
3. a cash part above zero that together with ``carried`` stays under ``de_minimis`` is not worth paying: the whole
   allocation rolls forward, and nothing is netted from it. The test looks at the cash part before netting;
4. debts are netted from the cash part, never beyond it;
5. what is not cash part becomes a notice.

``carried`` only takes part in the test; it was allocated in an earlier year and is not in these figures.
A loss mirrors a gain: the same arithmetic on its size, with the sign turned. It has no positive cash part, so nothing
rolls forward and no debt is netted. Without a settlement the plan has no pools and every figure is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ledger.allocation.columns import packed
from ledger.allocation.plan import Settlement

PARTS = ("cash", "qualified", "nonqualified", "netted", "rolled_forward")
Parts = tuple[int, int, int, int, int]


def payment_due(fiscal_year_end: date, settlement: Settlement | None) -> date | None:
    """Return the 15th day of the 9th month after the year's end, or None where no notice is given.

    26 U.S.C. 1382(d): the payment period ends with that day.

    >>> from ledger.allocation.plan import Percent
    >>> payment_due(date(2024, 2, 29), Settlement(Percent.of("30"), "qualified"))
    datetime.date(2024, 11, 15)
    """
    if settlement is None or settlement.notice == "none":
        return None
    years, month = divmod(fiscal_year_end.month - 1 + 9, 12)
    return date(fiscal_year_end.year + years, month + 1, 15)


def qualified_cheque_cashed_by(due: date) -> date:
    """Return the last day on which a qualified cheque may be cashed, 90 days after the payment period.

    26 U.S.C. 1388(c)(2)(C) and (d).

    >>> qualified_cheque_cashed_by(date(2026, 9, 15)).isoformat()
    '2026-12-14'
    """
    return due + timedelta(days=90)


def cash_part(terms: Settlement, allocated: int, consents: bool) -> int:
    """Return the cash part of one allocation, before de minimis and netting; a loss has it mirrored.

    >>> from ledger.allocation.plan import Percent
    >>> terms = Settlement(Percent.of("0"), "qualified")
    >>> [cash_part(terms, dividend, True) for dividend in (5003, 1, 4, 5, 100000, 12345)]
    [1001, 1, 1, 1, 20000, 2469]
    """
    size = abs(allocated)
    cash = terms.cash_percent.up(size)
    if terms.notice == "qualified" and consents:
        cash = max(cash, terms.minimum_cash_percent.up(size))
    return cash if allocated >= 0 else -cash


def settle(terms: Settlement, allocated: int, *, consents: bool = True, carried: int = 0, debt: int = 0) -> Parts:
    """Return (cash, qualified, nonqualified, netted, rolled forward) of one member; they add up to ``allocated``."""
    cash = cash_part(terms, allocated, consents)
    if 0 < cash < terms.de_minimis - carried:
        return 0, 0, 0, 0, allocated
    netted = min(debt, cash) if cash > 0 else 0
    kept = allocated - cash
    if terms.notice == "qualified" and consents:
        return cash - netted, kept, 0, netted, 0
    return cash - netted, 0, kept, netted, 0


def settle_all(
    terms: Settlement | None, members: Sequence[int], allocated: Sequence[int]
) -> tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int], Sequence[int]]:
    """Return the five columns of :func:`settle` for every member in ``members``."""
    if terms is None:
        nothing = packed([0] * len(members))
        return nothing, nothing, nothing, nothing, nothing
    refused = frozenset(terms.no_consent)
    carried, debts = terms.carried.along(members), terms.debts.along(members)
    columns: tuple[list[int], ...] = ([], [], [], [], [])
    add_cash, add_qualified, add_nonqualified, add_netted, add_rolled = (column.append for column in columns)
    for member, amount, before, debt in zip(members, allocated, carried, debts, strict=True):
        cash, qualified, nonqualified, netted, rolled = settle(
            terms, amount, consents=member not in refused, carried=before, debt=debt
        )
        add_cash(cash)
        add_qualified(qualified)
        add_nonqualified(nonqualified)
        add_netted(netted)
        add_rolled(rolled)
    cash_column, qualified_column, nonqualified_column, netted_column, rolled_column = map(packed, columns)
    return cash_column, qualified_column, nonqualified_column, netted_column, rolled_column
