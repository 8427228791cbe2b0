"""Plans for a year's surplus, what they rest on, and what each would mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ledger.allocation import Allocation
from ledger.models import Account, PatronageYear, PlanLine, Posting, ShareEvent, SurplusPlan
from ledger.selectors import patronage
from ledger.terms import Figures, middle
from ledger.units import Measure
from members.models import Membership

State = SurplusPlan.State
KEPT = ("qualified", "nonqualified")


# --- what a plan is worked out on -------------------------------------------------------------------------------------


def figures(year: PatronageYear) -> Figures:
    """What the members bring to a plan of this year: patronage, paid-up capital at its end, and what was left over."""
    coop = year.coop
    pools = patronage.pools(year)
    basis: dict[str, dict[int, int]] = {pool.pool: {} for pool in pools}
    for row in patronage.basis(year):
        if row.quantity:
            basis[row.pool][row.number] = row.quantity
    return Figures(
        places={pool.pool: Measure(pool.unit, coop.currency).places for pool in pools},
        basis=basis,
        holdings=paid_up_by_number(coop, year.ends_on),
        carried={number: -owed for number, owed in member_balances(coop, "roll_forward").items() if owed < 0},
        debts={number: owed for number, owed in member_balances(coop, "member_receivable").items() if owed > 0},
    )


def paid_up_by_number(coop, on) -> dict[int, int]:
    """Paid-up capital by member number at the end of a day."""
    rows = ShareEvent.objects.filter(coop=coop, effective_on__lte=on).values_list("membership__number")
    return {number: paid for number, paid in rows.annotate(paid=Sum("paid")) if paid}


def member_balances(coop, purpose: str) -> dict[int, int]:
    """What stands on the members' own accounts of a purpose, by member number: debit positive."""
    rows = Posting.objects.filter(coop=coop, account__purpose=purpose, account__membership__isnull=False)
    sums = rows.values_list("account__membership__number").annotate(balance=Sum("amount"))
    return {number: balance for number, balance in sums if balance}


def member_ids(coop, brought: Figures) -> dict[int, int]:
    """Membership ids of everybody who may get a line, by number."""
    numbers = set(brought.holdings).union(*brought.basis.values())
    return patronage.member_ids(coop, numbers)


def result_of(
    allocation: Allocation, terms: Mapping[str, Any], brought: Figures, pools: Sequence[patronage.PoolTotal]
) -> dict[str, Any]:
    """The answer of the engine without the members, and what a comparison of plans wants to know."""
    units = {pool.pool: pool.unit for pool in pools}
    accounts = [step.get("account", "") for step in terms.get("appropriations", ())]
    totals = allocation.totals
    refunds = [amount for amount in allocation.columns["allocated"] if amount]
    return {
        "earned": allocation.plan.patronage + allocation.plan.nonpatronage,
        "surplus": allocation.surplus,
        "losses_taken": allocation.plan.patronage + allocation.plan.nonpatronage - allocation.surplus,
        "losses_remaining": allocation.losses_remaining,
        "appropriations": [
            {"name": step.name, "amount": step.amount, "because": step.because, "account": account}
            for step, account in zip(allocation.appropriations, accounts, strict=True)
        ],
        "share_interest": {
            "total": allocation.share_interest.total,
            "rate": allocation.share_interest.rate,
            "because": allocation.share_interest.because,
        },
        "pools": [
            {
                "name": pool.name,
                "amount": pool.amount,
                "because": pool.because,
                "unit": units.get(pool.name, "money"),
                "basis": sum(pool.basis.figures.values),
                "places": pool.basis.places,
                "members": sum(1 for quantity in pool.basis.figures.values if quantity),
            }
            for pool in allocation.pools
        ],
        "totals": dict(totals),
        "unallocated": allocation.unallocated,
        "payment_due": allocation.payment_due.isoformat() if allocation.payment_due else None,
        "refunds": {"members": len(refunds), "middle": middle(refunds), "largest": max(refunds, default=0)},
    }


# --- plans -----------------------------------------------------------------------------------------------------------


def plans(coop) -> QuerySet[SurplusPlan]:
    """Every plan of the co-op with its people, by year and letter."""
    people = ("year", "created_by", "proposed_by", "approved_by", "resolved_by", "voided_by", "resolution", "entry")
    return SurplusPlan.objects.filter(coop=coop).select_related(*people).order_by("-year__year", "letter")


def visible_to(actor) -> QuerySet[SurplusPlan]:
    """The plans an actor may read: officers all of them, a member those the members were shown."""
    found = plans(actor.coop)
    return found if actor.is_officer else found.exclude(state=State.DRAFT)


def lines(plan: SurplusPlan) -> QuerySet[PlanLine]:
    """The plan's lines with the members' names, by number."""
    return plan.lines.select_related("membership__party").order_by("number")


def is_stale(plan: SurplusPlan) -> bool:
    """The year's figures have changed since this plan was worked out."""
    return plan.basis_version != plan.year.version


def issues_before_proposing(plan: SurplusPlan) -> list[str]:
    """What stands in the way of putting the plan before the members; the page's list and the refusal alike."""
    found = []
    if is_stale(plan):
        found.append(_("The year’s figures have changed since this plan was worked out; work it out again."))
    if not plan.line_count and not plan.result["appropriations"]:
        found.append(_("The plan does nothing yet: it has no reserve, no interest and no refund."))
    codes = [step["account"] for step in plan.result["appropriations"] if step["amount"]]
    known = set(appropriation_accounts(plan.coop).values_list("code", flat=True))
    for step in plan.result["appropriations"]:
        if step["amount"] and step["account"] not in known:
            found.append(_("Say which account “%(name)s” goes to.") % {"name": step["name"]})
    return found if codes or found else []


def appropriation_accounts(coop) -> QuerySet[Account]:
    """Where reserves and funds can go: the co-op's own open equity and liability accounts."""
    kinds = (Account.Kind.EQUITY, Account.Kind.LIABILITY)
    return Account.objects.filter(coop=coop, membership__isnull=True, is_open=True, kind__in=kinds).order_by("code")


# --- what a plan means -----------------------------------------------------------------------------------------------


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


def largest(plan: SurplusPlan, count: int = 10) -> list[PlanLine]:
    """The members who get most under a plan."""
    return list(lines(plan).order_by("-allocated", "number")[:count])


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


def members_with_lines(plan: SurplusPlan, text: str) -> QuerySet[PlanLine]:
    """Lines of the members whose number or name is searched for."""
    found = lines(plan)
    if text.isdigit():
        return found.filter(number=int(text))
    return found.filter(Q(membership__party__name__icontains=text)) if text else found


def carriers(plan: SurplusPlan) -> QuerySet[Membership]:
    """Every member who stands in the plan."""
    return Membership.objects.filter(coop=plan.coop_id, plan_lines__plan=plan)
