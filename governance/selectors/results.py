"""Results and resolutions, as pages and the neighbour on the right read them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum
from django.shortcuts import get_object_or_404

from ..models import Ballot, Count, PaperBatch, Resolution
from .ballots import votes_cast
from .secret import opening
from .urn import settled


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
    """Motions the members carried and two officers certified, newest first: what a plan or an act may lean on."""
    return Resolution.objects.filter(coop=coop).carried().certified()


def resolution(coop, pk: int) -> Resolution:
    """One resolution of this co-op; ``Http404`` otherwise."""
    return get_object_or_404(Resolution.objects.filter(coop=coop).select_related("meeting", "ballot"), pk=pk)


@dataclass(frozen=True, slots=True)
class Participation:
    """How many took part: votes online, papers (of the question with the most), votes in all on the roll.

    A vote is a person; in a federation a member organisation has several.
    """

    online: int
    papers: int
    roll: int

    @property
    def total(self) -> int:
        return self.online + self.papers

    @property
    def beyond_roll(self) -> int:
        """How many more papers than voters there are; they came with a reason (see the paper batches)."""
        return max(0, self.total - self.roll)


def participation(ballot: Ballot) -> Participation:
    """Who took part in a ballot, in numbers."""
    batches = PaperBatch.objects.filter(ballot=ballot).standing().order_by().values("question")
    papers = max((each["papers_in"] for each in batches.annotate(papers_in=Sum("papers"))), default=0)
    if (found := opening(ballot)) is not None:
        in_urn = settled(ballot)
        return Participation(found.papers, in_urn.papers if in_urn else 0, ballot.voters.votes)
    return Participation(votes_cast(ballot), papers, ballot.voters.votes)
