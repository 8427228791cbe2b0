"""From a question and its papers to a result: the pure tally, given what was put to the vote and nothing newer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from .. import motions
from ..models import Ballot, Question
from ..resolutions import classes_of, said
from ..selectors.papers import motion_by_class
from ..tally import Contest, Result, Votes, count
from ..tally.schulze import Switches
from .marks import score_range


def frozen(ballot: Ballot, question: Question) -> dict:
    """The question as it was put to the vote, out of the ballot's manifest."""
    return next(each for each in ballot.manifest["questions"] if each["id"] == question.pk)


def run(ballot: Ballot, question: Question, method: str, papers: dict, seed: str) -> Result:
    """The pure tally on one question's papers, by its own rule or another. Deterministic."""
    facts = frozen(ballot, question)
    contest = Contest(
        candidates=tuple(option["name"] for option in facts["options"]),
        ballots=papers,
        seats=facts["seats"],
        withdrawn=frozenset(at for at, option in enumerate(facts["options"]) if option["withdrawn"]),
        seed=seed,
        equal_ranks="exhaust",
        title=facts["title"],
    )
    result = count(method, contest, **_switches(question, facts, method))
    return _decided(ballot, question, facts, result) if method == "motion" else result


def _switches(question: Question, facts: dict, method: str) -> dict:
    settings = facts["settings"]
    if method == "block":
        return {"marks": settings.get("marks")}
    if method == "score":
        low, high = score_range(question)
        return {"low": low, "high": high}
    if method == "schulze":
        quorum = settings.get("quorum")
        switches = Switches(
            unranked=settings.get("unranked", "last"),
            default=settings.get("default"),
            quorum=None if quorum is None else Fraction(str(quorum)),
            majorities={int(at): Fraction(*ratio) for at, ratio in settings.get("majorities", {}).items()},
        )
        return {"switches": switches}
    return {}


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
    in_favour, against, abstain = (votes or 0 for votes in result.rounds[0].votes)
    conditions = facts["resolution_type"]["conditions"]
    # Papers of another list can outnumber the roll; then they are the larger number of those entitled.
    roll = max(ballot.voters.eligible, result.ballots)
    everybody = Votes(in_favour, against, abstain, present=result.ballots, roll=roll)
    classes = motion_by_class(question) if classes_of(conditions) else {}
    return motions.decide(conditions, everybody, classes)


def beside(ballot: Ballot, question: Question, result: Result) -> dict:
    """What is kept beside a motion's result, so that its words can be said again: conditions and scales."""
    if not question.is_motion:
        return {}
    facts = frozen(ballot, question)
    kind = facts["resolution_type"]
    scales = _decide(ballot, question, facts, result).scales
    return {"conditions": kind["conditions"], "cite": kind["cite"], "scales": list(scales)}
