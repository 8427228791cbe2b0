"""Counting: marks in, result out, every round explained. Pure Python, no framework, exact integers and fractions only.

    >>> from governance.tally import Contest, count
    >>> count("irv", Contest(("Tea", "Coffee", "Water"), {(0, 1): 4, (1,): 3, (2, 1): 2})).winner_names
    ('Coffee',)

``count`` takes the method's name and the contest and returns a ``Result``; ``Result.as_dict()`` is the published
JSON. The only error it raises is ``BadElection``, whose text is a sentence for the person who brought the papers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from . import irv, marks, meek, motion, schulze, scottish
from .countback import Countback, recount
from .model import BadElection, Contest, Limit, Ranking, Result, Round, Test, Tie, Transfer, decimal_string
from .motion import Condition, Decision, Meeting, Resolution, Votes, decide
from .ties import commitment, live_seed, lot_order

METHODS: dict[str, Callable[..., Result]] = {
    "motion": motion.count,
    "plurality": marks.plurality,
    "block": marks.block,
    "approval": marks.approval,
    "score": marks.score,
    "irv": irv.count,
    "scottish-stv": scottish.count,
    "meek-stv": meek.count,
    "schulze": schulze.count,
}
RANKED = frozenset({"irv", "scottish-stv", "meek-stv", "schulze"})


def count(method: str, contest: Contest, **switches: Any) -> Result:
    """Count ``contest`` by ``method``, one of ``METHODS``.

    Switches by method: motion ``resolution``, ``meeting``; block ``marks``; score ``low``, ``high``; irv and schulze
    ``switches`` (``irv.Switches``, ``schulze.Switches``). Raises BadElection, with a sentence, for anything that
    cannot be counted.
    """
    if method not in METHODS:
        raise BadElection(f"There is no method called {method!r}; there are: {', '.join(METHODS)}.")
    result = METHODS[method](contest, **switches)
    none = contest.none_of_these
    if none is None:
        return result
    said = (f"{contest.candidates[none]} is elected: the seat stays vacant.",) if none in result.winners else ()
    return replace(result, none_of_these=none, explanation=(*result.explanation, *said))


def countback(
    method: str,
    contest: Contest,
    *,
    sitting: Iterable[int],
    leaving: Iterable[int],
    unwilling: Iterable[int] = (),
    **switches: Any,
) -> Countback:
    """Fill a casual vacancy from the papers of ``contest``: see ``countback.py``. Numbers are candidate indexes."""
    return recount(
        lambda again: count(method, again, **switches),
        contest,
        sitting=sitting,
        leaving=leaving,
        unwilling=unwilling,
    )


__all__ = [
    "METHODS",
    "RANKED",
    "BadElection",
    "Condition",
    "Contest",
    "Countback",
    "Decision",
    "Limit",
    "Meeting",
    "Ranking",
    "Resolution",
    "Result",
    "Round",
    "Test",
    "Tie",
    "Transfer",
    "Votes",
    "commitment",
    "count",
    "countback",
    "decide",
    "decimal_string",
    "irv",
    "live_seed",
    "lot_order",
    "schulze",
]
