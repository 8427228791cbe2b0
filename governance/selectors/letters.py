"""What is known of a secret ballot's voting letters: who still needs one, the print runs, and what became of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count as CountOf
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet

from members.selectors.dated import newest_addresses

from ..models import Ballot, RollEntry, StrikeOff, VotingLetter


def without_letter(ballot: Ballot) -> QuerySet[RollEntry]:
    """Who may vote, has not been struck off, is reached by no e-mail or wants paper, and holds no letter with a code;
    by number."""
    struck = StrikeOff.objects.filter(ballot=ballot, entry=OuterRef("pk"))
    letter = VotingLetter.objects.filter(ballot=ballot, entry=OuterRef("pk"), spoiled_at__isnull=True)
    on_paper = Q(membership__party__email="") | Q(membership__party__by_post=True)
    there = RollEntry.objects.filter(on_paper, roll=ballot.voters, eligible=True)
    there = there.filter(membership__party__died_on__isnull=True, membership__party__erased_at__isnull=True)
    there = there.filter(~Exists(struck), ~Exists(letter))
    return there.select_related("membership__party").order_by("number")


def addresses(coop_id: int, on: date) -> dict[int, list[str]]:
    """Where letters go on a day, by party. One query."""
    return {each.party_id: each.lines for each in newest_addresses(coop_id, on)}


def standing(coop, pk: int) -> VotingLetter | None:
    """A letter of the co-op that was not spoiled, with its ballot and its line."""
    rows = VotingLetter.objects.filter(coop=coop, pk=pk, spoiled_at__isnull=True)
    return rows.select_related("ballot__roll", "ballot__coop", "entry__membership__party").first()


def on_line(ballot: Ballot, number: int) -> VotingLetter | None:
    """The letter that stands for this number on the roll, or None."""
    rows = VotingLetter.objects.filter(ballot=ballot, entry__number=number, spoiled_at__isnull=True)
    return rows.select_related("entry").first()


def runs(ballot: Ballot) -> list[dict[str, Any]]:
    """Every print run: ``batch``, ``at``, ``who``, and how many were ``made``, ``used`` and ``spoiled``."""
    rows = VotingLetter.objects.filter(ballot=ballot).order_by("batch").values("batch")
    counted = rows.annotate(
        at=Min("made_at"),
        who=Max(F("made_by__name")),
        made=CountOf("pk"),
        used=CountOf("strike_off"),
        spoiled=CountOf("pk", filter=Q(spoiled_at__isnull=False)),
    )
    return [dict(each) for each in counted]


def used(ballot: Ballot) -> int:
    """How many were struck off with the code of a letter."""
    return StrikeOff.objects.filter(ballot=ballot, letter__isnull=False).count()


def spoiled(ballot: Ballot) -> QuerySet[VotingLetter]:
    """Letters that were spoiled, the newest first, with who did it."""
    rows = VotingLetter.objects.filter(ballot=ballot, spoiled_at__isnull=False)
    return rows.select_related("entry", "spoiled_by").order_by("-spoiled_at", "entry__number")
