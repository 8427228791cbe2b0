"""A checked plan in, an exact allocation out."""

from __future__ import annotations

from collections.abc import Sequence

from coop.kernel.money import format_minor
from ledger.allocation.columns import packed, union
from ledger.allocation.errors import PlanRefused
from ledger.allocation.plan import Plan, Pool
from ledger.allocation.remainder import largest_remainder
from ledger.allocation.result import COLUMNS, Allocation, Appropriated, Interest, SharedPool, Step
from ledger.allocation.settlement import PARTS, payment_due, settle_all
from ledger.allocation.waterfall import Result, after_losses, appropriate, interest_on_shares, pool_sizes


def allocate(plan: Plan) -> Allocation:
    """Carry out ``plan``: every step in order, every share exact, every sum proven.

    Raises :class:`PlanRefused` for what only shows in the figures: more interest or fixed pools than remain,
    percentages over 100, a pool that nobody has a basis in. The order of the plan's members does not matter.
    """
    result = after_losses(plan)
    remaining = result.surplus
    appropriations = []
    for step in plan.appropriations:
        appropriations.append(appropriate(step, result, remaining, plan.currency))
        remaining -= appropriations[-1].amount
    interest = interest_on_shares(plan.share_interest, remaining, plan.currency)
    sizes, unallocated = pool_sizes(plan.pools, remaining - interest.total, plan.currency)
    pools = tuple(
        _share(pool, amount, because, place)
        for place, (pool, (amount, because)) in enumerate(zip(plan.pools, sizes, strict=True))
    )
    members, columns = _members(plan, pools, interest)
    return Allocation(
        plan=plan,
        surplus=result.surplus,
        losses_remaining=result.losses_remaining,
        appropriations=tuple(appropriations),
        share_interest=interest,
        pools=pools,
        members=members,
        columns=columns,
        totals={name: sum(columns[name]) for name in COLUMNS},
        unallocated=unallocated,
        payment_due=payment_due(plan.fiscal_year_end, plan.settlement),
        steps=_steps(plan, result, appropriations, interest, pools),
    )


def _share(pool: Pool, amount: int, because: str, place: int) -> SharedPool:
    figures = pool.basis.figures
    if amount and not any(figures.values):
        raise PlanRefused(f"pools[{place}].basis", "nobody has a basis in this pool, and there is an amount to share")
    return SharedPool(pool.name, amount, because, pool.basis, packed(largest_remainder(amount, figures.values)))


def _members(
    plan: Plan, pools: Sequence[SharedPool], interest: Interest
) -> tuple[Sequence[int], dict[str, Sequence[int]]]:
    """Return everyone with a basis or a holding, and their columns."""
    shared = [pool.by_member for pool in pools]
    members = union([*shared, interest.by_member])
    parts = [column.along(members) for column in shared]
    allocated = parts[0] if len(parts) == 1 else _sums(parts, len(members))
    settled = settle_all(plan.settlement, members, allocated)
    return members, {
        "allocated": allocated,
        "interest": interest.by_member.along(members),
        **dict(zip(PARTS, settled, strict=True)),
    }


def _sums(parts: Sequence[Sequence[int]], length: int) -> Sequence[int]:
    return packed([sum(row) for row in zip(*parts, strict=True)] if parts else [0] * length)


def _steps(
    plan: Plan,
    result: Result,
    appropriations: Sequence[Appropriated],
    interest: Interest,
    pools: Sequence[SharedPool],
) -> tuple[Step, ...]:
    """Return the way down line by line, with what is left after each."""

    def said(amount: int) -> str:
        return format_minor(amount, plan.currency)

    earned = plan.patronage + plan.nonpatronage
    parts = f"{said(plan.patronage)} from patronage and {said(plan.nonpatronage)} from elsewhere"
    steps = [Step("result", "", earned, earned, f"The result of the year: {parts}.")]
    if plan.losses_carried:
        taken = earned - result.surplus
        left = f"{said(result.losses_remaining)} of {said(plan.losses_carried)} stay for later years"
        steps.append(Step("losses", "", taken, result.surplus, f"Losses carried come off first; {left}."))
    remaining = result.surplus
    for step in appropriations:
        remaining -= step.amount
        steps.append(Step("appropriation", step.name, step.amount, remaining, step.because))
    if plan.share_interest is not None:
        remaining -= interest.total
        steps.append(Step("interest", "", interest.total, remaining, interest.because))
    for pool in pools:
        remaining -= pool.amount
        steps.append(Step("pool", pool.name, pool.amount, remaining, pool.because))
    steps.append(Step("unallocated", "", remaining, 0, "What no step has taken stays unallocated."))
    return tuple(steps)
