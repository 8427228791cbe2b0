"""Who may come in: attendance and minutes, drafts for officers, signed ones for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from coop.kernel import clock
from governance import services
from tests.access.harness import INSIDERS, OFFICERS, Case, World
from tests.governance.factories import make_meeting, membership

CALLERS = {"returning_officer", "secretary"}
SIGNERS = {"returning_officer", "secretary", "board"}
CHAIR_AND_SECRETARY = {"secretary", "board"}


def _held(world: World, title: str):
    """A meeting of an hour ago, with Amara there, and its minutes drawn."""
    meeting = make_meeting(world.coop, title=title, starts_at=clock.now() - timedelta(hours=1), agenda="1. Report")
    services.record_attendance(actor=world.mei, meeting=meeting, room=[membership(world.amara).number])
    return services.draw_minutes(actor=world.mei, meeting=meeting, chair=world.jonas.user, course="All was well.")


def build(world: World) -> None:
    world.drawn = _held(world, "Members’ evening")
    world.unsigned = _held(world, "Second evening")
    world.minutes = _held(world, "Third evening")
    for who in (world.mei, world.jonas):
        services.sign_minutes(actor=who, minutes=world.minutes, seen=world.minutes.sha256)
    world.addendum = services.add_addendum(actor=world.mei, minutes=world.minutes, text="It was the fourth.")
    services.sign_minutes(actor=world.mei, minutes=world.minutes, seen=world.addendum.sha256, addendum=world.addendum)


def drawn(world: World) -> dict:
    return {"pk": world.drawn.meeting_id}


def unsigned(world: World) -> dict:
    return {"pk": world.unsigned.meeting_id}


def signed(world: World) -> dict:
    return {"pk": world.minutes.meeting_id}


def amaras(world: World) -> dict:
    return {"room": [membership(world.amara).number]}


def sum_of(which: str):
    return lambda world: {"seen": getattr(world, which).sha256}


CASES = [
    Case("governance:minutes", INSIDERS, viewers=("member", "secretary")),
    Case("governance:minutes-one", INSIDERS, signed, viewers=("member", "board")),
    Case("governance:minutes-one", OFFICERS, drawn, query="?draft", denied=404, viewers=("secretary",)),
    Case("governance:minutes-pdf", INSIDERS, signed, html=False),
    Case("governance:attendance", CALLERS, drawn),
    Case("governance:attendance", CALLERS, drawn, method="post", data=amaras),
    Case("governance:minutes-draw", CALLERS, drawn),
    Case("governance:minutes-draw", CALLERS, drawn, method="post", data=lambda w: {"chair": w.jonas.user_id}),
    Case("governance:minutes-sign", SIGNERS, drawn, viewers=("secretary",)),
    Case("governance:minutes-sign", SIGNERS, unsigned, method="post", data=sum_of("unsigned")),
    Case("governance:minutes-addendum", SIGNERS, signed, viewers=("secretary",)),
    Case("governance:minutes-addendum", SIGNERS, signed, method="post", data=lambda w: {"text": "A word."}),
]
API = [
    Case("governance-api:minutes", INSIDERS),
    Case("governance-api:minutes-one", INSIDERS, signed),
    Case("governance-api:minutes-one", CALLERS, drawn, method="put", data=lambda w: {"chair": "jonas@example.org"}),
    Case("governance-api:minutes-sign", CHAIR_AND_SECRETARY, unsigned, method="post", data=sum_of("unsigned")),
    Case(
        "governance-api:minutes-addenda", CHAIR_AND_SECRETARY, signed, method="post", data=lambda w: {"text": "A word."}
    ),
    Case("governance-api:attendance", OFFICERS, drawn),
    Case("governance-api:attendance", CALLERS, drawn, method="put", data=amaras),
]
CASES += [replace(case, api=True, html=False) for case in API]
