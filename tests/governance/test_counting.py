"""Closing by the clock, counting once, and the resolution that comes of a motion."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent, Job
from coop.kernel.tenancy import Actor
from governance import services, stored
from governance.models import Ballot, Count, OtherRule, Resolution
from governance.selectors import carried_resolutions, resolution
from governance.tally import commitment
from tests.governance.factories import (
    carried_resolution,
    close_and_count,
    make_ballot,
    make_roll,
    make_voter,
    marks,
    question,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def voters(coop):
    return [make_voter(coop) for _ in range(5)]


@pytest.fixture
def ballot(coop, voters):
    return make_ballot(coop, roll=make_roll(coop))


def cast_all(voters, ballot):
    rankings = ([0, 1], [0, 2], [1], [1, 2], [])
    motion = ([0], [0], [0], [1], [2])
    for voter, board, answer in zip(voters, rankings, motion, strict=True):
        services.cast_recorded(actor=voter, ballot=ballot, marks=marks(ballot, board=board, motion=answer))


def test_the_clock_closes_what_is_due_and_asks_for_the_count(ballot):
    assert services.close_due() == 0
    with clock.at(ballot.closes_at):
        assert services.close_due() == 1
        assert services.close_due() == 0
    ballot.refresh_from_db()
    assert (ballot.state, ballot.closed_at) == ("closed", ballot.closes_at)
    job = Job.objects.get(kind="governance.count_ballot")
    assert (job.args, job.actor, job.coop) == ([ballot.pk], None, ballot.coop)


def test_a_counted_ballot_keeps_every_round_and_declares_the_motion(voters, ballot):
    cast_all(voters, ballot)
    close_and_count(ballot)
    count = Count.objects.get(question=question(ballot))
    assert (ballot.state, count.papers, count.valid) == ("counted", 5, 4)
    result = stored.load(count.result)
    assert set(result.winner_names) == {"Nadia Brandt", "Jonas Weber"}
    assert result.as_dict() == count.result["published"]
    assert all(sum(v for v in each.votes if v) + each.exhausted == 4 * 10**5 for each in result.rounds)
    decided = Resolution.objects.get(ballot=ballot)
    assert (decided.carried, decided.votes) == (True, {"for": 3, "against": 1, "abstain": 1})
    assert decided.number == f"{decided.decided_on.year}-1"
    assert decided.sentence == (
        "3 of the 4 who said for or against were for it: 75.0\N{NO-BREAK SPACE}%. More than half was needed, that is 3."
    )


def test_counting_twice_counts_once(voters, ballot):
    cast_all(voters, ballot)
    close_and_count(ballot)
    before = Count.objects.values_list("pk", "counted_at").order_by("pk")
    services.count_ballot(actor=Actor.system(ballot.coop), ballot_id=ballot.pk)
    assert list(Count.objects.values_list("pk", "counted_at").order_by("pk")) == list(before)
    assert AuditEvent.objects.filter(kind="governance.ballot_counted").count() == 1


def test_an_open_ballot_is_not_counted(ballot):
    with pytest.raises(Refused, match="is counted once it has closed"):
        services.count_ballot(actor=Actor.system(ballot.coop), ballot_id=ballot.pk)


def test_a_ballot_nobody_voted_in_ends_all_the_same(ballot):
    close_and_count(ballot)
    board, motion = Count.objects.filter(ballot=ballot).order_by("question__position")
    assert (board.papers, board.valid) == (0, 0)
    assert motion.result["carried"] is False
    assert Resolution.objects.get(ballot=ballot).carried is False


def test_a_lost_motion_is_a_resolution_nobody_can_lean_on(coop):
    lost = carried_resolution(coop, carried=False)
    assert lost.carried is False
    assert not carried_resolutions(coop).exists()


def test_the_neighbour_finds_what_was_carried(coop, other_coop):
    won = carried_resolution(coop, "We open on Sundays")
    assert list(carried_resolutions(coop)) == [won]
    assert resolution(coop, won.pk).text_hash == won.text_hash
    assert not carried_resolutions(other_coop).exists()


def test_resolutions_are_numbered_without_a_gap(coop):
    numbers = [carried_resolution(coop).number for _ in range(3)]
    year = clock.today(coop).year
    assert numbers == [f"{year}-1", f"{year}-2", f"{year}-3"]


def test_the_lot_was_committed_to_before_opening_and_depends_on_the_papers(voters, ballot):
    cast_all(voters, ballot)
    close_and_count(ballot)
    count = Count.objects.get(question=question(ballot))
    secret, digest = count.seed.split(":")
    assert commitment(secret) == ballot.tie_commitment == ballot.manifest["tie_commitment"]
    assert digest == count.papers_hash


def test_another_rule_is_kept_apart_from_the_result(voters, ballot, django_capture_on_commit_callbacks):
    cast_all(voters, ballot)
    close_and_count(ballot)
    asked = question(ballot)
    with pytest.raises(Refused, match="cannot be counted by that rule"):
        services.ask_other_rule(actor=voters[0], question=asked, method="motion")
    with django_capture_on_commit_callbacks():
        job = services.ask_other_rule(actor=voters[0], question=asked, method="meek-stv")
    assert job.args == [asked.pk, "meek-stv"]
    for _ in range(2):
        services.count_other_rule(actor=voters[0], question_id=asked.pk, method="meek-stv")
    other = OtherRule.objects.get()
    assert stored.load(other.result).method == "meek-stv"
    assert services.ask_other_rule(actor=voters[0], question=asked, method="meek-stv") is None
    assert Count.objects.get(question=asked).method == "scottish-stv"


def test_no_other_rule_before_there_is_a_result(voters, ballot):
    with pytest.raises(Refused, match="no result yet"):
        services.ask_other_rule(actor=voters[0], question=question(ballot), method="meek-stv")


def test_two_ballots_due_at_once_close_each_on_its_own(coop, voters):
    roll = make_roll(coop)
    first, second = make_ballot(coop, roll=roll), make_ballot(coop, roll=roll, lasts=timedelta(hours=2))
    with clock.at(second.closes_at + timedelta(days=1)):
        assert services.close_due() == 2
    states = Ballot.objects.filter(pk__in=[first.pk, second.pk]).values_list("state", flat=True)
    assert list(states) == ["closed", "closed"]
