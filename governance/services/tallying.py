"""From a question and its papers to a result: the pure tally, given what was put to the vote and nothing newer."""

from __future__ import annotations

from dataclasses import replace

from .. import motions
from ..ballotbox import recount
from ..models import Ballot, Question
from ..resolutions import classes_of, said
from ..selectors.papers import motion_by_class
from ..tally import Result, count


def frozen(ballot: Ballot, question: Question) -> dict:
    """The question as it was put to the vote, out of the ballot's manifest."""
    return next(each for each in ballot.manifest["questions"] if each["id"] == question.pk)


def run(ballot: Ballot, question: Question, method: str, papers: dict, seed: str) -> Result:
    """The pure tally on one question's papers, by its own rule or another. Deterministic."""
    facts = frozen(ballot, question)
    contest = recount.contest_of(facts, papers, seed)
    result = count(method, contest, **recount.switches_of(facts, method))
    return _decided(ballot, question, facts, result) if method == "motion" else result


def _decided(ballot: Ballot, question: Question, facts: dict, result: Result) -> Result:
    """The motion's result by its own kind of resolution: every condition, classes and caps included."""
    decided, conditions = _decide(ballot, question, facts, result), facts["resolution_type"]["conditions"]
    explanation = tuple(said(conditions, decided.tests, decided.scales))
    winners = (0,) if decided.carried else ()
    (only,) = result.rounds
    return replace(
        result,
        carried=decided.carried,
        winners=winners,
        tests=decided.tests,
        explanation=explanation,
        quota=next((test.needed for test in decided.tests if test.name != "quorum"), None),
        rounds=(replace(only, elected=winners, note=" ".join(explanation)),),
    )


def _decide(ballot: Ballot, question: Question, facts: dict, result: Result) -> motions.Decided:
    conditions = facts["resolution_type"]["conditions"]
    classes = motion_by_class(question) if classes_of(conditions) else {}
    return recount.decided(facts, result, ballot.voters.votes, classes)


def beside(ballot: Ballot, question: Question, result: Result) -> dict:
    """What is kept beside a motion's result, so that its words can be said again: conditions and scales."""
    if not question.is_motion:
        return {}
    facts = frozen(ballot, question)
    kind = facts["resolution_type"]
    scales = _decide(ballot, question, facts, result).scales
    return {"conditions": kind["conditions"], "cite": kind["cite"], "scales": list(scales)}
