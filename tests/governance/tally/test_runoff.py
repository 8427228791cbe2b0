"""Instant runoff: the rule and each of the tabulator's switches, on papers that fit a page."""

import pytest

from governance.tally import BadElection, Contest, Limit, count
from governance.tally.irv import Switches

ABCD = ("Ann", "Bob", "Cat", "Dan")


def runoff(papers, names=ABCD, contest=None, **switches):
    contest = contest or Contest(names, papers)
    return count("irv", contest, switches=Switches(**switches))


def votes(result):
    return [r.votes for r in result.rounds]


def out(result):
    return [r.eliminated for r in result.rounds]


def test_a_majority_of_the_papers_in_play_is_enough():
    result = runoff({(0,): 4, (1,): 3, (2, 1): 2, (3,): 2})
    assert votes(result) == [(4, 3, 2, 2), (4, 3, 2, 0), (4, 5, 0, 0)]
    assert out(result) == [(3,), (2,), ()]
    assert [r.exhausted for r in result.rounds] == [0, 2, 2]
    assert [r.quota for r in result.rounds] == [6, 5, 5]
    assert (result.winners, result.quota, result.decimals, result.seats) == ((1,), 6, 0, 1)
    assert [(t.source, t.target, t.votes) for t in result.rounds[0].transfers] == [(3, None, 2)]
    assert [(t.source, t.target, t.votes) for t in result.rounds[1].transfers] == [(2, 1, 2)]
    assert result.rounds[0].note == "First preferences. Dan is eliminated: the fewest votes, 2."
    assert result.rounds[2].note == "Bob has 5 of the 9 votes in play, a majority, and is elected."
    assert [(r.number, r.action, r.subject) for r in result.rounds] == [(n, "count", None) for n in (1, 2, 3)]
    assert result.rounds[2].elected == (1,)


def test_half_is_not_a_majority():
    assert len(runoff({(0,): 5, (1,): 3, (2, 1): 2}, ABCD[:3]).rounds) == 2
    assert len(runoff({(0,): 6, (1,): 3, (2, 1): 2}, ABCD[:3]).rounds) == 1


def test_two_left_and_level():
    result = runoff({(0,): 2, (1,): 2}, ABCD[:2])
    assert (result.winners, len(result.rounds)) == ((0,), 1)
    assert result.rounds[0].note == "First preferences. Ann has 2 of the 4 votes in play and leads the other: elected."


def test_one_alone():
    result = runoff({(): 3}, ABCD[:1])
    assert result.winners == (0,)
    assert result.rounds[0].note == "First preferences. Ann is the only one left and is elected."
    assert (result.ballots, result.valid, result.quota) == (3, 0, 1)


@pytest.mark.parametrize("seats", [2, 3])
def test_one_seat_only(seats):
    with pytest.raises(BadElection, match=f"fills one seat, not {seats}"):
        count("irv", Contest(ABCD, {}, seats))
    with pytest.raises(BadElection, match="nothing to reserve"):
        count("irv", Contest(ABCD, {}, 1, limits=(Limit("x", frozenset({0})),)))
    with pytest.raises(BadElection, match="nothing to reserve"):
        count("irv", Contest(ABCD, {}, 1, protected=frozenset({0})))


def test_batch_takes_all_who_together_cannot_catch_the_next():
    papers = {(0,): 10, (1,): 9, (2, 1): 2, (3, 2): 1}
    assert out(runoff(papers)) == [(3,), (2,), ()]
    result = runoff(papers, batch=True)
    assert out(result) == [(2, 3), ()]
    assert "Cat and Dan are eliminated: their 3 votes together cannot reach the next above" in result.rounds[0].note
    assert votes(result)[1] == (10, 11, 0, 0)
    assert [(t.source, t.target, t.votes) for t in result.rounds[0].transfers] == [(2, 1, 2), (3, None, 1)]


def test_batch_stops_where_those_below_could_still_catch_up():
    """1 + 2 = 3 is not below 3: together they could draw level with Bob."""
    papers = {(0,): 4, (1,): 3, (2, 1): 2, (3, 2): 1}
    assert out(runoff(papers, batch=True))[0] == (3,)
    assert out(runoff({(0,): 5, (1,): 4, (2, 1): 2, (3, 2): 1}, batch=True))[0] == (2, 3)


def test_batch_takes_equals_together_or_not_at_all():
    assert out(runoff({(0,): 6, (1,): 5, (2, 1): 2, (3, 2): 2}, batch=True))[0] == (2, 3)
    assert out(runoff({(0,): 5, (1,): 4, (2, 1): 2, (3, 2): 2}, batch=True))[0] == (3,)


def test_batch_takes_the_largest_group_that_qualifies():
    names = (*ABCD, "Eve")
    papers = {(0,): 30, (1,): 28, (2, 1): 7, (3, 2): 6, (4, 3): 2}
    assert out(runoff(papers, names, batch=True))[0] == (2, 3, 4)


def test_to_two_goes_on_after_the_seat_is_filled():
    papers = {(0,): 10, (1, 0): 4, (2, 1): 3, (3,): 1}
    assert len(runoff(papers).rounds) == 1
    result = runoff(papers, to_two=True)
    assert votes(result) == [(10, 4, 3, 1), (10, 4, 3, 1), (10, 4, 3, 0), (10, 7, 0, 0)]
    assert [r.elected for r in result.rounds] == [(0,), (), (), ()]
    assert out(result) == [(), (3,), (2,), ()]
    assert result.rounds[-1].note == "Two are left."
    assert result.winners == (0,)


def test_to_two_keeps_two_in_a_batch():
    papers = {(0,): 20, (1, 0): 4, (2, 1): 2, (3,): 1}
    result = runoff(papers, to_two=True, batch=True)
    assert out(result) == [(), (2, 3), ()]
    assert votes(result)[-1] == (20, 6, 0, 0)


def test_to_two_with_two_from_the_start_ends_at_once():
    result = runoff({(0,): 3, (1,): 1}, ABCD[:2], to_two=True)
    assert len(result.rounds) == 1


def test_who_has_fewer_than_the_minimum_goes_out_together():
    result = runoff({(0,): 5, (1,): 4, (2, 1): 2, (3, 0): 1}, minimum=3)
    assert out(result)[0] == (2, 3)
    assert "fewer than 3 votes" in result.rounds[0].note
    assert votes(result)[1] == (6, 6, 0, 0)
    with pytest.raises(BadElection, match="Everybody has fewer than the 9 votes"):
        runoff({(0,): 5, (1,): 4, (2,): 2}, minimum=9)
    for wrong in (-1, True, 1.5):
        with pytest.raises(BadElection, match="whole number"):
            runoff({(0,): 5}, minimum=wrong)


def test_the_minimum_is_needed_to_win_as_well():
    result = runoff({(0,): 4, (1,): 1}, ABCD[:2], minimum=4)
    assert (result.winners, result.rounds[0].quota, len(result.rounds)) == ((0,), 4, 1)
    with pytest.raises(BadElection, match="Everybody"):
        runoff({(0,): 4, (1,): 2}, ABCD[:2], minimum=5)
    level = runoff({(0,): 3, (1,): 3}, ABCD[:2], minimum=3)
    assert (level.winners, level.rounds[0].elected) == ((0,), (0,))


def test_the_threshold_of_the_first_round_throughout():
    """Of two who both miss it the higher wins; with a threshold of each round the same papers end a round earlier."""
    papers = {(0,): 5, (1,): 4, (2,): 3, (3,): 3}
    plain, fixed = runoff(papers), runoff(papers, first_round_threshold=True)
    assert [r.quota for r in fixed.rounds] == [8, 8, 8]
    assert [r.quota for r in plain.rounds] == [8, 7, 5]
    assert (fixed.winners, plain.winners) == ((0,), (0,))
    assert fixed.rounds[2].note == "Ann has 5 of the 9 votes in play, a majority, and is elected."
    early = {(0,): 5, (1,): 2, (2,): 2, (3,): 2}
    assert len(runoff(early).rounds) == 2
    assert len(runoff(early, first_round_threshold=True).rounds) == 3


def test_all_papers_in_play_may_be_asked():
    papers = {(0,): 7, (1,): 2, (2, 0): 1}
    assert len(runoff(papers, ABCD[:3]).rounds) == 1
    result = runoff(papers, ABCD[:3], whole=True)
    assert [r.quota for r in result.rounds] == [10, 10]
    assert (out(result), result.winners) == ([(2,), ()], (0,))


def test_a_count_may_be_stopped():
    papers = {(0,): 4, (1,): 3, (2, 1): 2, (3,): 2}
    result = runoff(papers, stop_after=2)
    assert (len(result.rounds), result.winners, result.vacant) == (2, (), 1)
    assert runoff(papers, stop_after=3).winners == (1,)


W = ("Ann", "Undeclared Write-ins", "Bob", "Cat")


def test_write_ins_go_first_even_when_somebody_has_a_majority():
    result = runoff({(0,): 8, (1, 2): 2, (2,): 3}, W, write_ins=1)
    assert out(result) == [(1,), ()]
    assert (
        result.rounds[0].note
        == "First preferences. Undeclared Write-ins is eliminated: names that nobody declared go out first."
    )
    assert votes(result)[1] == (8, 0, 5, 0)


def test_write_ins_never_win_even_with_a_majority():
    result = runoff({(1,): 9, (0,): 2, (2,): 1}, W[:3], write_ins=1)
    assert (out(result), result.winners) == ([(1,), ()], (0,))
    alone = runoff({(0,): 9}, W[1:2], write_ins=0)
    assert (out(alone), alone.winners) == ([(0,)], ())
    two = runoff({(1,): 9}, W[:2], write_ins=1)
    assert (out(two), two.winners) == ([(1,), ()], (0,))


def test_write_ins_nobody_wrote_do_not_hold_up_a_majority():
    assert out(runoff({(0,): 8, (2,): 3}, W[:3], write_ins=1)) == [()]
    result = runoff({(0,): 4, (2,): 3, (3,): 2}, W, write_ins=1)
    assert out(result) == [(1,), (3,), ()]
    batch = runoff({(0,): 9, (2,): 8, (3,): 2}, W, write_ins=1, batch=True)
    assert out(batch)[0] == (1,), "in a round of its own"


def test_withdrawn_write_ins_are_nobody():
    contest = Contest(W, {(1, 0): 3, (2,): 2}, withdrawn=frozenset({1}))
    result = runoff(None, contest=contest, write_ins=1)
    assert (result.winners, len(result.rounds)) == ((0,), 1)
    assert result.rounds[0].votes == (3, None, 2, 0)


def test_the_latest_round_breaks_a_tie_for_elimination():
    result = runoff({(0,): 5, (1,): 2, (2,): 1, (3, 2): 1, (2, 0): 0 + 1})
    assert result.ties == ()
    result = runoff({(0,): 6, (1,): 3, (2,): 2, (3, 2): 1})
    assert out(result) == [(3,), (2,), ()]
    assert [(t.by, t.between, t.chosen) for t in result.ties] == [("earlier stage", (1, 2), 2)]
