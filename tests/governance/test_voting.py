"""Casting a recorded vote: who may, when, what is kept, and what a change does."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent
from governance import services
from governance.models import RecordedVote
from governance.selectors import current_vote, papers_of, standing, taken_part
from tests.governance.factories import make_ballot, make_roll, make_voter, marks, membership, question
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def amara(coop):
    return make_voter(coop, "amara")


@pytest.fixture
def ballot(coop, amara):
    return make_ballot(coop, roll=make_roll(coop, voters=2))


def cast(actor, ballot, **more):
    return services.cast_recorded(actor=actor, ballot=ballot, marks=marks(ballot, board=[2, 0], motion=[0]), **more)


def test_a_vote_is_kept_with_a_receipt_and_in_the_audit_trail(amara, ballot):
    vote = cast(amara, ballot)
    entry = standing(ballot, membership(amara)).entry
    assert (vote.entry, vote.marks) == (
        entry,
        {str(question(ballot).pk): [2, 0], str(question(ballot, "motion").pk): [0]},
    )
    assert len(vote.receipt) == 64
    assert vote.code.replace(" ", "").lower() == vote.receipt[:16]
    said = AuditEvent.objects.get(kind="governance.vote_cast").payload.body
    assert said["number"] == entry.number
    assert said["receipt"] == vote.receipt


def test_the_last_paper_counts_and_the_first_is_not_lost(amara, ballot):
    first = cast(amara, ballot)
    second = services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=[1], motion=[1]))
    assert second.replaces == first
    assert current_vote(ballot, first.entry) == second
    assert RecordedVote.objects.count() == 2
    assert papers_of(question(ballot)) == {(1,): 1}
    assert taken_part(ballot) == 1


def test_the_same_marks_twice_are_one_vote(amara, ballot):
    assert cast(amara, ballot) == cast(amara, ballot)
    assert RecordedVote.objects.count() == 1


def test_a_forgotten_window_overwrites_nothing(amara, ballot):
    first = cast(amara, ballot, replacing=None)
    with pytest.raises(Refused, match="You cast another paper at .* perhaps in another window") as refused:
        services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, motion=[1]), replacing=None)
    assert refused.value.code == "cast_elsewhere"
    assert current_vote(ballot, first.entry) == first
    assert (
        services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, motion=[1]), replacing=first.pk).replaces
        == first
    )


def test_nobody_votes_before_the_hour_or_from_the_closing_second_on(coop, amara):
    ballot = make_ballot(coop, roll=make_roll(coop), opens_in=timedelta(hours=1))
    with pytest.raises(Refused, match="opens on .* your paper was not cast"):
        cast(amara, ballot)
    with clock.at(ballot.closes_at), pytest.raises(Refused, match="closed on .* came too late"):
        cast(amara, ballot)
    with clock.at(ballot.closes_at - timedelta(microseconds=1)):
        assert cast(amara, ballot).pk


def test_a_draft_takes_no_votes(coop, amara):
    ballot = make_ballot(coop, roll=make_roll(coop), released=False)
    with pytest.raises(Refused, match="has not been released"):
        cast(amara, ballot)


def test_who_joined_after_the_record_date_is_told_so(coop, ballot):
    late = make_voter(coop, "late", on=clock.today(coop))
    with pytest.raises(
        Refused, match="You became a member on .* after the record date, .* not on this roll"
    ) as refused:
        cast(late, ballot)
    assert refused.value.status == 403
    assert not RecordedVote.objects.exists()


def test_who_is_on_the_roll_without_a_vote_is_told_why(coop, amara):
    unpaid = make_voter(coop, "paid")
    from coop.kernel.tenancy import Actor
    from tests.cast import make_user

    user = make_user("unpaid")
    make_member(coop, user=user, active=False, on=membership(unpaid).admitted_on)
    ballot = make_ballot(coop, roll=make_roll(coop))
    with pytest.raises(Refused, match="on the roll, but without a vote: The first share was not paid by"):
        cast(Actor.of(user, coop), ballot)


def test_officers_and_strangers_do_not_vote(ballot, samir, theo):
    for nobody in (samir, theo):
        with pytest.raises(NotAllowed):
            cast(nobody, ballot)


def test_another_co_ops_member_is_not_let_near_it(ballot, other_coop):
    outsider = make_voter(other_coop, "outsider")
    with pytest.raises(NotAllowed):
        cast(outsider, ballot)


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ([0, 0], "“Nadia Brandt” is marked twice"),
        ([4], "option 4 is not on the paper"),
        ([-1], "option -1 is not on the paper"),
        (["0"], "option 0 is not on the paper"),
        ([True], "option True is not on the paper"),
        ([[0, 1]], "is not on the paper"),
        ("01", "the marks must be a list"),
        ({"0": 1}, "the marks must be a list"),
        ([None], "option None is not on the paper"),
    ],
)
def test_marks_that_do_not_fit_are_refused_in_a_sentence(amara, ballot, board, said):
    with pytest.raises(Refused, match="In “Seats on the board”") as refused:
        services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=board, motion=[0]))
    assert said in refused.value.message
    assert refused.value.field == f"question:{question(ballot).pk}"
    assert not RecordedVote.objects.exists()


def test_a_motion_takes_one_mark(amara, ballot):
    with pytest.raises(Refused, match="at most 1 may be marked"):
        services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, motion=[0, 1]))


def test_a_question_of_another_ballot_is_refused(coop, amara, ballot):
    other = make_ballot(coop, roll=ballot.roll)
    with pytest.raises(Refused, match=f"Question {question(other).pk} is not on this ballot"):
        services.cast_recorded(actor=amara, ballot=ballot, marks={question(other).pk: [0]})


def test_a_blank_paper_is_a_vote_and_counts_as_taking_part(amara, ballot):
    vote = services.cast_recorded(actor=amara, ballot=ballot, marks={})
    assert list(vote.marks.values()) == [[], []]
    assert papers_of(question(ballot)) == {(): 1}
