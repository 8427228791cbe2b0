"""A motion: for, against, abstain, and a *resolution type* that says of whom how many must agree.

In rules:

1. A resolution type is a list of conditions; the motion is carried when every one holds. A condition looks at all
   votes or at the votes of one class, and names a *denominator*, a ratio, and whether more than the ratio is needed
   or the ratio will do.
2. The denominator is one of: ``for+against`` (abstentions not counted), ``cast`` (abstentions counted), ``present``
   (everybody in the room or who took part), ``roll`` (everybody entitled to vote), ``class`` (everybody entitled in
   the class).
3. A condition may ask a quorum: at least so many, or at least such a share of the roll, of those present; where
   nobody counted who is present, of the votes cast.
4. Nothing is rounded: 2/3 of 100 is reached by 67. Where nobody is counted, nothing is carried.

Sources: Robert's Rules of Order Newly Revised §44 (majority, two thirds; of those voting, present, or the entire
membership); Co-operative and Community Benefit Societies Act 2014 ss. 111, 113 (special resolutions); GenG § 43 (2)
(majority of votes cast); SCE Regulation (EC) 1435/2003 art. 61 (quorum and two thirds for statutes).

Conversion of a British society into a company (2014 Act, s. 113(2)): at least 75 % of the eligible members who vote,
and at least half of them vote. Of 200 entitled, 75 to 25 is enough, 74 to 26 is not, and at 75 to 24 too few have
voted.

>>> conversion = Resolution("conversion", (Condition(ratio=Fraction(3, 4), at_least=True, quorum=Fraction(1, 2)),))
>>> [decide(conversion, Votes(*votes, roll=200)).carried for votes in ((75, 25), (74, 26), (75, 24))]
[True, False, False]
>>> for test in decide(conversion, Votes(74, 26, roll=200)).tests:
...     print(test.sentence)
100 voted; the quorum is 1/2 of 200 on the roll, that is 100.
74 of 100 votes for and against are in favour; at least 3/4 is needed, that is 75.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .model import BadElection, Contest, Result, Round, Test, fraction_words
from .papers import check_question, is_whole, short, sort_papers
from .words import number, of_papers

FOR, AGAINST, ABSTAIN = 0, 1, 2
DENOMINATORS = {
    "for+against": "votes for and against",
    "cast": "votes cast",
    "present": "present",
    "roll": "on the roll",
    "class": "on the roll of the class",
}


@dataclass(frozen=True, slots=True)
class Votes:
    """What was counted, and of whom: ``present`` and ``roll`` are None where nobody counted them."""

    for_: int
    against: int
    abstain: int = 0
    present: int | None = None
    roll: int | None = None

    @property
    def cast(self) -> int:
        """All papers with a mark, abstentions included."""
        return self.for_ + self.against + self.abstain


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold. ``of_class`` None: all votes together."""

    denominator: str = "for+against"
    ratio: Fraction = Fraction(1, 2)
    at_least: bool = False
    quorum: int | Fraction | None = None
    of_class: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """A resolution type of the by-laws: a name and its conditions, all of which must hold."""

    name: str = "ordinary"
    conditions: tuple[Condition, ...] = (Condition(),)


@dataclass(frozen=True, slots=True)
class Decision:
    """Carried or not, each condition's arithmetic, and one sentence that says it."""

    carried: bool
    tests: tuple[Test, ...]
    sentence: str


ORDINARY = Resolution()


def decide(resolution: Resolution, votes: Votes, classes: Mapping[str, Votes] | None = None) -> Decision:
    """Apply a resolution type to counted votes. Raises BadElection where a number it needs was not given."""
    if not resolution.conditions:
        raise BadElection(f"The resolution type {short(resolution.name)} has no condition.")
    _check_votes(votes, "the votes")
    tests: list[Test] = []
    for condition in resolution.conditions:
        counted = votes
        if condition.of_class is not None:
            if condition.of_class not in (classes or {}):
                raise BadElection(f"The votes of the class {short(condition.of_class)} were not counted apart.")
            counted = (classes or {})[condition.of_class]
            _check_votes(counted, f"the votes of the class {short(condition.of_class)}")
        if condition.quorum is not None:
            tests.append(_quorum(condition, counted))
        tests.append(_majority(condition, counted))
    carried = all(test.passed for test in tests)
    failed = [test for test in tests if not test.passed]
    verdict = "The motion is carried." if carried else "The motion is not carried."
    if failed:
        verdict += " " + failed[0].sentence
    return Decision(carried, tuple(tests), verdict)


def _check_votes(votes: Votes, what: str) -> None:
    numbers = (votes.for_, votes.against, votes.abstain)
    if any(not is_whole(n) or n < 0 for n in numbers):
        raise BadElection(f"In {what}, every number must be a whole number from 0.")
    for known, word in ((votes.present, "present"), (votes.roll, "on the roll")):
        if known is None:
            continue
        if not is_whole(known) or known < 0:
            raise BadElection(f"In {what}, the number {word} must be a whole number from 0.")
        if known < votes.cast:
            raise BadElection(f"In {what}, {number(votes.cast)} were cast by {number(known)} {word}.")
    if votes.present is not None and votes.roll is not None and votes.present > votes.roll:
        raise BadElection(f"In {what}, {number(votes.present)} are present of {number(votes.roll)} on the roll.")


def _denominator(condition: Condition, votes: Votes) -> int:
    name = condition.denominator
    if name not in DENOMINATORS:
        raise BadElection(f"The denominator {short(name)} is not one of: {', '.join(DENOMINATORS)}.")
    if name == "class" and condition.of_class is None:
        raise BadElection("A condition on all in a class must name the class.")
    known = {
        "for+against": votes.for_ + votes.against,
        "cast": votes.cast,
        "present": votes.present,
        "roll": votes.roll,
        "class": votes.roll,
    }[name]
    if known is None:
        raise BadElection(f"The condition needs the number {DENOMINATORS[name]}, and it was not given.")
    return known


def _whose(condition: Condition) -> str:
    return "" if condition.of_class is None else f"In the class {condition.of_class}: "


def _majority(condition: Condition, votes: Votes) -> Test:
    of = _denominator(condition, votes)
    ratio = condition.ratio
    if not isinstance(ratio, (Fraction, int)) or not 0 <= ratio <= 1:
        raise BadElection(f"A majority is a share between 0 and 1, not {short(ratio)}.")
    ratio = Fraction(ratio)
    share = ratio * of
    needed = (
        -(-share.numerator // share.denominator) if condition.at_least else share.numerator // share.denominator + 1
    )
    needed = max(needed, 1)
    passed = of > 0 and votes.for_ >= needed
    what = DENOMINATORS[condition.denominator]
    ask = "at least" if condition.at_least else "more than"
    sentence = (
        f"{_whose(condition)}{number(votes.for_)} of {number(of)} {what} are in favour; {ask} {fraction_words(ratio)} "
        f"is needed, that is {number(needed)}."
    )
    return Test(condition.of_class or "majority", passed, votes.for_, of, needed, sentence)


def _quorum(condition: Condition, votes: Votes) -> Test:
    quorum = condition.quorum
    have = votes.cast if votes.present is None else votes.present
    who = "voted" if votes.present is None else "present"
    if isinstance(quorum, Fraction):
        if not 0 <= quorum <= 1:
            raise BadElection(f"A quorum as a share of the roll lies between 0 and 1, not {short(quorum)}.")
        if votes.roll is None:
            raise BadElection("The quorum is a share of the roll, and the number on the roll was not given.")
        share = quorum * votes.roll
        needed = -(-share.numerator // share.denominator)
        ask = f"{fraction_words(quorum)} of {number(votes.roll)} on the roll, that is {number(needed)}"
        of = votes.roll
    elif is_whole(quorum) and isinstance(quorum, int) and quorum >= 0:
        needed, ask, of = quorum, number(quorum), quorum
    else:
        raise BadElection(f"A quorum is a whole number or a share of the roll, not {short(quorum)}.")
    passed = have >= needed
    sentence = (
        f"{_whose(condition)}{number(have)} {who}; the quorum is {ask}{'' if passed else ', and is not reached'}."
    )
    return Test("quorum", passed, have, of, needed, sentence)


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is known besides the papers: how many are present and on the roll, and the classes' votes counted apart."""

    present: int | None = None
    roll: int | None = None
    classes: Mapping[str, Votes] = field(default_factory=dict)


def count(contest: Contest, resolution: Resolution = ORDINARY, meeting: Meeting | None = None) -> Result:
    """Count a motion whose options are for, against and (optionally) abstain, in this order.

    A paper with more than one mark is not valid. ``winners`` holds the first option when the motion is carried,
    nobody when not.
    """
    check_question(contest)
    if not 2 <= len(contest.candidates) <= 3 or contest.withdrawn:
        raise BadElection("A motion has the options for, against and, where offered, abstain.")
    cast = sort_papers(contest)
    votes = [0] * len(contest.candidates)
    for paper, papers in cast.flat.items():
        if len(paper) == 1:
            votes[paper[0]] += papers
    known = meeting or Meeting()
    abstain = votes[ABSTAIN] if len(votes) > ABSTAIN else 0
    counted = Votes(votes[FOR], votes[AGAINST], abstain, known.present, known.roll)
    decision = decide(resolution, counted, known.classes)
    winners = (FOR,) if decision.carried else ()
    valid = sum(votes)
    said = ", ".join(f"{name} {number(v)}" for name, v in zip(contest.candidates, votes, strict=True))
    note = f"{of_papers(valid)}: {said}. {decision.sentence}"
    main = next((t for t in decision.tests if t.name == "majority"), decision.tests[-1])
    return Result(
        method="motion",
        candidates=contest.candidates,
        withdrawn=contest.withdrawn,
        seats=contest.seats,
        ballots=cast.papers,
        valid=valid,
        quota=main.needed,
        decimals=0,
        winners=winners,
        rounds=(Round(1, "count", None, tuple(votes), winners, (), 0, (), note, main.needed),),
        explanation=tuple(t.sentence for t in decision.tests),
        carried=decision.carried,
        tests=decision.tests,
        title=contest.title,
        seed=contest.seed,
    )
