"""Proxies in the pages and through the API: given, accepted, voted by, seen at the desk, printed."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from governance.documents import proxy_form_data
from governance.models import Proxy, RecordedVote
from tests.governance.factories import make_ballot, make_meeting, make_roll, make_voter, membership, question
from tests.governance.test_proxies import given, take_proxies

pytestmark = pytest.mark.django_db


@pytest.fixture
def amara(coop):
    return make_voter(coop, "amara")


@pytest.fixture
def ruth(coop):
    return make_voter(coop, "ruth")


@pytest.fixture
def meeting(coop, amara, ruth):
    return make_meeting(coop)


def test_a_proxy_from_the_rule_to_the_vote_through_the_pages(coop, meeting, amara, ruth, mei, client_of):
    desk, giver, holder = client_of(mei), client_of(amara), client_of(ruth)
    until = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    at = f"/riverside/meetings/{meeting.pk}/proxies/"
    bad = desk.post(at + "rule/", {"per_holder": 0, "holders": "members", "until": until})
    assert bad.status_code == 422
    rule = {"per_holder": 1, "holders": "members", "until": until, "cite": "§ 12"}
    assert desk.post(at + "rule/", rule).url == at
    give = f"/riverside/votes/proxies/at/{meeting.pk}/"
    wrong = giver.post(give, {"number": membership(ruth).number, "name": "Nobody"})
    assert wrong.status_code == 422
    assert b"this number and this name" in wrong.content
    assert giver.post(give, {"number": membership(ruth).number, "name": "ruth"}).url == "/riverside/votes/proxies/"
    proxy = Proxy.objects.get()
    assert b"You asked Ruth" in giver.get("/riverside/votes/proxies/").content
    holder.post(f"/riverside/votes/proxies/{proxy.pk}/", {"act": "accept"})
    assert b"You vote for Amara" in holder.get("/riverside/votes/proxies/").content
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting), board=())
    url = f"/riverside/votes/{ballot.pk}/"
    assert f"?for={proxy.pk}" in holder.get(url).content.decode()
    asked, theirs = question(ballot, "motion"), f"{url}?for={proxy.pk}"
    assert b"The ballot paper of Amara" in holder.get(theirs).content
    mark = {f"mark-{asked.pk}": "0", "for": proxy.pk, "replacing": ""}
    assert f'name="for" value="{proxy.pk}"' in holder.post(url, mark | {"act": "review"}).content.decode()
    cast = holder.post(url, mark | {"act": "cast"})
    assert cast.url == f"{url}receipt/?for={proxy.pk}"
    assert b"The vote of Amara" in holder.get(cast.url).content
    assert RecordedVote.objects.get().entry.number == membership(amara).number
    refused = giver.post(url, {"act": "cast", f"mark-{asked.pk}": "1", "replacing": ""})
    assert b"voted for you by proxy" in refused.content
    assert giver.get(theirs).status_code == 404  # not hers to vote by
    assert holder.get(f"{url}?for=x").status_code == 404
    end = f"{at}{proxy.pk}/end/"
    assert desk.post(end, {"because": ""}).status_code == 422
    assert desk.post(end, {"because": "Came herself.", "in_person": "on"}).url == at
    assert b"the member came in person: Came herself." in desk.get(at).content
    signed = {"principal": membership(amara).number, "holder": membership(ruth).number}
    assert desk.post(at + "signed/", signed).url == at
    assert desk.post(at + "signed/", signed).status_code == 422
    assert giver.post(f"/riverside/votes/proxies/{proxy.pk}/", {"act": "dance"}).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_literal_queries(coop, meeting, amara, ruth, mei, client_of, django_assert_num_queries, rows):
    take_proxies(meeting, per_holder=9)
    for _n in range(rows):
        given(meeting, make_voter(coop), ruth)
    desk, holder = client_of(mei), client_of(ruth)
    with django_assert_num_queries(DESK):
        desk.get(f"/riverside/meetings/{meeting.pk}/proxies/")
    with django_assert_num_queries(MINE):
        assert holder.get("/riverside/votes/proxies/").content.count(b"Give it up") == rows


DESK, MINE = 18, 13


def test_the_printed_form_says_the_meetings_own_rule(coop, meeting, amara, client_of):
    take_proxies(meeting, per_holder=2, cite="By-laws § 12 (3)")
    meeting.refresh_from_db()
    data = proxy_form_data(meeting)
    assert data["rules"][1] == "One member holds 2 proxies at most. Any member in good standing."
    assert data["rules"][-1] == "By-laws § 12 (3)"
    answer = client_of(amara).get(f"/riverside/votes/proxies/at/{meeting.pk}/form.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")


def test_the_same_through_the_api(coop, meeting, amara, ruth, client_of):
    take_proxies(meeting)
    giver, holder = client_of(amara), client_of(ruth)
    api = "/api/v1/riverside/"
    said = {"meeting": meeting.pk, "number": membership(ruth).number, "name": "Ruth"}
    made = giver.post(f"{api}proxies/", said, content_type="application/json")
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert giver.post(f"{api}proxies/{pk}/accept/").status_code == 403
    assert holder.post(f"{api}proxies/{pk}/accept/").json()["stands"] is True
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting), board=())
    paper = {"marks": {question(ballot).pk: [0]}, "proxy": pk}
    cast = holder.put(f"{api}ballots/{ballot.pk}/vote/", paper, content_type="application/json")
    assert (cast.status_code, cast.json()["number"]) == (200, membership(amara).number)
    assert giver.get(f"{api}ballots/{ballot.pk}/vote/").json()["may_vote"] is False
    assert giver.post(f"{api}proxies/{pk}/revoke/").json()["ended"] == "revoked"
    assert [each["id"] for each in holder.get(f"{api}proxies/").json()["results"]] == [pk]
    other = make_voter(coop)
    assert client_of(other).get(f"{api}proxies/").json()["results"] == []
    assert client_of(other).post(f"{api}proxies/{pk}/revoke/").status_code == 404
