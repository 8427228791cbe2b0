"""Who may come in: patronage, plans and statements."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from coop.kernel import clock
from coop.kernel.models import Cooperative
from ledger.models import EquityPlan, PayoutRun, UnclaimedList
from ledger.selectors import choices as selectors
from ledger.services import choices, equity, patronage, payouts, surplus, unclaimed
from members.models import Membership, Party
from members.services import ask_change
from tests.access.harness import OWN, Case, World
from tests.governance.factories import carried_resolution
from tests.ledger import payout_factories
from tests.ledger.surplus_factories import TERMS, approved, carried, csv_of, make_import, make_plan, posted
from tests.members.factories import known_as

BOOKS = {"treasurer", "board", "auditor"}
PLANS = BOOKS | {"secretary"}
KEEPER = {"treasurer"}


def build(world: World) -> None:
    lena, jonas = world.lena, world.jonas
    number = world.membership.number
    world.recorded = make_import(lena, {number: "2318.40", number + 1: "640.00"})
    world.posted = posted(make_plan(lena), lena, jonas)
    # One of them has no e-mail address, so that there is a sheet to print.
    known_as(Party.objects.get(coop=world.coop, memberships__number=number + 1), email="")
    make_import(lena, {number: "100.00", number + 1: "50.00"}, year=2024)
    world.resolved = carried(make_plan(lena, year=2024, title="Build reserves"), lena)
    make_import(lena, {number: "100.00"}, year=2023)
    world.approved = approved(make_plan(lena, year=2023), lena, jonas)
    make_import(lena, {number: "7.00"}, year=2022)
    world.proposed = surplus.propose(actor=lena, plan=make_plan(lena, year=2022))
    world.draft = make_plan(lena, year=2022, title="Most to members", appropriations=TERMS["appropriations"][:1])
    world.spare = make_plan(lena, year=2022, title="Thrown away soon")
    world.free_resolution = carried_resolution(world.coop, "What we do with 2022")
    payout_factories.ready(world.coop, lena)
    payout_factories.with_iban(lena, world.membership)
    world.paid_run = payout_factories.paid(payout_factories.make_run(lena), jonas)
    payout_factories.owe(world.coop, world.membership, refund=12_00)
    silent = Membership.objects.get(coop=world.coop, number=number + 1)
    with clock.at(clock.now() - timedelta(days=400)):
        payout_factories.owe(world.coop, silent, refund=3_00)
    world.unclaimed = unclaimed.draw_up(actor=lena, years=1, notice_days=0, goes_to="3200")
    unclaimed.send_letters(actor=lena, unclaimed=world.unclaimed, link="https://coop.example/")
    unclaimed.book(actor=jonas, unclaimed=world.unclaimed)
    with clock.at(clock.now() - timedelta(days=400)):
        payout_factories.owe(world.coop, silent, refund=2_00)
    world.listed = unclaimed.draw_up(actor=lena, years=1, notice_days=30, goes_to="3200")
    world.run = payout_factories.make_run(lena)
    elsewhere = {"kind": "bank", "iban": payout_factories.IBANS[3]}
    world.bank_request = ask_change(actor=world.mei, party=world.firm.party, **elsewhere)
    make_import(lena, {number: "200.00", number + 1: "50.00"}, year=2020)
    world.asked = posted(make_plan(lena, year=2020), lena, jonas)
    world.payback = equity.draw_up(actor=lena, decided="board 2026-07", order="oldest", amount=100_00)
    year_open = {"year": 2021, "pool": "purchases", "unit": "money"}
    make_import(lena, {number: "7.00"}, year=2021)
    world.loose = make_import(lena, {number: "1.00"}, year=2021)
    world.checked = patronage.check_file(
        actor=lena, file_name="late.csv", data=csv_of({number: "3.00", 99_999: "1.00"}), **year_open
    )
    world.waiting = patronage.check_file(
        actor=lena, file_name="right.csv", data=csv_of({number: "3.00", number + 1: "1.00"}), **year_open
    )


def _pk(name: str):
    return lambda world: {"pk": getattr(world, name).pk}


def _offer(world: World, days: int, until: int) -> dict:
    """The members of 2020 are asked since so many days; the pay-out under way makes room for that."""
    if selectors.of_plan(world.asked) is None:
        _a_run(world)
        with clock.at(clock.now() - timedelta(days=days)):
            closes_on = clock.today(world.coop) + timedelta(days=until)
            said = {"closes_on": closes_on, "bylaws": "by-laws § 34", "may_donate": True}
            choices.open_offer(actor=world.lena, plan=world.asked, **said)
    return {"pk": world.asked.pk}


def _asked(world: World) -> dict:
    return _offer(world, 0, 30)


def _over(world: World) -> dict:
    return _offer(world, 9, 3)


def _carried(world: World) -> dict:
    where = _over(world)
    choices.carry_out(actor=world.lena, offer=selectors.of_plan(world.asked))
    return where


def _of_member(world: World) -> dict:
    return {**_asked(world), "number": world.membership.number}


def _of_year(world: World) -> dict:
    return {"year": 2020} if _asked(world) else {}


def _unasked(world: World) -> dict:
    _a_run(world)
    return {"pk": world.asked.pk}


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
    Case("ledger:patronage-reassign", KEEPER, lambda w: {"year": 2021}),
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
    Case("ledger:plan-fire", KEEPER, _pk("posted")),
    Case("ledger:notices", BOOKS, _pk("posted")),
    Case("ledger:notices-send", KEEPER, _pk("posted"), method="post"),
    Case("ledger:notices-sheets", KEEPER, lambda w: {"pk": w.posted.pk, "part": 1}, html=False),
    Case("ledger:notices-posted", KEEPER, _pk("posted"), method="post"),
    Case("ledger:unclaimed", BOOKS, viewers=("treasurer", "auditor")),
    Case("ledger:unclaimed-new", KEEPER),
    Case("ledger:unclaimed-list", BOOKS, _pk("listed"), viewers=("treasurer", "auditor")),
    Case("ledger:unclaimed-list", BOOKS, _pk("unclaimed"), query="?booked"),
    Case("ledger:unclaimed-letters", KEEPER, _pk("unclaimed"), method="post"),
    Case("ledger:unclaimed-book", {"board"}, _pk("listed")),
    Case("ledger:unclaimed-cancel", KEEPER, _pk("unclaimed"), method="post"),
    Case("ledger:unclaimed-file", KEEPER, _pk("unclaimed"), html=False),
    Case("ledger:unclaimed-back", KEEPER, lambda w: {"pk": w.unclaimed.pk, "number": w.membership.number + 1}),
    Case("ledger:equity", BOOKS, viewers=("treasurer", "auditor")),
    Case("ledger:equity-new", KEEPER),
    Case("ledger:equity-plan", BOOKS, _pk("payback"), viewers=("treasurer", "board")),
    Case("ledger:equity-approve", {"board"}, _pk("payback")),
    Case("ledger:equity-post", KEEPER, _pk("payback"), method="post"),
    Case("ledger:equity-cancel", KEEPER, _pk("payback"), method="post"),
    Case("ledger:payouts", BOOKS, viewers=("treasurer", "auditor")),
    Case("ledger:payout-new", KEEPER),
    Case("ledger:payout", BOOKS, _pk("run"), viewers=("treasurer", "board")),
    Case("ledger:payout", BOOKS, _pk("paid_run"), query="?paid"),
    Case("ledger:payout-release", {"board"}, _pk("run")),
    Case("ledger:payout-cancel", KEEPER, _pk("paid_run"), method="post"),
    Case("ledger:payout-file", KEEPER, _pk("paid_run"), html=False),
    Case("ledger:payout-return", KEEPER, lambda w: {"pk": w.paid_run.pk, "number": w.membership.number}),
    Case("ledger:paying-account", KEEPER),
    Case("ledger:payout-details", KEEPER, lambda w: {"number": w.membership.number}),
    Case("ledger:payout-mine", OWN),
    Case("members:request", {"secretary"}, _pk("bank_request"), query="?bank"),
    Case("ledger:statements", BOOKS, _pk("posted")),
    Case("ledger:statement-of", BOOKS, _line),
    Case("ledger:statement-of-pdf", BOOKS, _line, html=False),
    Case("ledger:statement", OWN, lambda w: {"year": 2025}),
    Case("ledger:statement-pdf", {"member"}, lambda w: {"year": 2025}, html=False),
    Case("ledger:choices", BOOKS, _pk("asked"), query="?nobody-asked"),
    Case("ledger:choices-new", KEEPER, _unasked),
    Case("ledger:choices", BOOKS, _asked, viewers=("treasurer", "auditor")),
    Case("ledger:choice-of", KEEPER, _of_member),
    Case("ledger:choice", {"member"}, _of_year),
    Case("ledger:choices-carry-out", KEEPER, _over, method="post"),
    Case("ledger:choices-withdraw", KEEPER, _asked, method="post"),
]


def _a_file(world: World) -> dict:
    return {"content": f"member,amount\n{world.membership.number},5.00\n", "year": 2021, "file_name": "more.csv"}


def _a_batch(world: World) -> dict:
    return {"key": "till-1", "year": 2021, "rows": [{"member": world.membership.number, "quantity": "4.00"}]}


def _a_correction(world: World) -> dict:
    number = world.membership.number
    return {"year": 2021, "member": number, "pool": "purchases", "quantity": 900, "because": "a return"}


def _a_move(world: World) -> dict:
    number = world.membership.number
    to = [{"member": number + 1, "quantity": 100}]
    return {"year": 2021, "member": number, "pool": "purchases", "to": to, "because": "theirs"}


def _a_plan(world: World) -> dict:
    return {"year": 2021, "title": "By program", "terms": TERMS}


def _because(world: World) -> dict:
    return {"because": "for the test"}


def _a_run(world: World) -> dict:
    """One run at a time: the one under way makes room."""
    under_way = PayoutRun.objects.get(pk=world.run.pk)
    if under_way.state == PayoutRun.State.DRAFT:
        payouts.cancel(actor=world.lena, run=under_way, because="another is asked for")
    return {"way": "sepa", "pay_on": clock.today(world.coop).isoformat()}


def _came_back(world: World) -> dict:
    return {"number": world.membership.number, "on": clock.today(world.coop).isoformat(), "because": "closed"}


def _a_filing(world: World) -> dict:
    """Filed in dollars only, so for this once the co-op keeps its books in them."""
    Cooperative.objects.filter(pk=world.coop.pk).update(currency="USD")
    payer = "tin=12-3456789 control_code=55AA5 name=Prairie street=Road city=Hays state=KS zip_code=67601 contact=Lena"
    said = dict(each.split("=") for each in payer.split())
    return {**said, "year": 2026, "phone": "5555555555", "email": "lena@example.org"}


def _another_list(world: World) -> dict:
    """One list at a time."""
    _a_run(world)
    if UnclaimedList.objects.get(pk=world.listed.pk).state == UnclaimedList.State.LISTED:
        unclaimed.cancel(actor=world.lena, unclaimed=world.listed, because="another is asked for")
    return {"years": 1, "notice_days": 30, "goes_to": "3200"}


def _to_book(world: World) -> dict:
    """Written to, and the days are over."""
    _a_run(world)
    found = UnclaimedList.objects.get(pk=world.listed.pk)
    if found.letters_on is None:
        with clock.at(clock.now() - timedelta(days=40)):
            unclaimed.send_letters(actor=world.lena, unclaimed=found, link="https://coop.example/")
    return {"pk": found.pk}


def _turned_up(world: World) -> dict:
    return {"number": world.membership.number + 1, "because": "came to the desk"}


def _a_payback(world: World) -> dict:
    """One payback at a time."""
    under_way = EquityPlan.objects.get(pk=world.payback.pk)
    if under_way.state == EquityPlan.State.DRAFT:
        equity.cancel(actor=world.lena, plan=under_way, because="another is asked for")
    return {"decided": "board 2026-08", "order": "oldest", "amount": 100}


def _seen_payback(world: World) -> dict:
    return {"hash": world.payback.hash}


def _approved_payback(world: World) -> dict:
    equity.approve(actor=world.jonas, plan=world.payback, seen=world.payback.hash)
    return {"pk": world.payback.pk}


def _an_offer(world: World) -> dict:
    return {"closes_on": clock.today(world.coop).isoformat(), "bylaws": "by-laws § 34"}


def _a_wish(world: World) -> dict:
    return {"donated": 100}


READER = {"treasurer", "board", "auditor"}
API = [
    Case("ledger-api:patronage-years", BOOKS),
    Case("ledger-api:patronage-imports", BOOKS),
    Case("ledger-api:patronage-imports", KEEPER, method="post", data=_a_file),
    Case("ledger-api:patronage-import", BOOKS, _pk("recorded")),
    Case("ledger-api:patronage-record", KEEPER, _pk("waiting"), method="post"),
    Case("ledger-api:patronage-discard", KEEPER, _pk("checked"), method="post"),
    Case("ledger-api:patronage-undo", KEEPER, _pk("loose"), method="post", data=_because),
    Case("ledger-api:patronage-batches", KEEPER, method="post", data=_a_batch),
    Case("ledger-api:patronage-corrections", BOOKS),
    Case("ledger-api:patronage-corrections", KEEPER, method="post", data=_a_correction),
    Case("ledger-api:patronage-reassignments", KEEPER, method="post", data=_a_move),
    Case("ledger-api:plans", PLANS),
    Case("ledger-api:plans", KEEPER, method="post", data=_a_plan),
    Case("ledger-api:plan", PLANS, _pk("draft")),
    Case("ledger-api:plan", KEEPER, _pk("draft"), method="put", data=lambda w: {"title": "Again", "terms": TERMS}),
    Case("ledger-api:plan", KEEPER, _pk("spare"), method="delete"),
    Case("ledger-api:plan-lines", PLANS, _pk("draft")),
    Case("ledger-api:plan-propose", KEEPER, _pk("draft"), method="post"),
    Case("ledger-api:plan-take-back", KEEPER, _pk("proposed"), method="post", data=_because),
    Case(
        "ledger-api:plan-resolution",
        KEEPER,
        _pk("proposed"),
        method="post",
        data=lambda w: {"resolution": w.free_resolution.number},
    ),
    Case(
        "ledger-api:plan-approve",
        {"board"},
        _pk("resolved"),
        method="post",
        data=lambda w: {"hash": w.resolved.hash},
    ),
    Case("ledger-api:plan-post", KEEPER, _pk("approved"), method="post"),
    Case("ledger-api:plan-void", {"treasurer", "board"}, _pk("approved"), method="post", data=_because),
    Case("ledger-api:plan-fire", KEEPER, _pk("posted"), method="post", data=_a_filing),
    Case("ledger-api:choices", BOOKS, _asked),
    Case("ledger-api:choices", KEEPER, _unasked, method="post", data=_an_offer),
    Case("ledger-api:choices-carry-out", KEEPER, _over, method="post"),
    Case("ledger-api:choices-withdraw", KEEPER, _asked, method="post", data=_because),
    Case("ledger-api:choices-outcomes", BOOKS, _carried),
    Case("ledger-api:choice-of", KEEPER, _of_member, method="put", data=_a_wish),
    Case("ledger-api:choice", {"member"}, _of_year),
    Case("ledger-api:choice", {"member"}, _of_year, method="put", data=_a_wish),
    Case("ledger-api:money-account", OWN),
    Case(
        "ledger-api:money-account",
        OWN,
        method="post",
        data=lambda w: {"way": "sepa", "iban": payout_factories.IBANS[2]},
    ),
    Case("ledger-api:payouts", BOOKS),
    Case("ledger-api:payouts", KEEPER, method="post", data=_a_run),
    Case("ledger-api:payout", BOOKS, _pk("paid_run")),
    Case("ledger-api:payout-lines", BOOKS, _pk("paid_run")),
    Case("ledger-api:payout-release", {"board"}, _pk("run"), method="post", data=lambda w: {"hash": w.run.hash}),
    Case("ledger-api:payout-returned", KEEPER, _pk("paid_run"), method="post", data=_came_back),
    Case("ledger-api:unclaimed", BOOKS),
    Case("ledger-api:unclaimed", KEEPER, method="post", data=_another_list),
    Case("ledger-api:unclaimed-lines", BOOKS, _pk("listed")),
    Case("ledger-api:unclaimed-letters", KEEPER, _pk("listed"), method="post"),
    Case("ledger-api:unclaimed-book", {"board"}, _to_book, method="post"),
    Case("ledger-api:unclaimed-cancel", KEEPER, _pk("listed"), method="post", data=_because),
    Case("ledger-api:unclaimed-back", KEEPER, _pk("unclaimed"), method="post", data=_turned_up),
    Case("ledger-api:paybacks", BOOKS),
    Case("ledger-api:paybacks", KEEPER, method="post", data=_a_payback),
    Case("ledger-api:payback-lines", BOOKS, _pk("payback")),
    Case(
        "ledger-api:payback-approve", {"board"}, _pk("payback"), method="post", data=lambda w: {"hash": w.payback.hash}
    ),
    Case("ledger-api:payback-post", KEEPER, _approved_payback, method="post"),
    Case("ledger-api:payback-cancel", KEEPER, _pk("payback"), method="post", data=_because),
    Case("ledger-api:statement-of", READER, _line),
    Case("ledger-api:statement", {"member"}, lambda w: {"year": 2025}),
    Case("ledger-api:statement-pdf", {"member"}, lambda w: {"year": 2025}),
]
CASES += [replace(case, api=True, html=False) for case in API]
