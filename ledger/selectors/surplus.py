"""Plans for a year's surplus, what they rest on, and what each would mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from governance.selectors import carried_resolutions
from ledger.allocation import Allocation
from ledger.models import Account, PatronageYear, PlanLine, Posting, ShareEvent, SurplusPlan
from ledger.selectors import patronage
from ledger.terms import Figures, middle
from ledger.units import Measure, Unit

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


def balance_of(account: Account) -> int:
    """What stands on one account of the co-op's own: debit positive."""
    return Posting.objects.filter(coop_id=account.coop_id, account=account).aggregate(b=Sum("amount"))["b"] or 0


def result_in_the_books(year: PatronageYear) -> int:
    """Income less expense of the year as posted so far, closing entries left out; a profit is positive."""
    rows = Posting.objects.filter(
        coop_id=year.coop_id,
        posted_on__range=(year.starts_on, year.ends_on),
        account__kind__in=(Account.Kind.INCOME, Account.Kind.EXPENSE),
    ).exclude(Q(entry__kind="closing") | Q(entry__reverses__kind="closing"))
    return -(rows.aggregate(b=Sum("amount"))["b"] or 0)


def earned_elsewhere(result: int, pools: Iterable[patronage.PoolTotal]) -> int:
    """The part of a gain that came from business with others, by their share of the turnover; rounded up, so that
    what may be refunded is never put too high. 0 of a loss, and where no turnover in money is recorded.

    The ratio of turnovers is how § 22 (1) KStG parts the two; 26 U.S.C. 1388(a) leaves the second out of a dividend.
    """
    in_money = [pool for pool in pools if pool.unit == Unit.MONEY]
    outside = sum(pool.outside for pool in in_money)
    turnover = outside + sum(pool.total for pool in in_money)
    return -(-result * outside // turnover) if result > 0 and turnover else 0


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


def free_resolutions(plan: SurplusPlan) -> QuerySet:
    """Carried motions no living plan stands on yet, decided since the year began."""
    return (
        carried_resolutions(plan.coop)
        .filter(decided_on__gt=plan.year.starts_on)
        .exclude(
            pk__in=SurplusPlan.objects.exclude(state=State.VOID).filter(resolution__isnull=False).values("resolution")
        )
    )


def appropriation_accounts(coop) -> QuerySet[Account]:
    """Where reserves and funds can go: the co-op's own open equity and liability accounts."""
    kinds = (Account.Kind.EQUITY, Account.Kind.LIABILITY)
    return Account.objects.filter(coop=coop, membership__isnull=True, is_open=True, kind__in=kinds).order_by("code")


def members_with_lines(plan: SurplusPlan, text: str) -> QuerySet[PlanLine]:
    """Lines of the members whose number or name is searched for."""
    found = lines(plan)
    if text.isdecimal() and len(text) < 19:
        return found.filter(number=int(text))
    return found.filter(Q(membership__party__name__icontains=text)) if text else found


def largest(plan: SurplusPlan, count: int = 10) -> list[PlanLine]:
    """The members who get most under a plan."""
    return list(lines(plan).order_by("-allocated", "number")[:count])
