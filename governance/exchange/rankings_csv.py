"""CSV of rankings, in the two shapes people keep them in.

*A column for each option*, ranks in the cells (empty: not ranked, equal numbers: equal ranks):

    count,Adam,Basil,Charlotte
    3,1,2,
    2,2,1,2

*A column for each rank*, names in the cells; options are all the names met, in the order in which they are met:

    count,rank 1,rank 2,rank 3
    3,Adam,Basil,
    2,Basil,Adam,

``count`` may be left out: then every row is one paper. Commas, semicolons and tabs separate; the head decides.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from governance.tally import Ranking

from .model import MAX_OPTIONS, BadFile, Box, Election, check_distinct, clean_name
from .source import MAX_LINE, lines

RANK = re.compile(
    r"(?:rank|choice|preference|pref)?\s*#?\s*[0-9]{1,4}(?:st|nd|rd|th)?(?:\s*(?:rank|choice|preference))?", re.I
)
NUMBER = re.compile(r"[0-9]{1,15}")
COUNT = ("count", "papers", "ballots", "votes", "number")


def read(stream: BinaryIO) -> Election:
    """Read a CSV of rankings. Raises BadFile, naming line and fault."""
    numbered = lines(stream)
    line, head_text = next(numbered, (1, ""))
    if not head_text.strip():
        raise BadFile("the first line must name the columns", 1)
    separator = max(",;\t", key=head_text.count)
    rows: Iterator[tuple[int, list[str]]] = _rows(_Feed(line, head_text, numbered), separator)
    line, head = next(rows, (line, [""]))
    if not any(cell.strip() for cell in head):
        raise BadFile("the first line must name the columns", line)
    counted = head[0].strip().lower() in COUNT
    columns = [cell.strip() for cell in head[1 if counted else 0 :]]
    if not columns or len(columns) > MAX_OPTIONS:
        raise BadFile(f"from 1 to {MAX_OPTIONS:,} columns are needed beside the count", line)
    first = next(rows, None)
    rows = rows if first is None else chain([first], rows)
    cells = [] if first is None else [cell.strip() for cell in first[1][counted:] if cell.strip()]
    if all(RANK.fullmatch(column) for column in columns) and not all(NUMBER.fullmatch(cell) for cell in cells):
        return _by_rank(rows, len(head), counted)
    return _by_option(rows, [clean_name(_plain(c), line) for c in columns], counted, line)


class _Feed:
    """Hands numbered lines to the csv module and remembers where it is."""

    def __init__(self, line: int, first: str, rest: Iterator[tuple[int, str]]) -> None:
        self.line, self.pending, self.rest = line, first, rest

    def __iter__(self) -> Iterator[str]:
        yield self.pending + "\n"
        for number, text in self.rest:
            self.line = number
            yield text + "\n"


def _rows(feed: _Feed, separator: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(MAX_LINE)
    try:
        for row in csv.reader(feed, delimiter=separator, strict=True):
            if len(row) > 1 or any(cell.strip() for cell in row):  # separators alone are a blank paper
                yield feed.line, row
    except csv.Error as fault:
        raise BadFile(f"not a CSV row ({fault})", feed.line) from None


def _papers(row: list[str], counted: bool, line: int) -> tuple[int, list[str]]:
    if not counted:
        return 1, row
    if not NUMBER.fullmatch(row[0].strip()):
        raise BadFile(f"“{row[0][:40]}” is not a number of papers", line)
    return int(row[0]), row[1:]


def _by_option(rows: Iterable[tuple[int, list[str]]], names: list[str], counted: bool, at: int) -> Election:
    check_distinct(names, [at] * len(names))
    box = Box(len(names))
    for line, row in rows:
        if len(row) != len(names) + counted:
            raise BadFile(f"{len(row)} cells, where the head has {len(names) + counted}", line)
        count, cells = _papers(row, counted, line)
        ranks: dict[int, list[int]] = {}
        for i, cell in enumerate(cells):
            if not (cell := cell.strip()):
                continue
            if not NUMBER.fullmatch(cell) or not int(cell):
                raise BadFile(f"“{cell[:40]}” is not a rank; ranks are whole numbers from 1", line)
            ranks.setdefault(int(cell), []).append(i)
        box.add(tuple(g[0] if len(g) == 1 else tuple(g) for _, g in sorted(ranks.items())), count, line)
    return Election(tuple(names), box.papers)


def _by_rank(rows: Iterable[tuple[int, list[str]]], width: int, counted: bool) -> Election:
    places: dict[str, int] = {}
    box = Box(MAX_OPTIONS)
    for line, row in rows:
        if len(row) > width:
            raise BadFile(f"{len(row)} cells, where the head has {width}", line)
        count, cells = _papers(row, counted, line)
        ranking: list[int] = []
        for cell in cells:
            if name := clean_name(_plain(cell), line):
                ranking.append(places.setdefault(name, len(places)))
                if len(places) > MAX_OPTIONS:
                    raise BadFile(f"more than {MAX_OPTIONS:,} different names", line)
        box.add(tuple(ranking), count, line)
    if not places:
        raise BadFile("no paper names anybody", 1)
    return Election(tuple(places), box.papers)


def write(election: Election) -> Iterator[str]:
    """The election as CSV, a column for each option and ranks in the cells.

    A name that a spreadsheet would run as a formula is written with an apostrophe before it.
    """
    out: list[str] = []

    class Sink:
        def write(self, text: str) -> None:
            out.append(text)

    writer = csv.writer(Sink(), lineterminator="\n")
    writer.writerow(["count", *map(_harmless, election.candidates)])
    yield out.pop()
    for ranking, count in sorted(election.ballots.items(), key=lambda item: (-item[1], repr(item[0]))):
        writer.writerow([count, *_ranks(ranking, len(election.candidates))])
        yield out.pop()
    if election.spoiled:
        writer.writerow([election.spoiled, *[""] * len(election.candidates)])
        yield out.pop()


def _ranks(ranking: Ranking, size: int) -> list[str]:
    cells = [""] * size
    for rank, group in enumerate(ranking, 1):
        for i in group if isinstance(group, tuple) else (group,):
            cells[i] = str(rank)
    return cells


def _harmless(name: str) -> str:
    return f"'{name}" if name[:1] in "=+-@\t\r" else name


def _plain(name: str) -> str:
    """A name as it was before ``_harmless``."""
    return name[1:] if name[:1] == "'" and name[1:2] in ("=", "+", "-", "@") else name
