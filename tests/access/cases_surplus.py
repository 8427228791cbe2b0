"""Who may come in: patronage, plans and statements."""

from __future__ import annotations

from ledger.services import patronage, surplus
from tests.access.harness import Case, World
from tests.ledger.surplus_factories import TERMS, approved, carried, csv_of, make_import, make_plan, posted

BOOKS = {"treasurer", "board", "auditor"}
PLANS = BOOKS | {"secretary"}
KEEPER = {"treasurer"}


def build(world: World) -> None:
    lena, jonas = world.lena, world.jonas
    number = world.membership.number
    world.recorded = make_import(lena, {number: "2318.40", number + 1: "640.00"})
    world.posted = posted(make_plan(lena), lena, jonas)
    make_import(lena, {number: "100.00", number + 1: "50.00"}, year=2024)
    world.resolved = carried(make_plan(lena, year=2024, title="Build reserves"), lena)
    make_import(lena, {number: "100.00"}, year=2023)
    world.approved = approved(make_plan(lena, year=2023), lena, jonas)
    make_import(lena, {number: "7.00"}, year=2022)
    world.proposed = surplus.propose(actor=lena, plan=make_plan(lena, year=2022))
    world.draft = make_plan(lena, year=2022, title="Most to members", appropriations=TERMS["appropriations"][:1])
    year_open = {"year": 2021, "pool": "purchases", "unit": "money"}
    make_import(lena, {number: "7.00"}, year=2021)
    world.checked = patronage.check_file(
        actor=lena, file_name="late.csv", data=csv_of({number: "3.00", 99_999: "1.00"}), **year_open
    )
    world.waiting = patronage.check_file(
        actor=lena, file_name="right.csv", data=csv_of({number: "3.00", number + 1: "1.00"}), **year_open
    )


def _pk(name: str):
    return lambda world: {"pk": getattr(world, name).pk}


def _line(world: World) -> dict:
    return {"pk": world.posted.pk, "number": world.membership.number}


CASES = [
    Case("ledger:patronage", BOOKS, viewers=("treasurer", "auditor")),
    Case("ledger:patronage-new", KEEPER),
    Case("ledger:patronage-import", BOOKS, _pk("checked")),
    Case("ledger:patronage-import", BOOKS, _pk("waiting"), query="?"),
    Case("ledger:patronage-import", BOOKS, _pk("recorded"), query="?recorded"),
    Case("ledger:patronage-record", KEEPER, _pk("checked"), method="post"),
    Case("ledger:patronage-discard", KEEPER, _pk("checked"), method="post"),
    Case("ledger:patronage-undo", KEEPER, _pk("recorded")),
    Case("ledger:patronage-correct", KEEPER, lambda w: {"year": 2021}),
    Case("ledger:surplus", PLANS, html=False),
    Case("ledger:surplus-year", PLANS, lambda w: {"year": 2022}, viewers=("treasurer", "secretary")),
    Case("ledger:surplus-year", PLANS, lambda w: {"year": 2025}, query="?posted"),
    Case("ledger:plan-new", KEEPER, lambda w: {"year": 2021}),
    Case("ledger:plan", PLANS, _pk("draft"), viewers=("treasurer", "board")),
    Case("ledger:plan", PLANS, _pk("proposed"), query="?proposed"),
    Case("ledger:plan", PLANS, _pk("resolved"), query="?resolved", viewers=("treasurer", "board")),
    Case("ledger:plan", PLANS, _pk("posted"), query="?posted"),
    Case("ledger:plan-edit", KEEPER, _pk("draft")),
    Case("ledger:plan-lines", PLANS, _pk("posted")),
    Case("ledger:plan-download", PLANS, lambda w: {"pk": w.posted.pk, "form": "lines.csv"}, html=False),
    Case("ledger:plan-download", PLANS, lambda w: {"pk": w.posted.pk, "form": "plan.json"}, html=False, query="?"),
    Case("ledger:plan-again", KEEPER, _pk("draft"), method="post"),
    Case("ledger:plan-throw-away", KEEPER, _pk("proposed"), method="post"),
    Case("ledger:plan-propose", KEEPER, _pk("proposed"), method="post"),
    Case("ledger:plan-take-back", KEEPER, _pk("proposed"), method="post"),
    Case("ledger:plan-resolution", KEEPER, _pk("proposed"), method="post"),
    Case("ledger:plan-approve", {"board"}, _pk("resolved")),
    Case("ledger:plan-post", KEEPER, _pk("approved")),
    Case("ledger:plan-void", {"treasurer", "board"}, _pk("approved")),
    Case("ledger:statements", BOOKS, _pk("posted")),
    Case("ledger:statement-of", BOOKS, _line),
    Case("ledger:statement-of-pdf", BOOKS, _line, html=False),
    Case("ledger:statement", {"member"}, lambda w: {"year": 2025}),
    Case("ledger:statement-pdf", {"member"}, lambda w: {"year": 2025}, html=False),
]
