"""A member's own statement of a year's surplus: every figure with the sum it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ledger.models import PlanLine, Posting, RefundOffer, RefundOutcome, SurplusPlan
from ledger.reports.surplus import PoolShare, SurplusStatement, Why, surplus_statement
from ledger.selectors import choices, surplus
from ledger.units import Measure, Unit
from members.selectors import membership_of

State = SurplusPlan.State
SETTLED = ("allocated", "interest", "cash", "qualified", "nonqualified", "netted", "rolled_forward")


@dataclass(frozen=True)
class Statement:
    """One member's statement under one posted plan. Money in minor units of the co-op's currency."""

    plan: SurplusPlan
    line: PlanLine
    kept_before: int
    offer: RefundOffer | None = None  # what members may choose about their refunds in cash
    outcome: RefundOutcome | None = None  # and what was done of this member's choice

    @property
    def coop(self):
        return self.plan.coop

    @property
    def membership(self):
        return self.line.membership

    @property
    def name(self) -> str:
        return self.membership.party.name

    @property
    def number_text(self) -> str:
        return self.membership.number_text

    @property
    def reference(self) -> str:
        """What a letter about it would name."""
        return f"{self.plan.year.year}-{self.number_text}"

    @property
    def is_void(self) -> bool:
        return self.plan.state == State.VOID

    @cached_property
    def report(self) -> SurplusStatement:
        """The arithmetic, every sum checked."""
        return surplus_statement(
            shares=[
                PoolShare(pool["name"], basis, pool["basis"], pool["amount"], share, pool["places"])
                for pool, basis, share in zip(self.plan.result["pools"], self.line.basis, self.line.shares, strict=True)
            ],
            figures={name: getattr(self.line, name) for name in SETTLED},
            capital=self.line.holding,
            kept_before=self.kept_before,
            carried=self.line.carried,
            whole=_whole(self.plan),
        )

    @property
    def pools(self) -> list[PoolArithmetic]:
        """The member's part in every pool they had business in."""
        return [
            PoolArithmetic(why, pool["unit"], self.coop.currency)
            for why, pool in zip(self.report.why, self.plan.result["pools"], strict=True)
            if why.part.basis
        ]

    @property
    def may_choose(self) -> bool:
        """Whether there is cash of it the member may still choose about."""
        in_cash = self.line.cash + self.line.released
        return self.offer is not None and in_cash > 0 and choices.is_open(self.offer)

    @property
    def rate(self) -> str:
        return self.plan.result["share_interest"]["rate"]

    @property
    def payment_due(self) -> date | None:
        due = self.plan.result["payment_due"]
        return date.fromisoformat(due) if due else None

    @property
    def votes(self) -> tuple[int, int] | None:
        """For and against, where the resolution says so."""
        votes = self.plan.resolution.votes if self.plan.resolution else {}
        carried, lost = votes.get("for"), votes.get("against")
        return (carried, lost) if isinstance(carried, int) and isinstance(lost, int) else None


@dataclass(frozen=True)
class PoolArithmetic:
    """One pool of one member, ready to be said: basis ÷ total × pool = share."""

    why: Why
    unit: str
    currency: str

    @property
    def name(self) -> str:
        return self.why.part.name

    @property
    def is_money(self) -> bool:
        return self.unit == Unit.MONEY

    @property
    def basis(self) -> str:
        return Measure(self.unit, self.currency).said(self.why.part.basis)

    @property
    def total(self) -> str:
        return Measure(self.unit, self.currency).said(self.why.part.basis_total)

    @property
    def exact(self) -> str:
        """The unrounded share, four places beyond the smallest coin cut off: ``€69.497721``."""
        measure = Measure(Unit.MONEY, self.currency)
        whole, part = divmod(abs(self.why.exact), 10_000)
        text = measure.said(-whole if self.why.exact < 0 else whole)
        point = "" if "." in text else "."
        return f"{text}{point}{part:04d}"


def _whole(plan: SurplusPlan) -> Iterator[tuple[str, str, int]]:
    """The surplus in the parts a member asks about: refunds as one, then what came off before."""
    result = plan.result
    yield "refunds", str(_("Refunds")), result["totals"]["allocated"]
    for place, step in enumerate(result["appropriations"]):
        yield f"fund-{place % 3}", step["name"], step["amount"]
    yield "interest", str(_("Interest on shares")), result["totals"]["interest"]
    yield "unallocated", str(_("Not shared out")), result["unallocated"]


def published(coop) -> QuerySet[SurplusPlan]:
    """The plans members have statements of: posted ones, the latest year first."""
    return surplus.plans(coop).filter(state=State.POSTED)


def of_actor(actor) -> list[PlanLine]:
    """The actor's own lines in posted plans, the latest year first."""
    mine = membership_of(actor)
    if mine is None:
        return []
    found = PlanLine.objects.filter(membership=mine, plan__state=State.POSTED)
    return list(found.select_related("plan__year").order_by("-plan__year__year"))


def own(actor, year: int) -> Statement | None:
    """The actor's statement for a year, or None: no posted plan, or no part in it."""
    mine = membership_of(actor)
    if mine is None:
        return None
    return of_member(published(actor.coop).filter(year__year=year).first(), mine.pk)


def of_member(plan: SurplusPlan | None, membership_id: int) -> Statement | None:
    """One member's statement under a plan that was posted, void or not."""
    if plan is None or plan.entry_id is None:
        return None
    line = surplus.lines(plan).filter(membership_id=membership_id).first()
    if line is None:
        return None
    offer = choices.of_plan(plan)
    done = choices.outcome_of(plan, membership_id) if offer and offer.state == RefundOffer.State.CARRIED else None
    return Statement(plan, line, kept_before(plan, membership_id), offer, done)


def kept_before(plan: SurplusPlan, membership_id: int) -> int:
    """Refunds kept for a member before this plan's entry: what stood on the accounts, that entry and later left out."""
    rows = Posting.objects.filter(
        account__membership_id=membership_id, account__purpose="retained_equity", coop_id=plan.coop_id
    ).filter(Q(entry_id__lt=plan.entry_id))
    return -(rows.aggregate(balance=Sum("amount"))["balance"] or 0)


def kept_before_all(plan: SurplusPlan) -> dict[int, int]:
    """``kept_before`` of everybody in the plan, in one query."""
    rows = Posting.objects.filter(
        coop_id=plan.coop_id, account__purpose="retained_equity", entry_id__lt=plan.entry_id
    ).values_list("account__membership_id")
    return {membership_id: -balance for membership_id, balance in rows.annotate(balance=Sum("amount"))}


def all_of(plan: SurplusPlan, lines=None) -> Iterator[Statement]:
    """Every statement of a posted plan by member number; four queries, a few lines in memory."""
    before, offer = kept_before_all(plan), choices.of_plan(plan)
    done = {each.membership_id: each for each in choices.outcomes(offer)} if offer else {}
    for line in (lines if lines is not None else surplus.lines(plan)).iterator(chunk_size=1000):
        member = line.membership_id
        yield Statement(plan, line, before.get(member, 0), offer, done.get(member))


def of_lines(plan: SurplusPlan, lines: list[PlanLine]) -> list[Statement]:
    """The statements of some lines of a posted plan, in their order; at most three queries for all of them."""
    members, offer = [line.membership_id for line in lines], choices.of_plan(plan)
    done = {each.membership_id: each for each in choices.outcomes(offer, members)} if offer else {}
    rows = Posting.objects.filter(
        coop_id=plan.coop_id,
        account__purpose="retained_equity",
        account__membership__in=members,
        entry_id__lt=plan.entry_id,
    ).values_list("account__membership_id")
    before = {membership_id: -balance for membership_id, balance in rows.annotate(balance=Sum("amount"))}
    return [
        Statement(plan, line, before.get(line.membership_id, 0), offer, done.get(line.membership_id)) for line in lines
    ]
