"""What members still owe on joining and for their shares, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from ledger import instalments
from ledger.models import MemberFee, ShareClass
from members.models import ClassTerms, Membership

from .shares import Holding, holding_of, holdings


@dataclass(frozen=True, slots=True)
class Owed:
    """What a member owes, in minor units, by the terms under which they were admitted."""

    fee: int  # of the entry fee
    capital: int  # of the shares subscribed
    due: int  # of both, by the day asked about
    parts: tuple[instalments.Part, ...]
    parts_paid: int
    activates_at: int  # the paid-up capital from which the membership is active

    @property
    def total(self) -> int:
        return self.fee + self.capital

    @property
    def next_due(self) -> date | None:
        return self.parts[self.parts_paid].due_on if self.parts_paid < len(self.parts) else None

    @property
    def next_part(self) -> int:
        """What pays the next part in full, the entry fee with the first."""
        if self.parts_paid >= len(self.parts):
            return self.total
        paid = sum(part.amount for part in self.parts) - self.capital
        wanted = sum(part.amount for part in self.parts[: self.parts_paid + 1])
        return self.fee + max(0, wanted - paid)


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
    holding = holding_of(membership)
    if holding.shares == 0 and membership.state == Membership.State.ADMITTED:
        holding = _wanted(membership, par_value(membership.coop), Terms(membership.coop).of(membership))
    return _owed(
        membership, on, holding, fee_paid(membership), Terms(membership.coop).of(membership), par_value(membership.coop)
    )


def _wanted(membership, par: int, terms: ClassTerms | None) -> Holding:
    shares = max(membership.shares_wanted, terms.minimum_shares if terms else 1)
    return Holding(shares, shares * par, 0)


def _owed(membership, on: date, holding: Holding, fee: int, terms: ClassTerms | None, par: int) -> Owed:
    fee_owed = max(0, (terms.entry_fee if terms else 0) - fee)
    count = terms.instalments if terms and membership.instalments else 1
    minimum = (terms.minimum_shares if terms else 1) * par
    plan = instalments.schedule(holding.subscribed, count, membership.admitted_on)
    first = instalments.schedule(minimum, count, membership.admitted_on)
    late_fee = fee_owed if plan and plan[0].due_on <= on else 0
    return Owed(
        fee=fee_owed,
        capital=holding.owing,
        due=max(0, instalments.due_by(plan, on) - holding.paid_up) + late_fee,
        parts=tuple(plan),
        parts_paid=instalments.parts_paid(plan, holding.paid_up),
        activates_at=first[0].amount if first else 0,
    )


@dataclass(frozen=True, slots=True)
class Debtor:
    """A member with something left to pay."""

    membership: Membership
    owed: Owed


def unpaid(coop, on: date) -> list[Debtor]:
    """Every open membership that still owes something, by number; ``owed.due`` is what is late. Five queries.

    Somebody admitted whose subscription is not entered yet owes what they asked for in their application.
    """
    held, terms, par = holdings(coop, on), Terms(coop), par_value(coop)
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
            holding = _wanted(membership, par, rules)
        answer = _owed(membership, on, holding, fees.get(membership.pk, 0), rules, par)
        if answer.capital or (answer.fee and membership.state == Membership.State.ADMITTED):
            found.append(Debtor(membership, answer))
    return found
