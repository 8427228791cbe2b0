"""Who may come in: members who ask for a meeting, and the answer."""

from __future__ import annotations

from dataclasses import replace

from governance import services
from tests.access.harness import INSIDERS, Case, World
from tests.governance.factories import make_meeting

CALLERS = {"returning_officer", "secretary"}
MEMBER = {"member"}
ASKED = {"purpose": "A second shop", "reasons": "The first one is full."}
RULE = {"part": 1, "whole": 10, "call_within_days": 21, "cite": "§ 20"}


def build(world: World) -> None:
    world.requisition = services.begin_requisition(actor=world.amara, **ASKED)
    services.set_requisition_rule(actor=world.mei, part=1, whole=1000, call_within_days=21, cite="§ 20")
    world.reached = services.begin_requisition(actor=world.amara, purpose="Opening hours", reasons="Too short.")
    assert world.reached.reached_at
    services.set_requisition_rule(actor=world.mei, **RULE)
    world.answering = make_meeting(world.coop, title="The members’ meeting")


def asked(world: World) -> dict:
    return {"pk": world.requisition.pk}


def reached(world: World) -> dict:
    return {"pk": world.reached.pk}


def by_meeting(world: World) -> dict:
    return {"meeting": world.answering.pk}


def support(world: World) -> dict:
    return {"act": "support"}


CASES = [
    Case("governance:requisitions", INSIDERS, viewers=("member", "secretary")),
    Case("governance:requisition-begin", MEMBER),
    Case("governance:requisition-begin", MEMBER, method="post", data=lambda w: ASKED),
    Case("governance:requisition", INSIDERS, asked, viewers=("member",)),
    Case("governance:requisition", INSIDERS, reached, query="?reached", viewers=("member", "secretary")),
    Case("governance:requisition", MEMBER, asked, method="post", data=support),
    Case("governance:requisition-answer", CALLERS, reached),
    Case("governance:requisition-answer", CALLERS, reached, method="post", data=by_meeting),
    Case("governance:requisition-rule", CALLERS),
    Case("governance:requisition-rule", CALLERS, method="post", data=lambda w: RULE),
]
API = [
    Case("governance-api:requisitions", INSIDERS),
    Case("governance-api:requisitions", MEMBER, method="post", data=lambda w: ASKED),
    Case("governance-api:requisition-decide", MEMBER, lambda w: asked(w) | {"act": "support"}, method="post"),
    Case("governance-api:requisition-answer", CALLERS, reached, method="post", data=by_meeting),
]
CASES += [replace(case, api=True, html=False) for case in API]
