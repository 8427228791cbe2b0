"""What members may make of their refunds in cash, what they chose, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from coop.kernel import clock
from ledger.allocation.choosing import Chosen, chosen
from ledger.models import RefundChoice, RefundOffer, RefundOutcome, SurplusPlan
from ledger.selectors.dues import Terms
from ledger.selectors.shares import holding_of, holdings
from members.models import Membership

State = RefundOffer.State
Less = RefundOutcome.Less

# A member's refund in cash under the plan, as far as it is still owed, and what comes before it.
STANDING = """
    SELECT l.membership_id, l.number, (l.cash + CASE WHEN l.cash + l.netted > 0 THEN l.carried ELSE 0 END)::bigint,
           greatest(coalesce(b.owed, 0), 0)::bigint, greatest(coalesce(b.debt, 0), 0)::bigint,
           coalesce(c.donated, 0)::bigint, coalesce(c.shares, 0)::int,
           t.died_on IS NOT NULL OR m.ending = 'died', t.erased_at IS NOT NULL,
           m.state = 'ended' OR m.ends_on IS NOT NULL
      FROM ledger_planline l JOIN members_membership m ON m.id = l.membership_id
      JOIN members_party t ON t.id = m.party_id
      LEFT JOIN LATERAL (SELECT donated, shares FROM ledger_refundchoice c WHERE c.offer_id = %(offer)s
                            AND c.membership_id = l.membership_id ORDER BY c.id DESC LIMIT 1) c ON true
      LEFT JOIN LATERAL (
          SELECT -sum(p.amount) FILTER (WHERE a.purpose = 'patronage_payable') AS owed,
                 sum(p.amount) FILTER (WHERE a.purpose = 'member_receivable') AS debt
            FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id AND p.coop_id = a.coop_id
           WHERE a.coop_id = l.coop_id AND a.membership_id = l.membership_id AND a.currency = %(currency)s
             AND a.purpose IN ('patronage_payable', 'member_receivable')) b ON true
     WHERE l.plan_id = %(plan)s AND {which} ORDER BY l.number
"""


class Standing(NamedTuple):
    """One member before an offer. Money in minor units: ``refund`` by the plan, ``owed`` and ``debt`` by the books."""

    membership_id: int
    number: int
    refund: int
    owed: int
    debt: int
    donated: int
    shares: int
    died: bool
    erased: bool
    leaves: bool

    @property
    def available(self) -> int:
        """What can be given or turned into shares: what is owed still, after debts; nothing of an estate."""
        return 0 if self.died or self.erased else max(0, min(self.refund, self.owed) - self.debt)

    def done(self, par: int, most_shares: int) -> tuple[Chosen, str]:
        """What comes of the choice, and why it is less than was chosen; empty if it is all of it."""
        most = 0 if self.leaves else most_shares
        got = chosen(self.available, donated=self.donated, shares=self.shares, par=par, most_shares=most)
        if (got.donated, got.shares) == (self.donated, self.shares):
            return got, ""
        for why, holds in ((Less.DIED, self.died), (Less.ERASED, self.erased)):
            if holds:
                return got, why
        if got.shares < self.shares and got.shares == most:
            return got, Less.LEFT if self.leaves else Less.MOST
        return got, Less.DEBT if self.debt else Less.GONE


def standing_of(offer: RefundOffer, membership_id: int) -> Standing | None:
    """One member of the plan before its offer; None without a line in it. One query."""
    return next(iter(_standing(offer, "l.membership_id = %(member)s", member=membership_id)), None)


def choosers(offer: RefundOffer) -> list[Standing]:
    """Everybody whose newest choice is not all in cash, by number. One query."""
    return _standing(offer, "(c.donated > 0 OR c.shares > 0)")


def _standing(offer: RefundOffer, which: str, **more: int) -> list[Standing]:
    with connection.cursor() as cursor:
        cursor.execute(
            STANDING.format(which=which),
            {"offer": offer.pk, "plan": offer.plan_id, "currency": offer.coop.currency, **more},
        )
        return [Standing(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Limits:
    """How far one member's choice goes, and how it stands. Money in minor units."""

    standing: Standing
    par: int
    most_shares: int  # by the refund and by the by-laws

    @property
    def now(self) -> Chosen:
        return self.standing.done(self.par, self.most_shares)[0]


def limits(offer: RefundOffer, membership: Membership) -> Limits | None:
    """What a member may choose today; None without a part in the plan."""
    found = standing_of(offer, membership.pk)
    if found is None:
        return None
    if offer.share_class is None or found.leaves:
        return Limits(found, 0, 0)
    par = offer.share_class.par
    allowed = room(Terms(offer.coop), membership, holding_of(membership).shares)
    return Limits(found, par, found.available // par if allowed is None else min(allowed, found.available // par))


def room(terms: Terms, membership: Membership, held: int) -> int | None:
    """How many more shares the by-laws let a member hold; None where they name no maximum."""
    rules = terms.of(membership)
    most = rules.maximum_shares if rules else None
    return None if most is None else max(0, most - held)


def rooms(offer: RefundOffer, members: Iterable[int]) -> dict[int, int | None]:
    """``room`` of many members; four queries."""
    terms, held = Terms(offer.coop), holdings(offer.coop)
    return {
        each.pk: room(terms, each, held[each.pk].shares if each.pk in held else 0)
        for each in Membership.objects.filter(coop=offer.coop, pk__in=list(members))
    }


def offers(coop) -> QuerySet[RefundOffer]:
    """Every offer of the co-op."""
    kept = ("plan__year", "coop", "share_class", "goes_to", "entry", "opened_by", "ended_by")
    return RefundOffer.objects.filter(coop=coop).select_related(*kept)


def of_plan(plan: SurplusPlan) -> RefundOffer | None:
    """The plan's offer that was not withdrawn."""
    return offers(plan.coop).filter(plan=plan).exclude(state=State.WITHDRAWN).first()


def of_year(coop, year: int) -> RefundOffer | None:
    """What members were offered of that year's posted plan."""
    posted = offers(coop).filter(plan__year__year=year, plan__state=SurplusPlan.State.POSTED)
    return posted.exclude(state=State.WITHDRAWN).first()


def waiting(coop) -> RefundOffer | None:
    """An offer of a posted plan that is not carried out: no pay-out before it."""
    return offers(coop).filter(state=State.OPEN, plan__state=SurplusPlan.State.POSTED).order_by("closes_on").first()


def is_open(offer: RefundOffer, on: date | None = None) -> bool:
    """Whether members may choose on that day (today)."""
    on = on or clock.today(offer.coop)
    posted = offer.plan.state == SurplusPlan.State.POSTED
    return posted and offer.state == State.OPEN and offer.opens_on <= on <= offer.closes_on


def is_due(offer: RefundOffer, on: date | None = None) -> bool:
    """Whether the last day is over and what members chose waits to be carried out."""
    posted = offer.plan.state == SurplusPlan.State.POSTED
    return posted and offer.state == State.OPEN and (on or clock.today(offer.coop)) > offer.closes_on


def newest(offer: RefundOffer, membership_id: int) -> RefundChoice | None:
    """A member's choice as it stands."""
    return RefundChoice.objects.filter(offer=offer, membership_id=membership_id).order_by("-id").first()


def outcome_of(plan: SurplusPlan, membership_id: int) -> RefundOutcome | None:
    """What was done of a member's choice under a plan, with its offer."""
    found = RefundOutcome.objects.filter(offer__plan=plan, offer__state=State.CARRIED, membership=membership_id)
    return found.select_related("offer__share_class").first()


@dataclass(frozen=True)
class Tally:
    """How members chose so far: how many did, how many not all in cash, and what it comes to."""

    heard: int
    giving: int
    donated: int
    taking: int
    shares: int


def tally(offer: RefundOffer) -> Tally:
    """The figures of an offer; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE donated > 0), coalesce(sum(donated), 0)::bigint,"
            " count(*) FILTER (WHERE shares > 0), coalesce(sum(shares), 0)::int FROM (SELECT DISTINCT ON"
            " (membership_id) donated, shares FROM ledger_refundchoice WHERE offer_id = %s"
            " ORDER BY membership_id, id DESC) x",
            [offer.pk],
        )
        return Tally(*cursor.fetchone())


def name_members(rows: list[RefundOutcome]) -> None:
    """Put the members in whose rows are not in the database yet; one query."""
    members = Membership.objects.select_related("party").in_bulk([each.membership_id for each in rows])
    for each in rows:
        each.membership = members[each.membership_id]


def outcomes(offer: RefundOffer, members: Iterable[int] | None = None) -> QuerySet[RefundOutcome]:
    """What was done, by member number; of these members only."""
    found = offer.outcomes.select_related("membership__party").order_by("number")
    return found if members is None else found.filter(membership__in=list(members))
