"""What a question and a paper must be; how papers are sorted; the result's own words."""

from fractions import Fraction

import pytest

from governance.tally import METHODS, BadElection, Contest, Result, count, countback, decimal_string
from governance.tally.model import fraction_words
from governance.tally.papers import deal, preferences, short, sort_papers, striker
from governance.tally.words import and_list, have_quota, number, of_papers

AB = ("Ann", "Bob")


@pytest.mark.parametrize(
    ("contest", "fault"),
    [
        (Contest((), {}), "no options"),
        (Contest(("Ann", " "), {}), "Option 2 has no name"),
        (Contest((None, "Bob"), {}), "Option 1 has no name"),
        (Contest(("Ann", "Bob", " Ann "), {}), "Options 1 and 3 have the same name, “Ann”"),
        (Contest(AB, {}, 0), "number of seats .* not 0"),
        (Contest(AB, {}, True), "number of seats"),
        (Contest(AB, {}, 1.0), "number of seats"),
        (Contest(AB, {}, invalid=-1), "spoiled"),
        (Contest(AB, {}, invalid=None), "spoiled"),
        (Contest(AB, {}, equal_ranks="share"), "Equal ranks"),
        (Contest(AB, {}, withdrawn=frozenset({2})), "withdrawn option 2"),
        (Contest(AB, {}, withdrawn=frozenset({-1})), "withdrawn option -1"),
        (Contest(AB, {}, withdrawn=frozenset({True})), "withdrawn option True"),
        (Contest(AB, {}, withdrawn=frozenset({0, 1})), "Every option has been withdrawn"),
        (Contest(AB, {}, protected=frozenset({2})), "protected option 2"),
        (Contest(AB, {}, none_of_these=2), "none-of-these option 2"),
        (Contest(AB, {}, none_of_these=-1), "none-of-these option -1"),
        (Contest(AB, {(0,): 0}), "counted 0 times"),
        (Contest(AB, {(0,): -2}), "counted -2 times"),
        (Contest(AB, {(0,): True}), "counted True times"),
        (Contest(AB, {(0,): 1.0}), "counted 1.0 times"),
        (Contest(AB, {(2,): 1}), "names option 2, which is not on the paper"),
        (Contest(AB, {(-1,): 1}), "names option -1"),
        (Contest(AB, {(300,): 1}), "names option 300"),
        (Contest(AB, {(1.0,): 1}), "names option 1.0"),
        (Contest(AB, {(0, 1, 0): 1}), "names option 1 twice"),
        (Contest(AB, {((0, 1), 1): 1}), "names option 2 twice"),
        (Contest(AB, {(0, ()): 1}), "empty group"),
        (Contest(AB, {(("Ann",),): 1}), "names option “Ann”"),
        (Contest(AB, {"01": 1}), "must be a tuple"),
        (Contest(AB, {5: 1}), "must be a tuple"),
    ],
)
def test_refused_by_every_method(contest, fault):
    for method in set(METHODS) - {"score"}:
        with pytest.raises(BadElection, match=fault):
            count(method, contest)


def test_an_unknown_method_is_refused():
    with pytest.raises(BadElection, match="no method called 'borda'; there are: motion, plurality"):
        count("borda", Contest(AB, {}))


def test_papers_are_merged_and_the_withdrawn_struck_out():
    papers = {(0, 1, 2): 2, (1, 2): 3, ((0, 1), 2): 4, (0,): 5, (): 6, ((0,), (1, 2)): 1}
    cast = sort_papers(Contest(("A", "B", "C"), papers, withdrawn=frozenset({0}), invalid=10))
    assert cast.flat == {bytes([1, 2]): 9}
    assert cast.tied == {((1, 2),): 1}
    assert (cast.papers, cast.valid) == (31, 10)


def test_preferences_end_at_equal_ranks():
    contest = Contest(("A", "B", "C"), {(2, (0, 1)): 2, ((0, 1), 2): 3, (2,): 1}, equal_ranks="exhaust")
    assert preferences(contest) == ({bytes([2]): 3}, 6, 3)
    with pytest.raises(BadElection, match="gives “A” and “B” the same rank"):
        preferences(Contest(("A", "B", "C"), {(2, (0, 1)): 2}))
    with pytest.raises(BadElection, match="“B” and “C”"):
        preferences(Contest(("A", "B", "C"), {(0, (1, 2)): 2}))


def test_exactly_255_and_256_candidates():
    for size in (255, 256):
        contest = Contest(tuple(map(str, range(size))), {(size - 1, 0): 1}, withdrawn=frozenset({0}))
        paper, *_ = sort_papers(contest).flat
        assert tuple(paper) == (size - 1,)
        assert isinstance(paper, bytes) == (size == 255)
        strike = striker({3}, size)
        assert tuple(strike(type(paper)((3, 4)))) == (4,)


def test_dealing_names_the_exhausted_last():
    into = {0: {}, 1: {}, 2: {bytes([2]): 1}}
    moved = deal({bytes([3]): 4, bytes([3, 2]): 2, bytes([3, 0, 1]): 1}, striker({3}, 4), into)
    assert list(moved.items()) == [(0, 1), (2, 2), (None, 4)]
    assert into == {0: {bytes([0, 1]): 1}, 1: {}, 2: {bytes([2]): 3}}


def test_values_are_made_fit_for_one_line():
    assert short("a\nb\x1b[31m  c") == "“a b [31m c”"
    assert short("x" * 61) == "“" + "x" * 57 + "…”"
    assert short("x" * 60) == "“" + "x" * 60 + "”"
    assert short(7) == "7"
    assert short(tuple(range(100))).endswith("…")


def test_numbers_in_words():
    assert [decimal_string(n, 2) for n in (0, 5, -5, 105, -105)] == ["0.00", "0.05", "-0.05", "1.05", "-1.05"]
    assert decimal_string(-7, 0) == "-7"
    assert number(1234567) == "1,234,567"
    assert (of_papers(1), of_papers(0), of_papers(2000)) == ("1 valid paper", "0 valid papers", "2,000 valid papers")
    assert and_list(AB, (0, 1)) == "Ann and Bob are"
    assert and_list(("A", "B", "C"), (0, 1, 2)) == "A, B and C are"
    assert have_quota(("A", "B", "C"), (2, 0, 1)) == "C, A and B reach the quota and are elected."
    assert (fraction_words(Fraction(2, 3)), fraction_words(Fraction(3))) == ("2/3", "3")


def result(**more):
    return Result("scottish-stv", AB, frozenset(), 2, 1, 1, None, 5, (), **more)


def test_the_quota_shows_decimals_only_where_it_has_some():
    assert result().show_quota() is None
    shown = [
        Result("m", AB, frozenset(), 1, 1, 1, quota, decimals, ()).show_quota()
        for quota, decimals in ((600000, 5), (600001, 5), (7, 0), (5333333334, 9))
    ]
    assert shown == ["6", "6.00001", "7", "5.333333334"]


def test_vacant_seats():
    assert result().vacant == 2
    assert Result("m", AB, frozenset(), 1, 1, 1, None, 0, (0, 1)).vacant == 0
    assert Result("m", AB, frozenset(), 2, 1, 1, None, 0, (0, 1), none_of_these=1).vacant == 1


# --- countback -------------------------------------------------------------------------------------------------------

PAPERS = {(0, 3): 10, (1, 4): 9, (2, 3): 8, (3,): 3, (4,): 4}
BOARD = Contest(("Ann", "Bob", "Cat", "Dan", "Eve"), PAPERS, 3)


@pytest.mark.parametrize("method", ["scottish-stv", "meek-stv", "schulze", "plurality", "block", "approval"])
def test_a_vacancy_is_filled_and_nobody_else_loses_a_seat(method):
    filled = countback(method, BOARD, sitting={1, 2}, leaving={0})
    assert {1, 2} <= set(filled.result.winners)
    assert len(filled.filled) == 1
    assert filled.filled[0] in (3, 4)


def test_the_papers_of_the_leaving_member_fill_it():
    assert countback("scottish-stv", BOARD, sitting={1, 2}, leaving={0}).newcomers == ("Dan",)
    assert countback("scottish-stv", BOARD, sitting={0, 2}, leaving={1}).newcomers == ("Eve",)
    assert countback("meek-stv", BOARD, sitting={0, 2}, leaving={1}).newcomers == ("Eve",)


def test_the_unwilling_are_passed_over():
    assert countback("scottish-stv", BOARD, sitting={1, 2}, leaving={0}, unwilling={3}).newcomers == ("Eve",)


def test_a_sitting_member_with_few_votes_stays():
    """Dan sits though he had least votes of all: he came in by a countback before."""
    filled = countback("scottish-stv", BOARD, sitting={1, 3}, leaving={0})
    assert 3 in filled.result.winners
    assert filled.newcomers == ("Cat",)


def test_two_leave_at_once():
    assert len(countback("scottish-stv", BOARD, sitting={1}, leaving={0, 2}).filled) == 2


def test_a_single_seat():
    assert countback("irv", Contest(BOARD.candidates, PAPERS, 1), sitting=(), leaving={0}).filled == (3,)


def test_fewer_sat_than_there_are_seats():
    """One seat was vacant before: only that of the leaving member is filled."""
    assert len(countback("scottish-stv", BOARD, sitting={1}, leaving={0}).result.winners) == 2


@pytest.mark.parametrize(
    ("people", "fault"),
    [
        ({"sitting": {1}, "leaving": ()}, "Nobody leaves"),
        ({"sitting": {0, 1}, "leaving": {0}}, "both sit and leave"),
        ({"sitting": {0, 1}, "leaving": {2}, "unwilling": {1}}, "both sit and leave"),
        ({"sitting": {1, 2}, "leaving": {0}, "unwilling": {3, 4}}, "needs a new election"),
        ({"sitting": {1, 2}, "leaving": {9}}, "withdrawn option 9"),
    ],
)
def test_vacancies_that_cannot_be_filled(people, fault):
    with pytest.raises(BadElection, match=fault):
        countback("scottish-stv", BOARD, **people)
