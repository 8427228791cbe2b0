"""Who may come in: meetings, rolls, ballots, votes, results."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from coop.kernel import clock
from governance import services
from governance.models import OtherRule, Resolution
from governance.services import files
from tests.access.harness import INSIDERS, OFFICERS, Case, World
from tests.governance.factories import close_and_count, make_ballot, make_meeting, make_roll, marks, question
from tests.members.factories import make_member

BLT = b'4 2\n3 1 2 0\n2 3 0\n1 0\n0\n"Nadia Brandt"\n"Jonas Weber"\n"Priya Raman"\n"Tomas Hale"\n"Board"\n'


def build(world: World) -> None:
    coop = world.coop
    for name in ("Priya Raman", "Tomas Hale", "Ruth Adeyemi", "Felix Moreau"):
        make_member(coop, name=name, on=date(2021, 5, 4))
    world.planned_meeting = make_meeting(coop, title="Extraordinary meeting")
    world.roll = make_roll(coop)
    world.draft_ballot = make_ballot(coop, roll=world.roll, title="Summer hours", board=(), released=False)
    world.draft_question = question(world.draft_ballot).pk
    world.open_ballot = make_ballot(coop, roll=world.roll, lasts=timedelta(days=4))
    world.paper_file = services.import_paper(
        actor=world.samir, question=question(world.open_ballot), blt=BLT, file_name="room.blt"
    )
    services.cast_recorded(
        actor=world.amara, ballot=world.open_ballot, marks=marks(world.open_ballot, board=[2, 0], motion=[0])
    )
    world.fresh_ballot = make_ballot(
        coop, roll=world.roll, title="Only the board", motion="", method="schulze", lasts=timedelta(days=2)
    )
    world.later_ballot = make_ballot(coop, roll=world.roll, title="Next week’s ballot", opens_in=timedelta(days=7))
    world.counted_ballot = make_ballot(coop, roll=world.roll, title="Last year’s ballot")
    services.import_paper(actor=world.samir, question=question(world.counted_ballot), blt=BLT, file_name="room.blt")
    services.cast_recorded(
        actor=world.amara, ballot=world.counted_ballot, marks=marks(world.counted_ballot, board=[2, 0], motion=[0])
    )
    close_and_count(world.counted_ballot)
    asked = question(world.counted_ballot)
    for method in ("meek-stv", "schulze"):
        services.count_other_rule(actor=world.amara, question_id=asked.pk, method=method)
    assert OtherRule.objects.count() == 2
    world.resolution = Resolution.objects.get(ballot=world.counted_ballot)


RETURNING = {"returning_officer"}
CALLERS = {"returning_officer", "secretary"}
MEMBER = {"member"}
DESK = ("returning_officer", "auditor")


def planned(world: World) -> dict:
    return {"pk": world.planned_meeting.pk}


def meeting(world: World) -> dict:
    return {"pk": world.roll.meeting_id}


def draft(world: World) -> dict:
    return {"pk": world.draft_ballot.pk}


def released(world: World) -> dict:
    return {"pk": world.open_ballot.pk}


def counted(world: World) -> dict:
    return {"pk": world.counted_ballot.pk}


def draft_question(world: World) -> dict:
    return {"pk": world.draft_ballot.pk, "question": world.draft_question}


def released_question(world: World) -> dict:
    return {"pk": world.open_ballot.pk, "question": question(world.open_ballot).pk}


def counted_question(world: World) -> dict:
    return {"pk": world.counted_ballot.pk, "question": question(world.counted_ballot).pk}


def file(kind: str):
    return lambda world: counted_question(world) | {"kind": kind}


CASES = [
    Case("governance:meetings", OFFICERS, viewers=("secretary",)),
    Case("governance:meeting-new", CALLERS),
    Case("governance:meeting", OFFICERS, planned, viewers=DESK),
    Case("governance:meeting", OFFICERS, meeting, query="?frozen", viewers=("returning_officer",)),
    Case("governance:meeting-change", CALLERS, planned),
    Case("governance:freeze", RETURNING, planned),
    Case("governance:freeze", RETURNING, planned, method="post"),
    Case("governance:roll", OFFICERS, meeting),
    Case("governance:roll", OFFICERS, meeting, query="?q=9999"),
    Case("governance:roll", OFFICERS, meeting, query="?check=1"),
    Case("governance:roll-csv", OFFICERS, meeting, html=False),
    Case("governance:ballots", OFFICERS, viewers=("returning_officer",)),
    Case("governance:ballot-new", RETURNING),
    Case("governance:ballot", OFFICERS, draft, viewers=DESK),
    Case("governance:ballot", OFFICERS, released, query="?released", viewers=DESK),
    Case("governance:ballot", OFFICERS, counted, query="?counted", viewers=DESK),
    Case("governance:ballot-change", RETURNING, draft),
    Case("governance:ballot-delete", RETURNING, draft),
    Case("governance:ballot-delete", RETURNING, released, method="post"),
    Case("governance:release", RETURNING, draft),
    Case("governance:turnout", OFFICERS, released, viewers=("secretary",)),
    Case("governance:turnout", OFFICERS, counted, query="?counted", viewers=("auditor",)),
    Case("governance:election-new", RETURNING, draft),
    Case("governance:motion-new", RETURNING, draft),
    Case("governance:question", RETURNING, draft_question),
    Case("governance:question-move", RETURNING, draft_question, method="post"),
    Case("governance:question-remove", RETURNING, draft_question, method="post"),
    Case("governance:papers", RETURNING, released_question),
    Case(
        "governance:paper-batch", OFFICERS, lambda w: {"pk": w.open_ballot.pk, "batch": w.paper_file.pk}, viewers=DESK
    ),
    Case(
        "governance:paper-batch", RETURNING, lambda w: {"pk": w.open_ballot.pk, "batch": w.paper_file.pk}, method="post"
    ),
    Case("governance:votes", MEMBER),
    Case("governance:vote", MEMBER, released),
    Case("governance:vote", MEMBER, lambda w: {"pk": w.fresh_ballot.pk}, query="?fresh"),
    Case("governance:vote", MEMBER, lambda w: {"pk": w.later_ballot.pk}, query="?later"),
    Case("governance:vote", MEMBER, released, method="post", data=lambda w: {"act": "review"}),
    Case("governance:receipt", MEMBER, released),
    Case("governance:result", INSIDERS, counted, viewers=("member",)),
    Case("governance:result", INSIDERS, released, query="?coming", viewers=("member",)),
    *(Case("governance:download", INSIDERS, file(kind), html=False) for kind in files.KINDS),
    Case("governance:compare", INSIDERS, counted_question, viewers=("member",)),
    Case("governance:compare", INSIDERS, counted_question, method="post", data=lambda w: {"method": "approval"}),
    Case("governance:resolutions", INSIDERS, viewers=("member", "secretary")),
    Case("governance:resolution", INSIDERS, lambda w: {"pk": w.resolution.pk}, viewers=("member", "treasurer")),
]


def ballot_today(world: World) -> dict:
    return {"title": "Another ballot"}


def a_meeting(world: World) -> dict:
    now = clock.now()
    return {
        "title": "Spring meeting",
        "starts_at": (now + timedelta(days=30)).isoformat(),
        "record_date": clock.today(world.coop).isoformat(),
    }


def simple_majority(world: World) -> dict:
    return {"name": "Simple majority", "conditions": [{"ratio": [1, 2]}]}


def a_motion(world: World) -> dict:
    return {"method": "motion", "title": "Sundays", "text": "We open on Sundays."}


API = [
    Case("governance-api:meetings", INSIDERS),
    Case("governance-api:meetings", CALLERS, method="post", data=a_meeting),
    Case("governance-api:meeting", INSIDERS, meeting),
    Case("governance-api:freeze", RETURNING, planned, method="post"),
    Case("governance-api:entries", OFFICERS, lambda w: {"pk": w.roll.pk}),
    Case("governance-api:resolution-types", INSIDERS),
    Case("governance-api:resolution-types", CALLERS, method="post", data=simple_majority),
    Case("governance-api:ballots", INSIDERS),
    Case("governance-api:ballots", RETURNING, method="post", data=ballot_today),
    Case("governance-api:ballot", INSIDERS, released),
    Case("governance-api:ballot", RETURNING, draft, method="delete"),
    Case("governance-api:questions", RETURNING, draft, method="post", data=a_motion),
    Case("governance-api:issues", OFFICERS, draft),
    Case("governance-api:release", RETURNING, draft, method="post"),
    Case("governance-api:vote", MEMBER, released),
    Case("governance-api:vote", MEMBER, released, method="put", data=lambda w: {"marks": {}}),
    Case("governance-api:result", INSIDERS, counted),
    Case("governance-api:papers", OFFICERS, lambda w: {"pk": question(w.open_ballot).pk}),
    Case(
        "governance-api:papers",
        RETURNING,
        lambda w: {"pk": question(w.fresh_ballot).pk},
        method="post",
        data=lambda w: {"file": SimpleUploadedFile("pile.blt", BLT)},
    ),
    Case(
        "governance-api:papers-undo",
        RETURNING,
        lambda w: {"pk": w.paper_file.pk},
        method="post",
        data=lambda w: {"because": "Wrong pile."},
    ),
    Case("governance-api:resolutions", INSIDERS),
    Case("governance-api:resolution", INSIDERS, lambda w: {"pk": w.resolution.pk}),
]
CASES += [replace(case, api=True, html=False) for case in API]
