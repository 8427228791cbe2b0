"""Where a count turns on one paper, one seat or one stage: the published object, ties, limits at their edge."""

import random
from collections import Counter
from decimal import Decimal

import pytest

from governance.tally import BadElection, Contest, Limit, Votes, count
from governance.tally.irv import Switches as IrvSwitches
from governance.tally.marks import score
from governance.tally.motion import Condition, Resolution, decide
from governance.tally.papers import in_order, preferences, short
from governance.tally.schulze import Switches
from governance.tally.ties import TieBreaker
from tests.governance.tally import reference

ABC = ("Ann", "Bob", "Cat")


# --- the published object --------------------------------------------------------------------------------------------


def test_a_count_in_rounds_is_published_whole():
    papers = {(0, 1): 4, (1,): 2, (2, 1): 1}
    published = count("scottish-stv", Contest(ABC, papers, withdrawn=frozenset({2}))).as_dict()
    assert published == {
        "method": "scottish-stv",
        "seats": 1,
        "ballots": 7,
        "valid": 7,
        "quota": "4",
        "winners": ["Ann"],
        "ranking": None,
        "dropped": [],
        "pairwise": None,
        "rounds": [
            {
                "votes": {"Ann": "4.00000", "Bob": "3.00000"},
                "elected": ["Ann"],
                "eliminated": [],
                "exhausted": "0.00000",
                "note": published["rounds"][0]["note"],
            }
        ],
        "ties": [],
    }


def test_a_count_of_duels_is_published_whole():
    published = count("schulze", Contest(ABC, {(0, 1, 2): 2, (1, 0): 1})).as_dict()
    assert published["ranking"] == [["Ann"], ["Bob"], ["Cat"]]
    assert published["pairwise"] == [[0, 2, 3], [1, 0, 3], [0, 0, 0]]
    assert (published["quota"], published["rounds"], published["ties"]) == (None, [], [])


def test_the_seed_is_not_in_a_log():
    assert "hunter2" not in repr(count("irv", Contest(ABC, {(0,): 1}, seed="hunter2")))


# --- papers ----------------------------------------------------------------------------------------------------------


def test_a_paper_exhausted_at_its_first_rank_hides_no_other():
    contest = Contest(ABC, {((0, 1),): 5, (2, (0, 1)): 3, ((1, 2), 0): 2}, equal_ranks="exhaust")
    assert preferences(contest) == ({b"\x02": 3}, 10, 3)


def test_equal_ranks_are_refused_naming_two():
    with pytest.raises(BadElection) as refused:
        count("irv", Contest(ABC, {((0, 1, 2),): 1}))
    assert str(refused.value) == "A paper gives “Ann” and “Bob” the same rank, which this method cannot count."


@pytest.mark.parametrize("paper", [(0, 7), (7, 0), b"\x00\x01", "01"])
def test_a_paper_that_is_not_one_is_refused(paper):
    with pytest.raises(BadElection):
        count("irv", Contest(ABC, {paper: 1}))


def test_amounts_are_told_by_candidate_the_exhausted_last():
    assert list(in_order({None: 1, 2: 1, 0: 9, 1: 5})) == [0, 1, 2, None]


def test_of_a_long_word_only_the_beginning_is_looked_at():
    assert short(" " * 200 + "x") == "“”"
    assert short(" " * 199 + "x") == "“x”"


# --- ties ------------------------------------------------------------------------------------------------------------


def test_the_latest_stage_counts_unless_it_is_left_out():
    ties = TieBreaker(2, None)
    ties.remember((2, 1))
    ties.remember((1, 2))
    assert ties.favoured([0, 1], "seat", 2) == 1
    assert ties.favoured([0, 1], "seat", 2, skip=1) == 0


def test_ties_among_the_elected_are_told_from_the_most_votes_down():
    ties = TieBreaker(4, None)
    ties.remember((3, 5, 3, 5))
    ties.in_order([0, 1, 2, 3], 1)
    assert [tie.between for tie in ties.ties] == [(1, 3), (0, 2)]


def test_a_tie_names_the_stage_it_came_up_in():
    papers = {(0,): 5, (1,): 2, (2,): 2, (3,): 1}
    result = count("scottish-stv", Contest((*ABC, "Dan"), papers, seats=1))
    assert [(tie.round, tie.between, tie.purpose) for tie in result.ties] == [(3, (1, 2), "elimination")]
    surpluses = count("scottish-stv", Contest((*ABC, "Dan"), {(0, 2): 9, (1, 2): 9, (2,): 1, (3,): 4}, seats=3))
    assert ("surplus", 2) in [(tie.purpose, tie.round) for tie in surpluses.ties]


def test_marks_say_their_ties_in_the_one_stage_they_have():
    result = count("block", Contest(ABC, {(0, 1): 3, (2,): 1}, seats=2))
    assert [(tie.round, tie.purpose) for tie in result.ties] == [(1, "order")]


# --- Scottish STV ----------------------------------------------------------------------------------------------------


def test_whose_surplus_moves_is_not_eliminated():
    result = count("scottish-stv", Contest(ABC, {(0, 1): 9, (1,): 2, (2,): 3}, seats=2))
    assert [(each.action, each.eliminated) for each in result.rounds][:2] == [("count", ()), ("surplus", ())]


def test_a_barred_candidate_does_not_hold_up_the_last_seats():
    """Ann is in, and only one of Ann and Bob may be: Cat has the other seat at once."""
    limits = (Limit("North", frozenset({0, 1}), at_most=1),)
    result = count("scottish-stv", Contest(ABC, {(0,): 6, (1,): 2, (2,): 1}, seats=2, limits=limits))
    assert result.winner_names == ("Ann", "Cat")
    assert result.rounds[0].elected == (0, 2)


# --- Meek ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_made_up_elections_come_out_as_by_the_slow_count(seed):
    """Six options, few papers: surpluses, levels, papers that run out; every round to nine places."""
    chance = random.Random(seed)
    papers = [tuple(chance.sample(range(6), chance.randint(1, 6))) for _ in range(chance.choice((11, 24, 60)))]
    as_by_the_slow_count(papers, seats=chance.randint(1, 4))


def as_by_the_slow_count(papers, seats, size=6):
    winners, rounds = reference.meek(papers, list(range(size)), seats)
    result = count("meek-stv", Contest(tuple("ABCDEF")[:size], Counter(papers), seats))
    assert [{i: Decimal(result.show(v)) for i, v in enumerate(each.votes)} for each in result.rounds] == rounds
    assert list(result.winners) == winners


def test_weights_are_settled_to_a_millionth_of_a_vote():
    papers = [(2, 0, 3, 4), (3, 2, 1, 0, 4), (1, 3, 2, 0), (4, 2), (0, 3, 1, 4, 2)]
    as_by_the_slow_count(papers, seats=2, size=5)


def test_a_level_bottom_is_parted_by_the_round_before_this_one():
    papers = [(2, 1, 0), (2,), (2, 4, 1, 3, 0), (1, 3), (4,), (4,), (4,), (3, 0, 2, 1), (0, 3, 1), (4, 2)]
    as_by_the_slow_count([*papers, (1, 4, 0, 3, 2)], seats=1, size=5)


def test_a_barred_candidate_with_the_quota_does_not_stop_the_surplus():
    limits = (Limit("North", frozenset({0, 1}), at_most=1),)
    papers = {(0, 2): 10, (1,): 9, (2,): 1, (3,): 2}
    result = count("meek-stv", Contest((*ABC, "Dan"), papers, seats=2, limits=limits))
    assert result.rounds[0].elected == (0,)
    assert Decimal(result.show(result.rounds[1].votes[0])) < 8, "Ann keeps the quota, the rest went to Cat"


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_limit_reserves_nothing_unless_it_says_so():
    result = count("plurality", Contest(ABC, {(0,): 2, (1,): 1}, limits=(Limit("South", frozenset({2})),)))
    assert result.winner_names == ("Ann",)


def test_a_limit_names_only_who_is_on_the_paper():
    with pytest.raises(BadElection, match="names option 3, which is not on the paper"):
        count("plurality", Contest(ABC, {(0,): 1}, limits=(Limit("South", frozenset({3})),)))


def test_sitting_members_may_fill_every_seat():
    result = count("scottish-stv", Contest(ABC, {(1,): 5, (2,): 4}, seats=2, protected=frozenset({0, 1})))
    assert set(result.winner_names) == {"Ann", "Bob"}


def test_more_seats_than_people_stay_vacant_beside_a_limit():
    limits = (Limit("North", frozenset({0}), at_most=1),)
    result = count("block", Contest(ABC, {(0, 1): 2, (2,): 1}, seats=5, limits=limits))
    assert (sorted(result.winner_names), result.vacant) == (sorted(ABC), 2)


def test_reserved_seats_are_kept_to_the_last():
    """Two seats, one for the South: the second strongest of the North does not get it, however many votes."""
    contest = Contest(
        ("N1", "N2", "N3", "S1"),
        {(0,): 9, (1,): 8, (2,): 7, (3,): 1},
        seats=2,
        limits=(Limit("South", frozenset({3}), at_least=1),),
    )
    assert count("block", contest, marks=1).winner_names == ("N1", "S1")


def test_neither_of_two_reserved_seats_is_excluded_for_the_fewest_votes():
    contest = Contest(
        ("N1", "N2", "N3", "S1", "S2"),
        {(0,): 4, (1,): 4, (2,): 3, (3,): 4, (4,): 1},
        seats=3,
        limits=(Limit("South", frozenset({3, 4}), at_least=2),),
    )
    result = count("scottish-stv", contest)
    assert {3, 4} <= set(result.winners)


# --- marks -----------------------------------------------------------------------------------------------------------


def test_scores_on_no_option_are_no_question():
    with pytest.raises(BadElection) as refused:
        score(Contest((), {}))
    with pytest.raises(BadElection) as same:
        count("approval", Contest((), {}))
    assert str(refused.value) == str(same.value)


def test_scores_leave_nothing_over():
    assert score(Contest(ABC, {(3, 2, 1): 2})).rounds[0].exhausted == 0


def test_none_of_these_withdrawn_holds_nobody_back():
    contest = Contest(ABC, {(0,): 1, (1,): 2}, withdrawn=frozenset({2}), none_of_these=2)
    assert count("plurality", contest).winner_names == ("Bob",)
    blank = Contest(ABC, {(): 1}, withdrawn=frozenset({2}), none_of_these=2)
    assert 2 not in count("plurality", blank).winners


def test_nobody_is_elected_where_the_reserved_seats_cannot_be_filled_above_none_of_these():
    contest = Contest(ABC, {(0,): 3, (2,): 2}, none_of_these=2, limits=(Limit("South", frozenset({1}), at_least=1),))
    result = count("plurality", contest)
    assert result.winner_names == ()
    assert result.rounds[0].note.endswith("Nobody is elected.")


# --- instant runoff --------------------------------------------------------------------------------------------------


def test_a_batch_of_one_is_the_one_with_the_fewest():
    result = count("irv", Contest(ABC, {(0,): 5, (1,): 4, (2, 1): 2}), switches=IrvSwitches(batch=True))
    assert "eliminated: the fewest votes, 2" in result.rounds[0].note


def test_a_batch_may_leave_one_who_needs_every_paper_in_play():
    switches = IrvSwitches(batch=True, whole=True)
    result = count("irv", Contest(ABC, {(0,): 5, (1,): 2, (2,): 1}), switches=switches)
    assert result.rounds[0].eliminated == (1, 2)


def test_going_on_to_two_even_after_the_seat_is_filled():
    result = count("irv", Contest(ABC, {(0,): 6, (1,): 3, (2,): 1}), switches=IrvSwitches(to_two=True))
    assert [each.eliminated for each in result.rounds] == [(), (2,), ()]
    assert result.rounds[-1].votes == (6, 3, 0)


def test_undeclared_names_go_out_though_only_two_are_left():
    result = count("irv", Contest(("Ann", "Write-ins"), {(0,): 1, (1,): 9}), switches=IrvSwitches(write_ins=1))
    assert result.rounds[0].eliminated == (1,)
    assert result.winner_names == ("Ann",)


def test_undeclared_names_without_a_vote_do_not_hold_up_the_winner():
    result = count("irv", Contest(("Ann", "Write-ins"), {(0,): 3}), switches=IrvSwitches(write_ins=1))
    assert [each.elected for each in result.rounds] == [(0,)]


def test_of_two_left_one_below_the_least_goes_out_first():
    switches = IrvSwitches(minimum=3, first_round_threshold=True)
    result = count("irv", Contest(ABC, {(0,): 4, (1,): 2, (2,): 4}), switches=switches)
    assert result.rounds[0].eliminated == (1,)


def test_of_two_from_the_start_one_below_the_least_goes_out():
    result = count("irv", Contest(ABC[:2], {(0,): 4, (1,): 2}), switches=IrvSwitches(whole=True, minimum=3))
    assert [each.eliminated for each in result.rounds] == [(1,), ()]


# --- Schulze ---------------------------------------------------------------------------------------------------------


def test_a_clear_order_has_no_tie_and_says_why():
    result = count("schulze", Contest(ABC, {(0, 1, 2): 3, (1, 0): 1}))
    assert result.ties == ()
    assert result.explanation == ("Ann is preferred to every other option left, one against one.",)


def test_a_tie_below_the_seats_is_nobodys_business():
    assert count("schulze", Contest(ABC, {(0,): 3, (1, 0): 1, (2, 0): 1})).ties == ()


def test_a_drawn_duel_is_not_won_and_an_equal_path_stands_above_nobody():
    """Ann beats Bob, Bob nobody; Ann and Cat draw, one against one and over every path."""
    result = count("schulze", Contest(ABC, {(0, 1, 2): 1, (2,): 1}))
    assert result.explanation == (
        "Ann wins 1 of 2 duels directly, and over the strongest paths stands above 1 and below nobody.",
    )


def test_an_equal_rank_is_read_with_and_without_an_opinion_on_the_rest():
    papers = {((0, 1),): 2}
    assert count("schulze", Contest(ABC, papers)).pairwise == ((0, 0, 2), (0, 0, 2), (0, 0, 0))
    silent = count("schulze", Contest(ABC, papers), switches=Switches(unranked="no-opinion"))
    assert silent.pairwise == ((0, 0, 0), (0, 0, 0), (0, 0, 0))


def test_options_after_the_default_are_measured_too():
    contest = Contest(("None", "Ann", "Bob"), {(1, 0, 2): 3, (2, 0): 1})
    result = count("schulze", contest, switches=Switches(default=0))
    assert (result.dropped, result.winner_names) == ((2,), ("Ann",))


def test_nobody_is_elected_where_the_default_keeps_the_reserved_seat_empty():
    contest = Contest(
        ("None", "Ann", "Sue"),
        {(1, 0): 3, (0, 2): 1},
        limits=(Limit("South", frozenset({2}), at_least=1),),
    )
    result = count("schulze", contest, switches=Switches(default=0))
    assert (result.winners, result.explanation[-1]) == ((), "Nobody is elected.")


# --- motions ---------------------------------------------------------------------------------------------------------


def test_abstentions_are_cast():
    half_of_cast = Resolution("Half of those cast", (Condition(denominator="cast"),))
    contest = Contest(("For", "Against", "Abstain"), {(0,): 3, (1,): 1, (2,): 2})
    assert not count("motion", contest, resolution=half_of_cast).carried
    two = Contest(("For", "Against"), {(0,): 2, (1,): 1})
    assert count("motion", two, resolution=half_of_cast).tests[0].of == 3


def test_nobody_present_of_nobody_is_a_number():
    assert not decide(Resolution("Ordinary", (Condition(),)), Votes(0, 0, 0, present=0, roll=0)).carried
