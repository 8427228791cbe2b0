"""From what was put to the vote, as a manifest has it, and papers to a result: the same for the count and a recount."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ..motions import Decided, decide
from ..tally import Contest, Result, Votes, count
from ..tally.schulze import Switches

Facts = Mapping[str, Any]


def as_key(mark: list[Any]) -> tuple[Any, ...]:
    """A mark as the tally takes it: tuples within tuples for equal ranks."""
    return tuple(tuple(part) if isinstance(part, list) else part for part in mark)


def contest_of(facts: Facts, papers: Mapping[tuple[Any, ...], int], seed: str) -> Contest:
    """One question of a manifest with its papers."""
    return Contest(
        candidates=tuple(option["name"] for option in facts["options"]),
        ballots=papers,
        seats=facts["seats"],
        withdrawn=frozenset(at for at, option in enumerate(facts["options"]) if option["withdrawn"]),
        seed=seed,
        equal_ranks="exhaust",
        title=facts["title"],
    )


def switches_of(facts: Facts, method: str) -> dict[str, Any]:
    """What a method must be told beside the papers."""
    settings = facts["settings"]
    if method == "block":
        return {"marks": settings.get("marks")}
    if method == "score":
        return {"low": int(settings.get("low", 0)), "high": int(settings.get("high", 10))}
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


def decided(facts: Facts, result: Result, entitled: int, classes: Mapping[str, Votes]) -> Decided:
    """A motion by its own kind of resolution."""
    in_favour, against, abstain = (votes or 0 for votes in result.rounds[0].votes)
    # Papers of another list can outnumber the roll; then they are the larger number of those entitled.
    roll = max(entitled, result.ballots)
    everybody = Votes(in_favour, against, abstain, present=result.ballots, roll=roll)
    return decide(facts["resolution_type"]["conditions"], everybody, classes)


def papers_hash(papers: Iterable[tuple[str, int]]) -> str:
    """SHA-256 over sorted papers, one line ``count × marks`` for each different one; ``marks`` is JSON text with a
    space after each comma, as PostgreSQL writes jsonb."""
    digest = hashlib.sha256()
    for mark, number in papers:
        digest.update(f"{number} × {mark}\n".encode())
    return digest.hexdigest()


def as_text(mark: list[Any]) -> str:
    return json.dumps(mark)


def again(
    facts: Facts, packs: Iterable[Mapping[str, Any]], seed: str, entitled: int, rolls: Mapping[str, int]
) -> tuple[Result, Decided | None]:
    """Count one question anew from a bundle's packs ``{"class", "mark", "count"}``; a motion is decided too.

    ``entitled`` is how many votes were on the roll, ``rolls`` how many of each class counted apart.
    """
    papers: dict[tuple[Any, ...], int] = {}
    by_class: dict[str, list[int]] = {name: [0, 0, 0, 0] for name in rolls}
    for pack in packs:
        key = as_key(pack["mark"])
        papers[key] = papers.get(key, 0) + pack["count"]
        if pack["class"] in by_class:
            sums = by_class[pack["class"]]
            sums[3] += pack["count"]
            if key in ((0,), (1,), (2,)):
                sums[key[0]] += pack["count"]
    result = count(facts["method"], contest_of(facts, papers, seed), **switches_of(facts, facts["method"]))
    if facts["method"] != "motion":
        return result, None
    classes = {
        name: Votes(for_, against, abstain, present=present, roll=rolls[name])
        for name, (for_, against, abstain, present) in by_class.items()
    }
    return result, decided(facts, result, entitled, classes)
