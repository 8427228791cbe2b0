"""Closing by the clock, and counting what was cast: once, from aggregated papers, with every round kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import Actor

from .. import locks, stored
from ..digests import PapersDigest, sha256
from ..models import Ballot, BoxOpening, Count, OtherRule, Question, Resolution
from ..selectors import urn as urns
from ..selectors.ballots import with_questions
from ..selectors.papers import aggregated, as_key, papers_of
from ..tally import RANKED, BadElection, Result
from . import tallying
from .publishing import publish, results_hash
from .secret import post


def close_due(now: datetime | None = None) -> int:
    """Close every released ballot whose time has come and ask for its count. Returns how many were closed.

    Each in its own transaction under the ballot's own lock: whoever was casting has finished, whoever comes later is
    refused. Ballots that another clock is closing right now are left to it.
    """
    now = now or clock.now()
    closed = 0
    for pk in Ballot.objects.due(now).order_by("closes_at", "pk").values_list("pk", flat=True):
        closed += _close(pk, now)
    return closed


@transaction.atomic
def _close(pk: int, now: datetime) -> int:
    due = Ballot.objects.due(now).filter(pk=pk)
    ballot = due.select_for_update(no_key=True, of=("self",), skip_locked=True).select_related("coop").first()
    if ballot is None:
        return 0
    ballot.state, ballot.closed_at = Ballot.State.CLOSED, now
    ballot.save(update_fields=["state", "closed_at"])
    system = Actor.system(ballot.coop)
    if not urns.awaited(ballot):  # then settling the urn asks for the count
        jobs.enqueue("governance.count_ballot", ballot.pk, actor=system, title=_("Counting “%s”") % ballot.title)
    audit.record(actor=system, kind="governance.ballot_closed", subject=f"ballot:{ballot.pk}", at=now.isoformat())
    return 1


def _nothing(done: int, total: int) -> None:
    """No page waits for the progress."""


@transaction.atomic
def count_ballot(*, actor, ballot_id: int, progress: Callable[[int, int], None] = _nothing) -> Ballot:
    """Count every question of a closed ballot; a motion's outcome becomes a resolution.

    May run twice or die half-way: it counts under the ballot's lock, in one transaction, and leaves a counted ballot
    as it is. Refuses a ballot that is not closed yet.
    """
    ballot = locks.alone(ballot_id)
    if ballot.has_result:
        return ballot
    if ballot.state != Ballot.State.CLOSED:
        raise Refused("not_closed", _("“%s” is counted once it has closed.") % ballot.title)
    if ballot.is_secret and not BoxOpening.objects.filter(ballot=ballot).exists():
        raise Refused("not_opened", _("“%s” is counted once its box has been opened.") % ballot.title)
    now = clock.now()
    questions = with_questions(ballot)
    outcome = {}
    for number, question in enumerate(questions):
        progress(number, len(questions))
        outcome[str(question.pk)] = _count_question(ballot, question, now)
    ballot.state, ballot.counted_at = Ballot.State.COUNTED, now
    ballot.save(update_fields=["state", "counted_at"])
    if ballot.is_secret:
        post(ballot, "counted", {"results": results_hash(ballot)})
        publish(ballot, now)
    audit.record(actor=actor, kind="governance.ballot_counted", subject=f"ballot:{ballot.pk}", questions=outcome)
    return ballot


def _count_question(ballot: Ballot, question: Question, now: datetime) -> dict:
    digest = PapersDigest()
    papers = {as_key(json.loads(mark)): number for mark, number in digest.through(aggregated(question))}
    seed = f"{ballot.tie_secret}:{digest.hex}"
    result = tallying.run(ballot, question, question.method, papers, seed)
    kept = Count.objects.create(
        coop_id=ballot.coop_id,
        ballot=ballot,
        question=question,
        method=question.method,
        papers=result.ballots,
        valid=result.valid,
        papers_hash=digest.hex,
        seed=seed,
        result=stored.dump(result) | tallying.beside(ballot, question, result),
        counted_at=now,
    )
    facts = {"papers": result.ballots, "papers_hash": digest.hex, "winners": list(result.winner_names)}
    if question.is_motion:
        resolved = _resolve(ballot, question, result, now)
        facts |= {"carried": resolved.carried, "resolution": resolved.number}
    return facts | {"count": kept.pk}


def _resolve(ballot: Ballot, question: Question, result: Result, now: datetime) -> Resolution:
    decided_on = ballot.closing.astimezone(ZoneInfo(ballot.coop.time_zone)).date()
    votes = dict(zip(("for", "against", "abstain"), result.rounds[0].votes, strict=False))
    locks.advisory(locks.NUMBER_CLASS, ballot.coop_id)
    given = Resolution.objects.filter(coop_id=ballot.coop_id, number__startswith=f"{decided_on.year}-").count()
    return Resolution.objects.create(
        coop_id=ballot.coop_id,
        number=f"{decided_on.year}-{given + 1}",
        title=question.title,
        text=question.text,
        text_hash=sha256(question.text.encode()),
        carried=bool(result.carried),
        decided_on=decided_on,
        votes=votes,
        sentence=" ".join(result.explanation),
        ballot=ballot,
        question=question,
        meeting_id=ballot.meeting_id,
        recorded_at=now,
    )


# --- what another rule would have said --------------------------------------------------------------------------------


def other_methods(question: Question) -> list[str]:
    """The rules the same papers could be counted by: rankings by any ranked rule, and by those that read the top."""
    if question.is_motion or question.method == Question.Method.SCORE:
        return []
    several = question.seats > 1
    rules_ = [*sorted(RANKED), "plurality", "block", "approval"] if question.is_ranked else ["plurality", "approval"]
    out = {"irv", "plurality"} if several else {"block"}
    return [each for each in rules_ if each != question.method and each not in out]


def ask_other_rule(*, actor, question: Question, method: str) -> Job | None:
    """Ask what another rule would have said. It is counted once; None where it is known already."""
    rules.require(actor, "governance.see_results", question)
    if not question.ballot.has_result:
        raise Refused("no_result", _("There is no result yet to compare with."))
    if method not in other_methods(question):
        raise Refused("other_rule", _("These papers cannot be counted by that rule."), "method")
    if OtherRule.objects.filter(question=question, method=method).exists():
        return None
    title = _("Counting “%(title)s” by %(rule)s, to compare") % {
        "title": question.title,
        "rule": Question.Method(method).label,
    }
    return jobs.enqueue("governance.count_other_rule", question.pk, method, actor=actor, title=title)


@transaction.atomic
def count_other_rule(*, actor, question_id: int, method: str) -> OtherRule:
    """Count the same papers by another rule and keep it apart from every result. May run twice."""
    question = (
        Question.objects.select_related("ballot__roll").prefetch_related("options").get(pk=question_id, coop=actor.coop)
    )
    locks.advisory(locks.ENTRY_CLASS + 2, question.pk)
    known = OtherRule.objects.filter(question=question, method=method).first()
    if known is not None:
        return known
    papers = papers_of(question)
    seed = Count.objects.values_list("seed", flat=True).get(question=question)
    try:
        result = tallying.run(question.ballot, question, method, papers, seed)
    except BadElection as bad:
        raise Refused("not_countable", _("That rule cannot count these papers: %s") % bad) from bad
    return OtherRule.objects.create(
        coop=actor.coop,
        question=question,
        method=method,
        result=stored.dump(result),
        counted_at=clock.now(),
        asked_by=actor.user,
    )
