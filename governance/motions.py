"""A motion decided from its conditions and counted votes: of everybody or of a class, with a cap on investors. Pure.

Some laws let investors vote but not outvote: a cap says that one class together holds at most such a share of the
votes a condition looks at (SCE Regulation (EC) 1435/2003 art. 59 (3): a quarter; GenG § 8 (2): never a majority; many
by-laws: a tenth). Above it each of their votes counts for so much less that together they are exactly that share.
Nothing is rounded: the votes are multiplied out to whole numbers, and ``Decided.scales`` says by how much.

>>> from fractions import Fraction
>>> members, investors = Votes(50, 10), Votes(0, 40)
>>> worth(members.cast, investors.cast, Fraction(1, 10))
Fraction(1, 6)
>>> condition = {"denominator": "cast", "ratio": [3, 4], "at_least": True, "quorum": None, "of_class": None,
...              "cap": {"of_class": "Investor", "share": [1, 10]}}
>>> decided = decide([condition], Votes(50, 50), {"Investor": investors})
>>> decided.carried, decided.tests[0].have, decided.tests[0].of, decided.scales
(True, 300, 400, (6,))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .tally import BadElection, Condition, Test, Votes
from .tally import Resolution as Kind
from .tally import decide as tally_decide


@dataclass(frozen=True, slots=True)
class Decided:
    """Carried or not, and each condition's tests; ``scales`` are what a test's numbers were multiplied by."""

    carried: bool
    tests: tuple[Test, ...]
    scales: tuple[int, ...]


def condition_of(said: Mapping[str, Any]) -> Condition:
    """A condition out of its JSON, with exact fractions."""
    quorum = said["quorum"]
    return Condition(
        denominator=said["denominator"],
        ratio=Fraction(*said["ratio"]),
        at_least=said["at_least"],
        quorum=Fraction(*quorum) if isinstance(quorum, list) else quorum,
        of_class=said["of_class"],
    )


def worth(others: int, capped: int, share: Fraction) -> Fraction:
    """What each of ``capped`` votes counts beside ``others``, so that together they are at most ``share`` of all."""
    if capped <= share * (others + capped):
        return Fraction(1)
    return share * others / ((1 - share) * capped)


def decide(conditions: Iterable[Mapping[str, Any]], votes: Votes, classes: Mapping[str, Votes]) -> Decided:
    """Apply every condition. Raises BadElection where a number one of them needs was not counted."""
    tests: list[Test] = []
    scales: list[int] = []
    for said in conditions:
        condition = condition_of(said)
        cap = said.get("cap")
        if cap is None:
            found = tally_decide(Kind("", (condition,)), votes, classes).tests
            tests += found
            scales += [1] * len(found)
            continue
        if condition.quorum is not None:  # a quorum counts heads, whatever their votes weigh
            heads = Condition("cast", Fraction(0), True, condition.quorum, condition.of_class)
            tests.append(tally_decide(Kind("", (heads,)), votes, classes).tests[0])
            scales.append(1)
        test, scale = _capped(condition, cap, votes, classes)
        tests.append(test)
        scales.append(scale)
    return Decided(all(test.passed for test in tests), tuple(tests), tuple(scales))


def _capped(condition: Condition, cap: Mapping[str, Any], votes: Votes, classes: Mapping[str, Votes]):
    investors = classes.get(cap["of_class"])
    if investors is None:
        raise BadElection(f"The votes of the class {cap['of_class']!r} were not counted apart.")
    base = _base(condition.denominator, investors)
    each = worth(_base(condition.denominator, votes) - base, base, Fraction(*cap["share"]))
    weighed = _weigh(votes, investors, each)
    plain = Condition(condition.denominator, condition.ratio, condition.at_least)
    return tally_decide(Kind("", (plain,)), weighed).tests[0], each.denominator


def _base(denominator: str, votes: Votes) -> int:
    """How many votes of the kind the condition divides by."""
    known = {"for+against": votes.for_ + votes.against, "cast": votes.cast, "present": votes.present}
    found = known.get(denominator, votes.roll)
    if found is None:
        raise BadElection(f"A cap on {denominator} needs that number, of everybody and of the class.")
    return found


def _weigh(votes: Votes, investors: Votes, each: Fraction) -> Votes:
    """All votes times the denominator, the investors' at what each is worth."""

    def both(all_: int | None, theirs: int | None) -> int | None:
        if all_ is None or theirs is None:
            return None
        return (all_ - theirs) * each.denominator + theirs * each.numerator

    return Votes(
        both(votes.for_, investors.for_) or 0,
        both(votes.against, investors.against) or 0,
        both(votes.abstain, investors.abstain) or 0,
        both(votes.present, investors.present),
        both(votes.roll, investors.roll),
    )
