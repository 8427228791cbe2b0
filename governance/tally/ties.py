"""Breaking ties so that nobody can choose the outcome and everybody can repeat it.

Statute, in two rules:

1. Where votes are equal, regard is had to the most recent preceding stage at which they were unequal (SI 2007/42,
   rules 49(2) and 51(2)). Compared stage by stage backwards this is the order of the vote histories, read from the
   latest to the first.
2. Where they were equal at every stage, the lot decides. The lot is not drawn on the night: it is an *order* of the
   candidates fixed for the whole count. Without a seed the order of the paper; with a seed the order of
   ``SHA-256(seed + "\\n" + index)``, smallest favoured. The favoured option's surplus moves first, it is elected
   first, and it is eliminated last.

A live ballot's seed is a secret committed to before opening, joined with the hash of the sorted papers: whoever knew
the secret could not know the papers, and whoever cast papers did not know the secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from .model import Ranking, Tie, TieBy


def lot_order(count: int, seed: str | None) -> list[int]:
    """For each candidate its place in the lot's order, 0 the most favoured.

    >>> lot_order(3, None)
    [0, 1, 2]
    >>> lot_order(3, "meeting of 12 May")
    [0, 2, 1]
    """
    if seed is None:
        return list(range(count))
    digest = [hashlib.sha256(f"{seed}\n{i}".encode("utf-8", "surrogatepass")).digest() for i in range(count)]
    place = [0] * count
    for position, i in enumerate(sorted(range(count), key=lambda i: digest[i])):
        place[i] = position
    return place


def commitment(secret: str) -> str:
    """What is published before opening: the hash of the secret half of the seed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def live_seed(secret: str, ballots: Mapping[Ranking, int]) -> str:
    """The seed of a live ballot: the committed secret joined with the hash of the sorted, aggregated papers.

    >>> live_seed("s", {(1, 0): 2, (0,): 1}) == live_seed("s", {(0,): 1, (1, 0): 2})
    True
    """
    papers = hashlib.sha256()
    for line in sorted(f"{count}:{ranking!r}" for ranking, count in ballots.items()):
        papers.update(line.encode() + b"\n")
    return f"{secret}:{papers.hexdigest()}"


class TieBreaker:
    """Chooses among equals by the vote history and then by the lot, and keeps a record of each choice."""

    def __init__(self, candidates: int, seed: str | None) -> None:
        self.place = lot_order(candidates, seed)
        self.last_resort: TieBy = "order" if seed is None else "seed"
        self.history: list[Sequence[int]] = []
        self.ties: list[Tie] = []

    def remember(self, votes: Sequence[int]) -> None:
        """Take down the votes at the end of a stage."""
        self.history.append(tuple(votes))

    def _past(self, candidate: int, skip: int = 0) -> tuple[int, ...]:
        """The candidate's votes, latest stage first, leaving out the ``skip`` latest."""
        stages = self.history[: len(self.history) - skip]
        return tuple(votes[candidate] for votes in reversed(stages))

    def favoured(self, among: Iterable[int], purpose: Literal["surplus", "seat"], number: int, skip: int = 0) -> int:
        """Of candidates that are level, the one that goes first."""
        tied = sorted(among)
        chosen = max(tied, key=lambda c: (self._past(c, skip), -self.place[c]))
        self._note(tied, chosen, purpose, number, skip)
        return chosen

    def lowest(self, among: Iterable[int], number: int, skip: int = 0) -> int:
        """Of candidates that are level at the bottom, the one that is eliminated."""
        tied = sorted(among)
        chosen = min(tied, key=lambda c: (self._past(c, skip), -self.place[c]))
        self._note(tied, chosen, "elimination", number, skip)
        return chosen

    def _note(
        self, tied: list[int], chosen: int, purpose: Literal["surplus", "elimination", "seat"], number: int, skip: int
    ) -> None:
        if len(tied) < 2:
            return
        mark = self._past(chosen, skip)
        alone = sum(self._past(c, skip) == mark for c in tied) == 1
        by: TieBy = "earlier stage" if alone else self.last_resort
        self.ties.append(Tie(number, tuple(tied), purpose, by, chosen))

    def in_order(self, elected: Iterable[int], number: int) -> list[int]:
        """Those elected at one stage, by votes then; equals by earlier stages, then by the lot."""
        ordered = sorted(elected, key=lambda c: (tuple(-v for v in self._past(c)), self.place[c]))
        now = self.history[-1]
        for votes in sorted({now[c] for c in ordered}, reverse=True):
            level = [c for c in ordered if now[c] == votes]
            if len(level) > 1:
                past = [self._past(c) for c in level]
                by: TieBy = "earlier stage" if len(set(past)) == len(past) else self.last_resort
                self.ties.append(Tie(number, tuple(sorted(level)), "order", by, level[0]))
        return ordered
