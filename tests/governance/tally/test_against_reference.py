"""The quick counts agree with the slow ones of ``reference.py``, stage by stage, on anything Hypothesis thinks of."""

from decimal import Decimal

from hypothesis import given

from governance.tally import Contest, count, schulze
from tests.governance.tally import reference
from tests.governance.tally.strategies import contests, examples

EXAMPLES = examples(150)


def papers_of(contest):
    """One entry for each paper, the withdrawn struck out."""
    return [
        tuple(c for c in ranking if c not in contest.withdrawn)
        for ranking, papers in contest.ballots.items()
        for _ in range(papers)
    ]


def unseeded(contest):
    return Contest(contest.candidates, contest.ballots, contest.seats, contest.withdrawn)


def decimals(result):
    return [{i: Decimal(result.show(v)) for i, v in enumerate(r.votes) if v is not None} for r in result.rounds]


@EXAMPLES
@given(contests())
def test_scottish(contest):
    contest = unseeded(contest)
    winners, stages = reference.scottish(papers_of(contest), contest.standing, contest.seats)
    result = count("scottish-stv", contest)
    assert decimals(result) == stages
    assert list(result.winners) == winners


@EXAMPLES
@given(contests())
def test_meek(contest):
    contest = unseeded(contest)
    winners, rounds = reference.meek(papers_of(contest), contest.standing, contest.seats)
    result = count("meek-stv", contest)
    assert decimals(result) == rounds
    assert list(result.winners) == winners


@EXAMPLES
@given(contests(max_seats=1))
def test_irv(contest):
    contest = unseeded(contest)
    winner, rounds = reference.irv(papers_of(contest), contest.standing)
    result = count("irv", contest)
    assert [{i: v for i, v in enumerate(r.votes) if v is not None} for r in result.rounds] == rounds
    assert result.winners == (winner,)


@EXAMPLES
@given(contests(ties=True, withdrawn=False))
def test_schulze(contest):
    papers = [
        tuple(g if isinstance(g, tuple) else (g,) for g in ranking)
        for ranking, number in contest.ballots.items()
        for _ in range(number)
    ]
    for unranked in ("last", "no-opinion"):
        matrix, ranking = reference.schulze(papers, contest.standing, unranked == "no-opinion")
        result = count("schulze", contest, switches=schulze.Switches(unranked=unranked))
        assert [list(row) for row in result.pairwise] == matrix
        assert result.ranking == ranking
