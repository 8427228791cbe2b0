"""A secret ballot from the manifest to the bundle through the API: the voter's program, the clerks, the count."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from governance import services
from governance.ballotbox import blind, keys, verify
from governance.digests import canonical, sha256
from governance.models import OpenedPaper, StrikeOff
from tests.governance.factories import make_ballot, make_meeting, make_roll, make_voter, membership
from tests.governance.test_proxies import given, take_proxies

from .voter import Voter, make_secret_ballot

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


def test_a_ballot_through_the_api_from_the_manifest_to_the_bundle(coop, samir, mei, client_of):
    amara, ruth, felix = (make_voter(coop, who) for who in ("amara", "ruth", "felix"))
    meeting = make_meeting(coop)
    take_proxies(meeting)
    ballot = make_secret_ballot(coop, roll=make_roll(coop, voters=3, meeting=meeting), lasts=timedelta(hours=2))
    proxy = given(meeting, felix, amara)
    at = f"/api/v1/riverside/ballots/{ballot.pk}/"
    voter, desk, clerk = (client_of(who) for who in (amara, samir, mei))
    told = voter.get(at + "manifest/").json()
    assert sha256(canonical(told["manifest"])) == told["hash"] == ballot.manifest_hash
    assert voter.get(at + "credential/").json()["may"]
    assert not client_of(felix).get(at + "credential/").json()["may"]
    for held in (None, proxy):
        browser = Voter(amara, ballot)
        body = {"blinded": [base64.b64encode(browser.blind()).decode()]} | ({"proxy": held.pk} if held else {})
        answers = [voter.post(at + "credential/", body, **JSON) for _twice in range(2)]
        assert [each.status_code for each in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        key = keys.load_public(told["manifest"]["secret"]["credentials"][0])
        signature = base64.b64decode(answers[0].json()["signatures"][0])
        browser.signature = blind.finalize(key, browser.prepared, signature, browser.blinded.inverse)
        browser.cast([[0], [0]])
    other = {"blinded": [base64.b64encode(Voter(amara, ballot).blind()).decode()]}
    assert voter.post(at + "credential/", other, **JSON).json()["code"] == "issued"
    assert voter.post(at + "credential/", {"blinded": "?"}, **JSON).status_code == 400
    paper = {"number": membership(ruth).number, "channel": "paper"}
    assert desk.post(at + "strike-offs/", paper, **JSON).status_code == 201
    assert desk.post(at + "strike-offs/", paper, **JSON).json()["code"] == "struck_off"
    lines = desk.get(at + "strike-offs/").json()["results"]
    assert {(each["number"], each["channel"], each["by_proxy"]) for each in lines} == {
        (membership(amara).number, "online", None),
        (membership(felix).number, "online", membership(amara).number),
        (membership(ruth).number, "paper", None),
    }
    assert voter.get(at + "receipts/").status_code == 404, "no list of papers before the box is opened"
    assert voter.get(at + "bundle/").status_code == 404
    with clock.at(ballot.closes_at):
        services.close_due()
        for who in (desk, clerk):
            read = who.post(at + "urn/sheets/", {"sheet": 1, "marks": [[1], [1]]}, **JSON)
            assert read.status_code == 201, read.content
        assert clerk.post(at + "urn/sheets/", {"sheet": 1, "marks": [[1], [1]]}, **JSON).status_code == 422
        assert desk.post(at + "urn/settle/", {}, **JSON).json()["papers"] == 1
        assert desk.post(at + "open-box/").status_code == 202
        services.open_box(actor=Actor.system(coop), ballot_id=ballot.pk)
        services.destroy_spent_keys()
        services.count_ballot(actor=Actor.system(coop), ballot_id=ballot.pk)
        assert desk.post(at + "open-box/").json()["code"] == "opened"
    urn = desk.get(at + "urn/").json()
    assert (urn["struck_off"], urn["in_box"], urn["settled"]) == ({"online": 2, "paper": 1, "post": 0}, 2, True)
    receipts = {each["receipt"] for each in voter.get(at + "receipts/").json()["results"]}
    assert receipts == set(OpenedPaper.objects.values_list("receipt", flat=True))
    events = [each["entry"]["event"] for each in voter.get(at + "board/").json()["results"]]
    assert events[0] == "released"
    assert {"opened", "counted"} <= set(events)
    bundle = voter.get(at + "bundle/")
    assert bundle["Content-Type"] == "application/zip"
    assert all(each.holds for each in verify.verify(bundle.content, manifest=told["hash"]))


def test_a_credential_needs_somebody_who_has_just_shown_who_they_are(coop, client_of):
    amara = make_voter(coop, "amara")
    ballot = make_secret_ballot(coop, roll=make_roll(coop, voters=5))
    client = client_of(amara)
    session = client.session
    session.pop("account_authentication_methods", None)
    session.save()
    body = {"blinded": [base64.b64encode(Voter(amara, ballot).blind()).decode()]}
    answer = client.post(f"/api/v1/riverside/ballots/{ballot.pk}/credential/", body, **JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_needed")
    assert not StrikeOff.objects.exists()


def test_a_recorded_ballot_has_none_of_it(coop, client_of, samir):
    recorded = make_ballot(coop, roll=make_roll(coop, voters=2))
    for tail in ("manifest/", "board/", "receipts/", "bundle/", "strike-offs/", "urn/"):
        assert client_of(samir).get(f"/api/v1/riverside/ballots/{recorded.pk}/{tail}").status_code == 404
