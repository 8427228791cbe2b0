"""What a plan means, ready to be read: its parts, its lines, several plans side by side, who gets how much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from ledger.models import PatronageYear, SurplusPlan
from ledger.selectors import patronage
from ledger.selectors.surplus import KEPT, paid_up_by_number
from ledger.units import Measure


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the surplus: its name, its amount, its colour on every chart, and a note."""

    name: str
    amount: int
    colour: str
    note: str = ""


def parts(plan: SurplusPlan) -> list[Part]:
    """Where the surplus goes, down to the last cent: reserves and funds, interest, refunds, what is left."""
    result, totals = plan.result, plan.result["totals"]
    found = [
        Part(step["name"], step["amount"], colour)
        for step, colour in zip(result["appropriations"], _colours(), strict=False)
    ]
    if plan.terms.get("share_interest"):
        rate = plan.terms["share_interest"]["rate"]
        found.append(
            Part(_("Interest on shares"), totals["interest"], "c4", _("%(rate)s %% on shares") % {"rate": rate})
        )
    found.append(Part(_("Refunds in cash"), totals["cash"], "c5"))
    found.append(Part(_("Refunds kept as capital"), sum(totals[kind] for kind in KEPT), "c6"))
    for name, amount in (
        (_("Refunds set against debts"), totals["netted"]),
        (_("Refunds kept for next year"), totals["rolled_forward"]),
        (_("Not shared out"), result["unallocated"]),
    ):
        if amount:
            found.append(Part(name, amount, "c6"))
    return found


def _colours() -> Iterable[str]:
    yield from ("c1", "c2", "c3")
    while True:
        yield "c2"


@dataclass(frozen=True, slots=True)
class Bracket:
    """A column of the histogram: refunds from ``low`` to under ``high`` (None: and more)."""

    low: int
    high: int | None
    members: int
    has_middle: bool


def spread(plan: SurplusPlan, brackets: int = 10) -> list[Bracket]:
    """How many members get how much, in round steps of which the last is open. One query."""
    middle_refund, largest = plan.result["refunds"]["middle"], plan.result["refunds"]["largest"]
    step = _round_step(max(middle_refund * 5, 1), brackets)
    if largest <= 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least(allocated / %s, %s), count(*) FROM ledger_planline WHERE plan_id = %s AND allocated > 0"
            " GROUP BY 1",
            [step, brackets - 1, plan.pk],
        )
        counts = dict(cursor.fetchall())
    return [
        Bracket(
            low=place * step,
            high=(place + 1) * step if place < brackets - 1 else None,
            members=counts.get(place, 0),
            has_middle=min(middle_refund // step, brackets - 1) == place,
        )
        for place in range(brackets)
    ]


def _round_step(span: int, brackets: int) -> int:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that covers ``span`` in so many steps."""
    power = 1
    while True:
        for tenths in (10, 20, 25, 50):
            step = power * tenths // 10
            if step * brackets >= span and power * tenths % 10 == 0:
                return step
        power *= 10


def refund_on_hundred(plan: SurplusPlan) -> int | None:
    """Minor units of refund on 100 of the currency, where all pools share money out by money; else None."""
    pools = plan.result["pools"]
    basis = sum(pool["basis"] for pool in pools)
    if not basis or any(pool["unit"] != "money" for pool in pools):
        return None
    return sum(pool["amount"] for pool in pools) * 10 ** (2 + plan.result["pools"][0]["places"]) // basis


def leaves_the_bank(plan: SurplusPlan) -> int:
    """Cash refunds and interest: what the co-op has to have in money."""
    return plan.result["totals"]["cash"] + plan.result["totals"]["interest"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same line in every plan."""

    name: str
    colour: str
    amounts: tuple[int, ...]


def compare(found: Sequence[SurplusPlan]) -> list[Comparison]:
    """Several plans side by side: every part any of them has, in the order of the first that has it."""
    by_plan = [{part.name: part for part in parts(plan)} for plan in found]
    names: dict[str, str] = {}
    for plan_parts in by_plan:
        for part in plan_parts.values():
            names.setdefault(part.name, part.colour)
    return [
        Comparison(name, colour, tuple(mine[name].amount if name in mine else 0 for mine in by_plan))
        for name, colour in names.items()
    ]


def units_left_over(plan: SurplusPlan) -> int:
    """How many smallest coins rounding down left over in all pools, which went one each to the largest remainders."""
    spare = 0
    with connection.cursor() as cursor:
        for place, pool in enumerate(plan.result["pools"], start=1):
            if not pool["basis"]:
                continue
            cursor.execute(
                "SELECT coalesce(sum(div(abs(%s)::numeric * basis[%s], %s)), 0)"
                " FROM ledger_planline WHERE plan_id = %s",
                [pool["amount"], place, pool["basis"], plan.pk],
            )
            spare += abs(pool["amount"]) - int(cursor.fetchone()[0])
    return spare


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the way down from the result: what it takes, what is left, and why just that."""

    name: str
    amount: int
    remaining: int
    because: str
    is_sum: bool = False


def waterfall(plan: SurplusPlan) -> list[Row]:
    """The plan line by line, from the result of the year to nothing left."""
    result, left = plan.result, plan.result["earned"]
    rows = [Row(_("Result of the year"), left, left, "", True)]
    if result["losses_taken"]:
        left -= result["losses_taken"]
        rows.append(Row(_("Losses of earlier years"), -result["losses_taken"], left, ""))
    if len(rows) > 1:
        rows.append(Row(_("Surplus"), left, left, "", True))
    for step in result["appropriations"]:
        left -= step["amount"]
        rows.append(Row(step["name"], -step["amount"], left, step["because"]))
    interest = result["share_interest"]
    if plan.terms.get("share_interest"):
        left -= interest["total"]
        rows.append(Row(_("Interest on shares"), -interest["total"], left, interest["because"]))
    for pool in result["pools"]:
        left -= pool["amount"]
        rows.append(Row(_("Refunds: %(pool)s") % {"pool": pool["name"]}, -pool["amount"], left, pool["because"]))
    rows.append(Row(_("Not shared out"), left, left, "", True))
    return rows


@dataclass(frozen=True, slots=True)
class YearFigures:
    """What a year's plans rest on, for the strip above them."""

    purchases: tuple[tuple[str, str, int], ...]  # pool, total in words, members
    members: int
    outside: bool
    paid_up: int


def year_figures(year: PatronageYear, pools: Sequence[patronage.PoolTotal] | None = None) -> YearFigures:
    """Members' business by pool and paid-up capital at the year's end."""
    pools = patronage.pools(year) if pools is None else pools
    currency = year.coop.currency
    return YearFigures(
        purchases=tuple((pool.label, Measure(pool.unit, currency).said(pool.total), pool.members) for pool in pools),
        members=max((pool.members for pool in pools), default=0),
        outside=any(pool.outside for pool in pools),
        paid_up=sum(paid_up_by_number(year.coop, year.ends_on).values()),
    )
