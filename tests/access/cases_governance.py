"""Who may come in: meetings, rolls, ballots, votes, results."""

from __future__ import annotations

from datetime import date, timedelta

from governance import services
from governance.models import OtherRule, Resolution
from tests.access.harness import INSIDERS, OFFICERS, Case, World
from tests.governance.factories import close_and_count, make_ballot, make_meeting, make_roll, marks, question
from tests.members.factories import make_member

BLT = b'4 2\n3 1 2 0\n2 3 0\n1 0\n0\n"Nadia Brandt"\n"Jonas Weber"\n"Priya Raman"\n"Tomas Hale"\n"Board"\n'


def build(world: World) -> None:
    coop = world.coop
    for name in ("Priya Raman", "Tomas Hale", "Ruth Adeyemi", "Felix Moreau"):
        make_member(coop, name=name, on=date(2021, 5, 4))
    world.planned = make_meeting(coop, title="Extraordinary meeting")
    world.roll = make_roll(coop)
    world.draft_ballot = make_ballot(coop, roll=world.roll, title="Summer hours", board=(), released=False)
    world.draft_question = question(world.draft_ballot).pk
    world.released = make_ballot(coop, roll=world.roll, lasts=timedelta(days=4))
    world.file = services.import_paper(
        actor=world.samir, question=question(world.released), blt=BLT, file_name="room.blt"
    )
    services.cast_recorded(
        actor=world.amara, ballot=world.released, marks=marks(world.released, board=[2, 0], motion=[0])
    )
    world.fresh = make_ballot(
        coop, roll=world.roll, title="Only the board", motion="", method="schulze", lasts=timedelta(days=2)
    )
    world.later = make_ballot(coop, roll=world.roll, title="Next week’s ballot", opens_in=timedelta(days=7))
    world.counted = make_ballot(coop, roll=world.roll, title="Last year’s ballot")
    services.import_paper(actor=world.samir, question=question(world.counted), blt=BLT, file_name="room.blt")
    services.cast_recorded(
        actor=world.amara, ballot=world.counted, marks=marks(world.counted, board=[2, 0], motion=[0])
    )
    close_and_count(world.counted)
    asked = question(world.counted)
    for method in ("meek-stv", "schulze"):
        services.count_other_rule(actor=world.amara, question_id=asked.pk, method=method)
    assert OtherRule.objects.count() == 2
    world.resolution = Resolution.objects.get(ballot=world.counted)


RETURNING = {"returning_officer"}
CALLERS = {"returning_officer", "secretary"}
MEMBER = {"member"}
DESK = ("returning_officer", "auditor")


def planned(world: World) -> dict:
    return {"pk": world.planned.pk}


def meeting(world: World) -> dict:
    return {"pk": world.roll.meeting_id}


def draft(world: World) -> dict:
    return {"pk": world.draft_ballot.pk}


def released(world: World) -> dict:
    return {"pk": world.released.pk}


def counted(world: World) -> dict:
    return {"pk": world.counted.pk}


def draft_question(world: World) -> dict:
    return {"pk": world.draft_ballot.pk, "question": world.draft_question}


def released_question(world: World) -> dict:
    return {"pk": world.released.pk, "question": question(world.released).pk}


def counted_question(world: World) -> dict:
    return {"pk": world.counted.pk, "question": question(world.counted).pk}


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
    Case("governance:paper-batch", OFFICERS, lambda w: {"pk": w.released.pk, "batch": w.file.pk}, viewers=DESK),
    Case("governance:paper-batch", RETURNING, lambda w: {"pk": w.released.pk, "batch": w.file.pk}, method="post"),
    Case("governance:votes", MEMBER),
    Case("governance:vote", MEMBER, released),
    Case("governance:vote", MEMBER, lambda w: {"pk": w.fresh.pk}, query="?fresh"),
    Case("governance:vote", MEMBER, lambda w: {"pk": w.later.pk}, query="?later"),
    Case("governance:vote", MEMBER, released, method="post", data=lambda w: {"act": "review"}),
    Case("governance:receipt", MEMBER, released),
    Case("governance:result", INSIDERS, counted, viewers=("member",)),
    Case("governance:result", INSIDERS, released, query="?coming", viewers=("member",)),
    *(Case("governance:download", INSIDERS, file(kind), html=False) for kind in ("blt", "csv", "stages", "json")),
    Case("governance:compare", INSIDERS, counted_question, viewers=("member",)),
    Case("governance:compare", INSIDERS, counted_question, method="post", data=lambda w: {"method": "approval"}),
    Case("governance:resolutions", INSIDERS, viewers=("member", "secretary")),
    Case("governance:resolution", INSIDERS, lambda w: {"pk": w.resolution.pk}, viewers=("member", "treasurer")),
]
