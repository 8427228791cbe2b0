"""PrefLib's ordinal files: soc and soi (strict orders, complete or not), toc and toi (orders with ties).

Source: PrefLib.org, "Data Format" (N. Mattei and T. Walsh, 2013). Both shapes are read, the present one

    # TITLE: Board 2026
    # DATA TYPE: toc
    # NUMBER ALTERNATIVES: 3
    # NUMBER VOTERS: 5
    # ALTERNATIVE NAME 1: Adam
    # ALTERNATIVE NAME 2: Basil
    # ALTERNATIVE NAME 3: Charlotte
    3: 1,2,3
    2: {2,3},1

and the one before 2022: the number of options, a line ``number,name`` for each, a line ``voters,sum,different``, then
lines ``papers,1,{2,3}``. A file that says how many voted and holds another number of papers is refused: it is cut
short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from governance.tally import Ranking

from .model import MAX_OPTIONS, BadFile, Box, Election, check_distinct, clean_name
from .source import lines

KINDS = ("soc", "soi", "toc", "toi")
NUMBER = re.compile(r"[0-9]{1,15}")
FIELD = re.compile(r"#\s*([A-Z ]+?)\s*([0-9]*)\s*:\s*(.*)")
ORDER = re.compile(r"\{[^{}]*\}|[^,{}]+")


@dataclass
class _Head:
    kind: str
    title: str = ""
    options: int | None = None
    voters: tuple[int, int] | None = None  # how many, and the line that says so
    names: dict[int, tuple[str, int]] = field(default_factory=dict)


def read(stream: BinaryIO, kind: str = "") -> Election:
    """Read a PrefLib file of ``kind`` (its extension, or what the file says). Raises BadFile, naming line and fault."""
    numbered = ((n, text.strip()) for n, text in lines(stream) if text.strip())
    first = next(numbered, None)
    if first is None:
        raise BadFile("the file is empty", 1)
    head = _Head(kind)
    if first[1].startswith("#"):
        line, text = _fields(first, numbered, head)
        separator = ":"
    else:
        line, text = _old_head(first, numbered, head)
        separator = ","
    candidates = _candidates(head, line)
    box = Box(len(candidates))
    while text:
        _order(text, separator, head.kind, box, line)
        line, text = next(numbered, (line, ""))
    if head.voters is not None and head.voters[0] != box.total:
        raise BadFile(f"the file says {head.voters[0]} voted and holds {box.total} papers", head.voters[1])
    return Election(candidates, box.papers, None, head.title)


def _fields(first: tuple[int, str], numbered: Iterator[tuple[int, str]], head: _Head) -> tuple[int, str]:
    """The head of the present shape; returns the first line after it."""
    line, text = first
    while text.startswith("#"):
        if match := FIELD.fullmatch(text):
            _field(head, match[1], match[2], match[3], line)
        line, text = next(numbered, (line, ""))
    return line, text


def _field(head: _Head, key: str, index: str, value: str, line: int) -> None:
    if key == "TITLE":
        head.title = clean_name(value, line)
    elif key == "DATA TYPE":
        head.kind = _kind(head.kind, value.lower(), line)
    elif key == "NUMBER ALTERNATIVES":
        head.options = _whole(value, "number of alternatives", line)
    elif key == "NUMBER VOTERS":
        head.voters = (_whole(value, "number of voters", line), line)
    elif key == "ALTERNATIVE NAME" and index:
        number = int(index)
        if number in head.names:
            raise BadFile(f"alternative {number} is named twice", line)
        head.names[number] = (clean_name(value, line), line)


def _kind(named: str, said: str, line: int) -> str:
    if said not in KINDS:
        raise BadFile(f"the data type “{said[:20]}” is not one of {', '.join(KINDS)}", line)
    if named not in ("", said):
        raise BadFile(f"the file is named {named} and says it is {said}", line)
    return said


def _old_head(first: tuple[int, str], numbered: Iterator[tuple[int, str]], head: _Head) -> tuple[int, str]:
    line, text = first
    head.options = _whole(text, "number of alternatives", line)
    for _ in range(min(head.options, MAX_OPTIONS + 1)):
        line, text = next(numbered, (line, ""))
        number, comma, name = text.partition(",")
        if not comma:
            raise BadFile("an alternative is given as “number,name”", line)
        head.names[_whole(number, "alternative", line)] = (clean_name(name, line), line)
    line, text = next(numbered, (line, ""))
    counts = text.split(",")
    if len(counts) != 3:
        raise BadFile("after the names stand three numbers: voters, their sum, different orders", line)
    head.voters = (_whole(counts[1], "sum of papers", line), line)
    return next(numbered, (line, ""))


def _whole(text: str, what: str, line: int) -> int:
    if not NUMBER.fullmatch(text.strip()):
        raise BadFile(f"the {what} is “{text[:40]}”, not a number", line)
    return int(text)


def _candidates(head: _Head, line: int) -> tuple[str, ...]:
    options = head.options if head.options is not None else len(head.names)
    if not 1 <= options <= MAX_OPTIONS:
        raise BadFile(f"the number of alternatives must be from 1 to {MAX_OPTIONS:,}, not {options}", line)
    missing = [i for i in range(1, options + 1) if i not in head.names]
    if missing:
        raise BadFile(f"alternative {missing[0]} has no name", line)
    if len(head.names) > options:
        raise BadFile(f"{options} alternatives are announced and {len(head.names)} named", line)
    named = [head.names[i] for i in range(1, options + 1)]
    check_distinct([name for name, _ in named], [at for _, at in named])
    return tuple(name for name, _ in named)


def _order(text: str, separator: str, kind: str, box: Box, line: int) -> None:
    """One line of papers."""
    count, found, order = text.partition(separator)
    if not found and separator == ":":
        raise BadFile("papers are given as “number: order”", line)
    papers = _whole(count, "number of papers", line)
    ranking = _ranking(order.strip(), line)
    if kind in ("soc", "soi") and any(isinstance(group, tuple) for group in ranking):
        raise BadFile(f"a {kind} file has no ties", line)
    box.add(ranking, papers, line)
    ranked = sum(len(group) if isinstance(group, tuple) else 1 for group in ranking)
    if kind in ("soc", "toc") and ranked != box.options:
        raise BadFile(f"a {kind} file ranks everybody, and this paper ranks {ranked} of {box.options}", line)


def _ranking(order: str, line: int) -> Ranking:
    if not order:
        return ()
    groups = ORDER.findall(order)
    if ",".join(groups) != order:
        raise BadFile(f"“{order[:40]}” is not an order of alternatives", line)
    ranking: list[int | tuple[int, ...]] = []
    for group in groups:
        members = tuple(_whole(i, "alternative", line) - 1 for i in group.strip(" {}").split(",") if i.strip())
        if not members:
            raise BadFile("a group of equal rank is empty", line)
        ranking.append(members if len(members) > 1 else members[0])
    return tuple(ranking)


def kind_of(election: Election) -> str:
    """The narrowest of the four kinds that holds these papers."""
    ties = any(isinstance(group, tuple) for ranking in election.ballots for group in ranking)
    size = len(election.candidates)
    complete = all(sum(len(g) if isinstance(g, tuple) else 1 for g in ranking) == size for ranking in election.ballots)
    return ("to" if ties else "so") + ("c" if complete and not election.spoiled else "i")


def write(election: Election) -> Iterator[str]:
    """The election as lines of PrefLib's present shape. Seats and withdrawals have no place in it."""
    voters = sum(election.ballots.values()) + election.spoiled
    yield f"# TITLE: {election.title}\n"
    yield f"# DATA TYPE: {kind_of(election)}\n"
    yield f"# NUMBER ALTERNATIVES: {len(election.candidates)}\n"
    yield f"# NUMBER VOTERS: {voters}\n"
    yield f"# NUMBER UNIQUE ORDERS: {len(election.ballots)}\n"
    for i, name in enumerate(election.candidates, 1):
        yield f"# ALTERNATIVE NAME {i}: {name}\n"
    for ranking, count in sorted(election.ballots.items(), key=lambda item: (-item[1], repr(item[0]))):
        yield f"{count}: {','.join(map(_written, ranking))}\n"
    if election.spoiled:
        yield f"{election.spoiled}:\n"


def _written(rank: int | tuple[int, ...]) -> str:
    return "{" + ",".join(str(i + 1) for i in rank) + "}" if isinstance(rank, tuple) else str(rank + 1)
