"""Real elections with known results: where they lie, and what of each is compared with our count.

They are read from ``../shared/data/elections`` or from ``$CONFORMANCE_DATA`` (that folder itself, or the one it lies
in) and are never copied into the project. Every check returns how many figures it compared, so that the report can
say so.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.exchange import count_file
from governance.tally import Result
from tests.beside import DATA, missing


def folder() -> Path | None:
    """Where the elections lie, or None."""
    return next((place for place in (DATA / "elections", DATA) if any(place.glob("*_*.json"))), None)


def needed(name: str) -> Path:
    """The path of one of them, which is there."""
    path = (folder() or DATA / "elections") / name
    if not path.exists():
        missing(f"There is no {name} in {path.parent}; set CONFORMANCE_DATA to the folder that holds the elections.")
    return path


def paths() -> list[Path]:
    here = folder()
    return sorted(here.glob("*.json")) if here else []


@dataclass
class Check:
    """One thing compared: what it is, and how many figures."""

    what: str
    figures: int


class Differs(AssertionError):
    """A count that is not the published one."""


def same(what: str, ours: Any, published: Any) -> Check:
    """Compare, and say how much was compared."""
    if ours != published:
        raise Differs(f"{what}: ours {ours!r}, published {published!r}")
    return Check(what, _figures(published))


def _figures(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_figures, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_figures, value))
    return 1


def family(path: Path) -> str:
    """What the file's name begins with: edinburgh, debian, kubernetes, …"""
    return path.stem.split("_")[0].rstrip("0123456789")


def check(path: Path) -> tuple[dict[str, Any], Result, list[Check]]:
    """Count one election and compare it with all that is known of it."""
    known = json.loads(path.read_bytes())
    result = count_file(path)
    return known, result, list(compare(path, known, result))


def compare(path: Path, known: dict[str, Any], result: Result) -> Iterator[Check]:
    """The checks that fit what the file expects."""
    rule, expected = known["rule"]["name"], known["expected"]
    if rule == "irv":
        yield from (_rounds if "rounds" in expected else _runoff)(path, known, result)
    else:
        yield from BY_RULE[rule](path, known, result)
    yield same("papers", result.ballots, sum(number for number, _ in known["ballots"]))


def _scottish(path: Path, known: dict[str, Any], result: Result) -> Iterator[Check]:
    expected = known["expected"]
    yield same("winners in order", list(result.winners), expected["winner_indexes_in_order"])
    yield same("quota", result.show_quota(), str(expected["quota"]))
    yield same("valid papers", result.valid, expected["valid_ballots"])
    yield same("number of stages", len(result.rounds), len(expected["stages"]))
    ours = [{str(i): result.show(v) for i, v in enumerate(r.votes)} for r in result.rounds]
    yield same("votes of every stage", ours, [stage["votes"] for stage in expected["stages"]])
    acts = {"count": "first", "surplus": "surplus", "exclusion": "exclude"}
    moves = [(acts[r.action], r.subject) for r in result.rounds]
    yield same("what each stage did", moves, [(stage["action"], stage["candidate"]) for stage in expected["stages"]])
    lots = sum(tie.by == "order" for tie in result.ties)
    yield same("ties by lot", lots, len(expected["ties_by_lot"]))
    meek = count_file(path, method="meek-stv")
    yield same("Meek winners", sorted(meek.winners), sorted(expected["meek_prf_winner_indexes"]))


def _debian(path: Path, known: dict[str, Any], result: Result) -> Iterator[Check]:
    expected = known["expected"]
    yield same("winner", list(result.winners), expected["winner_indexes"])
    yield same("dropped options", list(result.dropped), expected["dropped_indexes"])
    yield same("pairwise matrix", [list(row) for row in result.pairwise or ()], expected["pairwise"])


def _ranking(result: Result) -> list[list[str]]:
    return [sorted(result.candidates[i] for i in tier) for tier in result.ranking or ()]


def _beatpath(path: Path, known: dict[str, Any], result: Result) -> Iterator[Check]:
    expected = known["expected"]
    tiers = expected.get("ranking_recomputed") or expected["ranking"]
    yield same("ranking", _ranking(result), [sorted(tier) for tier in tiers])
    if "ranking_recomputed" in expected:
        capped = "Michael Rubin" if path.stem == "kubernetes_steering_2017" else None  # his employer had its seats
        seated = [name.split(" (")[0] for tier in _ranking(result) for name in tier if name != capped]
        yield same("members seated", seated[: known["seats"]], expected["winners"])
    elif len(expected["winners"]) == known["seats"]:
        yield same("winner", list(result.winner_names), expected["winners"])
    else:
        yield same("potential winners", _ranking(result)[0], sorted(expected["winners"]))
        yield same("tie recorded", sorted(result.candidates[i] for i in result.ties[0].between), _ranking(result)[0])


def _runoff(path: Path, known: dict[str, Any], result: Result) -> Iterator[Check]:
    expected = known["expected"]
    last = result.rounds[-1]
    yield same("winner", list(result.winner_names), expected["winners"])
    finals = {result.candidates[i]: votes for i, votes in enumerate(last.votes) if votes}
    yield same("final round", finals, expected["final"])
    blank = result.ballots - result.valid
    yield same("exhausted and blank", last.exhausted + blank, expected["exhausted_final"])
    plurality = count_file(path, method="plurality").winner_names
    yield same("plurality winner", list(plurality), [expected["plurality_winner"]])
    yield same(
        "Condorcet winner", list(count_file(path, method="schulze").winner_names), [expected["condorcet_winner"]]
    )


def _rounds(path: Path, known: dict[str, Any], result: Result) -> Iterator[Check]:
    expected = known["expected"]
    yield same("winner", list(result.winner_names), expected["winners"])
    published = expected["rounds"]
    yield same("number of rounds", len(result.rounds), len(published))
    names = result.candidates
    for ours, theirs in zip(result.rounds, published, strict=True):
        where = f"round {theirs['round']}"
        tally = {name: int(votes) for name, votes in theirs["tally"].items()}
        full = {name: tally.get(name, 0) for name in names}
        yield same(f"{where} votes", {names[i]: votes for i, votes in enumerate(ours.votes)}, full)
        yield same(f"{where} threshold", str(ours.quota), theirs["threshold"])
        out = sorted(act["eliminated"] for act in theirs["results"] if "eliminated" in act)
        yield same(f"{where} eliminated", sorted(names[i] for i in ours.eliminated), out)
        won = [act["elected"] for act in theirs["results"] if "elected" in act]
        yield same(f"{where} elected", [names[i] for i in ours.elected], won)
        for act in (act for act in theirs["results"] if "eliminated" in act):
            source = names.index(act["eliminated"])
            moved = {
                "exhausted" if t.target is None else names[t.target]: t.votes
                for t in ours.transfers
                if t.source == source
            }
            went = {name: int(votes) for name, votes in act["transfers"].items()}
            yield same(f"{where} transfers of {act['eliminated']}", moved, went)
        inactive = _inactive(theirs) - _inactive(published[0])
        yield same(f"{where} exhausted", ours.exhausted, inactive)


def _inactive(round_: dict[str, Any]) -> int:
    return sum(int(number) for number in round_["inactive"].values())


BY_RULE = {"scottish-stv": _scottish, "debian-schulze": _debian, "schulze-winning-votes": _beatpath}
