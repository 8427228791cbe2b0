"""One member's own arithmetic, line by line.

Each line carries the figures it is made of as ``facts``, so that a page can say it in the reader's language;
``because`` is the same in plain English.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coop.kernel.money import format_minor
from ledger.allocation.settlement import cash_part

if TYPE_CHECKING:
    from ledger.allocation.plan import Settlement
    from ledger.allocation.result import Allocation


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a member's arithmetic; ``amount`` in minor units.

    ``kind`` is share (one a pool, named), allocated, cash_part, rolled_forward, netted, cash, qualified, nonqualified
    or interest. Lines of kind share add up to allocated; rolled_forward, netted, cash, qualified and nonqualified
    add up to it again.
    """

    kind: str
    name: str
    amount: int
    because: str
    facts: dict[str, str | int | bool] = field(default_factory=dict)


def explain(allocation: Allocation, member: int) -> tuple[Line, ...]:
    """Return the lines for ``member``; raises KeyError for a member who has no part in the plan.

    facts of a share: basis, basis_total (decimal texts), pool (minor units), exact (decimal text of minor units, cut
    off after the fourth place), extra (whether a left-over unit came on top). Of the cash part: percent, minimum
    (decimal texts), raised, consents. Of a roll-forward: cash_part, carried, de_minimis. Of netting: debt. Of interest:
    holding, rate.
    """
    figures = allocation.of(member)
    lines = [*_shares(allocation, member)]
    names = [line.name for line in lines]
    because = f"Your shares of {' and '.join(names)} together." if names else "You have no basis in a pool."
    lines.append(Line("allocated", "", figures["allocated"], because))
    if allocation.plan.settlement is not None and figures["allocated"]:
        lines.extend(_settled(allocation, allocation.plan.settlement, member, figures))
    lines.extend(_interest(allocation, member))
    return tuple(lines)


def _shares(allocation: Allocation, member: int) -> Iterator[Line]:
    currency = allocation.plan.currency
    for pool in allocation.pools:
        row = pool.basis.figures.place(member)
        if row is None:
            continue
        basis, total, share = pool.basis.figures.values[row], pool.basis.total, pool.shares[row]
        exact = abs(pool.amount) * basis * 10_000 // total if total else 0
        extra = bool(total) and abs(share) > abs(pool.amount) * basis // total
        facts: dict[str, str | int | bool] = {
            "basis": pool.basis.text(basis),
            "basis_total": pool.basis.text(total),
            "pool": pool.amount,
            "exact": f"{'-' if pool.amount < 0 and exact else ''}{exact // 10_000}.{exact % 10_000:04d}",
            "extra": extra,
        }
        whole = format_minor(pool.amount, currency)
        sentence = f"{facts['basis']} of {facts['basis_total']} in all is your part of {whole}"
        if extra:
            sentence += "; rounded down, with one of the units left over, which go to those who lost most"
        elif exact % 10_000:
            sentence += "; rounded down"
        yield Line("share", pool.name, share, f"{sentence}.", facts)


def _settled(allocation: Allocation, terms: Settlement, member: int, figures: dict[str, int]) -> Iterator[Line]:
    currency, consents = allocation.plan.currency, member not in terms.no_consent
    cash = cash_part(terms, figures["allocated"], consents)
    yield _cash_part(terms, figures["allocated"], cash, consents)
    if figures["rolled_forward"]:
        carried = terms.carried.get(member)
        facts: dict[str, str | int | bool] = {"cash_part": cash, "carried": carried, "de_minimis": terms.de_minimis}
        before = f" with {format_minor(carried, currency)} from earlier years" if carried else ""
        limit = format_minor(terms.de_minimis, currency)
        sentence = f"The cash part{before} is under {limit}, so the whole allocation waits for next year."
        yield Line("rolled_forward", "", figures["rolled_forward"], sentence, facts)
        return
    if figures["netted"]:
        debt = terms.debts.get(member)
        sentence = f"Set against the {format_minor(debt, currency)} you owe the co-op."
        yield Line("netted", "", figures["netted"], sentence, {"debt": debt})
    yield Line("cash", "", figures["cash"], "What is paid out to you.")
    for kind in ("qualified", "nonqualified"):
        if figures[kind]:
            yield Line(kind, "", figures[kind], f"The rest, kept for you under a {kind} written notice of allocation.")


def _cash_part(terms: Settlement, allocated: int, cash: int, consents: bool) -> Line:
    raised = abs(cash) > terms.cash_percent.up(abs(allocated))
    facts: dict[str, str | int | bool] = {
        "percent": terms.cash_percent.text,
        "minimum": terms.minimum_cash_percent.text,
        "raised": raised,
        "consents": consents,
    }
    sentence = f"{terms.cash_percent.text} % of your allocation in cash, rounded up"
    if raised:
        sentence += f"; raised to {terms.minimum_cash_percent.text} %, which a qualified notice needs"
    elif terms.notice == "qualified" and not consents:
        sentence += "; you did not consent to a qualified notice"
    return Line("cash_part", "", cash, f"{sentence}.", facts)


def _interest(allocation: Allocation, member: int) -> Iterator[Line]:
    interest = allocation.share_interest
    row = interest.holdings.place(member)
    if row is None:
        return
    holding = interest.holdings.values[row]
    held = format_minor(holding, allocation.plan.currency)
    sentence = f"{interest.rate} % on your paid-up shares of {held}, rounded down."
    yield Line("interest", "", interest.amounts[row], sentence, {"holding": holding, "rate": interest.rate})
