"""BLT, the ballot file of Hill, Wichmann and Woodall, "Algorithm 123", Computer Journal 30 (1987), as found in the
wild.

    4 2             four candidates, two seats
    -2              candidate 2 has withdrawn (several may stand on the line)
    3 1 3=4 0       three papers: 1 first, then 3 and 4 equal; 0 ends the paper
    2 0             two blank papers
    0               no more papers
    "Adam"          the names, then the title
    "Basil ""Baz"" Jones"
    Charlotte
    "Donald"
    "Board 2026"

Read as well: commas between numbers, names without quotes or with doubled ones, a byte order mark, ``#`` comments,
``-`` for a skipped rank, several quoted parts of one name with commas between them, several names on one line, source
and comment lines after the title. Not read, and refused: ballot identifiers, nicknames, weights that are not whole
numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from governance.tally import Ranking

from .model import MAX_OPTIONS, BadFile, Box, Election, check_distinct, clean_name
from .source import lines

NUMBER = re.compile(r"[0-9]{1,15}")
QUOTED = re.compile(r'"((?:[^"]|"")*)"')
AFTER_TITLE = 2  # Wichmann's source and comment


def read(stream: BinaryIO) -> Election:
    """Read a BLT file. Raises BadFile, naming line and fault."""
    numbered = ((n, text) for n, raw in lines(stream) if (text := raw.strip()) and not text.startswith("#"))
    options, seats = _header(numbered)
    box = Box(options)
    withdrawn, last = _papers(numbered, options, box)
    names, title = _names(numbered, options, last)
    return Election(names, box.papers, seats, title, frozenset(withdrawn), method="scottish-stv")


def _header(numbered: Iterator[tuple[int, str]]) -> tuple[int, int]:
    line, text = next(numbered, (1, ""))
    if not text:
        raise BadFile("the file is empty", 1)
    words = _words(text)
    if len(words) != 2 or not all(NUMBER.fullmatch(word) for word in words):
        raise BadFile("a BLT file begins with two numbers, the candidates and the seats", line)
    options, seats = int(words[0]), int(words[1])
    if not 1 <= options <= MAX_OPTIONS:
        raise BadFile(f"the number of candidates must be from 1 to {MAX_OPTIONS:,}, not {options}", line)
    if not 1 <= seats <= MAX_OPTIONS:
        raise BadFile(f"the number of seats must be from 1 to {MAX_OPTIONS:,}, not {seats}", line)
    return options, seats


def _words(text: str) -> list[str]:
    """The numbers of a line, whatever stands between them; a comment at its end is passed over."""
    text = text.split("#", 1)[0]
    if "=" in text:
        text = re.sub(r"\s*=\s*", "=", text)
    return text.replace(",", " ").split()


def _papers(numbered: Iterator[tuple[int, str]], options: int, box: Box) -> tuple[set[int], int]:
    """The lines up to the lone 0: withdrawn candidates, then papers."""
    withdrawn: set[int] = set()
    line = 1
    for line, text in numbered:
        words = _words(text)
        if words == ["0"]:
            return withdrawn, line
        if words and words[0].startswith("-") and len(words[0]) > 1:
            if box.papers:
                raise BadFile("withdrawn candidates are named before the papers", line)
            withdrawn.update(_withdrawn(word, options, line) for word in words if word != "0")
        elif words:
            _paper(words, box, line)
    raise BadFile("the file ends before the 0 that ends the papers", line)


def _withdrawn(word: str, options: int, line: int) -> int:
    number = word[1:]
    if not word.startswith("-") or not NUMBER.fullmatch(number) or not 1 <= int(number) <= options:
        raise BadFile(f"“{word[:40]}” does not withdraw one of the {options} candidates", line)
    return int(number) - 1


def _paper(words: list[str], box: Box, line: int) -> None:
    if not NUMBER.fullmatch(words[0]):
        raise BadFile(f"“{words[0][:40]}” is not a number of papers", line)
    if words[-1] != "0" or len(words) < 2:
        raise BadFile("the paper does not end with 0", line)
    try:  # nearly every line: plain numbers
        ranking: Ranking = tuple([int(word) - 1 for word in words[1:-1]])
        plain = all(word.isascii() and word.isdigit() for word in words)
    except ValueError:
        plain = False
    if not plain:
        ranking = tuple(_rank(word, line) for word in words[1:-1] if word != "-")
    elif -1 in ranking:
        raise BadFile("a 0 stands in the middle of the paper", line)
    box.add(ranking, int(words[0]), line)


def _rank(word: str, line: int) -> int | tuple[int, ...]:
    parts = word.split("=")
    for part in parts:
        if not NUMBER.fullmatch(part):
            raise BadFile(f"“{word[:40]}” is not a candidate's number", line)
        if not int(part):
            raise BadFile("a 0 stands in the middle of the paper", line)
    group = tuple(int(part) - 1 for part in parts)
    return group if len(group) > 1 else group[0]


def _names(numbered: Iterator[tuple[int, str]], options: int, last: int) -> tuple[tuple[str, ...], str]:
    """The names and the title. A line is one name; where there are too few lines, every quoted part is one."""
    entries: list[tuple[int, list[str]]] = []
    for line, text in numbered:
        entries.append((line, _parts(text, line)))
        if len(entries) > options + 1 + AFTER_TITLE:
            raise BadFile("text after the title", line)
    if len(entries) >= options:
        said = [(line, ", ".join(parts)) for line, parts in entries]
    else:
        said = [(line, part) for line, parts in entries for part in parts]
    if len(said) < options:
        line = said[-1][0] if said else last
        raise BadFile(f"{options} candidates need a name, and {len(said)} names are given", line)
    if len(said) > options + 1 + AFTER_TITLE:
        raise BadFile("text after the title", said[-1][0])
    names = [clean_name(name, line) for line, name in said[:options]]
    check_distinct(names, [line for line, _ in said[:options]])
    title = clean_name(said[options][1], said[options][0]) if len(said) > options else ""
    return tuple(names), title


def _parts(text: str, line: int) -> list[str]:
    """A line of the names: its quoted parts, or the whole of it where nothing is quoted."""
    if not text.startswith('"'):
        return [text.strip("“”").rstrip(",").strip()]
    if doubled := re.fullmatch(r'""([^"]+)""', text):
        return [doubled[1]]
    parts: list[str] = []
    rest = text
    while rest:
        match = QUOTED.match(rest)
        if match is None:
            raise BadFile("the quotation marks around a name do not match", line)
        parts.append(match[1].replace('""', '"').strip())
        rest = rest[match.end() :].lstrip(" \t,")
        if rest.startswith("#"):
            break
    return parts if len(parts) == 1 else [part for part in parts if part]


def write(election: Election) -> Iterator[str]:
    """The election as lines of BLT, each with its end. Equal papers stand once, in a fixed order."""
    yield f"{len(election.candidates)} {1 if election.seats is None else election.seats}\n"
    if election.withdrawn:
        yield " ".join(f"-{i + 1}" for i in sorted(election.withdrawn)) + "\n"
    for ranking, count in sorted(election.ballots.items(), key=lambda item: (-item[1], repr(item[0]))):
        yield " ".join([str(count), *map(_written, ranking), "0"]) + "\n"
    if election.spoiled:
        yield f"{election.spoiled} 0\n"
    yield "0\n"
    for name in (*election.candidates, election.title):
        yield '"' + " ".join(name.split("\n")).replace('"', '""') + '"\n'


def _written(rank: int | tuple[int, ...]) -> str:
    return "=".join(str(i + 1) for i in rank) if isinstance(rank, tuple) else str(rank + 1)
