"""Who was told of a posted plan, and who still has to be."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from ledger.models import AllocationNotice, PlanLine, SurplusPlan
from members.models import PartyAddress

SHEETS = 100  # members in one file for the printer


@dataclass(frozen=True)
class Told:
    """How many members of a plan were told, and how the rest can be."""

    members: int
    by_email: int
    on_paper: int
    with_email: int  # not told yet, and a letter would reach them
    on_the_list: int  # not told yet, and only paper reaches them

    @property
    def told(self) -> int:
        return self.by_email + self.on_paper

    @property
    def sheets(self) -> range:
        """The numbers of the files for the printer."""
        return range(1, -(-self.on_the_list // SHEETS) + 1)


def _untold(plan: SurplusPlan) -> QuerySet[PlanLine]:
    given = AllocationNotice.objects.filter(plan=plan, membership=OuterRef("membership"))
    return PlanLine.objects.filter(plan=plan).exclude(Exists(given))


_PARTY = {"email__gt": "", "by_post": False, "died_on": None, "erased_at": None}
REACHED = Q(**{f"membership__party__{what}": value for what, value in _PARTY.items()})


def by_email(plan: SurplusPlan) -> QuerySet[PlanLine]:
    """Lines of members not told yet whom a letter reaches, by number."""
    return _untold(plan).filter(REACHED).select_related("membership__party").order_by("number")


def on_paper(plan: SurplusPlan) -> QuerySet[PlanLine]:
    """Lines of members not told yet whom only paper reaches (no e-mail, wants paper, died, erased), by number."""
    return _untold(plan).exclude(REACHED).select_related("membership__party").order_by("number")


def told(plan: SurplusPlan) -> Told:
    """The figures of the page; three queries."""
    given = dict(AllocationNotice.objects.filter(plan=plan).values_list("way").annotate(Count("id")).order_by())
    untold = _untold(plan).aggregate(all=Count("id"), reached=Count("id", filter=REACHED))
    return Told(
        members=plan.line_count,
        by_email=given.get(AllocationNotice.Way.EMAIL, 0),
        on_paper=given.get(AllocationNotice.Way.PAPER, 0),
        with_email=untold["reached"],
        on_the_list=untold["all"] - untold["reached"],
    )


def addresses(lines: list[PlanLine], on) -> dict[int, list[str]]:
    """Where the members of these lines live, by membership: the name, then the address as on the day ``on``."""
    party_of = {line.membership.party_id: line.membership for line in lines}
    found = {membership.pk: [membership.party.name] for membership in party_of.values()}
    rows = PartyAddress.objects.filter(party__in=party_of, valid_from__lte=on).order_by("party", "-valid_from", "-id")
    for address in rows.distinct("party"):
        found[party_of[address.party_id].pk] += address.lines
    return found
