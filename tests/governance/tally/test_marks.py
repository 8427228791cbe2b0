"""Plurality, block vote, approval and score."""

import pytest

from governance.tally import BadElection, Contest, Limit, count

ABCD = ("Ann", "Bob", "Cat", "Dan")


def test_plurality_counts_the_first_mark():
    result = count(
        "plurality", Contest(ABCD, {(0, 1): 3, (1,): 5, (2, 1, 0): 2, (): 4}, 2, invalid=1, title="T", seed="s")
    )
    assert result.rounds[0].votes == (3, 5, 2, 0)
    assert (result.winners, result.ballots, result.valid, result.quota) == ((1, 0), 15, 10, None)
    assert result.ranking == ((1,), (0,), (2,), (3,))
    assert result.rounds[0].note == "10 valid papers. Bob and Ann are elected with the most votes: 5, 3."
    assert (result.rounds[0].exhausted, result.rounds[0].elected, result.decimals) == (0, (1, 0), 0)
    assert (result.title, result.seed, result.method, result.seats) == ("T", "s", "plurality", 2)
    assert (result.rounds[0].number, result.rounds[0].action, result.rounds[0].subject) == (1, "count", None)
    assert result.ties == ()


def test_too_many_marks_make_a_paper_invalid():
    papers = {((0, 1),): 5, (2,): 1, (0, (1, 2)): 2}
    result = count("plurality", Contest(ABCD, papers))
    assert (result.rounds[0].votes, result.valid, result.ballots) == ((2, 0, 1, 0), 3, 8)
    block = count("block", Contest(ABCD, papers, 2))
    assert (block.rounds[0].votes, block.valid) == ((5, 5, 1, 0), 6)
    assert count("block", Contest(ABCD, papers), marks=3).rounds[0].votes == (7, 7, 3, 0)


def test_block_counts_as_many_marks_as_seats_or_as_said():
    contest = Contest(ABCD, {(0, 1, 2, 3): 2, (3,): 1}, 2)
    assert count("block", contest).rounds[0].votes == (2, 2, 0, 1)
    assert count("block", contest, marks=1).rounds[0].votes == (2, 0, 0, 1)
    assert count("block", contest, marks=3).rounds[0].votes == (2, 2, 2, 1)
    assert count("block", contest).rounds[0].exhausted == 0
    assert (
        count("block", contest).rounds[0].note == "3 valid papers. Ann and Bob are elected with the most marks: 2, 2."
    )
    for wrong in (0, -1, 1.5, True, "2"):
        with pytest.raises(BadElection, match="number of marks"):
            count("block", contest, marks=wrong)


def test_approval_counts_every_mark():
    result = count("approval", Contest(ABCD, {(0, 1, 2): 2, ((1, 3), 0): 1, (2,): 4}, 1))
    assert result.rounds[0].votes == (3, 3, 6, 1)
    assert (result.winners, result.valid, result.rounds[0].exhausted) == ((2,), 7, 0)
    assert result.rounds[0].note == "7 valid papers. Cat is elected with the most marks: 6."


def test_a_tie_for_the_last_seat_is_recorded():
    result = count("plurality", Contest(ABCD, {(0,): 5, (1,): 3, (2,): 3, (3,): 3}, 2))
    assert result.winners == (0, 1)
    assert [(t.round, t.between, t.purpose, t.by, t.chosen) for t in result.ties] == [
        (1, (1, 2, 3), "seat", "order", 1)
    ]
    three = count("plurality", Contest(ABCD, {(0,): 5, (1,): 3, (2,): 3, (3,): 3}, 3))
    assert [(t.between, t.purpose) for t in three.ties] == [((1, 2, 3), "seat")]


def test_a_tie_within_the_seats_only_orders_them():
    result = count("plurality", Contest(ABCD, {(0,): 5, (1,): 5, (2,): 3}, 2))
    assert [(t.between, t.purpose, t.chosen) for t in result.ties] == [((0, 1), "order", 0)]
    both = count("plurality", Contest(ABCD, {(0,): 5, (1,): 5, (2,): 3, (3,): 3}, 3))
    assert [(t.between, t.purpose) for t in both.ties] == [((0, 1), "order"), ((2, 3), "seat")]


def test_the_seed_decides_a_tie():
    winners = {count("plurality", Contest(ABCD, {}, seed=str(i))).winners for i in range(30)}
    assert winners == {(0,), (1,), (2,), (3,)}


def test_reserved_seats_are_filled_from_their_group():
    papers = {(0,): 9, (1,): 8, (2,): 2, (3,): 1}
    kept = Limit("youth", frozenset({2, 3}), 1)
    result = count("plurality", Contest(ABCD, papers, 2, limits=(kept,)))
    assert result.winners == (0, 2)
    capped = Limit("shop", frozenset({0, 1}), 0, 1)
    assert count("plurality", Contest(ABCD, papers, 3, limits=(capped,))).winners == (0, 2, 3)


@pytest.mark.parametrize("method", ["plurality", "block", "approval"])
def test_none_of_these_stops_those_below_it(method):
    papers = {(0,): 5, (3,): 4, (1,): 4, (2,): 1}
    contest = Contest((*ABCD[:3], "None of these"), papers, 3, none_of_these=3)
    result = count(method, contest)
    assert (result.winners, result.vacant) == ((0,), 2)
    top = count(method, Contest(contest.candidates, {(3,): 4, (0,): 4}, 2, none_of_these=3))
    assert (top.winners, top.vacant) == ((3,), 2)
    assert top.explanation == ("None of these is elected: the seat stays vacant.",)
    gone = count(method, Contest(contest.candidates, papers, 2, frozenset({3}), none_of_these=3))
    assert (gone.winners, gone.vacant) == ((0, 1), 0)


def test_scores_are_summed():
    papers = {(5, 3, None): 2, (0, 4, 5): 1, (None, None, None): 7, (): 1}
    result = count("score", Contest(ABCD[:3], papers, invalid=2), low=0, high=5)
    assert (result.rounds[0].votes, result.valid, result.ballots) == ((10, 10, 5), 3, 13)
    assert [(t.between, t.purpose) for t in result.ties] == [((0, 1), "seat")]
    assert result.rounds[0].note == "3 valid papers. Ann is elected with the most points: 10."


def test_an_option_without_a_score_gets_the_lowest():
    result = count("score", Contest(ABCD[:2], {(2, None): 3}), low=-2, high=2)
    assert result.rounds[0].votes == (6, -6)
    assert result.show(result.rounds[0].votes[1]) == "-6"


def test_scores_of_the_withdrawn_do_not_count():
    result = count("score", Contest(ABCD[:2], {(9, 1): 3, (4, None): 5}, withdrawn=frozenset({0})))
    assert (result.rounds[0].votes, result.valid) == ((None, 3), 3)


@pytest.mark.parametrize(
    ("papers", "low", "high", "fault"),
    [
        ({(1,): 1}, 0, 5, "one score for each of 2"),
        ({(1, 2, 3): 1}, 0, 5, "one score for each of 2"),
        ({"ab": 1}, 0, 5, "one score for each of 2"),
        ({(1, 6): 1}, 0, 5, "6 is not a whole number from 0 to 5"),
        ({(1, -1): 1}, 0, 5, "-1 is not"),
        ({(1, 1.5): 1}, 0, 5, "1.5 is not"),
        ({(1, True): 1}, 0, 5, "True is not"),
        ({(1, 2): 0}, 0, 5, "counted 0 times"),
        ({(1, 2): 1}, 5, 5, "not from 5 to 5"),
        ({(1, 2): 1}, 0, 2.5, "not from 0 to 2.5"),
        ({(1, 2): 1}, None, 5, "not from None to 5"),
    ],
)
def test_scores_nobody_can_add_are_refused(papers, low, high, fault):
    with pytest.raises(BadElection, match=fault):
        count("score", Contest(ABCD[:2], papers), low=low, high=high)


def test_scores_at_the_ends_of_the_range_and_the_usual_range():
    result = count("score", Contest(ABCD[:2], {(0, 10): 1}))
    assert result.rounds[0].votes == (0, 10)
    with pytest.raises(BadElection, match="from 0 to 10"):
        count("score", Contest(ABCD[:2], {(0, 11): 1}))
    count("score", Contest(ABCD[:2], {(0, 1): 1}), low=0, high=1)
