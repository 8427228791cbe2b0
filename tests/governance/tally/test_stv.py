"""Single transferable vote, both ways: what the statutes say, on papers that fit a page; limits and none of these."""

import pytest

from governance.tally import BadElection, Contest, Limit, count
from governance.tally.limits import Guard

ABCDE = ("Ann", "Bob", "Cat", "Dan", "Eve")
STV = ("scottish-stv", "meek-stv")


def scottish(papers, seats, names=ABCDE, **more):
    return count("scottish-stv", Contest(names, papers, seats, **more))


def shown(result):
    return [[result.show(v) for v in r.votes if v is not None] for r in result.rounds]


def acts(result):
    return [r.action if r.subject is None else f"{r.action} of {r.subject}" for r in result.rounds]


def test_scottish_values_shrink_at_every_transfer():
    """Rule 48(3): surplus × value when received ÷ votes, to five decimals; the papers of both parcels go on."""
    result = scottish({(0, 1, 2): 9, (1, 2): 3, (2,): 1, (3,): 4, (4,): 3}, 3)
    # quota 20 // 4 + 1 = 6; Ann's surplus 3 of 9: 0.33333 each → Bob 3 + 9 × 0.33333 = 5.99997
    assert shown(result)[1] == ["6.00000", "5.99997", "1.00000", "4.00000", "3.00000"]
    # Cat goes out; then Eve; no quota for Bob: 5.99997 is not 6
    assert acts(result) == ["count", "surplus of 0", "exclusion of 2", "exclusion of 4"]
    assert result.winners == (0, 1, 3)
    assert result.rounds[-1].elected == (1, 3)
    assert [(t.source, t.target, t.votes) for t in result.rounds[1].transfers] == [(0, 1, 299997)]
    assert [(t.source, t.target, t.votes) for t in result.rounds[2].transfers] == [(2, None, 100000)]


def test_scottish_second_surplus_moves_both_kinds_of_papers():
    result = scottish({(0, 1, 2): 10, (1, 2): 6, (1, 3): 2, (2,): 3, (3,): 3}, 3)
    # 24 papers, quota 7. Ann 10, surplus 3; Bob 8, surplus 1.
    assert result.show_quota() == "7"
    assert [(r.action, r.subject) for r in result.rounds[:3]] == [("count", None), ("surplus", 0), ("surplus", 1)]
    # Bob is elected already and gets nothing from Ann: her papers go to Cat at 0.3
    assert shown(result)[1] == ["7.00000", "8.00000", "6.00000", "3.00000", "0.00000"]
    # Bob's surplus of 1 of 8: 0.125 each, 6 to Cat, 2 to Dan
    assert shown(result)[2] == ["7.00000", "7.00000", "6.75000", "3.25000", "0.00000"]
    assert result.rounds[0].elected == (0, 1)
    assert result.winners == (0, 1, 2)


def test_scottish_highest_surplus_first_and_one_at_a_time():
    result = scottish({(1, 2): 9, (0, 3): 8, (2,): 1, (3,): 1, (4,): 1}, 3)
    assert [(r.action, r.subject) for r in result.rounds[:3]] == [("count", None), ("surplus", 1), ("surplus", 0)]
    assert result.winners[:2] == (1, 0), "by votes within a stage"


def test_scottish_an_exact_quota_leaves_no_surplus():
    result = scottish({(0, 1): 4, (1,): 3, (2,): 2, (3,): 2}, 2, ABCDE[:4])  # 11 papers, quota 4
    assert acts(result) == ["count", "exclusion of 3", "exclusion of 2"]
    assert result.rounds[0].elected == (0,)


def test_scottish_nothing_moves_when_the_last_seat_can_be_filled():
    """Rule 52(2): Ann's surplus stays with her."""
    result = scottish({(0, 1): 9, (1,): 2, (2,): 1}, 2, ABCDE[:3], withdrawn=frozenset({2}))
    assert len(result.rounds) == 1
    assert shown(result) == [["9.00000", "2.00000"]]
    assert result.winners == (0, 1)
    assert "No more candidates continue than seats are vacant: Bob is deemed elected." in result.rounds[0].note


def test_scottish_papers_skip_the_elected_and_the_excluded():
    papers = {(0, 1, 2): 8, (1,): 5, (2,): 1, (3, 0, 2, 1): 1, (4, 3, 1): 1}
    result = scottish(papers, 2)  # 16 papers, quota 6
    assert [(r.action, r.subject) for r in result.rounds] == [("count", None), ("surplus", 0)]
    assert shown(result)[1] == ["6.00000", "7.00000", "1.00000", "1.00000", "1.00000"]
    assert result.winners == (0, 1)


def test_scottish_excluded_papers_keep_their_value():
    papers = {(0, 3): 8, (1,): 5, (2,): 5, (3, 2): 1, (4, 3): 1}
    result = scottish(papers, 2)  # 20 papers, quota 7; Ann's papers go to Dan at 0.125
    assert shown(result)[1][3] == "2.00000"
    assert [(r.action, r.subject) for r in result.rounds[2:4]] == [("exclusion", 4), ("exclusion", 3)]
    assert [result.show(t.votes) for t in result.rounds[3].transfers] == ["1.00000", "2.00000"]
    assert [t.target for t in result.rounds[3].transfers] == [2, None]
    assert result.rounds[3].eliminated == (3,)
    assert (
        result.rounds[2].note == "Eve is excluded (the fewest votes, 1.00000); the papers go to the next preferences."
    )


def test_the_quota_counts_valid_papers_only():
    result = scottish({(0,): 7, (1,): 2, (): 50, (2,): 9}, 1, ABCDE[:3], withdrawn=frozenset({2}), invalid=30)
    assert (result.ballots, result.valid, result.show_quota()) == (98, 9, "5")
    assert result.rounds[0].note.startswith("First preferences. The quota is 5: 9 valid papers divided by 2, plus one.")
    one = scottish({(0,): 1}, 1)
    assert "1 valid paper divided by 2" in one.rounds[0].note
    assert "Ann reaches the quota and is elected." in one.rounds[0].note
    two = scottish({(0,): 3, (1,): 3}, 2)
    assert "Ann and Bob reach the quota and are elected." in two.rounds[0].note


def test_result_carries_the_question():
    for method in STV:
        result = count(method, Contest(ABCDE, {(0,): 1}, 2, frozenset({4}), seed="s", title="Board"))
        assert (result.method, result.title, result.seed, result.seats) == (method, "Board", "s", 2)
        assert (result.withdrawn, result.candidates) == (frozenset({4}), ABCDE)
        assert [r.number for r in result.rounds] == list(range(1, len(result.rounds) + 1))
        assert all(r.quota for r in result.rounds)


# --- Meek ------------------------------------------------------------------------------------------------------------


def test_meek_first_round_is_first_preferences():
    result = count("meek-stv", Contest(ABCDE, {(0, 1): 9, (1,): 3, (2,): 4, (3,): 2, (4,): 2, (): 3}, 3))
    assert [result.show(v) for v in result.rounds[0].votes] == [
        "9.000000000", "3.000000000", "4.000000000", "2.000000000", "2.000000000",
    ]  # fmt: skip
    assert result.show_quota() == "5.000000001"
    assert result.rounds[0].note == "The quota is 5.000000001. Ann reaches the quota and is elected."


def test_meek_quota_falls_as_papers_run_out():
    papers = {(0,): 10, (1,): 4, (2,): 3, (3,): 2}
    result = count("meek-stv", Contest(ABCDE[:4], papers, 2))
    quotas = [r.quota for r in result.rounds]
    assert quotas[0] == 6333333334
    assert quotas == sorted(quotas, reverse=True)
    assert quotas[-1] < quotas[0]
    assert result.quota == quotas[0]
    for r in result.rounds:
        assert sum(r.votes) + r.exhausted == 19 * 10**9


def test_meek_defeats_within_the_surplus_as_tied():
    """Cat and Dan are level but for less than the surplus that has not moved yet: earlier rounds decide, not dust."""
    result = count("meek-stv", Contest(ABCDE[:4], {(0, 1): 5, (1,): 3, (2,): 2, (3,): 2}, 1))
    assert result.ties[0].between == (2, 3)
    assert result.rounds[0].eliminated == (3,)
    assert "Dan is eliminated (the fewest votes, 2.000000000)." in result.rounds[0].note


def test_meek_fills_the_last_seats_in_the_round_that_leaves_no_more():
    result = count("meek-stv", Contest(ABCDE[:3], {(0,): 5, (1,): 2, (2, 0): 2}, 2))
    assert [(r.elected, r.eliminated) for r in result.rounds] == [((0,), ()), ((1,), (2,))]
    assert "No more candidates continue than seats are vacant: Bob is deemed elected." in result.rounds[-1].note


# --- limits ----------------------------------------------------------------------------------------------------------

PAPERS = {(0, 1): 10, (1, 0): 9, (2,): 4, (3,): 3, (4,): 2}


@pytest.mark.parametrize("method", STV)
def test_a_reserved_seat_keeps_the_last_of_the_group_in(method):
    youth = Limit("youth", frozenset({3, 4}), 1)
    result = count(method, Contest(ABCDE, PAPERS, 2, limits=(youth,)))
    assert set(result.winners) == {0, 3}
    barred = [r.note for r in result.rounds if "the seats left are reserved" in r.note]
    assert barred, "Bob had more votes than Dan"


@pytest.mark.parametrize("method", STV)
def test_a_ceiling_bars_the_rest_of_the_group(method):
    shop = Limit("the shop", frozenset({0, 1}), 0, 1)
    result = count(method, Contest(ABCDE, PAPERS, 2, limits=(shop,)))
    assert set(result.winners) == {0, 2}
    assert any("no further seat is open to the shop" in r.note for r in result.rounds)


@pytest.mark.parametrize("method", [*STV, "schulze", "plurality", "approval"])
def test_a_reservation_nobody_stands_for_lapses(method):
    nobody = Limit("nobody", frozenset({4}), 1)
    result = count(method, Contest(ABCDE, PAPERS, 2, frozenset({4}), limits=(nobody,)))
    assert len(result.winners) == 2


@pytest.mark.parametrize("method", [*STV, "schulze", "plurality", "approval"])
def test_ceilings_may_leave_seats_vacant(method):
    all_in_one = Limit("all", frozenset(range(5)), 0, 2)
    result = count(method, Contest(ABCDE, PAPERS, 4, limits=(all_in_one,)))
    assert (len(result.winners), result.vacant) == (2, 2)


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        ((Limit("a", frozenset({0, 1})), Limit("b", frozenset({1}))), "“Bob” stands under two limits, “a” and “b”"),
        ((Limit("a", frozenset({0}), 2), Limit("b", frozenset({1}), 1)), "More seats are reserved"),
        ((Limit("a", frozenset({9})),), "names option 9"),
        ((Limit("a", frozenset({-1})),), "names option -1"),
        ((Limit("a", frozenset({0}), -1),), "reserved for “a” must be"),
        ((Limit("a", frozenset({0}), 1.5),), "reserved for “a” must be"),
        ((Limit("a", frozenset({0}), 1, 0),), "ceiling for “a”"),
        ((Limit("a", frozenset({0}), 0, True),), "ceiling for “a”"),
        ((Limit("a", frozenset(range(5)), 0, 0),), "leave no seat"),
    ],
)
def test_limits_nobody_can_keep_are_refused(limits, fault):
    for method in (*STV, "plurality"):
        with pytest.raises(BadElection, match=fault):
            count(method, Contest(ABCDE, PAPERS, 2, limits=limits))


def test_all_seats_may_be_reserved():
    limits = (Limit("a", frozenset({3, 4}), 1), Limit("b", frozenset({2}), 1))
    assert set(count("scottish-stv", Contest(ABCDE, PAPERS, 2, limits=limits)).winners) == {2, 3}


def test_who_is_barred_and_who_is_safe():
    limits = (Limit("youth", frozenset({3, 4}), 1), Limit("shop", frozenset({0, 1}), 0, 1))
    guard = Guard(Contest(ABCDE, {}, 2, limits=limits))
    assert guard.barred([], [0, 1, 2, 3, 4]) == set()
    assert guard.safe([], [0, 1, 2, 3, 4]) == set()
    assert guard.safe([], [0, 1, 2, 4]) == {4}, "the last of a group that must have a seat"
    assert guard.barred([0], [1, 2, 3, 4]) == {1, 2}, "one at most, and the last seat is reserved"
    assert guard.barred([4], [0, 1, 2, 3]) == set()
    assert guard.take([0, 1, 2, 3], [], [0, 1, 2, 3, 4]) == [0, 3]
    free = Guard(Contest(ABCDE, {}, 2))
    assert free.take([4, 3, 2], [], [0, 1, 2, 3, 4]) == [4, 3]
    assert (free.barred([0, 1], [2]), free.safe([0], [1])) == (set(), set())


def test_too_many_sitting_members():
    with pytest.raises(BadElection, match="More members sit"):
        Guard(Contest(ABCDE, {}, 1, protected=frozenset({0, 1})))


@pytest.mark.parametrize("method", STV)
def test_none_of_these_may_take_a_seat(method):
    names = (*ABCDE[:3], "None of these")
    result = count(method, Contest(names, {(0,): 5, (3,): 6, (1,): 1, (2,): 1}, 2, none_of_these=3))
    assert set(result.winners) == {0, 3}
    assert result.vacant == 1
    assert result.explanation == ("None of these is elected: the seat stays vacant.",)
    loses = count(method, Contest(names, {(0,): 5, (3,): 1, (1,): 4, (2,): 1}, 2, none_of_these=3))
    assert (set(loses.winners), loses.vacant, loses.explanation) == ({0, 1}, 0, ())
