"""Motions: every denominator, the edges of every ratio, quorums, classes, and the sentences."""

from fractions import Fraction as F

import pytest

from governance.tally import BadElection, Condition, Contest, Meeting, Resolution, Votes, count, decide

MORE_THAN_HALF = Resolution()


def carried(votes, classes=None, **condition):
    return decide(Resolution("r", (Condition(**condition),)), votes, classes).carried


def test_more_votes_for_than_against():
    assert decide(MORE_THAN_HALF, Votes(5, 4)).carried
    assert not decide(MORE_THAN_HALF, Votes(5, 5)).carried
    assert decide(MORE_THAN_HALF, Votes(1, 0, 99)).carried, "abstentions are not counted"
    assert not decide(MORE_THAN_HALF, Votes(0, 0, 5)).carried


@pytest.mark.parametrize(
    ("denominator", "of", "needed", "passed"),
    [("for+against", 21, 11, True), ("cast", 27, 14, False), ("present", 30, 16, False), ("roll", 40, 21, False)],
)
def test_more_than_half_of_whom(denominator, of, needed, passed):
    votes = Votes(12, 9, 6, present=30, roll=40)
    decision = decide(Resolution("r", (Condition(denominator),)), votes)
    test = decision.tests[0]
    assert (test.name, test.have, test.of, test.needed, test.passed) == ("majority", 12, of, needed, passed)
    assert decision.carried is passed


@pytest.mark.parametrize(
    ("ratio", "at_least", "of", "needed"),
    [
        (F(1, 2), False, 10, 6),
        (F(1, 2), True, 10, 5),
        (F(1, 2), False, 9, 5),
        (F(2, 3), True, 100, 67),
        (F(2, 3), True, 99, 66),
        (F(2, 3), False, 99, 67),
        (F(3, 4), True, 10, 8),
        (F(1), True, 7, 7),
        (F(0), True, 5, 1),
        (F(0), False, 5, 1),
    ],
)
def test_nothing_is_rounded(ratio, at_least, of, needed):
    kind = Resolution("r", (Condition(ratio=ratio, at_least=at_least),))
    assert decide(kind, Votes(needed, of - needed)).carried
    assert not decide(kind, Votes(needed - 1, of - needed + 1)).carried
    assert decide(kind, Votes(needed, of - needed)).tests[0].needed == needed


def test_more_than_all_can_never_be_reached():
    assert not carried(Votes(7, 0), ratio=F(1))


def test_where_nobody_is_counted_nothing_is_carried():
    assert not carried(Votes(0, 0), ratio=F(0), at_least=True)


def test_a_quorum_of_so_many():
    votes = Votes(6, 1, 1, present=10)
    assert carried(votes, quorum=10)
    assert not carried(votes, quorum=11)
    decision = decide(Resolution("r", (Condition(quorum=11),)), votes)
    assert [t.name for t in decision.tests] == ["quorum", "majority"]
    assert decision.tests[0].sentence == "10 present; the quorum is 11, and is not reached."
    assert decision.sentence == "The motion is not carried. 10 present; the quorum is 11, and is not reached."
    assert decision.tests[1].passed
    assert (decision.tests[0].have, decision.tests[0].of, decision.tests[0].needed) == (10, 11, 11)


def test_a_quorum_where_nobody_counted_who_is_present():
    decision = decide(Resolution("r", (Condition(quorum=8),)), Votes(6, 1, 1))
    assert decision.carried
    assert decision.tests[0].sentence == "8 voted; the quorum is 8."
    assert decision.sentence == "The motion is carried."


def test_a_quorum_as_a_share_of_the_roll():
    assert carried(Votes(5, 1, roll=12), quorum=F(1, 2))
    assert not carried(Votes(5, 1, roll=13), quorum=F(1, 2))
    test = decide(Resolution("r", (Condition(quorum=F(1, 3)),)), Votes(5, 1, present=7, roll=20)).tests[0]
    assert (test.passed, test.have, test.of, test.needed) == (True, 7, 20, 7)
    assert test.sentence == "7 present; the quorum is 1/3 of 20 on the roll, that is 7."
    for bad in (F(-1, 2), F(3, 2)):
        with pytest.raises(BadElection, match="between 0 and 1"):
            carried(Votes(5, 1, roll=12), quorum=bad)
    for edge in (F(0), F(1)):
        assert carried(Votes(5, 1, present=12, roll=12), quorum=edge)
    with pytest.raises(BadElection, match="on the roll was not given"):
        carried(Votes(5, 1), quorum=F(1, 2))
    for bad in (-1, 1.5, "half", True):
        with pytest.raises(BadElection, match="A quorum is a whole number"):
            carried(Votes(5, 1, roll=12), quorum=bad)
    assert carried(Votes(5, 1), quorum=0)


def test_every_class_must_agree():
    kind = Resolution(
        "statutes",
        (
            Condition(ratio=F(2, 3), at_least=True),
            Condition(of_class="workers"),
            Condition("class", F(1, 2), True, of_class="users"),
        ),
    )
    classes = {"workers": Votes(6, 5), "users": Votes(14, 5, 1, roll=28)}
    decision = decide(kind, Votes(20, 10), classes)
    assert decision.carried
    assert [t.name for t in decision.tests] == ["majority", "workers", "users"]
    assert decision.tests[1].sentence == (
        "In the class workers: 6 of 11 votes for and against are in favour; more than 1/2 is needed, that is 6."
    )
    assert decision.tests[2].sentence == (
        "In the class users: 14 of 28 on the roll of the class are in favour; at least 1/2 is needed, that is 14."
    )
    assert not decide(kind, Votes(20, 10), {**classes, "workers": Votes(5, 5)}).carried
    assert not decide(kind, Votes(20, 10), {**classes, "users": Votes(14, 5, roll=29)}).carried
    with pytest.raises(BadElection, match="class “users” were not counted apart"):
        decide(kind, Votes(20, 10), {"workers": Votes(6, 5)})
    with pytest.raises(BadElection, match="not counted apart"):
        decide(kind, Votes(20, 10))


def test_a_quorum_within_a_class():
    kind = Resolution("r", (Condition(of_class="workers", quorum=5),))
    assert decide(kind, Votes(1, 0), {"workers": Votes(3, 2)}).carried
    decision = decide(kind, Votes(1, 0), {"workers": Votes(3, 1)})
    assert not decision.carried
    assert "In the class workers: 4 voted" in decision.sentence


@pytest.mark.parametrize(
    ("votes", "fault"),
    [
        (Votes(-1, 0), "whole number"),
        (Votes(1, 1.0), "whole number"),
        (Votes(1, 0, True), "whole number"),
        (Votes(1, 0, present=-1), "present must be"),
        (Votes(1, 0, roll=1.5), "on the roll must be"),
        (Votes(5, 3, 1, present=8), "9 were cast by 8 present"),
        (Votes(5, 3, 1, roll=8), "9 were cast by 8 on the roll"),
        (Votes(5, 3, present=10, roll=9), "10 are present of 9"),
    ],
)
def test_impossible_numbers_are_refused(votes, fault):
    with pytest.raises(BadElection, match=fault):
        decide(MORE_THAN_HALF, votes)
    kind = Resolution("r", (Condition(of_class="c"),))
    with pytest.raises(BadElection, match=f"In the votes of the class “c”.*{fault}"):
        decide(kind, Votes(1, 0), {"c": votes})


def test_everybody_present_and_on_the_roll_is_possible():
    assert decide(MORE_THAN_HALF, Votes(5, 3, 1, present=9, roll=9)).carried


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        (Condition("members"), "The denominator “members” is not one of"),
        (Condition("class"), "must name the class"),
        (Condition("present"), "needs the number present"),
        (Condition("roll"), "needs the number on the roll"),
        (Condition(ratio=F(3, 2)), "between 0 and 1"),
        (Condition(ratio=F(-1, 2)), "between 0 and 1"),
        (Condition(ratio=0.5), "between 0 and 1"),
    ],
)
def test_conditions_nobody_can_check_are_refused(condition, fault):
    with pytest.raises(BadElection, match=fault):
        decide(Resolution("r", (condition,)), Votes(1, 0))


def test_a_resolution_without_conditions_is_refused():
    with pytest.raises(BadElection, match="“empty” has no condition"):
        decide(Resolution("empty", ()), Votes(1, 0))


FAA = ("For", "Against", "Abstain")


def test_counting_papers():
    papers = {(0,): 30, (1,): 16, (2,): 4, (): 2, (0, 1): 3, ((0, 2),): 1}
    result = count("motion", Contest(FAA, papers, invalid=5, title="Move house", seed="s"))
    assert (result.ballots, result.valid, result.carried, result.winners) == (61, 50, True, (0,))
    assert (result.method, result.seats, result.quota, result.decimals) == ("motion", 1, 24, 0)
    assert (result.title, result.seed, result.show_quota()) == ("Move house", "s", "24")
    assert result.rounds[0].votes == (30, 16, 4)
    assert (result.rounds[0].number, result.rounds[0].exhausted, result.rounds[0].elected) == (1, 0, (0,))
    assert result.rounds[0].note == "50 valid papers: For 30, Against 16, Abstain 4. The motion is carried."
    assert result.explanation == ("30 of 46 votes for and against are in favour; more than 1/2 is needed, that is 24.",)
    assert result.tests[0].passed


def test_counting_without_abstentions():
    result = count("motion", Contest(FAA[:2], {(0,): 1, (1,): 1}))
    assert (result.carried, result.winners, result.rounds[0].votes) == (False, (), (1, 1))
    assert result.rounds[0].note.startswith("2 valid papers: For 1, Against 1. The motion is not carried. 1 of 2")


def test_the_quota_shown_is_the_majority_of_all():
    kind = Resolution("r", (Condition(of_class="c"), Condition(ratio=F(2, 3), at_least=True, quorum=3)))
    meeting = Meeting(present=60, roll=99, classes={"c": Votes(1, 0)})
    result = count("motion", Contest(FAA, {(0,): 40, (1,): 8}), resolution=kind, meeting=meeting)
    assert (result.quota, result.rounds[0].quota) == (32, 32)
    assert [t.have for t in result.tests] == [1, 60, 40]
    only_class = count(
        "motion", Contest(FAA, {(0,): 40}), resolution=Resolution("r", kind.conditions[:1]), meeting=meeting
    )
    assert only_class.quota == 1


@pytest.mark.parametrize("names", [("Yes",), ("A", "B", "C", "D")])
def test_a_motion_has_two_or_three_options(names):
    with pytest.raises(BadElection, match="for, against"):
        count("motion", Contest(names, {}))


def test_an_option_of_a_motion_cannot_be_withdrawn():
    with pytest.raises(BadElection, match="for, against"):
        count("motion", Contest(FAA, {}, withdrawn=frozenset({2})))
