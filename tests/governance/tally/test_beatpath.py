"""Schulze: default option, quorum, majorities, unranked options, strengths and the reasons given."""

from fractions import Fraction as F

import pytest

from governance.tally import BadElection, Contest, Limit, Tie, count
from governance.tally.schulze import Switches, strengths, strongest_paths, tiers

ABC = ("Ann", "Bob", "Cat")


def schulze(papers, names=ABC, seats=1, **switches):
    more = {key: switches.pop(key) for key in ("seed", "withdrawn", "limits", "invalid", "title") if key in switches}
    return count("schulze", Contest(names, papers, seats, **more), switches=Switches(**switches))


def test_equal_ranks_and_unranked_options():
    papers = {((0, 1), 2): 3, (2,): 2}
    assert schulze(papers).pairwise == ((0, 0, 3), (0, 0, 3), (2, 2, 0))
    assert schulze(papers, unranked="no-opinion").pairwise == ((0, 0, 3), (0, 0, 3), (0, 0, 0))
    assert schulze({(0,): 1}, unranked="no-opinion").pairwise == ((0, 0, 0),) * 3
    with pytest.raises(BadElection, match="“first”"):
        schulze(papers, unranked="first")


def test_the_withdrawn_are_nowhere():
    result = schulze({(0, 1, 2): 3, (2, 0): 1}, withdrawn=frozenset({0}), invalid=2, title="T", seed="s")
    assert result.pairwise == ((0, 0, 0), (0, 0, 3), (0, 1, 0))
    assert result.ranking == ((1,), (2,))
    assert (result.ballots, result.valid, result.winners, result.quota) == (6, 4, (1,), None)
    assert (result.title, result.seed, result.method, result.decimals, result.rounds) == ("T", "s", "schulze", 0, ())
    with pytest.raises(BadElection, match="default option 0"):
        schulze({}, withdrawn=frozenset({0}), default=0)


def test_a_circle_is_broken_at_its_weakest_link():
    papers = {(0, 1, 2): 7, (1, 2, 0): 6, (2, 0, 1): 4}
    result = schulze(papers)
    assert result.pairwise == ((0, 11, 7), (6, 0, 13), (10, 4, 0))
    assert result.paths == ((0, 11, 11), (10, 0, 13), (10, 10, 0))
    assert result.ranking == ((0,), (1,), (2,))
    assert result.explanation == (
        "Ann wins 1 of 2 duels directly, and over the strongest paths stands above 2 and below nobody.",
    )


def test_reasons():
    assert schulze({(0, 1): 1}, ABC[:2]).explanation == (
        "Ann is preferred to every other option left, one against one.",
    )
    assert schulze({(0,): 1}, ABC[:1]).explanation == ("Ann is the only option left.",)
    nobody = schulze({}, seats=1, limits=(Limit("x", frozenset({0}), 0, 0),))
    assert nobody.winners == (1,)


def test_quorum_is_at_least_and_majority_is_more_than():
    papers = {(0, 2): 6, (2, 0): 2, (1, 2): 2, (2, 1): 0 + 1}
    result = schulze(papers, default=2, quorum=F(6))
    assert (result.winners, result.dropped) == ((0,), (1,))
    result = schulze(papers, default=2, quorum=F(61, 10))
    assert (result.winners, result.dropped, result.ranking) == ((2,), (0, 1), ((2,),))
    assert result.explanation[0] == "Ann is dropped: 6 papers prefer it to Cat, and the quorum is 7."
    assert result.explanation[-1] == "Cat is the only option left."


def test_a_majority_of_n_to_one():
    papers = {(0, 1): 6, (1, 0): 2}
    names = ("Change", "Keep")
    assert schulze(papers, names, default=1).winners == (0,)
    assert schulze(papers, names, default=1, majorities={0: F(3)}).winners == (1,)
    assert schulze(papers, names, default=1, majorities={0: F(29, 10)}).winners == (0,)
    result = schulze(papers, names, default=1, majorities={0: F(3)})
    assert result.explanation[0] == (
        "Change is dropped: 6 papers prefer it to Keep, 2 the other way; it needs more than 3 to 1."
    )
    assert schulze({(0, 1): 2, (1, 0): 2}, names, default=1).winners == (1,)
    assert schulze({}, names, default=1).winners == (1,), "0 is not more than 1 × 0"


def test_the_default_is_not_elected_unless_it_stands_first():
    papers = {(0, 2): 5, (1, 2): 1, (2, 1): 3}
    result = schulze(papers, seats=3, default=2)
    assert (result.ranking, result.dropped, result.winners) == (((0,), (2,)), (1,), (0,))
    all_in = schulze({(0, 1, 2): 5}, seats=3, default=2)
    assert all_in.ranking == ((0,), (1,), (2,))
    assert (all_in.winners, all_in.vacant) == ((0, 1), 1)


@pytest.mark.parametrize(
    ("switches", "fault"),
    [
        ({"default": 3}, "default option 3"),
        ({"default": -1}, "default option -1"),
        ({"default": True}, "default option True"),
        ({"quorum": F(1)}, "none is named"),
        ({"majorities": {0: F(1)}}, "none is named"),
        ({"default": 2, "quorum": F(-1)}, "quorum cannot be negative"),
        ({"default": 2, "majorities": {0: F(-1)}}, "ratio cannot be negative"),
        ({"default": 2, "majorities": {3: F(1)}}, "option 3"),
        ({"default": 2, "majorities": {-1: F(1)}}, "option -1"),
        ({"default": 2, "majorities": {"0": F(1)}}, "option “0”"),
    ],
)
def test_rules_nobody_can_follow(switches, fault):
    with pytest.raises(BadElection, match=fault):
        schulze({(0,): 1}, **switches)


def test_edges_of_quorum_and_ratio():
    assert schulze({(0, 2): 1}, default=2, quorum=F(0)).winners == (0,)
    assert schulze({(0, 2): 1}, default=2, majorities={0: F(0)}).winners == (0,)


def test_ties_for_a_seat_and_for_the_order():
    papers = {(0, 1, 2): 1, (1, 0, 2): 1}
    assert schulze(papers).ties == (Tie(1, (0, 1), "seat", "order", 0),)
    assert schulze(papers, seats=2).ties == (Tie(1, (0, 1), "order", "order", 0),)
    assert schulze(papers, seats=3).winners == (0, 1, 2)
    seeded = [schulze(papers, seed=str(i)) for i in range(20)]
    assert {r.winners for r in seeded} == {(0,), (1,)}
    assert {r.ties[0].by for r in seeded} == {"seed"}
    assert all(r.ties[0].chosen == r.winners[0] for r in seeded)


def test_seats_go_down_the_ranking_within_limits():
    papers = {(0, 1, 2): 3}
    assert schulze(papers, seats=2).winners == (0, 1)
    assert schulze(papers, seats=2, limits=(Limit("x", frozenset({0, 1}), 0, 1),)).winners == (0, 2)


def test_of_equal_winning_votes_the_less_opposed_is_stronger():
    """A circle in which all three defeats have four winning votes; against them stand three, two and one."""
    matrix = [[0, 4, 1], [3, 0, 4], [4, 2, 0]]
    assert strengths(matrix) == [[0, 4, 0], [0, 0, 4], [4, 0, 0]]
    weighed = strengths(matrix, 10)
    assert weighed == [[0, 46, 0], [0, 0, 47], [48, 0, 0]]
    assert tiers(strongest_paths(strengths(matrix), [0, 1, 2]), [0, 1, 2]) == [[0, 1, 2]]
    assert tiers(strongest_paths(weighed, [0, 1, 2]), [0, 1, 2]) == [[1], [2], [0]]


def test_debian_weighs_equal_defeats_by_the_votes_against():
    papers = {(0, 1): 4, (1, 2): 4, (2, 0): 4, (1, 0): 3, (2, 1): 2, (0, 2): 1}
    plain = schulze(papers, unranked="no-opinion")
    assert plain.pairwise == ((0, 4, 1), (3, 0, 4), (4, 2, 0))
    assert plain.ranking == ((0, 1, 2),)
    weighed = schulze(papers, unranked="no-opinion", less_opposed=True)
    assert weighed.ranking == ((1,), (2,), (0,))
    assert weighed.paths == ((0, 4, 4), (4, 0, 4), (4, 4, 0)), "shown as winning votes"


def test_paths_lead_only_over_those_who_are_left():
    matrix = [[0, 5, 1], [2, 0, 5], [3, 1, 0]]
    assert strongest_paths(strengths(matrix), [0, 1]) == [[0, 5, 0], [0, 0, 0], [0, 0, 0]]
    assert strongest_paths(strengths(matrix), [0, 1, 2]) == [[0, 5, 5], [3, 0, 5], [3, 3, 0]]
