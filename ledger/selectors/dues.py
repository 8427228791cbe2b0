"""What members still owe on joining and for their shares, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from ledger import instalments
from ledger.models import MemberFee, ShareClass
from members.models import ClassTerms, Membership

from .called import Called
from .shares import Holding, holding_of, holdings


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

    @property
    def total(self) -> int:
        return self.fee + self.capital

    @property
    def parts_paid(self) -> int:
        return len(self.parts) - len(self.open_parts)

    @property
    def next_due(self) -> date | None:
        return self.open_parts[0].due_on if self.open_parts else None

    @property
    def next_part(self) -> int:
        """What pays the next part in full, the entry fee with the first."""
        return self.fee + (self.open_parts[0].amount if self.open_parts else 0)


class Terms:
    """The terms of every class in every version of a co-op's by-laws; which ones a member was admitted under."""

    def __init__(self, coop):
        found = ClassTerms.objects.filter(coop=coop).select_related("bylaws").order_by("-bylaws__effective_on")
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


def owed_by(membership, on: date) -> Owed:
    """What this member owes on that day."""
    holding, terms = holding_of(membership), Terms(membership.coop).of(membership)
    called = Called(membership.coop, on, membership)
    if holding.shares == 0 and membership.state == Membership.State.ADMITTED:
        holding = _wanted(membership, called, terms)
    return _owed(membership, on, holding, fee_paid(membership), terms, called)


def _wanted(membership, called: Called, terms: ClassTerms | None) -> Holding:
    shares = max(membership.shares_wanted, terms.minimum_shares if terms else 1)
    called.expect(membership.pk, shares * called.par)
    return Holding(shares, shares * called.par, 0)


def joining_asks(terms: ClassTerms | None, par: int) -> int:
    """The shares a member takes on joining, in minor units: due by themselves, whatever is called beyond them."""
    return (terms.minimum_shares if terms else 1) * par


def _owed(membership, on: date, holding: Holding, fee: int, terms: ClassTerms | None, called: Called) -> Owed:
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
        due=instalments.due_by(open_parts, on) + late_fee,
        parts=parts,
        open_parts=open_parts,
        activates_at=first[0].amount if first else 0,
        uncalled=holding.subscribed - sum(part.amount for part in parts),
    )


def _by_day(*plans: list[instalments.Part]) -> tuple[instalments.Part, ...]:
    return tuple(sorted((part for plan in plans for part in plan), key=lambda part: part.due_on))


@dataclass(frozen=True, slots=True)
class Debtor:
    """A member with something left to pay."""

    membership: Membership
    owed: Owed


def unpaid(coop, on: date) -> list[Debtor]:
    """Every open membership that still owes something, by number; ``owed.due`` is what is late. Five queries, seven
    where shares are paid on call.

    Somebody admitted whose subscription is not entered yet owes what they asked for in their application.
    """
    held, terms, called = holdings(coop, on), Terms(coop), Called(coop, on)
    fees = dict(
        MemberFee.objects.filter(coop=coop, kind=MemberFee.Kind.ENTRY_FEE)
        .values_list("membership")
        .annotate(Sum("amount"))
        .order_by()
    )
    found = []
    current = Membership.objects.filter(coop=coop).exclude(state=Membership.State.ENDED)
    for membership in current.select_related("party", "member_class").order_by("number"):
        rules, holding = terms.of(membership), held.get(membership.pk)
        if holding is None:
            if membership.state != Membership.State.ADMITTED:
                continue
            holding = _wanted(membership, called, rules)
        answer = _owed(membership, on, holding, fees.get(membership.pk, 0), rules, called)
        if answer.capital or (answer.fee and membership.state == Membership.State.ADMITTED):
            found.append(Debtor(membership, answer))
    return found
