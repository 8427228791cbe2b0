"""Methods that only add up: plurality, block vote, approval, score.

1. *Plurality.* One mark a paper. The options with the most votes are elected, as many as there are seats.
2. *Block.* Up to as many marks as there are seats (or as the question says). The most votes are elected.
3. *Approval.* Any number of marks. The most approvals are elected.
4. *Score.* A score within the question's range for each option; one left without a score receives the lowest. The
   highest sums are elected.

Source: Robert's Rules of Order Newly Revised §§44–46 (plurality, several seats by ballot); S. Brams and P. Fishburn,
"Approval Voting" (1978); W. D. Smith, "Range Voting" (2000). A ranked paper is read by these methods from the top:
its first preference is the mark, its first N preferences are the N marks, everybody ranked is approved. A paper with
more marks than allowed is not valid. Where "none of these" is an option, only options with more votes than it are
elected; first, it is named the winner.

>>> from .model import Contest
>>> papers = {(0, 1): 4, (1, 2): 3, (2, 1): 2}
>>> contest = Contest(("Ann", "Bob", "Cat"), papers)
>>> plurality(contest).winner_names, block(contest, marks=2).winner_names, approval(contest).rounds[0].votes
(('Ann',), ('Bob',), (4, 9, 5))
>>> score(Contest(("Ann", "Bob"), {(5, 3): 2, (0, 4): 1}), low=0, high=5).rounds[0].votes
(10, 10)
"""

from __future__ import annotations

from typing import Any

from .limits import Guard
from .model import BadElection, Contest, Result, Round
from .papers import check_count, check_question, is_whole, short, sort_papers
from .ties import TieBreaker
from .words import and_list, number, of_papers


def plurality(contest: Contest) -> Result:
    """One mark a paper."""
    return _marked("plurality", contest, 1)


def block(contest: Contest, marks: int | None = None) -> Result:
    """Up to ``marks`` marks a paper, ordinarily one for each seat."""
    if marks is not None and (not is_whole(marks) or marks < 1):
        raise BadElection(f"The number of marks must be a whole number of at least 1, not {short(marks)}.")
    return _marked("block", contest, marks or contest.seats)


def approval(contest: Contest) -> Result:
    """Any number of marks a paper."""
    return _marked("approval", contest, None)


def _marked(method: str, contest: Contest, allowed: int | None) -> Result:
    check_question(contest)
    cast = sort_papers(contest)
    votes = [0] * len(contest.candidates)
    valid = cast.valid
    for paper, count in cast.flat.items():
        for c in paper[:allowed]:
            votes[c] += count
    for ranking, count in cast.tied.items():
        marked: list[int] = []
        for group in ranking:
            if allowed is not None and len(marked) == allowed:
                break
            marked += group
        if allowed is not None and len(marked) > allowed:
            valid -= count  # more marks than allowed: nobody can say which ones were meant
            continue
        for c in marked:
            votes[c] += count
    rest = valid - sum(votes) if allowed == 1 else 0
    return _outcome(method, contest, votes, cast.papers, valid, rest, "votes" if allowed == 1 else "marks")


def score(contest: Contest, low: int = 0, high: int = 10) -> Result:
    """Sums of scores from ``low`` to ``high``. A ballot is a tuple with one score, or None, for each option."""
    check_question(contest)
    if not is_whole(low) or not is_whole(high) or low >= high:
        raise BadElection(
            f"Scores must run from a whole number to a higher one, not from {short(low)} to {short(high)}."
        )
    size = len(contest.candidates)
    standing = contest.standing
    votes = [0] * size
    cast, valid = contest.invalid, 0
    for scores, count in contest.ballots.items():
        cast += check_count(scores, count)
        _check_scores(scores, size, low, high)
        if not scores or all(scores[c] is None for c in standing):
            continue
        valid += count
        for c in standing:
            votes[c] += (low if scores[c] is None else scores[c]) * count
    return _outcome("score", contest, votes, cast, valid, 0, "points")


def _check_scores(scores: Any, size: int, low: int, high: int) -> None:
    if not isinstance(scores, tuple) or (scores and len(scores) != size):
        raise BadElection(f"The paper {short(scores)} does not give one score for each of {size} options.")
    for value in scores:
        if value is not None and (not is_whole(value) or not low <= value <= high):
            raise BadElection(f"The score {short(value)} is not a whole number from {low} to {high}.")


def _outcome(method: str, contest: Contest, votes: list[int], cast: int, valid: int, rest: int, what: str) -> Result:
    guard = Guard(contest)
    ties = TieBreaker(len(contest.candidates), contest.seed)
    ties.remember(votes)
    standing = contest.standing
    order = sorted(standing, key=lambda c: (-votes[c], ties.place[c]))
    none = contest.none_of_these
    note = f"{of_papers(valid)}."
    if none is not None and none in standing:
        able = [c for c in order if c != none and votes[c] > votes[none]]
        winners = guard.take(able, [], standing) if able else [none]
    else:
        winners = guard.take(order, [], standing)
    if winners:
        ties.in_order(winners, 1)
        last = votes[winners[-1]]
        level = [c for c in standing if votes[c] == last and c != none]
        if not guard.active and len(level) > 1 and not set(level) <= set(winners):
            ties.ties = [t for t in ties.ties if not set(t.between) <= set(level)]
            ties.favoured(level, "seat", 1)
        note += f" {and_list(contest.candidates, winners)} elected with the most {what}: " + (
            ", ".join(number(votes[c]) for c in winners) + "."
        )
    else:
        note += " Nobody is elected."
    gone = contest.withdrawn
    round_ = Round(
        number=1,
        action="count",
        subject=None,
        votes=tuple(None if i in gone else v for i, v in enumerate(votes)),
        elected=tuple(winners),
        eliminated=(),
        exhausted=rest,
        transfers=(),
        note=note,
    )
    levels = sorted({votes[c] for c in standing}, reverse=True)
    return Result(
        method=method,
        candidates=contest.candidates,
        withdrawn=gone,
        seats=contest.seats,
        ballots=cast,
        valid=valid,
        quota=None,
        decimals=0,
        winners=tuple(winners),
        rounds=(round_,),
        ties=tuple(ties.ties),
        ranking=tuple(tuple(c for c in standing if votes[c] == level) for level in levels),
        title=contest.title,
        seed=contest.seed,
    )
