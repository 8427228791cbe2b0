"""The same way through the API: a meeting, a roll, a ballot, votes, papers, a result."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from coop.kernel import clock
from governance.models import Ballot, Meeting, PaperBatch, RecordedVote
from tests.governance.factories import (
    close_and_count,
    make_ballot,
    make_meeting,
    make_roll,
    make_voter,
    marks,
    question,
)
from tests.governance.test_papers import GOOD
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def call(client_of):
    """``call(actor, "post", "ballots/", {…})`` answers ``(status, body)``."""

    def send(actor, method, path, body=None, co_op="riverside"):
        client, address = client_of(actor), f"/api/v1/{co_op}/{path}"
        answer = getattr(client, method)(address, *([json.dumps(body)] if body is not None else []), content_type=JSON)
        return answer.status_code, answer.json() if answer.content else None

    return send


def test_from_a_meeting_to_a_resolution(coop, samir, mei, client_of, call):
    amara = make_voter(coop, "amara")
    now, yesterday = clock.now(), clock.today(coop) - timedelta(days=1)
    asked = {"title": "AGM", "starts_at": (now + timedelta(days=9)).isoformat(), "record_date": yesterday.isoformat()}
    status, meeting = call(mei, "post", "meetings/", asked)
    assert (status, meeting["roll"]) == (201, None)
    status, roll = call(samir, "post", f"meetings/{meeting['id']}/freeze/")
    assert (status, roll["size"], roll["eligible"], len(roll["hash"])) == (201, 1, 1, 64)
    status, entries = call(samir, "get", f"rolls/{roll['id']}/entries/?q=amara&eligible=true")
    assert [each["name"] for each in entries["results"]] == ["Amara Okafor"]
    conditions = [{"denominator": "roll", "ratio": [1, 2], "at_least": True, "quorum": [1, 5]}]
    status, kind = call(mei, "post", "resolution-types/", {"name": "Half of all", "conditions": conditions})
    assert (status, kind["slug"]) == (201, "half-of-all")

    closes = (now + timedelta(hours=1)).isoformat()
    new = {"title": "Board", "meeting": meeting["id"], "opens_at": now.isoformat(), "closes_at": closes}
    status, ballot = call(samir, "post", "ballots/", new)
    assert (status, ballot["phase"], ballot["roll"]) == (201, "draft", roll["id"])
    here = f"ballots/{ballot['id']}/"
    assert [each["code"] for each in call(samir, "get", f"{here}issues/")[1]] == ["no_question"]
    status, refused = call(samir, "post", f"{here}release/")
    assert (status, refused["code"]) == (422, "not_ready")
    options = [{"name": "Nadia Brandt"}, {"name": "Jonas Weber", "statement": "Buyer"}, {"name": "Priya Raman"}]
    election = {"method": "scottish-stv", "title": "Two seats", "seats": 2, "options": options}
    status, board = call(samir, "post", f"{here}questions/", election)
    assert (status, [each["position"] for each in board["options"]]) == (201, [0, 1, 2])
    motion = {"method": "motion", "title": "Sundays", "text": "We open.", "resolution_type": kind["id"]}
    status, motion = call(samir, "post", f"{here}questions/", motion)
    assert status == 201
    status, released = call(samir, "post", f"{here}release/")
    assert (status, released["phase"]) == (200, "open")

    status, mine = call(amara, "get", f"{here}vote/")
    assert (status, mine["may_vote"], mine["vote"]) == (200, True, None)
    paper = {"marks": {str(board["id"]): [2, 0], str(motion["id"]): [0]}, "replacing": None}
    status, vote = call(amara, "put", f"{here}vote/", paper)
    assert (status, vote["marks"]) == (200, paper["marks"])
    assert call(amara, "put", f"{here}vote/", paper)[1]["receipt"] == vote["receipt"]
    status, elsewhere = call(amara, "put", f"{here}vote/", {"marks": {}, "replacing": None})
    assert (status, elsewhere["code"]) == (409, "cast_elsewhere")
    assert call(amara, "get", f"{here}result/")[0] == 404
    close_and_count(Ballot.objects.get())
    status, result = call(amara, "get", f"{here}result/")
    assert result[0]["count"]["winners"][0] == "Priya Raman"
    assert result[1]["count"]["carried"] is True
    status, page = call(amara, "get", "resolutions/?q=sundays")
    (decided,) = page["results"]
    assert (decided["title"], decided["carried"], decided["votes"]) == (
        "Sundays",
        True,
        {"for": 1, "against": 0, "abstain": 0},
    )
    assert "1 took part; 1 were needed for the quorum." in decided["sentence"]
    assert call(amara, "get", f"resolutions/{decided['id']}/")[1]["text_hash"] == decided["text_hash"]


def test_papers_come_in_and_go_out(coop, samir, client_of, call):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=9))
    address = f"/api/v1/riverside/questions/{question(ballot).pk}/papers/"
    client = client_of(samir)

    def bring(content=GOOD):
        return client.post(address, {"file": SimpleUploadedFile("room.blt", content.encode())})

    made = bring()
    assert (made.status_code, made.json()["papers"]) == (201, 5)
    again = bring()
    assert (again.status_code, again.json()["code"]) == (422, "imported_already")
    broken = bring("4 2\n1 9 0\n")
    assert (broken.status_code, broken.json()["code"], broken.json()["field"]) == (422, "bad_blt", "file")
    assert "line 2" in broken.json()["detail"]
    assert bring("").status_code == 400
    pk = PaperBatch.objects.get().pk
    assert call(samir, "post", f"papers/{pk}/undo/", {})[0] == 400
    assert call(samir, "post", f"papers/{pk}/undo/", {"because": "Wrong pile."})[1]["undone_because"] == "Wrong pile."
    assert client.get(address).json()["count"] == 1


@pytest.mark.parametrize(
    "marks",
    [
        {"x": [0]},
        {"1" * 60: []},
        {"{board}": "0"},
        {"{board}": [0, 0]},
        {"{board}": [0.5]},
        {"{board}": [10**30]},
        {"{board}": [[[0]]]},
        {"{board}": {"0": 1}},
        {"{board}": None},
        {"{motion}": [0, 1]},
        [],
        "all",
        None,
    ],
)
def test_marks_that_are_none_are_4xx_and_keep_nothing(coop, call, marks):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop))
    names = {"board": question(ballot).pk, "motion": question(ballot, "motion").pk}
    if isinstance(marks, dict):
        marks = {key.format(**names): mark for key, mark in marks.items()}
    status, body = call(amara, "put", f"ballots/{ballot.pk}/vote/", {"marks": marks})
    assert status in (400, 422)
    assert body["detail"]
    assert not RecordedVote.objects.exists()


def test_another_co_ops_rows_cannot_be_named(coop, other_coop, samir, call):
    theirs = make_meeting(other_coop)
    status, body = call(samir, "post", "ballots/", {"title": "x", "meeting": theirs.pk})
    assert status == 400
    assert "meeting" in body["errors"]
    make_member(other_coop, on=clock.today(other_coop) - timedelta(days=9))
    foreign = make_ballot(other_coop, roll=make_roll(other_coop))
    assert call(samir, "get", f"ballots/{foreign.pk}/")[0] == 404
    assert call(samir, "get", f"rolls/{foreign.roll_id}/entries/")[0] == 404
    assert Meeting.objects.filter(coop=coop).count() == 0


def test_members_see_no_drafts_and_vote_for_nobody_else(coop, samir, call):
    amara = make_voter(coop, "amara")
    roll = make_roll(coop)
    draft = make_ballot(coop, roll=roll, released=False)
    ballot = make_ballot(coop, roll=roll)
    assert [each["id"] for each in call(amara, "get", "ballots/")[1]["results"]] == [ballot.pk]
    assert len(call(samir, "get", "ballots/")[1]["results"]) == 2
    assert call(amara, "get", f"ballots/{draft.pk}/")[0] == 404
    assert call(amara, "put", f"ballots/{draft.pk}/vote/", {"marks": {}})[0] == 404
    assert call(samir, "put", f"ballots/{ballot.pk}/vote/", {"marks": {}})[0] == 403
    late = make_voter(coop, "late", on=clock.today(coop))
    status, body = call(late, "put", f"ballots/{ballot.pk}/vote/", {"marks": {}})
    assert (status, body["code"]) == (403, "not_on_roll")
    assert not RecordedVote.objects.exists()


def test_a_late_paper_is_refused(coop, call):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop))
    with clock.at(ballot.closes_at):
        status, body = call(amara, "put", f"ballots/{ballot.pk}/vote/", {"marks": marks(ballot, motion=[0])})
    assert (status, body["code"]) == (422, "closed")


@pytest.mark.parametrize(
    "conditions",
    [
        [],
        [{"ratio": [2, 1]}],
        [{"ratio": [0, 0]}],
        [{"ratio": [1, 2], "quorum": -1}],
        [{"ratio": [1, 2], "quorum": [3, 2]}],
        [{"ratio": [1, 2], "quorum": "many"}],
        [{"ratio": [1, 2], "quorum": {"a": 1}}],
        [{"ratio": [1, 2], "denominator": "class"}],
        [{"ratio": [1]}],
        [{}],
    ],
)
def test_a_kind_of_resolution_nobody_could_apply_is_refused(mei, call, conditions):
    status, body = call(mei, "post", "resolution-types/", {"name": "Odd", "conditions": conditions})
    assert status in (400, 422), body


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_in_so_many_queries(coop, client_of, samir, django_assert_num_queries, rows):
    roll = make_roll(coop, voters=rows)
    for _ in range(rows):
        close_and_count(make_ballot(coop, roll=roll))
    client = client_of(samir)
    client.get("/api/v1/riverside/ballots/")  # the first request also writes down the session
    numbers = {
        "ballots/": 8,
        "meetings/": 6,
        f"rolls/{roll.pk}/entries/": 8,
        "resolutions/": 6,
        "resolution-types/": 6,
    }
    for path, number in numbers.items():
        with django_assert_num_queries(number):
            assert client.get(f"/api/v1/riverside/{path}").status_code == 200


def test_a_secret_ballot_is_begun_by_program_and_a_third_kind_is_none(coop, samir, call):
    status, ballot = call(samir, "post", "ballots/", {"title": "Board", "kind": "secret"})
    assert (status, ballot["kind"], ballot["phase"]) == (201, "secret", "draft")
    assert call(samir, "post", "ballots/", {"title": "Board", "kind": "loud"})[0] == 400
