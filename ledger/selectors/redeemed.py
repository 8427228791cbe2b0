"""Nonqualified notices paid back in a calendar year: box 5 of Form 1099-PATR, out of the paybacks that were posted.

A nonqualified notice is income to its holder when it is redeemed (26 U.S.C. 1385(c)(2)(C), 6044(b)(1)(C)); a qualified
one was income when it was given, and paying it back is none. Where both are kept for one member and year, a payback
takes of each in its proportion, and what is paid back altogether is exact to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Sum

from ledger.models import EquityLine, EquityPlan, PlanLine, SurplusPlan

BEFORE_THE_BOOKS = 0  # the year of a line that was kept when the books began


@dataclass(frozen=True)
class Redeemed:
    """Minor units by membership; and what nobody can know: paid back of what was kept before the books began."""

    by_member: dict[int, int] = field(default_factory=dict)
    unknown: int = 0
    unknown_members: int = 0


def nonqualified_redeemed(coop, year: int) -> Redeemed:
    """Nonqualified notices redeemed by paybacks posted in the calendar year ``year``; three queries at most."""
    lines = EquityLine.objects.filter(plan__coop=coop, plan__state=EquityPlan.State.POSTED)
    members = lines.filter(plan__entry__posted_on__year=year).values("membership")
    kept = _kept(coop, members)
    before: dict[tuple[int, int], int] = {}  # paid back so far, by member and year of the notice
    found: dict[int, int] = {}
    unknown: dict[int, int] = {}
    rows = lines.filter(membership__in=members, plan__entry__posted_on__year__lte=year).order_by("plan_id", "id")
    for member, of, amount, when in rows.values_list("membership_id", "year", "amount", "plan__entry__posted_on__year"):
        start = before.get((member, of), 0)
        before[member, of] = start + amount
        if when != year:
            continue
        if of == BEFORE_THE_BOOKS:
            unknown[member] = unknown.get(member, 0) + amount
            continue
        qualified, nonqualified = kept.get((member, of), (0, 0))
        part = _part(start + amount, qualified, nonqualified) - _part(start, qualified, nonqualified)
        if part:
            found[member] = found.get(member, 0) + part
    return Redeemed(found, sum(unknown.values()), len(unknown))


def _part(redeemed: int, qualified: int, nonqualified: int) -> int:
    """How much of the first ``redeemed`` units was nonqualified."""
    whole = qualified + nonqualified
    return redeemed * nonqualified // whole if whole else 0


def _kept(coop, members) -> dict[tuple[int, int], tuple[int, int]]:
    """Qualified and nonqualified notices given to these members, by member and financial year."""
    given = PlanLine.objects.filter(plan__coop=coop, plan__state=SurplusPlan.State.POSTED, membership__in=members)
    rows = given.order_by().values_list("membership_id", "plan__year__year")
    summed = rows.annotate(q=Sum("qualified"), n=Sum("nonqualified"))
    return {(member, year): (qualified, nonqualified) for member, year, qualified, nonqualified in summed}


def filed_with(payback: EquityPlan) -> tuple[SurplusPlan, int] | None:
    """The posted plan whose returns carry this payback, and the calendar year; None while there is nothing to file."""
    if payback.entry is None or payback.coop.currency != "USD":
        return None
    year = payback.entry.posted_on.year
    posted = SurplusPlan.objects.filter(coop_id=payback.coop_id, state=SurplusPlan.State.POSTED)
    plan = posted.filter(entry__posted_on__year=year).order_by("entry_id").first() or posted.order_by("entry_id").last()
    return (plan, year) if plan else None


def reports_redemptions(plan: SurplusPlan, year: int) -> bool:
    """Whether the returns made from this plan for a year carry what was redeemed in it: the first plan that was posted
    in the year does, or any where none was, so that box 5 is filed once."""
    in_the_year = SurplusPlan.objects.filter(coop_id=plan.coop_id, state=SurplusPlan.State.POSTED)
    first = in_the_year.filter(entry__posted_on__year=year).order_by("entry_id").values_list("pk", flat=True).first()
    return first in (None, plan.pk)
