"""The same eight steps as in the browser, through the API: the same people, the same figures, JSON instead of pages.

Officers' programs bring a token, members their session. Nothing is called but addresses, except what is not the API's:
the founding, the making of tokens, and beat and worker, whose tasks are run here one by one.
"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from coop.celery import app
from coop.founding.service import Founding, Kind, found
from coop.kernel import clock, tokens
from coop.kernel.models import Job, User
from coop.kernel.tenancy import Actor
from tests.cast import make_user
from tests.e2e import story
from tests.e2e.story import AMARA, ELSA, GITA, MEMBERS, ON_PAPER, ONLINE, RIVAL, TOMASZ, YUSUF

pytestmark = [pytest.mark.django_db(transaction=True)]
OFFICERS = {"treasurer": "lena", "returning_officer": "samir", "board": "jonas"}
TERMS = {
    "result": {"patronage": 100_001, "nonpatronage": 0, "losses_carried": 0},
    "appropriations": [
        {"name": "Statutory reserve", "of": "surplus", "percent": "20", "bound": "minimum", "account": "3200"}
    ],
    "share_interest": {"rate": "3"},
    "pools": [{"name": "purchases", "rest": True}],
    "settlement": {"cash_percent": "50", "notice": "nonqualified"},
}
# Candidate → votes in each round; the browser's page shows the same in its own words (story.STAGES).
ROUNDS = {
    YUSUF: ("3.00000", "2.00000", "2.00000", "2.00000"),
    ELSA: ("1.00000", "1.33333", "1.33333", "0.00000"),
    GITA: ("1.00000", "1.66666", "1.66666", "2.66666"),
    TOMASZ: ("0.00000", "0.00000", "0.00000", "0.00000"),
}


class Caller:
    """One person's program: asks below the co-op's address and says what came back when it is not what was expected."""

    def __init__(self, slug: str, *, user=None, token: str = ""):
        self.root, self.client = f"/api/v1/{slug}/", APIClient()
        if user is not None:
            self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        if token:
            self.client.credentials(HTTP_AUTHORIZATION=f"Token {token}")

    def get(self, path: str, status: int = 200, **query):
        return self._read(self.client.get(self.root + path, query), status)

    def post(self, path: str, data=None, status: int = 201, **more):
        return self._read(self.client.post(self.root + path, data, **({"format": "json"} | more)), status)

    def put(self, path: str, data, status: int = 200):
        return self._read(self.client.put(self.root + path, data, format="json"), status)

    def _read(self, answer, status: int):
        said = answer.json() if "json" in answer.get("Content-Type", "") else answer.content
        assert answer.status_code == status, f"{answer.request['PATH_INFO']}: {answer.status_code} {said}"
        if status >= 400:
            assert answer["Content-Type"] == "application/problem+json"
        return said


@pytest.fixture
def house(db) -> SimpleNamespace:
    """The co-op, founded today, its officers with a token each, and five people who want to join."""
    app.loader.import_default_modules()  # as a worker does when it starts
    founding = Founding(
        name="Riverside Food Co-op",
        slug="riverside",
        founder_email="mei@example.org",
        founder_name="Mei Lindqvist",
        law="de-geng",
        time_zone="Europe/Berlin",
        fiscal_year_end_month=story.now().month,
        kinds=(Kind("Consumer", "Whoever lives or shops here.", minimum_shares=2, entry_fee=10_00),),
        officers=[(role, f"{who}@example.org", who.title()) for role, who in OFFICERS.items()],
    )
    coop = found(founding=founding)

    def program(email: str) -> Caller:
        actor = Actor.of(User.objects.get(email=email), coop)
        return Caller(coop.slug, token=tokens.make(actor=actor, name="walk", reads_only=False, days=1)[1])

    people = {who: program(f"{who}@example.org") for who in ("mei", *OFFICERS.values())}
    for each in (*ONLINE, RIVAL):
        people[each.given.lower()] = Caller(coop.slug, user=make_user(each.given.lower()))
    return SimpleNamespace(coop=coop, **people)


def caller(house, who) -> Caller:
    return getattr(house, who.given.lower())


def work(kind: str) -> None:
    """What the worker does with the one job of this kind that waits."""
    job = Job.objects.get(kind=kind, state=Job.State.QUEUED)
    app.tasks[kind](job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.DONE, "")


def test_from_application_to_statement(house):
    they_apply(house)
    the_board_decides(house)
    shares_are_paid(house)
    roll = the_roll_is_frozen(house)
    ballot = the_ballot_opens(house, roll)
    members_vote(house, ballot)
    it_is_counted(house, ballot)
    plan = the_plan_is_proposed(house)
    it_is_carried_approved_and_posted(house, plan)
    everybody_reads_their_statement(house)


def they_apply(house) -> None:
    """Step 1: eligibility and cost first, then the application; the secretary sends what came on paper."""
    for who in (*ONLINE, RIVAL):
        mine = caller(house, who)
        (kind,) = mine.get("classes/")
        assert (kind["eligibility"], kind["minimum_shares"], kind["entry_fee"]) == (
            "Whoever lives or shops here.",
            2,
            10_00,
        )
        said = mine.post("applications/", application(who, kind["bylaws"]["id"]) | {"email": who.email})
        assert said["state"] == "received"
        mine.get("applications/", status=404)
    for who in ON_PAPER:
        house.mei.post("applications/", application(who, kind["bylaws"]["id"]))
    assert house.mei.get("applications/")["count"] == 6


def application(who, bylaws: int) -> dict:
    return {
        "given_names": who.given,
        "family_name": who.family,
        "street": "Mill Lane 7",
        "postcode": "12345",
        "place": "Riverside",
        "member_class": "consumer",
        "shares_wanted": who.shares,
        "bylaws": bylaws,
    }


def the_board_decides(house) -> None:
    """Step 2: one sheet, one resolution, numbers in the order of application."""
    waiting = sorted(house.mei.get("applications/", state="received")["results"], key=lambda each: each["id"])
    sheet = house.mei.post(
        "sheets/", {"meeting_on": story.now().date().isoformat(), "applications": [each["id"] for each in waiting]}
    )
    rival = next(each["id"] for each in waiting if each["name"] == RIVAL.name)
    decision = {
        "resolution": "B 2026/3",
        "on": story.now().date().isoformat(),
        "decisions": [{"application": each["id"], "verdict": "admit"} for each in waiting if each["id"] != rival]
        + [{"application": rival, "verdict": "refuse", "reason": ""}],
    }
    refused = house.mei.post(f"sheets/{sheet['id']}/decide/", decision, status=422)
    assert "reason" in refused["detail"].lower()
    assert house.mei.get("members/")["count"] == 0
    decision["decisions"][-1]["reason"] = story.REASON
    house.mei.post(f"sheets/{sheet['id']}/decide/", decision, status=200)
    house.mei.post(f"sheets/{sheet['id']}/decide/", decision, status=422)
    members = house.mei.get("members/")["results"]
    assert {each["number"]: each["name"] for each in members} == {each.number: each.name for each in MEMBERS}
    assert {each["state"] for each in members} == {"admitted"}


def shares_are_paid(house) -> None:
    """Step 3: one balanced entry a payment; sent twice it is entered once; with the minimum paid one is active."""
    for who in MEMBERS:
        for part, amount in enumerate(who.pays, start=1):
            payment = {
                "key": f"{who.given}-{part}",
                "member": who.number,
                "amount": cents(amount),
                "on": story.now().date().isoformat(),
            }
            paid = house.lena.post("payments/", payment)
            assert paid["fee"] + paid["capital"] == cents(amount)
            assert paid["activated"] == (part == len(who.pays))
            assert house.lena.post("payments/", payment)["entry"] == paid["entry"]
            lines = house.lena.get(f"entries/{paid['entry']}/lines/")["results"]
            assert sum(line["amount"] for line in lines) == 0
    assert house.lena.get("entries/")["count"] == 6
    assert {each["state"] for each in house.mei.get("members/")["results"]} == {"active"}
    for who in ONLINE:
        me = caller(house, who).get("me/")
        assert (me["membership"]["name"], me["vote"]["eligible"]) == (who.name, True)
        assert caller(house, who).get("money/")["paid_up"] == who.shares * 50_00
        caller(house, who).get("entries/", status=403)


def the_roll_is_frozen(house) -> dict:
    """Step 4: a meeting and its roll, one line a member with the reason."""
    meeting = house.samir.post(
        "meetings/",
        {
            "title": "Annual general meeting",
            "kind": "annual",
            "starts_at": (clock.now() + timedelta(days=14)).isoformat(),
            "record_date": story.now().date().isoformat(),
        },
    )
    roll = house.samir.post(f"meetings/{meeting['id']}/freeze/")
    assert (roll["size"], roll["eligible"]) == (5, 5)
    lines = house.samir.get(f"rolls/{roll['id']}/entries/")["results"]
    assert [(line["number"], line["name"]) for line in lines] == [(who.number, who.name) for who in MEMBERS]
    return {**roll, "meeting": meeting["id"]}


def the_ballot_opens(house, roll: dict) -> dict:
    """Step 5: an election by Scottish STV and a motion, recorded."""
    draft = house.samir.post(
        "ballots/",
        {
            "title": "Board and surplus",
            "meeting": roll["meeting"],
            "roll": roll["id"],
            "opens_at": clock.now().isoformat(),
            "closes_at": (clock.now() + timedelta(hours=1)).isoformat(),
        },
    )
    issues = house.samir.get(f"ballots/{draft['id']}/issues/")
    assert "There is nothing to decide yet: add a question." in [each["sentence"] for each in issues]
    house.samir.post(f"ballots/{draft['id']}/release/", status=422)
    election = house.samir.post(
        f"ballots/{draft['id']}/questions/",
        {
            "method": "scottish-stv",
            "title": "Two seats on the board",
            "seats": 2,
            "options": [{"name": each.name} for each in story.CANDIDATES],
        },
    )
    ordinary = house.samir.get("resolution-types/")["results"][0]
    motion = house.samir.post(
        f"ballots/{draft['id']}/questions/",
        {
            "method": "motion",
            "title": "What we do with the surplus",
            "text": story.MOTION,
            "resolution_type": ordinary["id"],
        },
    )
    released = house.samir.post(f"ballots/{draft['id']}/release/", status=200)
    assert (released["kind"], released["phase"]) == ("recorded", "open")
    return {"id": draft["id"], "election": election["id"], "motion": motion["id"]}


def members_vote(house, ballot: dict) -> None:
    """Three at their browsers' programs, one of whom changes her mind; two on paper out of a BLT file."""
    first = vote(house, ballot, AMARA, [ELSA], "against")
    vote(house, ballot, YUSUF, [YUSUF, GITA], "for")
    vote(house, ballot, ELSA, [ELSA, GITA], "against")
    second = vote(house, ballot, AMARA, [YUSUF, ELSA], "for", replacing=first["id"])
    assert second["replaces"] == first["id"]
    stale = caller(house, AMARA).put(
        f"ballots/{ballot['id']}/vote/", {"marks": {}, "replacing": first["id"]}, status=409
    )
    assert stale["detail"]
    mine = caller(house, AMARA).get(f"ballots/{ballot['id']}/vote/")
    assert (mine["may_vote"], mine["vote"]["id"]) == (True, second["id"])
    house.samir.put(f"ballots/{ballot['id']}/vote/", {"marks": {}}, status=403)
    papers = house.samir.post(
        f"questions/{ballot['election']}/papers/",
        {"file": SimpleUploadedFile("papers.blt", story.PAPERS.encode())},
        format="multipart",
    )
    assert papers["papers"] == 2


def vote(house, ballot: dict, who, ranking: list, answer: str, **more) -> dict:
    marks = {
        str(ballot["election"]): [story.CANDIDATES.index(each) for each in ranking],
        str(ballot["motion"]): [["for", "against", "abstain"].index(answer)],
    }
    said = caller(house, who).put(f"ballots/{ballot['id']}/vote/", {"marks": marks, **more})
    assert said["marks"] == marks
    return said


def it_is_counted(house, ballot: dict) -> None:
    """Step 6: beat closes what is due, the worker counts, and every round is there to be read."""
    amara = caller(house, AMARA)
    amara.get(f"ballots/{ballot['id']}/result/", status=404)
    with clock.at(clock.now() + timedelta(hours=1, seconds=5)):
        app.tasks["governance.tick"]()
        work("governance.count_ballot")
    election, motion = amara.get(f"ballots/{ballot['id']}/result/")
    assert election["sentence"] == "Yusuf Bakr and Gita Mohan are elected."
    assert motion["sentence"] == "“What we do with the surplus” is carried by 2 to 1."
    assert election["count"]["quota"] == "2"
    assert [each["votes"] for each in election["count"]["rounds"]] == [
        {who.name: votes[stage] for who, votes in ROUNDS.items()} for stage in range(4)
    ]
    assert [each["elected"] for each in election["count"]["rounds"]] == [[YUSUF.name], [], [], [GITA.name]]
    assert [each["eliminated"] for each in election["count"]["rounds"]] == [[], [], [TOMASZ.name], [ELSA.name]]
    signed = house.samir.get(f"ballots/{ballot['id']}/certification/")
    assert not signed["certified"]
    for officer in (house.samir, house.jonas):
        signed = officer.post(f"ballots/{ballot['id']}/certification/", {"seen": signed["digest"]})
    assert signed["certified"]
    (resolution,) = amara.get("resolutions/")["results"]
    assert (resolution["carried"], resolution["votes"]) == (True, {"for": 2, "against": 1, "abstain": 0})


def the_plan_is_proposed(house) -> dict:
    """Step 7 begins: the till's file is checked, recorded, and a plan drawn up on it."""
    found = house.lena.post(
        "patronage/imports/",
        {"file": SimpleUploadedFile("till.csv", story.till()), "year": story.now().year},
        format="multipart",
    )
    assert (found["state"], found["problem_count"], found["total"], found["outside"]) == (
        "checked",
        0,
        5_380_33,
        619_67,
    )
    assert house.lena.post(f"patronage/imports/{found['id']}/record/", status=200)["state"] == "recorded"
    plan = house.lena.post("plans/", {"year": story.now().year, "title": "Half in cash", "terms": TERMS})
    assert plan["result"]["totals"]["allocated"] == 782_00
    assert [step["amount"] for step in plan["result"]["appropriations"]] == [200_01]
    assert plan["result"]["share_interest"]["total"] == 18_00
    return house.lena.post(f"plans/{plan['id']}/propose/", status=200)


def it_is_carried_approved_and_posted(house, plan: dict) -> None:
    """Step 7 goes on: no approval before the motion, none by the one who drew it up, none of what was not seen."""
    seen = {"hash": plan["hash"]}
    house.jonas.post(f"plans/{plan['id']}/approve/", seen, status=409)
    (resolution,) = house.lena.get("resolutions/")["results"]
    house.lena.post(f"plans/{plan['id']}/resolution/", {"resolution": resolution["number"]}, status=200)
    house.lena.post(f"plans/{plan['id']}/approve/", seen, status=403)
    house.jonas.post(f"plans/{plan['id']}/approve/", {"hash": "0" * 64}, status=409)
    house.lena.post(f"plans/{plan['id']}/post/", status=409)
    assert house.jonas.post(f"plans/{plan['id']}/approve/", seen, status=200)["state"] == "approved"
    job = house.lena.post(f"plans/{plan['id']}/post/", status=202)
    assert house.lena.post(f"plans/{plan['id']}/post/", status=202)["id"] == job["id"]
    work("ledger.post_distribution")
    posted = house.lena.get(f"plans/{plan['id']}/")
    assert posted["state"] == "posted"
    lines = house.lena.get(f"entries/{posted['entry']}/lines/", page_size=500)["results"]
    assert sum(line["amount"] for line in lines) == 0
    house.lena.post(f"plans/{plan['id']}/post/", status=409)


def everybody_reads_their_statement(house) -> None:
    """Step 8: to the cent, with the arithmetic, and as one sheet of paper."""
    for who in ONLINE:
        mine = caller(house, who)
        said = mine.get(f"money/statements/{story.now().year}/")
        (part,) = said["arithmetic"]
        assert (part["basis"], part["basis_total"], part["amount"], part["share"]) == (
            cents(who.spent),
            5_380_33,
            782_00,
            cents(who.refund),
        )
        assert (said["paid_now"], said["kept"]) == (cents(who.cash) + cents(who.interest), cents(who.kept))
        assert mine.get(f"money/statements/{story.now().year}/pdf/").startswith(b"%PDF-")
    caller(house, RIVAL).get(f"money/statements/{story.now().year}/", status=404)
    (plan,) = house.lena.get("plans/")["results"]
    shared = {line["member"]: line["allocated"] for line in house.lena.get(f"plans/{plan['id']}/lines/")["results"]}
    assert shared == {who.number: cents(who.refund or "0") for who in MEMBERS}
    assert sum(shared.values()) == 782_00


def cents(written: str) -> int:
    """Minor units of an amount written with a dot."""
    whole, _dot, part = written.partition(".")
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))
