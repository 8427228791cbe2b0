"""What a voter does that nobody planned: presses twice, keeps two windows, comes back after signing out or closing."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.models import User
from coop.kernel.tenancy import Actor
from governance.models import Ballot, RecordedVote
from tests.cast import make_coop
from tests.governance.factories import close_and_count, make_ballot, make_roll, make_voter, question
from tests.members.factories import make_member
from tests.standing import check_what_waits

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def coop(standing):
    return make_coop()


@pytest.fixture(scope="module")
def released(coop) -> tuple[int, int]:
    """Amara's login, and a ballot that she and two others may vote in."""
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop, voters=2))
    check_what_waits()
    return amara.user_id, ballot.pk


@pytest.fixture
def amara(db, coop, released):
    return Actor.of(User.objects.get(pk=released[0]), coop)


@pytest.fixture
def ballot(db, released):
    return Ballot.objects.get(pk=released[1])


@pytest.fixture
def page(client_of, amara, ballot):
    """Amara's browser, on her ballot: ``page()`` looks, ``page("cast", …)`` sends the paper with ranks and a mark."""
    client, board, motion = client_of(amara), question(ballot), question(ballot, "motion")

    def go(act=None, *, ranks=(), mark=None, replacing="", **more):
        url = f"/riverside/votes/{ballot.pk}/"
        if act is None:
            return client.get(url)
        data = {"act": act, "replacing": replacing} | more
        data |= {f"rank-{board.pk}-{at}": str(rank) for at, rank in ranks}
        if mark is not None:
            data[f"mark-{motion.pk}"] = mark
        return client.post(url, data)

    go.client = client
    return go


def test_a_paper_is_marked_reviewed_and_cast(page, ballot):
    assert page().status_code == 200
    review = page("review", ranks=[(0, 1), (2, 2)], mark="1")
    assert review.status_code == 200
    assert not RecordedVote.objects.exists()
    cast = page("cast", ranks=[(0, 1), (2, 2)], mark="1")
    assert cast.url == f"/riverside/votes/{ballot.pk}/receipt/"
    vote = RecordedVote.objects.get()
    assert vote.marks == {str(question(ballot).pk): [0, 2], str(question(ballot, "motion").pk): [1]}
    receipt = page.client.get(cast.url).content.decode()
    assert vote.code in receipt
    assert "Recorded, not secret" in receipt


def test_every_page_of_a_recorded_ballot_says_so(page, ballot, client_of, samir):
    said = "Recorded ballot"
    paths = [f"/riverside/votes/{ballot.pk}/", f"/riverside/votes/{ballot.pk}/result/", "/riverside/votes/"]
    assert all(said in page.client.get(path).content.decode() for path in paths)
    assert said in page("review").content.decode()
    page("cast", mark="0")
    assert "Recorded" in page.client.get(f"/riverside/votes/{ballot.pk}/receipt/").content.decode()
    close_and_count(ballot)
    assert said in page.client.get(f"/riverside/votes/{ballot.pk}/result/").content.decode()
    assert said in client_of(samir).get(f"/riverside/ballots/{ballot.pk}/").content.decode()


def test_pressing_cast_twice_is_one_vote(page):
    first, second = page("cast", mark="0"), page("cast", mark="0")
    assert first.url == second.url
    assert RecordedVote.objects.count() == 1


def test_the_older_of_two_windows_overwrites_nothing(page):
    page("cast", mark="0")
    kept = RecordedVote.objects.get()
    late = page("cast", mark="1")  # drawn before the first was cast: it knows of no paper
    assert late.status_code == 422
    assert "You cast another paper at" in late.content.decode()
    assert RecordedVote.objects.get() == kept
    # It has been shown now what stands, so it may be cast over it.
    assert f'name="replacing" value="{kept.pk}"' in late.content.decode()
    assert page("cast", mark="1", replacing=kept.pk).status_code == 302
    assert RecordedVote.objects.count() == 2


def test_signed_out_in_between_nothing_is_cast_and_the_way_leads_back(page, ballot):
    page.client.logout()
    answer = page("cast", mark="0")
    assert answer.status_code == 302
    assert answer.url.endswith(f"?next=/riverside/votes/{ballot.pk}/")
    assert not RecordedVote.objects.exists()


def test_a_paper_sent_after_the_close_is_refused_in_a_sentence(page, ballot):
    with clock.at(ballot.closes_at):
        late = page("cast", mark="0")
    assert late.status_code == 422
    assert "this paper came too late and was not cast" in late.content.decode()
    assert not RecordedVote.objects.exists()


def test_two_candidates_with_one_number_are_refused_beside_the_question(page):
    answer = page("review", ranks=[(0, 2), (1, 2)], mark="0")
    assert answer.status_code == 422
    assert "You gave the number 2 to Nadia Brandt and to Jonas Weber" in answer.content.decode()


def test_numbers_with_gaps_close_up(page, ballot):
    page("cast", ranks=[(0, 4), (3, 2)])
    assert RecordedVote.objects.get().marks[str(question(ballot).pk)] == [3, 0]


@pytest.mark.parametrize("junk", ["9", "-1", "0", "one", "1.5", "²", "１", "9" * 400, "1; DROP TABLE"])
def test_what_no_page_of_ours_sends_marks_nothing(page, ballot, junk):
    answer = page("cast", ranks=[(0, junk)], mark=junk, move="")
    assert answer.status_code == 302
    assert RecordedVote.objects.get().marks[str(question(ballot).pk)] == []


def test_buttons_move_and_nothing_else_happens(page, ballot):
    board = question(ballot)
    up = page("", ranks=[(0, 1), (1, 2)], move=f"{board.pk}:1:up").content.decode()
    assert up.index("Rank for Jonas Weber") < up.index("Rank for Nadia Brandt")
    for act in ("", "x", "1:2", "::", *(f"{board.pk}:{rest}" for rest in ("99:up", "0:sideways", "0:up", "²:up"))):
        assert page("", ranks=[(0, 1)], move=act).status_code == 200
    assert not RecordedVote.objects.exists()


def test_who_joined_too_late_reads_why(client_of, coop, ballot):
    late = make_voter(coop, "late", on=clock.today(coop))
    text = client_of(late).get(f"/riverside/votes/{ballot.pk}/").content.decode()
    assert "You cannot vote in this ballot" in text
    assert "after the record date" in text
    refused = client_of(late).post(f"/riverside/votes/{ballot.pk}/", {"act": "cast"})
    assert refused.status_code == 403
    assert not RecordedVote.objects.exists()


def test_drafts_are_not_there_for_members(client_of, coop, amara, ballot):
    draft = make_ballot(coop, roll=ballot.roll, released=False)
    for path in ("", "receipt/", "result/"):
        assert client_of(amara).get(f"/riverside/votes/{draft.pk}/{path}").status_code == 404


def test_no_receipt_without_a_vote_and_no_result_before_the_close(page, ballot):
    assert page.client.get(f"/riverside/votes/{ballot.pk}/receipt/").url == f"/riverside/votes/{ballot.pk}/"
    assert "There is no result yet" in page.client.get(f"/riverside/votes/{ballot.pk}/result/").content.decode()
    board = question(ballot)
    assert page.client.get(f"/riverside/votes/{ballot.pk}/result/{board.pk}.json").status_code == 404
    assert page.client.get(f"/riverside/votes/{ballot.pk}/compare/{board.pk}/").status_code == 404


def test_somebody_elses_receipt_cannot_be_had(client_of, coop, page, ballot):
    page("cast", mark="0")
    other = make_voter(coop, "other")
    answer = client_of(other).get(f"/riverside/votes/{ballot.pk}/receipt/")
    assert answer.status_code == 302


@pytest.mark.parametrize("rows", [1, 3])
def test_votes_list_in_so_many_queries(client_of, coop, amara, django_assert_num_queries, rows):
    roll = make_roll(coop)
    for _ in range(rows):
        make_ballot(coop, roll=roll)
    client = client_of(amara)
    client.get("/riverside/votes/")
    with django_assert_num_queries(8):
        assert client.get("/riverside/votes/").status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_the_paper_in_so_many_queries(client_of, coop, amara, django_assert_num_queries, rows):
    names = [f"Candidate {n}" for n in range(rows)]
    ballot = make_ballot(coop, roll=make_roll(coop, voters=rows), board=names, seats=1)
    client = client_of(amara)
    with django_assert_num_queries(19):
        assert client.get(f"/riverside/votes/{ballot.pk}/").status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_the_result_in_so_many_queries(client_of, coop, amara, django_assert_num_queries, rows):
    names = [f"Candidate {n}" for n in range(rows + 1)]
    ballot = make_ballot(coop, roll=make_roll(coop, voters=rows), board=names, seats=1)
    close_and_count(ballot)
    client = client_of(amara)
    with django_assert_num_queries(18):
        assert client.get(f"/riverside/votes/{ballot.pk}/result/").status_code == 200


def test_a_member_without_a_login_elsewhere_sees_an_empty_list(client_of, other_coop):
    newcomer = make_voter(other_coop, "newcomer", on=clock.today(other_coop) - timedelta(days=3))
    make_member(other_coop)
    assert "No ballot yet" in client_of(newcomer).get("/hillside/votes/").content.decode()
