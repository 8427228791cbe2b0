"""Single members and the rules they are under."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q

from coop.kernel import clock
from members import rules
from members.models import ClassTerms, Membership, Relationship


def membership_of(actor) -> Membership | None:
    """The actor's own membership, party and class with it, or None. Looked up once per actor."""
    return rules.membership_of(actor)


def _with_party(coop):
    return Membership.objects.filter(coop=coop).select_related("party", "member_class", "household")


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


def stand_ins(party_id: int) -> list[Relationship]:
    """Who stands or stood for a party, and whom it stands for; what lasts first. One query."""
    rows = Relationship.objects.filter(Q(object_id=party_id) | Q(subject_id=party_id))
    return list(rows.select_related("subject", "object").order_by(F("ends_on").desc(nulls_first=True), "-starts_on"))


def mails_of_stand_ins(party) -> list[str]:
    """The e-mail addresses of those who stand for a party today; one query."""
    kinds = [Relationship.Kind.REPRESENTS, Relationship.Kind.GUARDIAN, Relationship.Kind.HEIRS_REPRESENTATIVE]
    today = clock.today(party.coop)
    now = Relationship.objects.filter(object=party, kind__in=kinds, starts_on__lte=today)
    now = now.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
    return list(now.exclude(subject__email="").values_list("subject__email", flat=True))


def eligibility(coop) -> list[ClassTerms]:
    """What the public joining page shows: the terms of every class open to the public today, with class and by-laws."""
    in_force = terms_in_force(coop, clock.today(coop)).values()
    return sorted((t for t in in_force if t.open_to_public), key=lambda t: (t.member_class.position, t.member_class_id))


@dataclass(frozen=True)
class Figures:
    """The register in figures on a day. ``leaving`` still belong."""

    members: int
    active: int
    leaving: int
    former: int
    admitted_this_year: int
    left_this_year: int


def figures(coop, on: date) -> Figures:
    """How many belong on that day, by what is recorded now, and how many came and went since 1 January. One query."""
    belongs = Q(admitted_on__lte=on) & (Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    start = on.replace(month=1, day=1)
    counted = Membership.objects.filter(coop=coop).aggregate(
        members=Count("pk", filter=belongs),
        active=Count("pk", filter=belongs & Q(state=Membership.State.ACTIVE)),
        leaving=Count("pk", filter=belongs & Q(ends_on__isnull=False)),
        former=Count("pk", filter=Q(ends_on__lt=on)),
        admitted_this_year=Count("pk", filter=Q(admitted_on__gte=start, admitted_on__lte=on)),
        left_this_year=Count("pk", filter=Q(ends_on__gte=start - timedelta(days=1), ends_on__lt=on)),
    )
    return Figures(**counted)
