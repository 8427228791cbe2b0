"""Filling a casual vacancy from the papers of the election, without a new vote.

In rules:

1. All papers are counted again by the method of the election, for all its seats.
2. The member who leaves is struck out, and so is everybody not elected then who no longer wants the seat.
3. Members who still sit cannot be excluded and keep their seats, so exactly the seats that are vacant are filled anew.

So the by-laws must say "by a recount of all papers, the sitting members protected". (Tasmania and the Australian
Capital Territory look only at the papers that elected the leaving member; that needs STV, this needs only the
papers.)

>>> from .model import Contest
>>> papers = {(0, 1): 6, (0, 2): 3, (1,): 3, (2,): 4}
>>> board = Contest(("Ann", "Bob", "Cat"), papers, seats=2)
>>> from .scottish import count
>>> filled = recount(count, board, sitting={0}, leaving={2})
>>> filled.newcomers
('Bob',)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .model import BadElection, Contest, Result


@dataclass(frozen=True, slots=True)
class Countback:
    """The recount, and who takes the vacant seats, in order."""

    result: Result
    filled: tuple[int, ...]

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The names of those who come in."""
        return tuple(self.result.candidates[i] for i in self.filled)


def recount(
    method: Callable[[Contest], Result],
    contest: Contest,
    *,
    sitting: Iterable[int],
    leaving: Iterable[int],
    unwilling: Iterable[int] = (),
) -> Countback:
    """Fill the seats of ``leaving`` while ``sitting`` keep theirs. Raises BadElection where nobody is left to come
    in.
    """
    stay, go, out = frozenset(sitting), frozenset(leaving), frozenset(unwilling)
    if not go:
        raise BadElection("Nobody leaves: there is no vacancy to fill.")
    if stay & (go | out):
        raise BadElection("A member cannot both sit and leave.")
    gone = contest.withdrawn | go | out
    if not set(contest.standing) - gone - stay:
        raise BadElection("Nobody who stood then is left to come in: the seat needs a new election.")
    seats = min(contest.seats, len(stay) + len(go))
    result = method(replace(contest, withdrawn=gone, protected=stay, seats=seats))
    return Countback(result, tuple(i for i in result.winners if i not in stay))
