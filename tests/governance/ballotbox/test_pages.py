"""The pages of secret ballots: how many queries they need, and what they refuse in a sentence."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest

from governance.models import StrikeOff
from tests.cast import make_coop
from tests.governance.factories import JOINED, make_ballot, make_meeting, make_roll, make_voter
from tests.members.factories import make_member

from .voter import Voter, finish, make_secret_ballot

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def coop(standing):
    return make_coop()


def at(ballot, tail: str = "", area: str = "votes") -> str:
    return f"/riverside/{area}/{ballot.pk}/{tail}"


@pytest.mark.parametrize("n", [1, 3])
def test_the_strike_off_list_reads_three_as_one(five, samir, client_of, django_assert_num_queries, n):
    ballot, voters = five
    for voter in voters[:n]:
        voter.take()
    client = client_of(samir)
    client.get(at(ballot, "turnout/", "ballots"))
    with django_assert_num_queries(10):
        page = client.get(at(ballot, "turnout/", "ballots")).content.decode()
    assert f"{n} of 5" in page or "One of 5" in page


@pytest.mark.parametrize(("tail", "queries"), [("", 19), ("check/", 15), ("promises/", 12), ("manifest.json", 12)])
def test_the_voters_pages_need_so_many_queries(five, client_of, django_assert_max_num_queries, tail, queries):
    ballot, voters = five
    client = client_of(voters[0].actor)
    client.get(at(ballot, tail))
    with django_assert_max_num_queries(queries):
        assert client.get(at(ballot, tail)).status_code == 200


@pytest.mark.parametrize(
    ("tail", "queries"), [("receipts.txt", 13), ("ballot.zip", 12), ("verify.pyz", 11), ("result/", 30)]
)
def test_what_is_published_needs_so_many_queries(five, client_of, django_assert_max_num_queries, tail, queries):
    ballot, voters = five
    for voter in voters[:3]:
        voter.take()
        voter.cast([[1], [0]])
    finish(ballot)
    client = client_of(voters[0].actor)
    client.get(at(ballot, tail))
    with django_assert_max_num_queries(queries):
        assert client.get(at(ballot, tail)).status_code == 200


def test_the_list_of_votes_names_the_kind_and_what_was_taken(five, client_of):
    ballot, voters = five
    client = client_of(voters[0].actor)
    assert "your name is nowhere on your paper" in client.get("/riverside/votes/").content.decode()
    voters[0].take()
    assert "You took your credential" in client.get("/riverside/votes/").content.decode()
    assert "needs JavaScript" in client.get(at(ballot)).content.decode()
    assert "<form" not in client.get(at(ballot)).content.decode().split("<main")[1].split("</main>")[0]


NO_TOKENS = ["", "[]", "{}", "[" * 3000]
NO_TOKENS += [f'{{"blinded": {said}}}' for said in ("5", '"?"', '""', "[]", '[""]', '["?"]', "[5]", '"AAAA"')]


@pytest.mark.parametrize("body", NO_TOKENS)
def test_what_is_no_blinded_token_is_refused_in_a_sentence(five, client_of, body):
    ballot, voters = five
    answer = client_of(voters[0].actor).post(at(ballot, "credential/"), body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["message"]
    assert not StrikeOff.objects.exists()


def test_a_form_or_a_flood_where_a_blinded_token_is_expected_is_refused_in_a_sentence(five, client_of):
    """As a browser's forms come in: whoever guards against foreign ones has read the body before us."""
    ballot, (voter, *_rest) = five
    client = client_of(voter.actor)
    client.handler.enforce_csrf_checks = True
    client.cookies["csrftoken"] = "c" * 32
    with_pass = {"headers": {"X-CSRFToken": "c" * 32}}
    form = client.post(at(ballot, "credential/"), {"blinded": "AAAA"}, **with_pass)
    assert (form.status_code, form.json()["code"]) == (422, "blinded")
    flood = b'{"blinded": ["' + b"A" * 11_000_000 + b'"]}'
    answer = client.post(at(ballot, "credential/"), flood, content_type="application/json", **with_pass)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert not StrikeOff.objects.exists()


def test_a_credential_comes_over_the_page_and_twice_the_same(five, client_of):
    ballot, (voter, *_rest) = five
    client, body = client_of(voter.actor), json.dumps({"blinded": [base64.b64encode(voter.blind()).decode()]})
    answers = [client.post(at(ballot, "credential/"), body, content_type="application/json").json() for _ in range(2)]
    assert answers[0] == answers[1]
    other = json.dumps({"blinded": [base64.b64encode(Voter(voter.actor, ballot).blind()).decode()]})
    refused = client.post(at(ballot, "credential/"), other, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "issued")


def test_the_pages_of_a_recorded_ballot_are_not_those_of_a_secret_one(coop, client_of):
    voter = make_voter(coop)
    recorded, client = make_ballot(coop, roll=make_roll(coop)), client_of(voter)
    for tail in ("check/", "manifest.json", "receipts.txt", "ballot.zip", "verify.pyz", "promises/"):
        assert client.get(at(recorded, tail)).status_code == 404
    assert client.post(at(recorded, "credential/")).status_code == 404


def test_the_returning_officer_makes_a_secret_ballot_on_the_page(coop, samir, client_of):
    meeting = make_meeting(coop)
    client = client_of(samir)
    made = client.post("/riverside/ballots/new/", {"title": "A new board", "kind": "secret", "meeting": meeting.pk})
    assert made.status_code == 302
    page = client.get(made.url).content.decode()
    assert "Secret ballot" in page
    early = JOINED - timedelta(days=1)  # before anybody but these two
    for _ in range(2):
        make_member(coop, on=early)
    draft = make_secret_ballot(coop, roll=make_roll(coop, record_date=early), released=False)
    assert "fewer than 5 is not secret" in client.get(at(draft, "", "ballots")).content.decode()
    wrong = client.post("/riverside/ballots/new/", {"title": "x", "kind": "secretive"})
    assert wrong.status_code == 422
