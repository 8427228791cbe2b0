"""Who may come in: the register's addresses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from coop.kernel import clock
from members import services
from tests.access.harness import EVERYBODY, OFFICERS, Case, World
from tests.members.factories import make_application, make_member


def build(world: World) -> None:
    coop, today = world.coop, clock.today(world.coop)
    world.membership = make_member(coop, user=world.amara.user, on=date(2019, 3, 14), street="Quay 1", place="Kiel")
    world.suspended = make_member(coop, name="Dele Fashola", on=date(2022, 6, 7))
    services.suspend(actor=world.mei, membership=world.suspended, on=today, reason="Fees.", resolution="2026/1")
    make_member(coop, name="Elsa Nyström", on=today - timedelta(days=60), active=False)
    world.application = make_application(coop, name="Noor Haddad", on=today - timedelta(days=50), place="Kiel")
    world.twin = make_application(coop, name="Amara Okafor", email="amara@example.org")
    world.sheet_line = make_application(coop, name="Ivo Santini")
    world.sheet = services.create_sheet(actor=world.mei, meeting_on=today, applications=[world.sheet_line])
    refused = make_application(coop, name="Gita Mohan")
    world.decided = services.create_sheet(actor=world.mei, meeting_on=today, applications=[refused])
    decisions = {refused.pk: services.Decision("refuse", "The roof terrace is full.")}
    services.decide_sheet(actor=world.mei, sheet=world.decided, decisions=decisions, resolution="2026/2", on=today)
    world.refused = refused
    services.looked_at(actor=world.mei, what="member", party=world.membership.party)


SECRETARY = {"secretary"}
DECIDERS = {"secretary", "board"}


def number(world: World) -> dict:
    return {"number": world.membership.number}


def application(world: World) -> dict:
    return {"pk": world.application.pk}


def on_sheet(world: World) -> dict:
    return {"pk": world.sheet_line.pk}


def reference(world: World) -> dict:
    return {"reference": world.application.reference}


CASES = [
    Case("members:inbox", OFFICERS),
    Case("members:list", OFFICERS),
    Case("members:list", OFFICERS, query="?q=amara"),
    Case("members:list", OFFICERS, query="?as_at=2020-12-31&known=2024-01-01"),
    Case("members:detail", OFFICERS, number),
    Case("members:details", SECRETARY, number),
    Case("members:suspend", DECIDERS, number),
    Case("members:reinstate", DECIDERS, lambda w: {"number": w.suspended.number}),
    Case("members:applications", OFFICERS),
    Case("members:applications", OFFICERS, query="?tab=decided"),
    Case("members:application-new", SECRETARY),
    Case("members:application", OFFICERS, lambda w: {"pk": w.twin.pk}),
    Case("members:application", OFFICERS, lambda w: {"pk": w.refused.pk}, query="?refused"),
    Case(
        "members:application-check",
        SECRETARY,
        application,
        method="post",
        data=lambda w: {"code": "identity", "done": "yes"},
    ),
    Case("members:application-match", SECRETARY, application, method="post"),
    Case("members:application-withdraw", SECRETARY, application, method="post"),
    Case("members:application-off", SECRETARY, on_sheet, method="post"),
    Case("members:sheets", OFFICERS),
    Case("members:sheet-new", SECRETARY),
    Case("members:sheet", OFFICERS, lambda w: {"pk": w.sheet.pk}),
    Case("members:sheet", OFFICERS, lambda w: {"pk": w.decided.pk}, query="?decided"),
    Case("members:sheet", DECIDERS, lambda w: {"pk": w.sheet.pk}, method="post"),
    Case("members:sheet-put", SECRETARY, lambda w: {"pk": w.sheet.pk}, method="post"),
    Case("members:bylaws", EVERYBODY, viewers=("anonymous",)),
    Case(
        "members:bylaws-text",
        EVERYBODY,
        lambda w: {"pk": w.application.bylaws_id},
        viewers=("anonymous",),
    ),
    Case("members:applied", EVERYBODY, reference, viewers=("anonymous",)),
    Case("members:applied-withdraw", EVERYBODY, reference, method="post"),
    Case("members:me", {"member"}, viewers=("member",)),
    Case("members:me-details", {"member"}, viewers=("member",)),
    Case("members:me-looked", {"member"}, viewers=("member",)),
    Case("members:claim", EVERYBODY - {"anonymous"}, viewers=("treasurer",)),
]

API = [
    Case("members-api:classes", EVERYBODY - {"anonymous"}),
    Case("members-api:applications", OFFICERS),
    Case("members-api:applications", EVERYBODY - {"anonymous"}, method="post"),
    Case("members-api:application", OFFICERS, application),
    Case("members-api:application-withdraw", SECRETARY, application, method="post", denied=404),
    Case("members-api:sheets", OFFICERS),
    Case("members-api:sheets", SECRETARY, method="post"),
    Case("members-api:sheet", OFFICERS, lambda w: {"pk": w.sheet.pk}),
    Case("members-api:sheet-decide", DECIDERS, lambda w: {"pk": w.sheet.pk}, method="post"),
    Case("members-api:members", OFFICERS),
    Case("members-api:member", OFFICERS, number),
    Case("members-api:history", OFFICERS, number),
    Case("members-api:register", OFFICERS),
    Case("members-api:me", {"member"}),
]
CASES += [replace(case, api=True, html=False) for case in API]
