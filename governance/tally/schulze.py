"""Schulze's method with winning votes, and the Debian project's use of it: default option, quorum, N:1 majorities.

Sources: M. Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent single-winner
election method", Social Choice and Welfare 36 (2011); Debian Constitution v1.7, A.6, whose order of steps is:

1. The papers rank options; equal ranks are allowed. An option not ranked is below all that are ranked
   (``unranked="last"``), or is not compared at all on that paper (``"no-opinion"``).
2. V(A, B) is the number of papers that prefer A to B.
3. *Quorum.* An option other than the default is dropped unless at least R papers prefer it to the default (A.6.2).
4. *Majority.* It is dropped unless V(A, D) > N × V(D, A), N being its majority ratio, ordinarily 1 (A.6.3).
5. A beats B directly if V(A, B) > V(B, A), with strength V(A, B). A *path* is as strong as its weakest step. A beats
   B if its strongest path to B is stronger than B's to A. Nobody beating the winner is a theorem (Schulze, section
   4.1). Debian calls the defeat with fewer votes against it the stronger of two with equal winning votes (A.6.7).
6. The ranking: those whom nobody remaining beats, again and again, over the paths of the first computation.

The default option is named as the winner where it stands first, and is not elected otherwise.

Schulze's example 1 (45 voters, five candidates): E wins, then A, C, B, D.

>>> from .model import Contest
>>> papers = {(0, 2, 1, 4, 3): 5, (0, 3, 4, 2, 1): 5, (1, 4, 3, 0, 2): 8, (2, 0, 1, 4, 3): 3,
...           (2, 0, 4, 1, 3): 7, (2, 1, 0, 3, 4): 2, (3, 2, 4, 1, 0): 7, (4, 1, 0, 3, 2): 8}
>>> result = count(Contest(tuple("ABCDE"), papers))
>>> result.ranking
((4,), (0,), (2,), (1,), (3,))
>>> result.paths[0]
(0, 28, 28, 30, 24)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .limits import Guard
from .model import BadElection, Contest, Result, Tie, TieBy, fraction_words
from .papers import Sorted, check_question, is_whole, short, sort_papers
from .ties import lot_order
from .words import number

Matrix = list[list[int]]


@dataclass(frozen=True, slots=True)
class Switches:
    """The question's rule: what an unranked option means, and the default option with its quorum and majorities.

    ``majorities`` maps an option to its ratio N; those not named need more than 1. ``quorum`` may be a fraction
    (Debian's 3Q is). With ``less_opposed``, of two defeats with equal winning votes the one with fewer votes
    against it is the stronger (A.6.7).
    """

    unranked: str = "last"
    less_opposed: bool = False
    default: int | None = None
    quorum: Fraction | None = None
    majorities: Mapping[int, Fraction] = field(default_factory=dict)


def count(contest: Contest, switches: Switches | None = None) -> Result:
    """Count by Schulze's method. Raises BadElection for a question or papers that cannot be counted."""
    check_question(contest)
    rule = switches or Switches()
    _check(rule, contest)
    guard = Guard(contest)
    cast = sort_papers(contest)
    pairwise = preferred(cast, len(contest.candidates), contest.standing, rule.unranked)
    dropped, why = _dropped(contest, rule, pairwise)
    left = [c for c in contest.standing if c not in dropped]
    unit = cast.valid + 1 if rule.less_opposed else 1
    paths = strongest_paths(strengths(pairwise, unit), left)
    ranking = tiers(paths, left)
    place = lot_order(len(contest.candidates), contest.seed)
    winners, ties = _elect(contest, rule, guard, ranking, place)
    return Result(
        method="schulze",
        candidates=contest.candidates,
        withdrawn=contest.withdrawn,
        seats=contest.seats,
        ballots=cast.papers,
        valid=cast.valid,
        quota=None,
        decimals=0,
        winners=tuple(winners),
        ties=tuple(ties),
        ranking=tuple(tuple(tier) for tier in ranking),
        dropped=tuple(dropped),
        pairwise=tuple(tuple(row) for row in pairwise),
        paths=tuple(tuple(strength // unit for strength in row) for row in paths),
        explanation=(*why, *_reasons(contest, winners, left, pairwise, paths)),
        title=contest.title,
        seed=contest.seed,
    )


def _check(rule: Switches, contest: Contest) -> None:
    if rule.unranked not in ("last", "no-opinion"):
        raise BadElection(f"An unranked option is either “last” or “no-opinion”, not {short(rule.unranked)}.")
    if rule.default is not None and (not is_whole(rule.default) or rule.default not in contest.standing):
        raise BadElection(f"The default option {short(rule.default)} is not on the paper.")
    if (rule.quorum is not None or rule.majorities) and rule.default is None:
        raise BadElection("A quorum or a majority is measured against a default option, and none is named.")
    for option, ratio in rule.majorities.items():
        if not is_whole(option) or not 0 <= option < len(contest.candidates):
            raise BadElection(f"A majority is set for option {short(option)}, which is not on the paper.")
        if ratio < 0:
            raise BadElection("A majority ratio cannot be negative.")
    if rule.quorum is not None and rule.quorum < 0:
        raise BadElection("A quorum cannot be negative.")


def preferred(cast: Sorted, size: int, standing: list[int], unranked: str) -> Matrix:
    """V: ``result[a][b]`` papers prefer a to b.

    Papers are first gathered by (option, set of options below it), a set being the bits of one integer: with ten
    options at most 5,120 entries, however many papers there are.
    """
    below: list[dict[int, int]] = [{} for _ in range(size)]
    bit = [1 << c for c in range(size)]
    everybody = sum(bit[c] for c in standing)
    last = unranked == "last"
    for paper, papers in cast.flat.items():
        rest = everybody if last else sum([bit[c] for c in paper])
        for c in paper:
            rest ^= bit[c]
            here = below[c]
            here[rest] = here.get(rest, 0) + papers
    for ranking, papers in cast.tied.items():
        rest = everybody if last else sum(bit[c] for group in ranking for c in group)
        for group in ranking:
            rest ^= sum(bit[c] for c in group)
            for c in group:
                below[c][rest] = below[c].get(rest, 0) + papers
    return [_spread(gathered, size) for gathered in below]


def _spread(gathered: Mapping[int, int], size: int) -> list[int]:
    """One row of V out of the sets gathered for its option."""
    row = [0] * size
    for mask, papers in gathered.items():
        while mask:
            low = mask & -mask
            row[low.bit_length() - 1] += papers
            mask ^= low
    return row


def strengths(pairwise: Matrix, unit: int = 1) -> Matrix:
    """Direct defeats by winning votes; 0: no defeat.

    With a ``unit`` above the number of papers the votes against count too, between equals only: fewer is stronger.
    """
    return [
        [
            won * unit + (unit - 1 - pairwise[b][a]) * (unit > 1) if won > pairwise[b][a] else 0
            for b, won in enumerate(row)
        ]
        for a, row in enumerate(pairwise)
    ]


def strongest_paths(direct: Matrix, left: list[int]) -> Matrix:
    """Strength of the strongest path between any two of ``left`` (Floyd and Warshall; Schulze section 2.3.1)."""
    among = set(left)
    paths = [
        [strength if a in among and b in among else 0 for b, strength in enumerate(row)] for a, row in enumerate(direct)
    ]
    for via in left:
        for a in left:
            if a != via and paths[a][via]:
                _widen(paths[a], paths[a][via], paths[via], a)
    return paths


def _widen(row: list[int], reach: int, onward: list[int], self: int) -> None:
    """Take the way over a stop where it is stronger than the way known so far."""
    for b, strength in enumerate(onward):
        if b != self and min(strength, reach) > row[b]:
            row[b] = min(strength, reach)


def tiers(paths: Matrix, left: list[int]) -> list[list[int]]:
    """Again and again those whom nobody remaining beats."""
    rest = list(left)
    ranking: list[list[int]] = []
    while rest:
        tier = [a for a in rest if not any(paths[b][a] > paths[a][b] for b in rest)]
        ranking.append(tier)
        rest = [a for a in rest if a not in tier]
    return ranking


def _dropped(contest: Contest, rule: Switches, pairwise: Matrix) -> tuple[list[int], list[str]]:
    """Steps 3 and 4."""
    default = rule.default
    if default is None:
        return [], []
    out: list[int] = []
    why: list[str] = []
    name = contest.candidates
    for c in contest.standing:
        if c == default:
            continue
        for_, against = pairwise[c][default], pairwise[default][c]
        ratio = rule.majorities.get(c, Fraction(1))
        if rule.quorum is not None and for_ < rule.quorum:
            needed = -(-rule.quorum.numerator // rule.quorum.denominator)
            why.append(
                f"{name[c]} is dropped: {number(for_)} papers prefer it to {name[default]}, and the quorum is "
                f"{number(needed)}."
            )
            out.append(c)
        elif not for_ > ratio * against:
            why.append(
                f"{name[c]} is dropped: {number(for_)} papers prefer it to {name[default]}, {number(against)} the "
                f"other way; it needs more than {fraction_words(ratio)} to 1."
            )
            out.append(c)
    return out, why


def _elect(
    contest: Contest, rule: Switches, guard: Guard, ranking: list[list[int]], place: list[int]
) -> tuple[list[int], list[Tie]]:
    """The first of the ranking, as many as seats; the default option only where it stands first."""
    by: TieBy = "order" if contest.seed is None else "seed"
    order = [c for tier in ranking for c in sorted(tier, key=place.__getitem__)]
    if rule.default is not None and order and order[0] == rule.default:
        winners = [rule.default]
    else:
        able = [c for c in order if c != rule.default]
        winners = guard.take(able, [], list(contest.standing))
    ties: list[Tie] = []
    for tier in ranking:
        inside = set(tier) & set(winners)
        if inside and len(tier) > 1:
            chosen = next(c for c in order if c in tier)
            ties.append(Tie(1, tuple(tier), "order" if inside == set(tier) else "seat", by, chosen))
    return winners, ties


def _reasons(contest: Contest, winners: list[int], left: list[int], pairwise: Matrix, paths: Matrix) -> list[str]:
    """Why the first stands first: the duels, or the paths where the duels run in a circle."""
    if not winners:
        return ["Nobody is elected."]
    top, name = winners[0], contest.candidates
    others = [c for c in left if c != top]
    if not others:
        return [f"{name[top]} is the only option left."]
    beaten = [c for c in others if pairwise[top][c] > pairwise[c][top]]
    if len(beaten) == len(others):
        return [f"{name[top]} is preferred to every other option left, one against one."]
    by_path = sum(paths[top][c] > paths[c][top] for c in others)
    return [
        f"{name[top]} wins {number(len(beaten))} of {number(len(others))} duels directly, and over the strongest paths "
        f"stands above {number(by_path)} and below nobody."
    ]
