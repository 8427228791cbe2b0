"""Who may come in: calls on shares."""

from __future__ import annotations

from datetime import timedelta

from coop.kernel import clock
from ledger.models import ShareCallLine
from ledger.services.calls import give_notice
from tests.access.cases_ledger import SHARE_READERS, TREASURER
from tests.access.harness import Case, World
from tests.ledger.call_factories import AHEAD, SITE, called, holds, on_call
from tests.ledger.factories import make_shareholder


def build(world: World) -> None:
    """A call of sixty days ago: one member had notice whose days are over, one is late; and a call of today."""
    share_class, past = on_call(world.lena), clock.now() - timedelta(days=60)
    day = clock.today(world.coop) - timedelta(days=90)
    holders = [make_shareholder(world.coop, name=name, on=day) for name in ("Ola Call", "Pia Call", "Rui Call")]
    for each in holders:
        holds(world.lena, each, share_class, 4)
    with clock.at(past):
        world.share_call = called(world.jonas, share_class, 1_000)
    lines = list(ShareCallLine.objects.filter(call=world.share_call).order_by("pk"))
    with clock.at(past + timedelta(days=AHEAD + 1)):
        give_notice(actor=world.lena, line=lines[0], site=SITE)
    world.noticed_line, world.late_call_line, world.other_call_line = lines
    world.new_share_call = called(world.jonas, share_class, 1_000)


def a_call(world: World) -> dict:
    return {"pk": world.share_call.pk}


def new_call(world: World) -> dict:
    due = clock.today(world.coop) + timedelta(days=AHEAD)
    return {"share_class": on_call(world.lena).slug, "per_share": 500, "due_on": str(due), "decision": "B 1"}


BOARD = {"board"}
CASES = [
    Case("ledger:calls", SHARE_READERS, viewers=("treasurer", "board")),
    Case("ledger:call-new", BOARD),
    Case("ledger:call-new", BOARD, method="post"),
    Case("ledger:call", SHARE_READERS, a_call, viewers=("treasurer", "board")),
    Case("ledger:call-withdraw", BOARD, lambda w: {"pk": w.new_share_call.pk}),
    Case("ledger:call-withdraw", BOARD, lambda w: {"pk": w.new_share_call.pk}, method="post"),
    Case("ledger:call-notice", TREASURER, lambda w: {"pk": w.late_call_line.pk}, method="post"),
    Case("ledger:call-forfeit", TREASURER, lambda w: {"pk": w.noticed_line.pk}),
    Case("ledger:call-forfeit", TREASURER, lambda w: {"pk": w.noticed_line.pk}, method="post"),
    Case("ledger-api:share-calls", SHARE_READERS, api=True, html=False),
    Case("ledger-api:share-calls", BOARD, method="post", api=True, html=False, data=new_call),
    Case("ledger-api:share-call-lines", SHARE_READERS, a_call, api=True, html=False),
    Case(
        "ledger-api:share-call-notice",
        TREASURER,
        lambda w: {"pk": w.other_call_line.pk},
        method="post",
        api=True,
        html=False,
    ),
    Case(
        "ledger-api:share-call-forfeit",
        TREASURER,
        lambda w: {"pk": w.noticed_line.pk},
        method="post",
        api=True,
        html=False,
        data=lambda w: {"shares": 1, "decision": "B 2"},
    ),
]
