"""What must hold of every method, whatever the papers: issue 4, acceptance 2."""

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.tally import METHODS, BadElection, Contest, Result, count
from tests.governance.tally.strategies import NAMES, SEVERAL, contests, examples

RANKED = (*SEVERAL, "irv")
SOAK = "ROCHDALE_SOAK" in os.environ
EXAMPLES = examples(250 if SOAK else 60)


def counted(method, contest, **switches):
    """Count, with one seat where the method has but one."""
    return count(method, replace(contest, seats=1) if method == "irv" else contest, **switches)


@pytest.mark.parametrize("method", RANKED)
@EXAMPLES
@given(data=st.data(), contest=contests())
def test_the_order_and_grouping_of_papers_never_matter(method, contest, data):
    shuffled = data.draw(st.permutations(list(contest.ballots.items())))
    regrouped = {}
    for ranking, papers in shuffled:  # the same paper in another spelling is another key
        spelt = tuple((i,) for i in ranking)
        apart = data.draw(st.integers(0, papers)) if ranking else 0
        for key, share in ((spelt, apart), (ranking, papers - apart)):
            if share:
                regrouped[key] = regrouped.get(key, 0) + share
    assert counted(method, replace(contest, ballots=regrouped)) == counted(method, contest)


@pytest.mark.parametrize("method", ["plurality", "irv", "scottish-stv", "meek-stv"])
@EXAMPLES
@given(contest=contests())
def test_votes_and_exhausted_are_the_valid_papers_in_every_round(method, contest):
    result = counted(method, contest)
    assert result.rounds
    for round_ in result.rounds:
        cast = sum(v for v in round_.votes if v is not None)
        assert cast + round_.exhausted == result.valid * 10**result.decimals
        assert round_.exhausted >= 0
        assert [i for i, v in enumerate(round_.votes) if v is None] == sorted(contest.withdrawn)


@pytest.mark.parametrize("method", ["plurality", "block", "approval", "schulze", "irv"])
@EXAMPLES
@given(contest=contests(), times=st.integers(2, 5))
def test_multiplying_every_paper_changes_no_winner(method, contest, times):
    """Guaranteed where nothing is rounded: under STV the quota and the fifth decimal are."""
    more = replace(contest, ballots={ranking: papers * times for ranking, papers in contest.ballots.items()})
    assert counted(method, more).winners == counted(method, contest).winners


@pytest.mark.parametrize("method", RANKED)
@EXAMPLES
@given(contest=contests(), prefix=st.sampled_from(["Dr ", "ä", "'", "0"]))
def test_renaming_candidates_changes_nothing(method, contest, prefix):
    renamed = replace(contest, candidates=tuple(prefix + name for name in reversed(contest.candidates)))
    before, after = counted(method, contest), counted(method, renamed)
    assert after.winners == before.winners
    assert [r.votes for r in after.rounds] == [r.votes for r in before.rounds]
    assert after.ties == before.ties


@pytest.mark.parametrize("method", RANKED)
@EXAMPLES
@given(contest=contests(), data=st.data())
def test_the_order_of_candidates_matters_only_in_ties(method, contest, data):
    contest = replace(contest, seed=None)
    place = data.draw(st.permutations(range(len(contest.candidates))))
    names = [""] * len(place)
    for i, name in enumerate(contest.candidates):
        names[place[i]] = name
    moved = replace(
        contest,
        candidates=tuple(names),
        ballots={tuple(place[i] for i in ranking): papers for ranking, papers in contest.ballots.items()},
        withdrawn=frozenset(place[i] for i in contest.withdrawn),
    )
    result = counted(method, contest)
    if not any(tie.by == "order" for tie in result.ties):
        assert counted(method, moved).winner_names == result.winner_names


@pytest.mark.parametrize("method", SEVERAL)
@EXAMPLES
@given(contest=contests())
def test_with_seats_for_everybody_everybody_is_elected(method, contest):
    plenty = replace(contest, seats=len(contest.standing) + 1)
    result = counted(method, plenty)
    assert sorted(result.winners) == contest.standing
    assert result.vacant == 1


@pytest.mark.parametrize("method", SEVERAL)
@EXAMPLES
@given(contest=contests())
def test_as_many_are_elected_as_there_are_seats_and_nobody_twice(method, contest):
    result = counted(method, contest)
    assert len(result.winners) == len(set(result.winners)) == min(contest.seats, len(contest.standing))
    assert not set(result.winners) & contest.withdrawn
    if result.rounds:
        assert [c for r in result.rounds for c in r.elected] == list(result.winners)


@pytest.mark.parametrize("method", ["plurality", "block", "approval", "scottish-stv", "meek-stv", "schulze"])
@EXAMPLES
@given(contest=contests(limits=True))
def test_limits_are_kept(method, contest):
    try:
        result = counted(method, contest)
    except BadElection:
        return  # no seat left to fill, or more reserved than there are
    for limit in contest.limits:
        elected = len(limit.members & set(result.winners))
        standing = len(limit.members - contest.withdrawn)
        assert elected >= min(limit.at_least, standing, len(result.winners))
        assert limit.at_most is None or elected <= limit.at_most
    free = set(contest.standing) - {i for limit in contest.limits for i in limit.members}
    room = len(free) + sum(
        min(len(x.members - contest.withdrawn), 99 if x.at_most is None else x.at_most) for x in contest.limits
    )
    assert len(result.winners) == min(contest.seats, room)


@pytest.mark.parametrize("method", ["scottish-stv", "meek-stv", "irv"])
@EXAMPLES
@given(contest=contests(ties=True))
def test_equal_ranks_are_refused_or_exhaust(method, contest):
    tied = any(
        isinstance(group, tuple) and len(set(group) - contest.withdrawn) > 1
        for ranking in contest.ballots
        for group in ranking
    )
    if tied:
        with pytest.raises(BadElection, match="same rank"):
            counted(method, contest)
    result = counted(method, replace(contest, equal_ranks="exhaust"))
    cut = {}
    for ranking, papers in contest.ballots.items():
        kept = []
        for group in ranking:
            left = [i for i in (group if isinstance(group, tuple) else (group,)) if i not in contest.withdrawn]
            if len(left) > 1:
                break
            kept += left
        cut[tuple(kept)] = cut.get(tuple(kept), 0) + papers
    assert result == counted(method, replace(contest, ballots=cut, equal_ranks="exhaust"))


@EXAMPLES
@given(contest=contests(max_seats=6), data=st.data())
def test_scores_add_up(contest, data):
    size = len(contest.candidates)
    papers = data.draw(
        st.dictionaries(st.tuples(*[st.none() | st.integers(0, 5)] * size), st.integers(1, 9), max_size=8)
    )
    result = count("score", replace(contest, ballots=papers), low=0, high=5)
    for c in contest.standing:
        assert result.rounds[0].votes[c] == sum((scores[c] or 0) * n for scores, n in papers.items())
    best = sorted((result.rounds[0].votes[c] for c in contest.standing), reverse=True)[: len(result.winners)]
    assert [result.rounds[0].votes[c] for c in result.winners] == best
    assert count("score", replace(contest, ballots=dict(reversed(papers.items()))), low=0, high=5) == result


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 8) | st.floats(allow_nan=False) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=8,
)


@pytest.mark.parametrize("method", sorted(METHODS))
@examples(250 if SOAK else 100)
@given(
    names=st.lists(st.sampled_from(NAMES) | st.text(max_size=2) | st.none(), max_size=5),
    ballots=st.dictionaries(anything, st.integers(-1, 5) | st.booleans() | st.floats(0, 3), max_size=5),
    seats=st.integers(-1, 6) | st.sampled_from([None, 1.0, "2", True]),
    withdrawn=st.frozensets(st.integers(-1, 5), max_size=3),
    extra=st.fixed_dictionaries(
        {},
        optional={
            "invalid": st.integers(-1, 2) | st.none(),
            "seed": st.none() | st.text(max_size=2),
            "equal_ranks": st.sampled_from(["refuse", "exhaust", "ignore"]),
            "none_of_these": st.integers(-1, 5),
            "protected": st.frozensets(st.integers(-1, 4), max_size=2),
        },
    ),
)
def test_nothing_but_the_one_documented_error(method, names, ballots, seats, withdrawn, extra):
    contest = Contest(tuple(names), ballots, seats, withdrawn, **extra)
    try:
        outcome = count(method, contest)
    except BadElection as refusal:
        outcome = str(refusal)
    if isinstance(outcome, Result):
        assert outcome.as_dict()["method"] == method
    else:
        assert outcome.strip()
        assert "\n" not in outcome
