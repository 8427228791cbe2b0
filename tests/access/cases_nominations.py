"""Who may come in: nominations, from the by-laws' rule to the paper."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

from PIL import Image

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from governance import services
from tests.access.harness import INSIDERS, OFFICERS, Case, World
from tests.cast import make_user
from tests.governance.factories import make_ballot, make_meeting, make_roll, membership, question
from tests.members.factories import make_member

RETURNING = {"returning_officer"}
MEMBER = {"member"}
SAID = {"sentence": "Still bees.", "photo_alt": "Amara, smiling"}
RULE = {"opens_days": 60, "closes_days": 3, "seconders": 1, "minimum_age": 0, "member_for_months": 12, "order": "lot"}


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (900, 1200), "teal").save(out, "JPEG")
    return out.getvalue()


def _called(world: World, title: str):
    """A ballot of its own, with a call that is open."""
    meeting = make_meeting(world.coop, title=title)
    roll = make_roll(world.coop, meeting=meeting)
    ballot = make_ballot(world.coop, roll=roll, title=title, board=("Nobody yet",), motion="", released=False)
    return services.call_nominations(actor=world.samir, question=question(ballot), **RULE, cite="§ 14 (2)")


def build(world: World) -> None:
    world.call = _called(world, "Spring election")
    amara = membership(world.amara)
    world.mine = services.nominate(actor=world.amara, call=world.call, number=amara.number, name="Amara")
    said = {"sentence": "Keeps the bees.", "statement": "More bees.", "photo": picture(), "photo_alt": "Amara, smiling"}
    services.accept_nomination(actor=world.amara, nomination=world.mine, **said)
    ruth = Actor.of(make_user("ruth"), world.coop)
    number = make_member(world.coop, user=ruth.user, name="Ruth Sahin", on=date(2021, 5, 4)).number
    world.hers = services.nominate(actor=world.amara, call=world.call, number=number, name="Ruth")
    services.accept_nomination(actor=ruth, nomination=world.hers, sentence="Counts the jars.")
    world.free_number = make_member(world.coop, name="Ines Weiss", on=date(2021, 5, 4)).number
    world.bare_call = _called(world, "Autumn election")
    world.done_call = _called(world, "Last election")
    done = services.nominate(actor=world.amara, call=world.done_call, number=amara.number, name="Amara")
    services.accept_nomination(actor=world.amara, nomination=done, sentence="Keeps the bees.")
    services.second_nomination(actor=ruth, nomination=done)
    with clock.at(world.done_call.closes_at):
        services.settle_nominations(actor=world.samir, call=world.done_call)


def call(world: World) -> dict:
    return {"pk": world.call.pk}


def done(world: World) -> dict:
    return {"pk": world.done_call.pk}


def mine(world: World) -> dict:
    return {"pk": world.mine.pk}


def hers(world: World) -> dict:
    return {"pk": world.hers.pk}


def at_desk(which: str):
    return lambda w: {"pk": getattr(w, which).question.ballot_id, "question": getattr(w, which).question_id}


def asked(which: str):
    return lambda w: {"pk": getattr(w, which).question_id}


def ending(world: World) -> dict:
    return at_desk("call")(world) | {"nomination": world.hers.pk}


def ines(world: World) -> dict:
    return {"number": world.free_number, "name": "Ines"}


def signed_sheet(world: World) -> dict:
    return {"nominee": world.free_number, "proposer": world.free_number, "sentence": "Keeps the bees."}


CASES = [
    Case("governance:nominations", INSIDERS, viewers=("member",)),
    Case("governance:nomination-call", INSIDERS, call, viewers=("member",)),
    Case("governance:nomination-call", INSIDERS, done, query="?settled", viewers=("member",)),
    Case("governance:nominate", MEMBER, call),
    Case("governance:nominate", MEMBER, call, method="post", data=ines),
    Case("governance:nomination", INSIDERS, mine, viewers=("member",)),
    Case("governance:nomination", INSIDERS, hers, query="?hers", viewers=("member",)),
    Case("governance:nomination", MEMBER, hers, method="post", data=lambda w: {"act": "second"}),
    Case("governance:stand", MEMBER, mine),
    Case("governance:nomination-form", INSIDERS, call, html=False),
    Case("governance:nomination-photo", INSIDERS, mine, html=False),
    Case("governance:call-new", RETURNING, at_desk("bare_call")),
    Case("governance:call-new", RETURNING, at_desk("bare_call"), method="post", data=lambda w: RULE),
    Case("governance:call-desk", OFFICERS, at_desk("call"), viewers=("returning_officer",)),
    Case("governance:call-desk", OFFICERS, at_desk("done_call"), query="?done", viewers=("returning_officer",)),
    Case("governance:call-desk", RETURNING, at_desk("done_call"), method="post"),
    Case("governance:nomination-signed", RETURNING, at_desk("call")),
    Case("governance:nomination-signed", RETURNING, at_desk("call"), method="post"),
    Case("governance:nomination-end", RETURNING, ending),
    Case("governance:nomination-end", RETURNING, ending, method="post"),
]
API = [
    Case("governance-api:nomination-call", INSIDERS, asked("call")),
    Case("governance-api:nomination-call", RETURNING, asked("bare_call"), method="put", data=lambda w: RULE),
    Case("governance-api:nomination-call", RETURNING, asked("done_call"), method="post"),
    Case("governance-api:nominations", INSIDERS, asked("call")),
    Case("governance-api:nominations", MEMBER, asked("call"), method="post", data=ines),
    Case("governance-api:nominations-signed", RETURNING, asked("call"), method="post", data=signed_sheet),
    Case("governance-api:nomination-stand", MEMBER, mine, method="put", data=lambda w: SAID),
    Case("governance-api:nomination-decide", MEMBER, lambda w: mine(w) | {"act": "step-back"}, method="post"),
    Case("governance-api:nomination-strike-out", RETURNING, hers, method="post", data=lambda w: {"because": "Untrue."}),
]
CASES += [replace(case, api=True, html=False) for case in API]
