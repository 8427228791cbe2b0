"""An election as a file holds it, and the one error of this package."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.tally import BadElection, Contest, Limit, Ranking
from governance.tally.papers import short

MAX_OPTIONS = 10_000
MAX_PAPERS = 10**12
MAX_DISTINCT = 2_000_000  # different papers kept in memory; beyond it a file is refused


class BadFile(BadElection):
    """A file that cannot be read as an election; the message names the line, where there is one, and the fault."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message if line is None else f"line {line}: {message}")


@dataclass(frozen=True, slots=True)
class Election:
    """What was read. ``method`` and ``rule`` are what the file itself says of how to count it, where it says so.

    ``seats`` is None where the format has no place for it. ``scored`` marks ballots of scores instead of rankings.
    """

    candidates: tuple[str, ...]
    ballots: Mapping[Ranking, int]
    seats: int | None = None
    title: str = ""
    withdrawn: frozenset[int] = frozenset()
    spoiled: int = 0
    limits: tuple[Limit, ...] = ()
    rule: Mapping[str, Any] = field(default_factory=dict)
    ballot_format: str = ""
    scored: bool = False
    none_of_these: int | None = None
    method: str | None = None
    rule_line: int | None = None

    def contest(self, *, seats: int | None = None, seed: str | None = None, equal_ranks: str = "refuse") -> Contest:
        """The question and its papers, ready for ``governance.tally.count``."""
        places = self.seats if seats is None else seats
        if places is None:
            raise BadFile("the file does not say how many seats there are to fill; give --seats")
        return Contest(
            candidates=self.candidates,
            ballots=self.ballots,
            seats=places,
            withdrawn=self.withdrawn,
            invalid=self.spoiled,
            seed=seed,
            equal_ranks=equal_ranks,
            limits=self.limits,
            none_of_these=self.none_of_these,
            title=self.title,
        )

    @classmethod
    def of(cls, contest: Contest, **rest: Any) -> Election:
        """A contest as a file would hold it, for the writers."""
        return cls(
            candidates=contest.candidates,
            ballots=contest.ballots,
            seats=contest.seats,
            title=contest.title,
            withdrawn=contest.withdrawn,
            spoiled=contest.invalid,
            limits=contest.limits,
            none_of_these=contest.none_of_these,
            **rest,
        )


class Box:
    """Gathers papers while a file is read: equal ones add up, faults name their line, memory stays bounded."""

    def __init__(self, options: int) -> None:
        self.options = options
        self.papers: dict[Ranking, int] = {}
        self.total = 0

    def add(self, ranking: Ranking, count: int, line: int) -> None:
        """Put ``count`` papers in. Indexes are 0-based and were checked to exist; repeats are refused here."""
        if count < 1:
            raise BadFile(f"a paper is counted {count} times; it must be a whole number from 1", line)
        self.total += count
        if self.total > MAX_PAPERS:
            raise BadFile("more papers than any electorate has", line)
        known = self.papers.get(ranking)
        if known is None:
            self.check(ranking, line)
            if len(self.papers) >= MAX_DISTINCT:
                raise BadFile(f"more than {MAX_DISTINCT:,} different papers", line)
            known = 0
        self.papers[ranking] = known + count

    def check(self, ranking: Ranking, line: int) -> None:
        """Refuse unknown options and repeated preferences."""
        seen: set[int] = set()
        for group in ranking:
            for i in group if isinstance(group, tuple) else (group,):
                if not 0 <= i < self.options:
                    raise BadFile(f"a paper names option {short(i + 1)}, and there are {self.options}", line)
                if i in seen:
                    raise BadFile(f"a paper names option {i + 1} twice", line)
                seen.add(i)


def clean_name(text: str, line: int | None) -> str:
    """A candidate's name or a title as text fit for one line: no control characters, no half of a character."""
    return checked_name(text.replace("\t", " ").strip(), line)


def checked_name(name: str, line: int | None) -> str:
    """The name as it is, if it can be printed on one line."""
    for c in name:
        if not c.isprintable() and unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp"):
            raise BadFile(f"a name holds the character U+{ord(c):04X}, which cannot be printed", line)
    if len(name) > 1000:
        raise BadFile("a name is longer than 1,000 characters", line)
    return name


def check_distinct(names: list[str], lines: list[int]) -> None:
    """Every option has a name, and no two have the same."""
    seen: dict[str, int] = {}
    for i, (name, line) in enumerate(zip(names, lines, strict=True)):
        key = name.strip()
        if not key:
            raise BadFile(f"option {i + 1} has no name", line)
        if key in seen:
            raise BadFile(f"options {seen[key] + 1} and {i + 1} have the same name, {short(key)}", line)
        seen[key] = i
