"""Ballots as an officer and as a voter see them, and what is missing before one can be released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Count as CountOf
from django.db.models import OuterRef, Prefetch, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ..models import Ballot, Option, Question, RecordedVote, RollEntry, StrikeOff
from ..resolutions import classes_of
from . import nominations, secret_issues
from .issue import Issue
from .objections import issues as open_objections
from .rolls import why_not_on


def _motion_issues(question: Question) -> list[Issue]:
    where, name = f"question:{question.pk}", {"title": question.title}
    issues = []
    if question.resolution_type_id is None:
        issues.append(Issue("no_resolution_type", _("Say which kind of resolution “%(title)s” is.") % name, where))
    if missing := _missing_classes(question):
        name["names"] = ", ".join(sorted(missing))
        text = _("“%(title)s” needs the votes of %(names)s, and nobody on the roll who may vote belongs there.")
        issues.append(Issue("no_class", text % name, where))
    if not question.text.strip():
        issues.append(Issue("no_text", _("Write down the text of the motion “%(title)s”.") % name, where))
    return issues


def _election_issues(question: Question) -> list[Issue]:
    where, name = f"question:{question.pk}", {"title": question.title}
    standing = sum(not option.withdrawn for option in question.options.all())
    if not standing:
        return [Issue("no_candidates", _("Nobody stands for “%(title)s”.") % name, where)]
    if standing > question.seats:
        return []
    if standing == 1:
        return [Issue("uncontested", _("Only one stands for “%(title)s”.") % name, where, warning=True)]
    name |= {"standing": str(standing), "seats": str(question.seats)}
    text = _("%(standing)s stand for %(seats)s seats in “%(title)s”: all are elected.")
    return [Issue("uncontested", text % name, where, warning=True)]


def _missing_classes(question: Question) -> set[str]:
    """Classes that a motion's kind of resolution names and nobody on the roll belongs to."""
    kind, roll = question.resolution_type, question.ballot.roll
    named = classes_of(kind.conditions) if kind is not None and roll is not None else set()
    if not named:
        return set()
    there = RollEntry.objects.filter(roll=roll, eligible=True, class_name__in=named)
    return named - set(there.values_list("class_name", flat=True).distinct())


def issues_before_opening(ballot: Ballot, now: datetime) -> list[Issue]:
    """Everything that keeps the ballot from being released at ``now``, in the order of the page; warnings included.

    The page's to-do list and the refusal of ``open_ballot`` both read it.
    """
    issues = [*_roll_issues(ballot, now), *_time_issues(ballot, now)]
    questions = with_questions(ballot)
    for question in questions:
        question.ballot = ballot
    if not questions:
        issues.append(Issue("no_question", _("There is nothing to decide yet: add a question."), "questions"))
    for question in questions:
        issues += _motion_issues(question) if question.is_motion else _election_issues(question)
    issues += nominations.issues_of(questions, now)
    return [*issues, *secret_issues.issues(ballot, questions)] if ballot.is_secret else issues


def _roll_issues(ballot: Ballot, now: datetime) -> list[Issue]:
    roll = ballot.roll
    if roll is None:
        return [Issue("no_roll", _("Freeze a roll and choose it: it says who may vote."), "roll")]
    if roll.frozen_at is None:
        return [Issue("roll_not_frozen", _("The roll is not frozen yet."), "roll")]
    if not roll.eligible:
        return [Issue("nobody_votes", _("Nobody on the roll may vote."), "roll")]
    found = list(open_objections(roll, now, ballot.coop))
    if ballot.opens_at is not None and roll.record_date > _day(ballot.opens_at, ballot.coop):
        found.append(Issue("record_date_late", _("The record date of the roll lies after the opening."), "roll"))
    return found


def _time_issues(ballot: Ballot, now: datetime) -> list[Issue]:
    if ballot.opens_at is None or ballot.closes_at is None:
        return [Issue("no_times", _("Say when the ballot opens and when it closes."))]
    if ballot.closes_at <= now:
        return [Issue("over", _("The closing time has passed already."))]
    return []


def _day(moment: datetime, coop) -> date:
    return moment.astimezone(ZoneInfo(coop.time_zone)).date()


def ballots_for(actor):
    """The ballots this actor may see, newest first, with meeting, roll, and how many questions and votes they hold."""
    votes = RecordedVote.objects.filter(ballot=OuterRef("pk"), replaces__isnull=True).order_by()
    struck = StrikeOff.objects.filter(ballot=OuterRef("pk")).order_by()
    return (
        Ballot.objects.visible_to(actor)
        .select_related("meeting", "roll")
        .annotate(
            question_count=CountOf("questions"),
            voted=Coalesce(
                Subquery(votes.values("ballot").annotate(n=CountOf("pk")).values("n")),
                Subquery(struck.values("ballot").annotate(n=CountOf("pk")).values("n")),
            ),
        )
        .order_by("-id")
    )


def with_questions(ballot: Ballot) -> list[Question]:
    """The questions in order, each with its options (two queries)."""
    options = Prefetch("options", Option.objects.order_by("position"))
    return list(
        ballot.questions.order_by("position")
        .select_related("resolution_type", "nomination_call__coop")
        .prefetch_related(options)
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a member may cast in a ballot, and why, in words. ``entry`` is their line on the roll, if any."""

    may: bool
    sentence: str
    entry: RollEntry | None = None

    @property
    def reasons(self) -> list[str]:
        return list(self.entry.reasons) if self.entry else []


def standing(ballot: Ballot, membership) -> Standing:
    """May this membership vote in this ballot? From its line on the frozen roll, never from today's register."""
    entry = None
    if membership is not None:
        entry = RollEntry.objects.filter(roll=ballot.voters, membership_id=membership.pk).first()
    if entry is None:
        return Standing(False, why_not_on(ballot.voters, membership))
    if not entry.eligible:
        return Standing(False, _("You are on the roll, but without a vote: %s") % " ".join(entry.reasons), entry)
    return Standing(True, _("You can vote: %s") % " ".join(entry.reasons), entry)


def current_vote(ballot: Ballot, entry: RollEntry | None) -> RecordedVote | None:
    """The paper that counts for this line of the roll, or None."""
    if entry is None:
        return None
    current = RecordedVote.objects.filter(ballot=ballot, entry=entry).current()
    return current.select_related("entry", "proxy__holder__party").first()


def taken_part(ballot: Ballot) -> int:
    """How many people have cast a recorded vote, or were struck off for a secret one."""
    if ballot.is_secret:
        return StrikeOff.objects.filter(ballot=ballot).count()
    return RecordedVote.objects.filter(ballot=ballot, replaces__isnull=True).count()


def votes_cast(ballot: Ballot) -> int:
    """How many votes those who have cast a recorded one have together: one each, but in a federation."""
    cast = RecordedVote.objects.filter(ballot=ballot, replaces__isnull=True)
    return cast.aggregate(n=Sum("entry__votes"))["n"] or 0


def recorded_votes(ballot: Ballot, words: str = ""):
    """The current votes of a recorded ballot with their line on the roll, by number; ``words`` finds number or name."""
    votes = RecordedVote.objects.filter(ballot=ballot).current().order_by("entry__number")
    votes = votes.select_related("entry", "proxy__holder__party")
    if words.strip():
        votes = votes.filter(entry__in=RollEntry.objects.filter(roll=ballot.voters).found(words))
    return votes


def my_ballots(actor, membership, now: datetime) -> list[Ballot]:
    """The released ballots of the co-op, those that take votes now first, each with ``my_entry`` and ``my_vote``.

    Three queries, whatever their number; one more where some are secret: there ``my_vote`` is the strike-off.
    """
    found = list(Ballot.objects.filter(coop_id=actor.coop_id).released().select_related("meeting", "roll"))
    entries: dict[int, RollEntry] = {}
    votes: dict[int, RecordedVote | StrikeOff] = {}
    if membership is not None and found:
        entries = {e.roll_id: e for e in RollEntry.objects.filter(coop_id=actor.coop_id, membership=membership)}
        mine = RecordedVote.objects.filter(entry__in=[e.pk for e in entries.values()]).current()
        votes = {vote.ballot_id: vote for vote in mine}
        if any(ballot.is_secret for ballot in found):
            struck = StrikeOff.objects.filter(entry__in=[e.pk for e in entries.values()])
            votes |= {each.ballot_id: each for each in struck}
    for ballot in found:
        ballot.my_entry = entries.get(ballot.roll_id)
        ballot.my_vote = votes.get(ballot.pk)
        ballot.now = ballot.phase(now)
    order = {"open": 0, "announced": 1, "closing": 2}
    return sorted(found, key=lambda each: (order.get(each.now, 3), -(each.closes_at.timestamp())))
