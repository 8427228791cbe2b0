"""What is known of a secret ballot without knowing a vote: its groups, who was struck off, what came out of the box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Count as CountOf
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from coop.kernel.models import Job

from ..ballotbox import paper
from ..models import Ballot, BoardEntry, BoxOpening, Bundle, OpenedPaper, Question, Roll, RollEntry, StrikeOff
from ..resolutions import classes_of


def classes_apart(questions: Sequence[Question]) -> list[str]:
    """The classes whose votes some motion counts apart, in order. Each gets a credential key of its own."""
    named: set[str] = set()
    for question in questions:
        if question.resolution_type is not None:
            named |= classes_of(question.resolution_type.conditions)
    return sorted(named)


def groups(questions: Sequence[Question]) -> list[str]:
    """The credential keys of a ballot by place: everybody's, which is nameless, then each class counted apart."""
    return ["", *classes_apart(questions)]


@dataclass(slots=True)
class Group:
    """Who votes by one credential key: voters, their votes, and the most that one of them has."""

    voters: int = 0
    votes: int = 0
    most: int = 0


def sizes(ballot: Ballot, names: Sequence[str]) -> dict[str, Group]:
    """How large each group is; whoever is in no class counted apart is in the nameless one. One query."""
    rows = RollEntry.objects.filter(roll=ballot.voters, eligible=True).order_by().values("class_name")
    found = {name: Group() for name in names}
    for row in rows.annotate(n=CountOf("pk"), total=Sum("votes"), top=Max("votes")):
        group = found[row["class_name"] if row["class_name"] in found else ""]
        group.voters += row["n"]
        group.votes += row["total"]
        group.most = max(group.most, row["top"])
    return found


def votes_on(roll: Roll) -> dict[str, dict[str, int] | int]:
    """How many votes a federation's roll has in all, and how many voters have how many: what its manifest says."""
    rows = RollEntry.objects.filter(roll=roll, eligible=True).order_by("votes").values("votes")
    voters = {str(row["votes"]): row["n"] for row in rows.annotate(n=CountOf("pk"))}
    return {"total": roll.votes, "voters": voters}


def group_of(manifest: dict, entry: RollEntry | None) -> int:
    """Which credential key signs this person's token."""
    names = [each["class"] for each in manifest["secret"]["credentials"]]
    return names.index(entry.class_name) if entry is not None and entry.class_name in names else 0


def paper_bytes(questions: Sequence[Question]) -> int:
    """How long every paper of the ballot is. Raises ``paper.BadPaper`` where it would be too long to be sealed."""
    facts = []
    for question in questions:
        longest = 0
        if question.method == Question.Method.SCORE:
            ends = (question.settings.get("low", 0), question.settings.get("high", 10))
            longest = max(len(str(end)) for end in ends)
        facts.append({"options": len(question.options.all()), "longest": longest})
    return paper.length_for(facts)


def ways_to_mark(questions: Sequence[Question]) -> int:
    """In how many ways the whole paper can be marked, at least: where many, a paper can be somebody's signature."""
    return math.prod(_ways(question) for question in questions)


def _ways(question: Question) -> int:
    n = sum(not option.withdrawn for option in question.options.all())
    if question.is_ranked:
        return sum(math.perm(n, k) for k in range(n + 1))
    if question.method in (Question.Method.MOTION, Question.Method.PLURALITY):
        return n + 1
    if question.method == Question.Method.SCORE:
        low, high = int(question.settings.get("low", 0)), int(question.settings.get("high", 10))
        return (high - low + 2) ** n
    return 2**n


def published_together(ballot: Ballot, questions: Sequence[Question]) -> bool:
    """May each receipt stand beside its marks? Only where every way of marking is expected at least k times over, and
    nobody has several papers, which would be alike."""
    return not ballot.voters.weighted and ways_to_mark(questions) * settings.BALLOT_LEAST <= ballot.voters.eligible


# What a server log must not hold: setting → the values that are right, and whether a ballot is refused without them.
LOG_SETTINGS = {
    "log_statement": ({"none"}, True),
    "log_min_duration_statement": ({"-1"}, True),
    "log_min_duration_sample": ({"-1"}, True),
    "log_transaction_sample_rate": ({"0"}, True),
    "log_parameter_max_length_on_error": ({"0"}, True),
    "log_min_error_statement": ({"log", "fatal", "panic"}, False),
}


def loud_settings() -> list[tuple[str, str, bool]]:
    """Settings of this connection by which PostgreSQL would write statements down: name, value, and must it stop."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(LOG_SETTINGS)])
        found = dict(cursor.fetchall())
    return [
        (name, found[name], stops)
        for name, (right, stops) in LOG_SETTINGS.items()
        if name in found and found[name] not in right
    ]


def struck_off(ballot: Ballot) -> dict[str, int]:
    """How many were struck off the roll, by channel."""
    rows = StrikeOff.objects.filter(ballot=ballot).order_by().values("channel").annotate(n=CountOf("pk"))
    return dict.fromkeys(StrikeOff.Channel.values, 0) | {row["channel"]: row["n"] for row in rows}


def issued(ballot: Ballot) -> dict[str, int]:
    """How many credentials and sheets of paper they took, by channel: one each, but in a federation."""
    rows = StrikeOff.objects.filter(ballot=ballot).order_by().values("channel").annotate(n=Sum("units"))
    return dict.fromkeys(StrikeOff.Channel.values, 0) | {row["channel"]: row["n"] for row in rows}


def strike_offs(ballot: Ballot, words: str = ""):
    """The strike-off list by number; ``words`` finds number or name. Nothing on it says how anybody voted."""
    found = StrikeOff.objects.filter(ballot=ballot).select_related("entry", "proxy__holder__party")
    found = found.order_by("entry__number")
    if words.strip():
        found = found.filter(entry__in=RollEntry.objects.filter(roll=ballot.voters).found(words))
    return found


def struck(ballot: Ballot, entry: RollEntry | None) -> StrikeOff | None:
    """This person's line on the strike-off list, or None."""
    if entry is None:
        return None
    return StrikeOff.objects.filter(ballot=ballot, entry=entry).select_related("proxy__holder__party").first()


def opening(ballot: Ballot) -> BoxOpening | None:
    """What came out of the box, once it has been opened; None for a recorded ballot, without asking."""
    return BoxOpening.objects.filter(ballot=ballot).first() if ballot.is_secret else None


def receipts(ballot: Ballot) -> list[tuple[str, list | None]]:
    """Every receipt of an opened box with its marks, or None beside it where they are published apart."""
    return list(OpenedPaper.objects.filter(ballot=ballot).order_by("receipt").values_list("receipt", "marks"))


def board(ballot: Ballot) -> list[BoardEntry]:
    return list(BoardEntry.objects.filter(ballot=ballot).order_by("position"))


def bundle(ballot: Ballot) -> Bundle | None:
    """The bundle without its content, or None."""
    return Bundle.objects.filter(ballot=ballot).defer("content").first()


def how_published(together: bool) -> str:
    """In a sentence, for the voter."""
    if together:
        return _("After the close every receipt is published with the marks of its paper, in the order of chance.")
    return _("After the close all receipts are published, and all marks, but apart, so that a receipt shows no marks.")


def why_stuck(ballot: Ballot) -> str:
    """Why a closed box is still shut, in the words of the last attempt; empty where it is not, or nobody tried yet."""
    if not ballot.is_secret or ballot.state != Ballot.State.CLOSED or opening(ballot) is not None:
        return ""
    tried = Job.objects.filter(coop=ballot.coop_id, kind="governance.count_ballot", args=[ballot.pk], state="failed")
    return tried.order_by("-pk").values_list("error", flat=True).first() or ""
