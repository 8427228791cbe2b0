"""The normalised JSON of an election, read piece by piece so that faults name their line and memory stays bounded.

    {"id": "board", "title": "Board 2026", "seats": 2, "candidates": ["Adam", "Basil", "Charlotte"], "withdrawn": [],
     "ballots": [[3, [0, 2]], [2, [1]], [1, []]], "rule": {"name": "scottish-stv"}}

A ballot is ``[papers, ranking]``. A ranking lists 0-based candidate numbers, best first. Where ``ballot_format``
begins with ``rank-vector`` it gives a rank for each candidate instead (1 best, equal ranks allowed, null unranked);
with ``pref-list of groups`` a list of groups; with ``score-vector`` a score for each candidate. Keys nobody here
knows are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, BinaryIO

from governance.tally import Limit, Ranking
from governance.tally.papers import is_whole, short

from .model import MAX_OPTIONS, BadFile, Box, Election, check_distinct, checked_name, clean_name
from .source import whole

SPACE = re.compile(r"[ \t\n\r]*")
BRACKET = re.compile(r"[\[\]]")
PIECE = 4_000_000  # no value but the ballots is longer
BALLOT = (2_000, 200_000)  # a ballot's length: nearly always, and at most
KEPT = frozenset(
    {"title", "seats", "candidates", "withdrawn", "ballot_format", "rule", "spoiled", "limits", "none_of_these"}
)


def _fraction(text: str) -> Fraction:
    if len(text) > 40 or abs(int(re.split("[eE]", text)[1]) if re.search("[eE]", text) else 0) > 30:
        raise ValueError("a number is too long")
    return Fraction(text)


def _constant(text: str) -> None:
    raise ValueError(f"{text} is not a number")


DECODER = json.JSONDecoder(parse_float=_fraction, parse_constant=_constant)


class _Walk:
    """A place in the text, and reading one value from it."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.skip()

    def line(self, at: int | None = None) -> int:
        return self.text.count("\n", 0, self.at if at is None else at) + 1

    def skip(self) -> str:
        """Pass over white space; returns the next character."""
        match = SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def expect(self, character: str, what: str) -> None:
        if self.skip() != character:
            raise BadFile(what, self.line())
        self.at += 1

    def value(self, limits: tuple[int, ...] = (PIECE,)) -> Any:
        """Read one JSON value, no longer than the last of ``limits``."""
        self.skip()
        for limit in limits:
            piece = self.text[self.at : self.at + limit]
            cut = self.at + limit < len(self.text)
            try:
                value, length = DECODER.raw_decode(piece)
            except json.JSONDecodeError as fault:
                if cut and limit is not limits[-1]:
                    continue
                if cut and fault.pos >= limit - 40:
                    raise BadFile("a value is too long", self.line()) from None
                raise BadFile(f"not JSON: {_lowered(fault.msg)}", self.line(self.at + fault.pos)) from None
            except RecursionError:
                raise BadFile("brackets are nested too deeply", self.line()) from None
            except ValueError as fault:
                raise BadFile(str(fault)[:80], self.line()) from None
            if cut and length == limit:  # a number may go on behind the cut
                continue
            self.at += length
            return value
        raise BadFile("a value is too long", self.line())


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def read(stream: BinaryIO) -> Election:
    """Read normalised JSON. Raises BadFile, naming line and fault."""
    walk = _Walk(whole(stream))
    values, lines, ballots = _top(walk)
    for key in ("candidates", "ballots"):
        if key not in lines:
            raise BadFile(f"there is no “{key}”", walk.line())
    names = _names(values["candidates"], lines["candidates"])
    ballot_format = _text(values, lines, "ballot_format")
    rule = values.get("rule")
    if rule is not None and not isinstance(rule, dict):
        raise BadFile("“rule” must be an object", lines["rule"])
    none = [] if values.get("none_of_these") is None else [values["none_of_these"]]
    none = _indexes(none, names, "none_of_these", lines.get("none_of_these"))
    box = Box(len(names))
    scored = ballot_format.startswith("score-vector")
    walk.at = ballots
    _ballots(walk, _shape(ballot_format, len(names), lines.get("ballot_format")), box, scored)
    return Election(
        candidates=names,
        ballots=box.papers,
        seats=_seats(values, lines),
        title=_text(values, lines, "title"),
        withdrawn=frozenset(_indexes(values.get("withdrawn"), names, "withdrawn", lines.get("withdrawn"))),
        spoiled=_spoiled(values, lines),
        limits=_limits(values, lines, names),
        rule=rule or {},
        ballot_format=ballot_format,
        scored=scored,
        none_of_these=none[0] if none else None,
        rule_line=lines.get("rule"),
    )


def _top(walk: _Walk) -> tuple[dict[str, Any], dict[str, int], int]:
    """The outer object: values of the keys we know, the line of each key, and where the ballots begin."""
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    ballots = 0
    walk.expect("{", "a normalised election is one JSON object" if walk.text.strip() else "the file is empty")
    while True:
        if walk.skip() != '"':
            raise BadFile("not JSON: a name in quotation marks must stand here", walk.line())
        line, key = walk.line(), walk.value()
        if key in lines:
            raise BadFile(f"{short(key)} is given twice", line)
        lines[key] = line
        walk.expect(":", f"a colon must follow {short(key)}")
        if key == "ballots":
            ballots = _pass_over(walk)
        else:
            value = walk.value()
            if key in KEPT:
                values[key] = value
        if walk.skip() == "}":
            break
        walk.expect(",", f"a comma or the closing brace must follow the value of {short(key)}")
    walk.at += 1
    if walk.skip():
        raise BadFile("text after the closing brace", walk.line())
    return values, lines, ballots


def _pass_over(walk: _Walk) -> int:
    """Go past the list of ballots without reading it; returns where it begins."""
    if walk.skip() != "[":
        raise BadFile("“ballots” must be a list", walk.line())
    begin, depth = walk.at, 0
    for bracket in BRACKET.finditer(walk.text, begin):
        depth += 1 if bracket[0] == "[" else -1
        if not depth:
            walk.at = bracket.end()
            return begin
    raise BadFile("the list of ballots is not closed", walk.line(begin))


def _ballots(walk: _Walk, shape: Callable[[Any], Ranking], box: Box, scored: bool) -> None:
    """Read the ballots one by one."""
    walk.expect("[", "“ballots” must be a list")
    if walk.skip() == "]":
        return
    at, line = walk.at, walk.line()
    while True:
        walk.skip()
        line += walk.text.count("\n", at, walk.at)
        at = walk.at
        ballot = walk.value(BALLOT)
        if not isinstance(ballot, list) or len(ballot) != 2 or not isinstance(ballot[1], list):
            raise BadFile("a ballot is a list of two: the number of papers, and the ranking", line)
        if not is_whole(ballot[0]):
            raise BadFile(f"{short(ballot[0])} is not a number of papers", line)
        try:
            ranking = shape(ballot[1])
        except (TypeError, ValueError) as fault:
            raise BadFile(str(fault), line) from None
        if scored:
            box.check = lambda *_: None  # type: ignore[method-assign]
        box.add(ranking, ballot[0], line)
        if walk.skip() == "]":
            return
        walk.expect(",", "a comma or the closing bracket must follow a ballot")


def _shape(ballot_format: str, size: int, line: int | None) -> Callable[[Any], Ranking]:
    """The function that makes a ranking of what the file holds, in its format."""
    if ballot_format.startswith("rank-vector"):
        return lambda marks: _from_ranks(marks, size)
    if ballot_format.startswith("score-vector"):
        return lambda marks: _from_scores(marks, size)
    if ballot_format.startswith("pref-list of groups"):
        return _from_groups
    if not ballot_format or ballot_format.startswith("pref-list"):
        return _from_list
    raise BadFile(f"the ballot format {short(ballot_format)} is not known", line)


def _from_list(marks: list[Any]) -> Ranking:
    for i in marks:
        if type(i) is not int:
            raise ValueError(f"{short(i)} is not a candidate's number")
    return tuple(marks)


def _from_groups(marks: list[Any]) -> Ranking:
    ranking: list[int | tuple[int, ...]] = []
    for group in marks:
        if not isinstance(group, list) or not group:
            raise ValueError("with “pref-list of groups” a ranking is a list of lists of candidate numbers")
        members = _from_list(group)
        ranking.append(members if len(members) > 1 else members[0])
    return tuple(ranking)


def _from_ranks(marks: list[Any], size: int) -> Ranking:
    if len(marks) != size:
        raise ValueError(f"{len(marks)} ranks for {size} candidates")
    groups: dict[int, list[int]] = {}
    for i, rank in enumerate(marks):
        if rank is None:
            continue
        if type(rank) is not int or rank < 1:
            raise ValueError(f"{short(rank)} is not a rank; ranks are whole numbers from 1, or null")
        groups.setdefault(rank, []).append(i)
    return tuple(g[0] if len(g) == 1 else tuple(g) for _, g in sorted(groups.items()))


def _from_scores(marks: list[Any], size: int) -> Ranking:
    if marks and len(marks) != size:
        raise ValueError(f"{len(marks)} scores for {size} candidates")
    for value in marks:
        if value is not None and type(value) is not int:
            raise ValueError(f"{short(value)} is not a score; scores are whole numbers, or null")
    return tuple(marks)


def _names(value: Any, line: int) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadFile("“candidates” must be a list of names", line)
    if not 1 <= len(value) <= MAX_OPTIONS:
        raise BadFile(f"there must be from 1 to {MAX_OPTIONS:,} candidates, not {len(value)}", line)
    names = [checked_name(name, line) for name in value]
    check_distinct(names, [line] * len(names))
    return tuple(names)


def _text(values: dict[str, Any], lines: dict[str, int], key: str) -> str:
    value = values.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadFile(f"“{key}” must be text", lines[key])
    return clean_name(value, lines[key])


def _seats(values: dict[str, Any], lines: dict[str, int]) -> int | None:
    seats = values.get("seats")
    if seats is not None and (not is_whole(seats) or not 1 <= seats <= MAX_OPTIONS):
        raise BadFile(f"“seats” must be a whole number from 1, not {short(seats)}", lines["seats"])
    return seats


def _spoiled(values: dict[str, Any], lines: dict[str, int]) -> int:
    spoiled = values.get("spoiled", 0)
    if not is_whole(spoiled) or spoiled < 0:
        raise BadFile(f"“spoiled” must be a whole number, not {short(spoiled)}", lines["spoiled"])
    return int(spoiled)


def _indexes(value: Any, names: tuple[str, ...], what: str, line: int | None) -> list[int]:
    """Candidates given by number, or by name."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadFile(f"“{what}” must be a list of candidate numbers", line)
    found: list[int] = []
    for given in value:
        i = names.index(given) if given in names else given
        if not is_whole(i) or not 0 <= i < len(names):
            raise BadFile(f"“{what}” names option {short(given)}, and there are {len(names)}, numbered from 0", line)
        found.append(i)
    return found


def _limits(values: dict[str, Any], lines: dict[str, int], names: tuple[str, ...]) -> tuple[Limit, ...]:
    limits = values.get("limits")
    if limits is None:
        return ()
    line = lines["limits"]
    if not isinstance(limits, list) or not all(isinstance(limit, dict) for limit in limits):
        raise BadFile("“limits” must be a list of objects", line)
    return tuple(
        Limit(
            name=str(limit.get("name", "")),
            members=frozenset(_indexes(limit.get("members"), names, "members", line)),
            at_least=limit.get("at_least", 0),
            at_most=limit.get("at_most"),
        )
        for limit in limits
    )


def write(election: Election, **more: Any) -> Iterator[str]:
    """The election as normalised JSON in pieces; ``more`` adds keys, ``id`` among them. Equal papers stand once."""
    grouped = not election.scored and any(isinstance(g, tuple) for ranking in election.ballots for g in ranking)
    head: dict[str, Any] = {**more, "title": election.title, "seats": election.seats}
    head["candidates"] = list(election.candidates)
    head["withdrawn"] = sorted(election.withdrawn)
    if election.spoiled:
        head["spoiled"] = election.spoiled
    if election.none_of_these is not None:
        head["none_of_these"] = election.none_of_these
    if election.limits:
        head["limits"] = [
            {"name": x.name, "members": sorted(x.members), "at_least": x.at_least, "at_most": x.at_most}
            for x in election.limits
        ]
    if election.rule:
        head["rule"] = dict(election.rule)
    shape = "score-vector" if election.scored else "pref-list of groups" if grouped else "pref-list"
    if "no opinion" in election.ballot_format.lower():
        shape += "; an option left out = no opinion"
    head["ballot_format"] = shape
    text = json.dumps(head, ensure_ascii=False, indent=1, default=_number)
    yield text[:-2] + ',\n "ballots": ['
    comma = "\n"
    for ranking, count in sorted(election.ballots.items(), key=lambda item: (-item[1], repr(item[0]))):
        marks = [g if isinstance(g, tuple) else (g,) for g in ranking] if grouped else ranking
        yield f"{comma}  {json.dumps([count, marks])}"
        comma = ",\n"
    yield "\n ]\n}\n"


def _number(value: Any) -> Any:
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    raise TypeError(f"{type(value).__name__} has no place in a file")
