"""What goes into a count and what comes out of it: plain frozen data, no framework, no clock, no chance.

Candidates are numbered from 0 in the order in which they stand on the paper. A *ranking* is a tuple of these numbers,
best first; a tuple inside it is a group of equal rank: ``(2, (0, 3), 1)``. ``()`` is a blank paper. Ballots are
aggregated: ``{ranking: number of papers}``. For ``score`` the key is one score (or None) for each candidate instead.

Votes are exact integers in units of ``10 ** -decimals``: 1 for whole votes, 5 decimals under the Scottish rules, 9
under Meek's. No float takes part in any count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

Ranking = tuple[Any, ...]
TieBy = Literal["earlier stage", "order", "seed"]


class BadElection(ValueError):
    """The one error of this package: the question or its papers cannot be counted, and the message says why."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Seats kept for, or a ceiling on, one constituency or class.

    ``members`` are candidate numbers. At least ``at_least`` of them are elected where so many stand, and never more
    than ``at_most``. A candidate belongs to one limit at most.
    """

    name: str
    members: frozenset[int]
    at_least: int = 0
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Contest:
    """One question and the papers cast on it.

    ``invalid`` are spoiled papers that are not in ``ballots``; they count as papers and never as valid.
    ``equal_ranks`` says what STV and IRV do with a paper that gives two candidates one rank: ``refuse`` the count, or
    ``exhaust`` the paper there. ``protected`` candidates hold their seat already (a countback) and are never
    excluded.
    """

    candidates: tuple[str, ...]
    ballots: Mapping[Ranking, int]
    seats: int = 1
    withdrawn: frozenset[int] = frozenset()
    invalid: int = 0
    seed: str | None = None
    equal_ranks: str = "refuse"
    limits: tuple[Limit, ...] = ()
    protected: frozenset[int] = frozenset()
    none_of_these: int | None = None
    title: str = ""

    @property
    def standing(self) -> list[int]:
        """The candidates not withdrawn, in the order of the paper."""
        return [i for i in range(len(self.candidates)) if i not in self.withdrawn]


@dataclass(frozen=True, slots=True)
class Transfer:
    """``votes`` (scaled) that went ``source`` → ``target``; target None: no further preference, exhausted."""

    source: int
    target: int | None
    votes: int


@dataclass(frozen=True, slots=True)
class Tie:
    """A choice between equals: in which round, between whom, what for, what decided it, and on whom the choice fell.

    ``purpose``: ``surplus`` (whose moves first), ``elimination`` (who goes out), ``seat`` (who is elected), ``order``
    (who is named first of several elected together).
    """

    round: int
    between: tuple[int, ...]
    purpose: Literal["surplus", "elimination", "seat", "order"]
    by: TieBy
    chosen: int


@dataclass(frozen=True, slots=True)
class Round:
    """One stage of a count.

    ``votes`` are scaled, one for each candidate, None for the withdrawn. ``action`` and ``subject`` say what
    happened: ``count`` (papers counted where they stand), ``surplus`` or ``exclusion`` (of the subject, before these
    votes). Under the Scottish rules ``eliminated`` names whom this stage excluded and moved; under IRV and Meek, as
    their sources print it, whom these votes put out. ``exhausted`` is valid papers less all votes, lost fractions
    included.
    """

    number: int
    action: Literal["count", "surplus", "exclusion"]
    subject: int | None
    votes: tuple[int | None, ...]
    elected: tuple[int, ...]
    eliminated: tuple[int, ...]
    exhausted: int
    transfers: tuple[Transfer, ...]
    note: str
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """One condition of a resolution and how it came out. Numbers are whole votes; ``needed`` is the least that would
    do.
    """

    name: str
    passed: bool
    have: int
    of: int
    needed: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome with everything that led to it. Indexes point into ``candidates``."""

    method: str
    candidates: tuple[str, ...]
    withdrawn: frozenset[int]
    seats: int
    ballots: int
    valid: int
    quota: int | None
    decimals: int
    winners: tuple[int, ...]
    rounds: tuple[Round, ...] = ()
    ties: tuple[Tie, ...] = ()
    ranking: tuple[tuple[int, ...], ...] | None = None
    dropped: tuple[int, ...] = ()
    pairwise: tuple[tuple[int, ...], ...] | None = None
    paths: tuple[tuple[int, ...], ...] | None = None
    explanation: tuple[str, ...] = ()
    carried: bool | None = None
    tests: tuple[Test, ...] = ()
    title: str = ""
    seed: str | None = field(default=None, repr=False)
    none_of_these: int | None = None

    @property
    def winner_names(self) -> tuple[str, ...]:
        """The names of those elected, in the order of their election."""
        return tuple(self.candidates[i] for i in self.winners)

    @property
    def vacant(self) -> int:
        """Seats that nobody fills: fewer stand, a ceiling was reached, or "none of these" took them."""
        return max(0, self.seats - sum(1 for i in self.winners if i != self.none_of_these))

    def show(self, votes: int) -> str:
        """Scaled votes as a decimal string in the method's decimals.

        >>> Result("scottish-stv", ("A",), frozenset(), 1, 1, 1, None, 5, ()).show(264220084)
        '2642.20084'
        """
        return decimal_string(votes, self.decimals)

    def show_quota(self) -> str | None:
        """The quota; a whole number is shown without decimals."""
        if self.quota is None:
            return None
        whole, rest = divmod(self.quota, 10**self.decimals)
        return str(whole) if not rest else self.show(self.quota)

    def as_dict(self) -> dict[str, Any]:
        """The published JSON object; its shape is a contract, see docs/conformance.md."""
        name = self.candidates
        return {
            "method": self.method,
            "seats": self.seats,
            "ballots": self.ballots,
            "valid": self.valid,
            "quota": self.show_quota(),
            "winners": list(self.winner_names),
            "ranking": None if self.ranking is None else [[name[i] for i in tier] for tier in self.ranking],
            "dropped": [name[i] for i in self.dropped],
            "pairwise": None if self.pairwise is None else [list(row) for row in self.pairwise],
            "rounds": [
                {
                    "votes": {name[i]: self.show(v) for i, v in enumerate(r.votes) if v is not None},
                    "elected": [name[i] for i in r.elected],
                    "eliminated": [name[i] for i in r.eliminated],
                    "exhausted": self.show(r.exhausted),
                    "note": r.note,
                }
                for r in self.rounds
            ],
            "ties": [
                {"round": t.round, "between": [name[i] for i in t.between], "for": t.purpose, "by": t.by}
                for t in self.ties
            ],
        }


def decimal_string(units: int, decimals: int) -> str:
    """``units`` of ``10 ** -decimals`` as text.

    >>> decimal_string(-5, 2), decimal_string(12, 0)
    ('-0.05', '12')
    """
    sign, units = ("-", -units) if units < 0 else ("", units)
    if not decimals:
        return f"{sign}{units}"
    whole, rest = divmod(units, 10**decimals)
    return f"{sign}{whole}.{rest:0{decimals}d}"


def fraction_words(ratio: Fraction) -> str:
    """A ratio as people write it: ``2/3``, ``1/2``."""
    return f"{ratio.numerator}/{ratio.denominator}" if ratio.denominator != 1 else str(ratio.numerator)
