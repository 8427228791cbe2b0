"""Single members and the rules they are under."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from coop.kernel import clock
from members import rules
from members.models import ClassTerms, Membership


def membership_of(actor) -> Membership | None:
    """The actor's own membership, party and class with it, or None. Looked up once per actor."""
    return rules.membership_of(actor)


def _with_party(coop):
    return Membership.objects.filter(coop=coop).select_related("party", "member_class")


def membership_by_number(coop, number: int) -> Membership | None:
    """The membership that bears this number, or None."""
    return _with_party(coop).filter(number=number).first()


def memberships_by_number(coop, numbers: Iterable[int]) -> dict[int, Membership]:
    """Those of these numbers that are given, by number, in one query."""
    return {each.number: each for each in _with_party(coop).filter(number__in=list(numbers))}


def terms_in_force(coop, on: date) -> dict[int, ClassTerms]:
    """Each class's terms on that day, by class id: those of the newest by-laws then in force that name the class."""
    newest = (
        ClassTerms.objects.filter(coop=coop, bylaws__effective_on__lte=on)
        .select_related("member_class", "bylaws")
        .order_by("member_class_id", "-bylaws__effective_on")
        .distinct("member_class_id")
    )
    return {terms.member_class_id: terms for terms in newest}


def eligibility(coop) -> list[ClassTerms]:
    """What the public joining page shows: the terms of every class open to the public today, with class and by-laws."""
    in_force = terms_in_force(coop, clock.today(coop)).values()
    return sorted((t for t in in_force if t.open_to_public), key=lambda t: (t.member_class.position, t.member_class_id))
