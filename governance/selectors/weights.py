"""How many votes member organisations have, and since when."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from ..models import Weight


def weights(coop) -> QuerySet[Weight]:
    """Every weight ever written down, by the member's number, the newest of each first."""
    found = Weight.objects.filter(coop=coop).select_related("membership__party", "membership__coop", "set_by")
    return found.order_by("membership__number", "-effective_on", "-id")


def in_force(coop, on: date, membership=None) -> dict[int, Weight]:
    """The weight each member organisation has on that day, by the membership's id; whoever has one vote is not there.

    One query. ``membership`` narrows it to one.
    """
    found = Weight.objects.filter(coop=coop, effective_on__lte=on)
    if membership is not None:
        found = found.filter(membership=membership)
    newest = found.order_by("membership_id", "-effective_on", "-id").distinct("membership_id")
    return {each.membership_id: each for each in newest if each.votes > 1}
