"""Applications and sheets, and who an applicant might already be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from members.folding import fold, grams, likeness
from members.models import Application, ApplicationCheck, BoardSheet, Membership, Party, PartyName

ALIKE = 0.45  # share of common trigrams from which two names are worth a look


def applications(coop) -> QuerySet[Application]:
    """The co-op's applications with class and sheet, those to be decided first coming first."""
    return Application.objects.filter(coop=coop).select_related("member_class", "sheet", "membership")


def waiting(coop) -> QuerySet[Application]:
    """Received, and on no sheet yet."""
    return applications(coop).filter(state=Application.State.RECEIVED)


def counts(coop) -> dict[str, int]:
    """How many applications wait, are on a sheet, and are decided. One query."""
    return Application.objects.filter(coop=coop).aggregate(
        waiting=Count("pk", filter=Q(state="received")),
        sheet=Count("pk", filter=Q(state="on_sheet")),
        decided=Count("pk", filter=~Q(state__in=Application.OPEN)),
    )


def sheets(coop) -> QuerySet[BoardSheet]:
    """Board sheets with how many applications each holds, and how many were admitted and refused."""
    return BoardSheet.objects.filter(coop=coop).annotate(
        held=Count("applications"),
        admitted=Count("applications", filter=Q(applications__state="admitted")),
        refused=Count("applications", filter=Q(applications__state="refused")),
    )


@dataclass(frozen=True)
class Candidate:
    """Somebody on record who may be the applicant, and what speaks for it."""

    party: Party
    likeness: float
    reasons: tuple[str, ...]

    @property
    def memberships(self) -> list[Membership]:
        return list(self.party.memberships.all())


def duplicates(application: Application) -> list[Candidate]:
    """Parties who may be this applicant, the likeliest first, five at most. Two queries."""
    name = fold(application.full_name)
    parties = Party.objects.filter(coop_id=application.coop_id, merged_into=None, erased_at=None)
    alike = Q(grams__overlap=grams(name))
    if application.email:
        alike |= Q(email__iexact=application.email)
    found = []
    for party in parties.filter(alike).prefetch_related("memberships")[:2000]:
        same = likeness(name, fold(party.name))
        reasons = _reasons(application, party, same)
        if reasons:
            found.append(Candidate(party, same + bool(party.email == application.email), reasons))
    return sorted(found, key=lambda each: -each.likeness)[:5]


def unsettled(applications: Sequence[Application]) -> dict[int, Candidate]:
    """Who of one sheet has the address or the name of somebody on record, and nobody has said whether it is them.

    By application: the one on record for whom most speaks. Two queries, three where somebody is found, however many
    apply. Names that are only alike are on each application's own page (``duplicates``).
    """
    settled = set(
        ApplicationCheck.objects.filter(
            application__in=applications, code=ApplicationCheck.Code.DUPLICATES
        ).values_list("application_id", flat=True)
    )
    open_ones = [each for each in applications if each.party_id is None and each.pk not in settled]
    if not open_ones:
        return {}
    same = Q(sort_name__in={_sorted_as(each) for each in open_ones})
    same |= Q(email__in={each.email for each in open_ones} - {""})
    parties = Party.objects.filter(same, coop_id=open_ones[0].coop_id, merged_into=None, erased_at=None)
    found: dict[int, Candidate] = {}
    known = list(parties.order_by("pk").prefetch_related("memberships"))
    for each in open_ones:
        alike = [Candidate(party, 1.0, reasons) for party in known if (reasons := _reasons(each, party, 0.0))]
        if alike:
            found[each.pk] = max(alike, key=lambda candidate: len(candidate.reasons))
    return found


def _sorted_as(application: Application) -> str:
    """The key under which a party of the applicant's name would be sorted."""
    names = {key: getattr(application, key) for key in ("family_name", "given_names", "firm")}
    return fold(PartyName(**names).sortable)[:300]


def _reasons(application: Application, party: Party, same: float) -> tuple[str, ...]:
    reasons = []
    if application.email and party.email.lower() == application.email.lower():
        reasons.append(_("the same e-mail address"))
    if fold(party.name) == fold(application.full_name):
        reasons.append(_("the same name"))
    elif same >= ALIKE:
        reasons.append(_("a similar name"))
    if reasons and application.place and fold(party.place) == fold(application.place):
        reasons.append(_("the same town"))
    return tuple(reasons)
