"""Who may come in: mandates and collections by direct debit."""

from __future__ import annotations

from datetime import timedelta

from coop.kernel import clock
from ledger.models import BankAccount
from ledger.services.bank import name_creditor
from ledger.services.debits import book_debits
from ledger.services.mandates import give_mandate
from tests.access.harness import OWN, Case, World
from tests.cast import make_officer
from tests.ledger.debit_factories import CREDITOR_ID, IBANS, make_debits, released, signed

TREASURER = {"treasurer"}
READERS = {"treasurer", "board", "auditor"}
RELEASERS = {"treasurer", "board"}


def build(world: World) -> None:
    """A collection released, one drawn up by another treasurer that waits, and mandates."""
    coop, today = world.coop, clock.today(world.coop)
    of = BankAccount.objects.get(coop=coop, is_default=True)
    name_creditor(actor=world.lena, bank_account=of, creditor_id=CREDITOR_ID)
    world.mandate = signed(coop, world.lena, "Dora Debit")
    give_mandate(actor=world.lena, membership=world.membership, iban=IBANS[1], signed_on=today)
    drawer = make_officer(coop, "third-treasurer", "treasurer")
    with clock.at(clock.now() - timedelta(days=30)):
        first = make_debits(drawer)
        world.collected = released(first, world.jonas)
    book_debits(actor=world.lena, run_id=first.pk)
    world.other_mandate = signed(coop, world.lena, "Emil Debit", 2)
    world.collection = make_debits(drawer)


def a_run(world: World) -> dict:
    return {"pk": world.collection.pk}


def back(world: World) -> dict:
    return {"pk": world.collected.pk, "number": world.mandate.membership.number}


CASES = [
    Case("ledger:debits", READERS, viewers=("treasurer",)),
    Case("ledger:debit-creditor", TREASURER),
    Case("ledger:debit-new", TREASURER),
    Case("ledger:debit-new", TREASURER, method="post"),
    Case("ledger:mandates", READERS, viewers=("treasurer",)),
    Case("ledger:mandate-add", TREASURER),
    Case("ledger:mandate-revoke", TREASURER, lambda w: {"pk": w.other_mandate.pk}, method="post"),
    Case("ledger:debit-run", READERS, a_run, viewers=("treasurer", "board")),
    Case("ledger:debit-run", READERS, lambda w: {"pk": w.collected.pk}, query="?page=1", viewers=("treasurer",)),
    Case("ledger:debit-release", RELEASERS, a_run, viewers=("board",)),
    Case("ledger:debit-cancel", TREASURER, a_run, method="post"),
    Case("ledger:debit-book", TREASURER, a_run, method="post"),
    Case("ledger:debit-file", TREASURER, lambda w: {"pk": w.collected.pk}, html=False),
    Case("ledger:debit-return", TREASURER, back),
    Case("ledger:my-mandate", OWN),
    Case("ledger:my-mandate", OWN, method="post"),
    Case("ledger-api:mandates", READERS, api=True, html=False),
    Case(
        "ledger-api:mandates",
        TREASURER,
        method="post",
        api=True,
        html=False,
        data=lambda w: {"member": w.newcomer.number, "iban": IBANS[0], "signed_on": str(w.newcomer.admitted_on)},
    ),
    Case("ledger-api:debit-runs", READERS, api=True, html=False),
    Case("ledger-api:debit-run-lines", READERS, a_run, api=True, html=False),
    Case(
        "ledger-api:debit-run-release",
        RELEASERS,
        a_run,
        method="post",
        api=True,
        html=False,
        data=lambda w: {"hash": w.collection.hash},
    ),
]
