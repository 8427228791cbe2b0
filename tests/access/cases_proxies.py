"""Who may come in: proxies, from the rule and the printed form to the vote."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from governance import services
from tests.access.harness import INSIDERS, OFFICERS, Case, World
from tests.governance.factories import make_meeting, membership
from tests.members.factories import make_member

CALLERS = {"returning_officer", "secretary"}
MEMBER = {"member"}


def build(world: World) -> None:
    world.proxy_meeting = make_meeting(world.coop, title="Autumn meeting")
    until = world.proxy_meeting.starts_at - timedelta(days=2)
    services.set_proxy_rule(actor=world.mei, meeting=world.proxy_meeting, per_holder=3, until=until, cite="§ 12 (3)")
    amara = membership(world.amara)
    for name in ("Edith Brandt", "Ines Kovač"):
        giver = make_member(world.coop, name=name, on=date(2021, 5, 4))
        world.proxy = services.record_paper_proxy(
            actor=world.mei, meeting=world.proxy_meeting, principal=giver.number, holder=amara.number
        )
    ended = make_member(world.coop, name="Otto Lang", on=date(2021, 5, 4))
    struck = services.record_paper_proxy(
        actor=world.mei, meeting=world.proxy_meeting, principal=ended.number, holder=amara.number
    )
    services.strike_out_proxy(actor=world.mei, proxy=struck, because="He came himself.", in_person=True)
    world.giving_meeting = make_meeting(world.coop, title="Winter meeting")
    services.set_proxy_rule(actor=world.mei, meeting=world.giving_meeting, per_holder=1, until=until)
    world.proxy_holder = make_member(world.coop, name="Ada Berg", on=date(2021, 5, 4))


def meeting(world: World) -> dict:
    return {"pk": world.proxy_meeting.pk}


def giving(world: World) -> dict:
    return {"pk": world.giving_meeting.pk}


def one(world: World) -> dict:
    return {"pk": world.proxy.pk}


def at_meeting(world: World) -> dict:
    return {"pk": world.proxy_meeting.pk, "proxy": world.proxy.pk}


def to_ada(world: World) -> dict:
    return {"meeting": world.giving_meeting.pk, "number": world.proxy_holder.number, "name": "Ada"}


CASES = [
    Case("governance:proxies", MEMBER),
    Case("governance:proxy-give", MEMBER, giving),
    Case("governance:proxy-give", MEMBER, giving, method="post", data=to_ada),
    Case("governance:proxy-decide", MEMBER, one, method="post", data=lambda w: {"act": "decline"}),
    Case("governance:proxy-printed", INSIDERS, meeting, html=False),
    Case("governance:meeting-proxies", OFFICERS, meeting, viewers=("secretary",)),
    Case("governance:proxy-rule", CALLERS, giving),
    Case("governance:proxy-signed", CALLERS, meeting),
    Case("governance:proxy-end", CALLERS, at_meeting),
    Case("governance:proxy-end", CALLERS, at_meeting, method="post"),
]
API = [
    Case("governance-api:proxies", MEMBER),
    Case("governance-api:proxies", MEMBER, method="post", data=to_ada),
    Case("governance-api:proxy-decide", MEMBER, lambda w: one(w) | {"act": "decline"}, method="post"),
]
CASES += [replace(case, api=True, html=False) for case in API]
