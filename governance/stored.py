"""A count as ``Count.result`` keeps it: the published JSON and, beside it, everything a page needs to explain it."""

from __future__ import annotations

from typing import Any

from .tally import Result, Round, Test, Tie, Transfer

FORMAT = 1


def dump(result: Result) -> dict[str, Any]:
    """JSON values of a result: the published object under ``published``, the exact one under ``exact``."""
    return {
        "format": FORMAT,
        "carried": result.carried,
        "published": result.as_dict(),
        "exact": {
            "method": result.method,
            "candidates": list(result.candidates),
            "withdrawn": sorted(result.withdrawn),
            "seats": result.seats,
            "ballots": result.ballots,
            "valid": result.valid,
            "quota": result.quota,
            "decimals": result.decimals,
            "winners": list(result.winners),
            "rounds": [_round(each) for each in result.rounds],
            "ties": [[t.round, list(t.between), t.purpose, t.by, t.chosen] for t in result.ties],
            "ranking": None if result.ranking is None else [list(tier) for tier in result.ranking],
            "dropped": list(result.dropped),
            "pairwise": None if result.pairwise is None else [list(row) for row in result.pairwise],
            "paths": None if result.paths is None else [list(row) for row in result.paths],
            "explanation": list(result.explanation),
            "tests": [[t.name, t.passed, t.have, t.of, t.needed, t.sentence] for t in result.tests],
            "title": result.title,
            "seed": result.seed,
            "none_of_these": result.none_of_these,
        },
    }


def _round(each: Round) -> dict[str, Any]:
    return {
        "number": each.number,
        "action": each.action,
        "subject": each.subject,
        "votes": list(each.votes),
        "elected": list(each.elected),
        "eliminated": list(each.eliminated),
        "exhausted": each.exhausted,
        "transfers": [[t.source, t.target, t.votes] for t in each.transfers],
        "note": each.note,
        "quota": each.quota,
    }


def load(stored: dict[str, Any]) -> Result:
    """The result as it was counted."""
    exact = stored["exact"]
    return Result(
        method=exact["method"],
        candidates=tuple(exact["candidates"]),
        withdrawn=frozenset(exact["withdrawn"]),
        seats=exact["seats"],
        ballots=exact["ballots"],
        valid=exact["valid"],
        quota=exact["quota"],
        decimals=exact["decimals"],
        winners=tuple(exact["winners"]),
        rounds=tuple(_load_round(each) for each in exact["rounds"]),
        ties=tuple(Tie(at, tuple(between), purpose, by, chosen) for at, between, purpose, by, chosen in exact["ties"]),
        dropped=tuple(exact["dropped"]),
        explanation=tuple(exact["explanation"]),
        carried=stored["carried"],
        tests=tuple(Test(*each) for each in exact["tests"]),
        title=exact["title"],
        seed=exact["seed"],
        none_of_these=exact.get("none_of_these"),
        ranking=_tuples(exact["ranking"]),
        pairwise=_tuples(exact["pairwise"]),
        paths=_tuples(exact["paths"]),
    )


def _tuples(rows: list[list[int]] | None) -> tuple[tuple[int, ...], ...] | None:
    return None if rows is None else tuple(tuple(row) for row in rows)


def _load_round(each: dict[str, Any]) -> Round:
    return Round(
        number=each["number"],
        action=each["action"],
        subject=each["subject"],
        votes=tuple(each["votes"]),
        elected=tuple(each["elected"]),
        eliminated=tuple(each["eliminated"]),
        exhausted=each["exhausted"],
        transfers=tuple(Transfer(*t) for t in each["transfers"]),
        note=each["note"],
        quota=each["quota"],
    )
