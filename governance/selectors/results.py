"""Results and resolutions, as pages and the neighbour on the right read them."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from ..models import Ballot, Count, Resolution


def counts_of(ballot: Ballot) -> list[Count]:
    """The counts of a ballot's questions, in their order, each with its question and resolution, if it made one."""
    return list(
        Count.objects.filter(ballot=ballot)
        .select_related("question", "question__resolution", "question__resolution_type")
        .order_by("question__position")
    )


def resolutions(actor, words: str = ""):
    """The co-op's resolutions, newest first."""
    found = Resolution.objects.filter(coop_id=actor.coop_id).select_related("meeting", "ballot")
    return found.found(words) if words.strip() else found


def carried_resolutions(coop):
    """Motions the members carried, newest first: what a plan or an act may lean on."""
    return Resolution.objects.filter(coop=coop).carried()


def resolution(coop, pk: int) -> Resolution:
    """One resolution of this co-op; ``Http404`` otherwise."""
    return get_object_or_404(Resolution.objects.filter(coop=coop).select_related("meeting", "ballot"), pk=pk)
