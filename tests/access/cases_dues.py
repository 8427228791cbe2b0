"""Who may come in: dues."""

from __future__ import annotations

from datetime import timedelta

from coop.kernel import clock
from ledger.models import DuesCharge, DuesRelief
from ledger.selectors.charging import propose
from tests.access.harness import Case, World
from tests.ledger.dues_factories import charged, dues_of
from tests.ledger.factories import make_shareholder
from tests.members.factories import make_class

TREASURER = {"treasurer"}
READERS = {"treasurer", "board", "auditor"}


def build(world: World) -> None:
    """A class of its own that pays dues: two members charged this month, one who joined since."""
    coop, today = world.coop, clock.today(world.coop)
    patrons = make_class(coop, "patron")
    day = today - timedelta(days=90)
    first, second = (make_shareholder(coop, name=n, on=day, member_class=patrons) for n in ("Uma Dues", "Vic Dues"))
    dues_of(world.lena, first, every=1, amount=500, reduced=200)
    world.dues_run = charged(world.lena, today)
    world.dues_charge, world.other_dues_charge = DuesCharge.objects.filter(run=world.dues_run).order_by("pk")
    world.dues_member = second
    make_shareholder(coop, name="Wim Dues", on=day, member_class=patrons)


def a_run(world: World) -> dict:
    return {"pk": world.dues_run.pk}


def a_charge(world: World) -> dict:
    return {"pk": world.dues_charge.pk}


def other_charge(world: World) -> dict:
    return {"pk": world.other_dues_charge.pk}


def rule(world: World) -> dict:
    bylaws = world.dues_charge.rule.bylaws.version
    given = {"every": 12, "amount": 2400, "joining": "months", "leaving": "whole"}
    return {"bylaws": bylaws, "member_class": "consumer", **given}


def month(world: World) -> dict:
    today = clock.today(world.coop)
    return {"month": str(today), "hash": propose(world.coop, today).hash}


def relief(world: World) -> dict:
    said = {"kind": DuesRelief.Kind.EXEMPT, "ground": DuesRelief.Ground.AGE, "decision": "B 1", "starts": "2026-01-01"}
    return {"member": world.dues_member.number, **said}


def waiver(world: World) -> dict:
    return {"kind": "waived", "amount": 100, "decision": "B 1"}


API = {"api": True, "html": False}
CASES = [
    Case("ledger:dues", READERS, viewers=("treasurer", "auditor")),
    Case("ledger:dues-rule-add", TREASURER),
    Case("ledger:dues-rule-add", TREASURER, method="post"),
    Case("ledger:dues-charge", TREASURER),
    Case("ledger:dues-charge", TREASURER, method="post"),
    Case("ledger:dues-run", READERS, a_run, viewers=("treasurer",)),
    Case("ledger:dues-waive", TREASURER, a_charge),
    Case("ledger:dues-waive", TREASURER, a_charge, method="post"),
    Case("ledger:dues-let-off", TREASURER, lambda w: {"number": w.dues_member.number}),
    Case("ledger:dues-let-off", TREASURER, lambda w: {"number": w.dues_member.number}, method="post"),
    Case("ledger-api:dues-rules", READERS, **API),
    Case("ledger-api:dues-rules", TREASURER, method="post", data=rule, **API),
    Case("ledger-api:dues-proposal", READERS, **API),
    Case("ledger-api:dues-runs", READERS, **API),
    Case("ledger-api:dues-runs", TREASURER, method="post", data=month, **API),
    Case("ledger-api:dues-run-charges", READERS, a_run, **API),
    Case(
        "ledger-api:dues-waive", TREASURER, lambda w: {"pk": w.other_dues_charge.pk}, method="post", data=waiver, **API
    ),
    Case("ledger-api:dues-reliefs", TREASURER, method="post", data=relief, **API),
]
