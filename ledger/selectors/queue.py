"""Who waits for shares to be paid back, in which order, and how much the board still lets go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum

from ledger.models import Redemption, RedemptionLimit
from ledger.selectors.shares import NOTHING, Holding, holdings

State = Redemption.State


def room(coop, on: date) -> int | None:
    """What may still leave the share capital on that day: every limit over it, less what left in its days.

    None where no limit covers the day. Limits over the same days add up; the tightest of different days counts.
    """
    limits: dict[tuple[date, date], int] = {}
    for each in RedemptionLimit.objects.filter(coop=coop, starts__lte=on, ends__gte=on):
        span = (each.starts, each.ends)
        limits[span] = limits.get(span, 0) + each.amount
    left = [amount - gone(coop, *span) for span, amount in limits.items()]
    return min(left, default=None)


def gone(coop, starts: date, ends: date) -> int:
    """What was taken out of the share capital between two days."""
    taken = Redemption.objects.filter(coop=coop, accepted_on__range=(starts, ends))
    return taken.aggregate(total=Sum("amount"))["total"] or 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """One wish in the queue: what it would take out, and whether the board's limit reaches it."""

    redemption: Redemption
    amount: int
    is_due: bool
    fits: bool


def waiting(coop, on: date) -> list[Waiting]:
    """The queue, oldest first, and how far the limit reaches down it."""
    left = room(coop, on) or 0
    held = holdings(coop, on)
    found = []
    wishes = Redemption.objects.filter(coop=coop, state=State.ASKED).select_related("membership__party", "share_class")
    for wish in wishes.order_by("asked_on", "pk"):
        amount = _amount(held.get(wish.membership_id, NOTHING), wish)
        due = wish.due_on is None or wish.due_on <= on
        fits = due and amount <= left
        left -= amount if fits else 0
        found.append(Waiting(wish, amount, due, fits))
    return found


def _amount(holding: Holding, wish: Redemption) -> int:
    return max(0, holding.paid_up - (holding.shares - wish.shares) * wish.share_class.par)


def to_pay(coop) -> QuerySet:
    """Shares taken out of the capital and not paid yet, oldest first."""
    return (
        Redemption.objects.filter(coop=coop, state=State.ACCEPTED)
        .select_related("membership__party", "share_class", "entry")
        .order_by("accepted_on", "pk")
    )


def of_member(membership) -> list[Redemption]:
    """Everything a member asked to give back, newest first."""
    return list(Redemption.objects.filter(membership=membership).select_related("share_class").order_by("-id"))
