"""From the papers as cast to piles a count can move: checked once, withdrawn candidates struck out, equal papers
merged.

Inside a count a paper is a ``bytes`` of candidate numbers (a tuple where more than 255 stand): striking out everybody
who is gone is then one C call, and papers that agree on all who are left become one entry. That keeps a million
papers within the second, in plain Python and exact integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .model import BadElection, Contest, Ranking

Paper = Any  # bytes, or a tuple of int where more than 255 candidates stand: both index to int
Pile = dict[Paper, int]
Groups = tuple[tuple[int, ...], ...]
SMALL = 255  # candidate numbers fit a byte


def check_question(contest: Contest) -> None:
    """Refuse a question nobody can count: no options, two of one name, unknown numbers, no seats."""
    check_names(contest.candidates)
    if not is_whole(contest.seats) or contest.seats < 1:
        raise BadElection(f"The number of seats must be a whole number of at least 1, not {short(contest.seats)}.")
    if not is_whole(contest.invalid) or contest.invalid < 0:
        raise BadElection("The number of spoiled papers cannot be negative.")
    if contest.equal_ranks not in ("refuse", "exhaust"):
        raise BadElection("Equal ranks can be refused or exhaust the paper, nothing else.")
    none = () if contest.none_of_these is None else (contest.none_of_these,)
    for what, numbers in (
        ("withdrawn", contest.withdrawn),
        ("protected", contest.protected),
        ("none-of-these", none),
    ):
        if bad := [i for i in numbers if not is_whole(i) or not 0 <= i < len(contest.candidates)]:
            raise BadElection(f"The {what} option {short(bad[0])} is not on the paper.")
    if len(contest.withdrawn) == len(contest.candidates):
        raise BadElection("Every option has been withdrawn.")


def check_names(names: Sequence[object]) -> None:
    """Every option has a name of its own."""
    if not names:
        raise BadElection("There are no options to choose between.")
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise BadElection(f"Option {i + 1} has no name.")
        first = seen.setdefault(name.strip(), i)
        if first != i:
            raise BadElection(f"Options {first + 1} and {i + 1} have the same name, {short(name)}.")


def is_whole(value: object) -> bool:
    """An int that is not a bool in disguise."""
    return isinstance(value, int) and not isinstance(value, bool)


def short(value: object) -> str:
    """A value fit for one line of an error message."""
    text = str(value) if isinstance(value, str) else repr(value)
    text = " ".join("".join(c if c.isprintable() else " " for c in text[:200]).split())
    text = text if len(text) <= 60 else text[:57] + "…"
    return f"“{text}”" if isinstance(value, str) else text


def check_count(ranking: Ranking, count: object) -> int:
    """The number of papers marked alike: a whole number of at least one."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise BadElection(
            f"The paper {short(ranking)} is counted {short(count)} times; it must be a whole number from 1."
        )
    return count


def check_ranking(ranking: Any, candidates: int) -> Groups:
    """A ranking as groups of equal rank, refusing unknown numbers and repeated preferences."""
    if not isinstance(ranking, tuple):
        raise BadElection(f"A paper must be a tuple of candidate numbers, not {short(ranking)}.")
    groups: Groups = tuple(g if isinstance(g, tuple) else (g,) for g in ranking)
    seen: set[int] = set()
    for group in groups:
        if not group:
            raise BadElection(f"The paper {short(ranking)} has an empty group.")
        for i in group:
            if not is_whole(i) or not 0 <= i < candidates:
                raise BadElection(f"The paper {short(ranking)} names option {short(i)}, which is not on the paper.")
            if i in seen:
                raise BadElection(f"The paper {short(ranking)} names option {i + 1} twice.")
            seen.add(i)
    return groups


@dataclass(slots=True)
class Sorted:
    """Valid papers, withdrawn candidates struck out: ``flat`` ones without equal ranks, and ``tied`` ones as groups."""

    flat: Pile
    tied: dict[Groups, int]
    papers: int
    valid: int


def sort_papers(contest: Contest) -> Sorted:
    """Check every paper, strike out the withdrawn, merge equal papers. One on which nothing is left is not valid."""
    size = len(contest.candidates)
    flat: Pile = {}
    tied: dict[Groups, int] = {}
    papers = contest.invalid
    small = size <= SMALL
    encode: Callable[[Iterable[int]], Paper] = bytes if small else tuple
    gone = bytes(sorted(contest.withdrawn)) if small else b""
    for ranking, count in contest.ballots.items():
        papers += count if type(count) is int and count > 0 else check_count(ranking, count)
        paper: Paper = None
        if small and type(ranking) is tuple:
            try:
                paper = bytes(ranking)
            except (TypeError, ValueError):  # a group of equal rank, or a number nobody has: the careful way
                paper = None
        if paper is None or len(set(paper)) != len(paper) or (paper and max(paper) >= size):
            kept = _kept(ranking, contest)
            if any(len(group) > 1 for group in kept):
                tied[kept] = tied.get(kept, 0) + count
                continue
            paper = encode(group[0] for group in kept)
        elif gone:
            paper = paper.translate(None, gone)
        flat[paper] = flat.get(paper, 0) + count
    blank = flat.pop(encode(()), 0)
    return Sorted(flat, tied, papers, papers - contest.invalid - blank)


def _kept(ranking: Ranking, contest: Contest) -> Groups:
    """One paper as groups of equal rank, the withdrawn struck out."""
    kept = check_ranking(ranking, len(contest.candidates))
    if not contest.withdrawn:
        return kept
    left = (tuple(i for i in group if i not in contest.withdrawn) for group in kept)
    return tuple(group for group in left if group)


def preferences(contest: Contest) -> tuple[Pile, int, int]:
    """The valid papers as a pile of strict preferences, and the numbers of papers and of valid papers.

    A paper that gives two candidates one rank is refused, or is exhausted there: not valid, if that is its first rank.
    """
    cast = sort_papers(contest)
    pile, valid = cast.flat, cast.valid
    encode: Callable[[Iterable[int]], Paper] = bytes if len(contest.candidates) <= SMALL else tuple
    for kept, count in cast.tied.items():
        first = next(i for i, group in enumerate(kept) if len(group) > 1)
        if contest.equal_ranks == "refuse":
            names = " and ".join(short(contest.candidates[i]) for i in kept[first][:2])
            raise BadElection(f"A paper gives {names} the same rank, which this method cannot count.")
        if not first:
            valid -= count
            continue
        paper = encode(group[0] for group in kept[:first])
        pile[paper] = pile.get(paper, 0) + count
    return pile, cast.papers, valid


def striker(gone: Iterable[int], size: int) -> Callable[[Paper], Paper]:
    """A function that strikes those who are gone out of a paper."""
    out = frozenset(gone)
    if size <= SMALL:
        table = bytes(sorted(out))
        return lambda paper: paper.translate(None, table)
    return lambda paper: tuple(i for i in paper if i not in out)


def deal(pile: Mapping[Paper, int], strike: Callable[[Paper], Paper], into: dict[int, Pile]) -> dict[int | None, int]:
    """Deal a pile out to the next preference that ``strike`` leaves; returns papers per candidate, None: no
    preference left.
    """
    moved: dict[int | None, int] = {}
    for paper, count in pile.items():
        paper = strike(paper)
        if paper:
            first = paper[0]
            target = into[first]
            target[paper] = target.get(paper, 0) + count
            moved[first] = moved.get(first, 0) + count
        else:
            moved[None] = moved.get(None, 0) + count
    return in_order(moved)


def in_order(moved: Mapping[int | None, int]) -> dict[int | None, int]:
    """Amounts by candidate number, what is exhausted last: the order in which papers came must not show."""
    return dict(sorted(moved.items(), key=lambda item: (item[0] is None, item[0])))
