"""What members still owe, and since when: on joining, for their shares, and whatever was charged to them, as dues are.

This is the one place that says it; payments, reminders, collections and pages ask here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from ledger import instalments
from ledger.models import MemberFee, ShareClass
from members.models import ClassTerms, Membership

from .called import Called
from .claims import open_claims
from .shares import NOTHING, Holding, holding_of, holdings

Parts = tuple[instalments.Part, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """What a member owes, in minor units, by the terms under which they were admitted."""

    fee: int  # of the entry fee
    capital: int  # of the shares subscribed, without what waits for a call
    due: int  # of both, by the day asked about
    parts: tuple[instalments.Part, ...]  # by the day they are due
    open_parts: tuple[instalments.Part, ...]  # what is not paid yet of each
    activates_at: int  # the paid-up capital from which the membership is active
    uncalled: int  # subscribed on call, and not called yet
    claims: tuple[instalments.Part, ...] = ()  # dues and other charges that are open, by the day they are due

    @property
    def dues(self) -> int:
        """Open dues, and whatever else was charged to the member's account."""
        return sum(part.amount for part in self.claims)

    @property
    def total(self) -> int:
        return self.fee + self.capital + self.dues

    @property
    def parts_paid(self) -> int:
        return len(self.parts) - len(self.open_parts)

    @property
    def next_due(self) -> date | None:
        return min((part.due_on for part in (*self.open_parts[:1], *self.claims[:1])), default=None)

    @property
    def next_part(self) -> int:
        """What pays the next part in full, the entry fee with the first."""
        following = min((*self.open_parts[:1], *self.claims[:1]), key=lambda part: part.due_on, default=None)
        return self.fee + (following.amount if following else 0)


class Terms:
    """The terms of every class in every version of a co-op's by-laws; which ones a member was admitted under."""

    def __init__(self, coop):
        found = ClassTerms.objects.filter(coop=coop).select_related("bylaws").defer("bylaws__text")
        found = found.order_by("-bylaws__effective_on")
        self._by_class: dict[int, list[ClassTerms]] = {}
        for terms in found:
            self._by_class.setdefault(terms.member_class_id, []).append(terms)

    def of(self, membership: Membership) -> ClassTerms | None:
        """The terms in force on the day of admission, or the first that came after it."""
        known: Iterable[ClassTerms] = self._by_class.get(membership.member_class_id, ())
        then = (terms for terms in known if terms.bylaws.effective_on <= membership.admitted_on)
        return next(then, None) or next(iter(reversed(list(known))), None)


def par_value(coop) -> int:
    """The par value of the shares a new member subscribes to; nought while there is no such class."""
    return ShareClass.objects.filter(coop=coop, is_default=True).values_list("par", flat=True).first() or 0


def fee_paid(membership) -> int:
    """What was paid of the entry fee."""
    fees = MemberFee.objects.filter(membership=membership, kind=MemberFee.Kind.ENTRY_FEE)
    return fees.aggregate(total=Sum("amount"))["total"] or 0


def owed_by(
    membership,
    on: date,
    *,
    terms: ClassTerms | None = None,
    called: Called | None = None,
    holding: Holding | None = None,
) -> Owed:
    """What this member owes on that day. What the caller has just read of it is not read again."""
    holding = holding or holding_of(membership)
    terms = terms or Terms(membership.coop).of(membership)
    called = called or Called(membership.coop, on, membership)
    if holding.shares == 0 and membership.state == Membership.State.ADMITTED:
        holding = _wanted(membership, called, terms)
    claims = open_claims(membership.coop, membership).get(membership.pk, ())
    return _owed(membership, on, holding, fee_paid(membership), terms, called, claims)


def _wanted(membership, called: Called, terms: ClassTerms | None) -> Holding:
    shares = max(membership.shares_wanted, terms.minimum_shares if terms else 1)
    called.expect(membership.pk, shares * called.par)
    return Holding(shares, shares * called.par, 0)


def joining_asks(terms: ClassTerms | None, par: int) -> int:
    """The shares a member takes on joining, in minor units: due by themselves, whatever is called beyond them."""
    return (terms.minimum_shares if terms else 1) * par


def _owed(
    membership, on: date, holding: Holding, fee: int, terms: ClassTerms | None, called: Called, claims: Parts
) -> Owed:
    if membership.state == Membership.State.ENDED:  # what the shares come to is settled by giving them back
        return Owed(0, 0, instalments.due_by(claims, on), (), (), 0, 0, claims)
    fee_owed = max(0, (terms.entry_fee if terms else 0) - fee)
    count = terms.instalments if terms and membership.instalments else 1
    minimum = joining_asks(terms, called.par)
    waiting = called.of(membership.pk, minimum)
    rest = holding.subscribed - sum(each.subscribed for each in waiting)
    plan = instalments.schedule(rest, count, membership.admitted_on)
    still = instalments.still_open(plan, holding.paid_up - sum(each.paid for each in waiting))
    parts = _by_day(plan, *(each.parts for each in waiting))
    open_parts = _by_day(still, *(instalments.still_open(each.parts, each.paid) for each in waiting))
    first = instalments.schedule(minimum, count, membership.admitted_on)
    late_fee = fee_owed if plan and plan[0].due_on <= on else 0
    return Owed(
        fee=fee_owed,
        capital=sum(part.amount for part in open_parts),
        due=instalments.due_by(open_parts, on) + late_fee + instalments.due_by(claims, on),
        parts=parts,
        open_parts=open_parts,
        activates_at=first[0].amount if first else 0,
        uncalled=holding.subscribed - sum(part.amount for part in parts),
        claims=claims,
    )


def _by_day(*plans: list[instalments.Part]) -> tuple[instalments.Part, ...]:
    return tuple(sorted((part for plan in plans for part in plan), key=lambda part: part.due_on))


@dataclass(frozen=True, slots=True)
class Debtor:
    """A member with something left to pay."""

    membership: Membership
    owed: Owed


def unpaid(coop, on: date) -> list[Debtor]:
    """Everybody who still owes something, by number; ``owed.due`` is what is late. Six queries, eight where shares are
    paid on call. Of those who left only what was charged to them counts.

    Somebody admitted whose subscription is not entered yet owes what they asked for in their application.
    """
    held, terms, called, claims = holdings(coop, on), Terms(coop), Called(coop, on), open_claims(coop)
    fees = dict(
        MemberFee.objects.filter(coop=coop, kind=MemberFee.Kind.ENTRY_FEE)
        .values_list("membership")
        .annotate(Sum("amount"))
        .order_by()
    )
    found = []
    current = Membership.objects.filter(~Q(state=Membership.State.ENDED) | Q(pk__in=claims), coop=coop)
    for membership in current.select_related("party", "member_class").order_by("number"):
        rules, holding = terms.of(membership), held.get(membership.pk)
        if holding is None:
            if membership.state == Membership.State.ADMITTED:
                holding = _wanted(membership, called, rules)
            elif membership.pk not in claims:
                continue
        own = claims.get(membership.pk, ())
        answer = _owed(membership, on, holding or NOTHING, fees.get(membership.pk, 0), rules, called, own)
        if answer.capital or answer.dues or (answer.fee and membership.state == Membership.State.ADMITTED):
            found.append(Debtor(membership, answer))
    return found
