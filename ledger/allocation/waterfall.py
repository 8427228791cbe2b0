"""From the result of the year down to the size of each pool.

Losses carried come off first, from patronage, then from non-patronage. Appropriations follow in their order, then
interest on paid capital, then the pools. At every step the sentence that explains it is made of the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import lcm

from coop.kernel.money import format_minor
from ledger.allocation.columns import packed
from ledger.allocation.errors import PlanRefused
from ledger.allocation.plan import Appropriation, Plan, Pool, ShareInterest
from ledger.allocation.remainder import largest_remainder
from ledger.allocation.result import Appropriated, Interest

_OF = {
    "patronage": "the patronage result",
    "nonpatronage": "the non-patronage result",
    "surplus": "the surplus",
    "remaining": "what remained",
}


@dataclass(frozen=True, slots=True)
class Result:
    """The result of the year after losses carried."""

    patronage: int
    nonpatronage: int
    losses_remaining: int

    @property
    def surplus(self) -> int:
        return self.patronage + self.nonpatronage


def after_losses(plan: Plan) -> Result:
    """Set losses carried against this year's gains. A loss of this year takes none: there is nothing to set off."""
    from_patronage = min(plan.losses_carried, max(0, plan.patronage))
    from_nonpatronage = min(plan.losses_carried - from_patronage, plan.nonpatronage)
    return Result(
        plan.patronage - from_patronage,
        plan.nonpatronage - from_nonpatronage,
        plan.losses_carried - from_patronage - from_nonpatronage,
    )


def appropriate(step: Appropriation, result: Result, remaining: int, currency: str) -> Appropriated:
    """Return what one step takes out of ``remaining``, cut and raised in the order the contract gives."""

    def said(amount: int) -> str:
        return format_minor(amount, currency)

    if step.percent is None:
        amount = step.amount or 0
        because = f"A fixed {said(amount)}"
    else:
        base = {
            "patronage": result.patronage,
            "nonpatronage": result.nonpatronage,
            "surplus": result.surplus,
            "remaining": remaining,
        }[step.of or "surplus"]
        minimum = step.bound == "minimum"
        amount = step.percent.up(base) if minimum else step.percent.down(base)
        bound = "a minimum, so rounded up" if minimum else "a maximum, so rounded down"
        because = f"{step.percent.text} % of {_OF[step.of or 'surplus']}, {said(base)}, is {said(amount)} ({bound})"
    for limit, lift, sentence in _limits(step, remaining, said):
        if amount < limit if lift else amount > limit:
            amount = limit
            because += f"; {sentence}"
    return Appropriated(step.name, amount, f"{because}.")


def _limits(step: Appropriation, remaining: int, said: Callable[[int], str]) -> Iterator[tuple[int, bool, str]]:
    """Yield (limit, whether it lifts, sentence) in order."""
    if step.at_least is not None:
        yield step.at_least, True, f"raised to the least allowed, {said(step.at_least)}"
    if step.at_most is not None:
        yield step.at_most, False, f"cut to the most allowed, {said(step.at_most)}"
    if step.until is not None:
        target, balance, missing = step.until.target, step.until.balance, step.until.missing
        yield missing, False, f"cut to {said(missing)}, for the fund holds {said(balance)} of {said(target)}"
    yield remaining, False, f"cut to the {said(remaining)} that remained"


def interest_on_shares(terms: ShareInterest | None, remaining: int, currency: str) -> Interest:
    """Return interest on paid capital, rounded down a member; refuse more of it than remains."""
    if terms is None:
        return Interest.nothing()
    amounts = packed([terms.rate.down(held) for held in terms.holdings.values])
    total = sum(amounts)
    if total > max(0, remaining):
        over = f"interest of {format_minor(total, currency)} is more than the {format_minor(remaining, currency)}"
        raise PlanRefused("share_interest", f"{over} that remain")
    cap = f" (the cap is {terms.cap.text} %)" if terms.cap else ""
    held = format_minor(sum(terms.holdings.values), currency)
    because = f"{terms.rate.text} %{cap} of paid-up capital of {held}, rounded down for each member."
    return Interest(total, because, terms.rate.text, terms.holdings, amounts)


def pool_sizes(pools: tuple[Pool, ...], remaining: int, currency: str) -> tuple[list[tuple[int, str]], int]:
    """Return (amount, sentence) for each pool in order, and what is left unallocated."""
    fixed = _fixed(pools, remaining, currency)
    open_amount = remaining - fixed
    shares, unassigned = _by_percent(pools, open_amount)
    taken_by_rest = any(pool.rest for pool in pools)

    def said(amount: int) -> str:
        return format_minor(amount, currency)

    sizes = []
    for pool, share in zip(pools, shares, strict=True):
        if pool.amount is not None:
            sizes.append((pool.amount, f"A fixed {said(pool.amount)}."))
        elif pool.percent is not None:
            sizes.append((share, f"{pool.percent.text} % of {said(open_amount)}, by largest remainder."))
        else:
            sizes.append((unassigned, f"The rest of {said(open_amount)} after the other pools."))
    return sizes, 0 if taken_by_rest else unassigned


def _fixed(pools: tuple[Pool, ...], remaining: int, currency: str) -> int:
    """Return the sum of fixed amounts; each goes the way of the surplus, and none beyond what remains."""
    left = remaining
    for place, pool in enumerate(pools):
        amount = pool.amount or 0
        if amount < 0 <= remaining:
            raise PlanRefused(f"pools[{place}].amount", "must not be negative where there is a surplus to share")
        if amount > 0 > remaining or abs(amount) > abs(left):
            here, there = format_minor(amount, currency), format_minor(left, currency)
            raise PlanRefused(f"pools[{place}].amount", f"{here} is more than the {there} that remain")
        left -= amount
    return remaining - left


def _by_percent(pools: tuple[Pool, ...], amount: int) -> tuple[list[int], int]:
    """Return the share of each pool that has a percentage (0 for the others) and the unassigned rest.

    The percentages and what they leave to a hundred are shared together by largest remainder; among equal
    remainders the earlier pool comes first and the unassigned rest last.
    """
    whole = lcm(*(pool.percent.denominator for pool in pools if pool.percent))
    weights = [pool.percent.numerator * whole // pool.percent.denominator if pool.percent else 0 for pool in pools]
    unassigned = whole - sum(weights)
    if unassigned < 0:
        raise PlanRefused("pools", "the percentages add up to more than 100")
    shares = largest_remainder(amount, [*weights, unassigned])
    return shares[:-1], shares[-1]
