"""A co-op that may collect, members who owe and have signed, and a collection."""

from __future__ import annotations

from datetime import timedelta

from coop.kernel import clock
from ledger.models import DebitRun, Mandate
from ledger.services import debits
from ledger.services.bank import create_bank_account
from ledger.services.mandates import give_mandate
from tests.ledger.factories import make_books
from tests.members.factories import make_member

CREDITOR_ID = "DE98ZZZ09999999999"
OURS = "DE75512108001245126199"
IBANS = ("DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300")
AHEAD = 16


def may_collect(coop, lena) -> None:
    """Books, and an account with a creditor identifier."""
    make_books(coop)
    create_bank_account(actor=lena, name="House bank", number=OURS, creditor_id=CREDITOR_ID, bic="MARKDEFF")


def signed(coop, lena, name: str, place: int = 0, *, ago: int = 100, **more) -> Mandate:
    """A member who owes fee and shares by now and has signed a mandate."""
    day = clock.today(coop) - timedelta(days=ago)
    membership = make_member(coop, name=name, on=day, active=False, **more)
    return give_mandate(actor=lena, membership=membership, iban=IBANS[place], signed_on=day)


def make_debits(lena, **changes) -> DebitRun:
    """A collection drawn up today."""
    day = clock.today(lena.coop) + timedelta(days=AHEAD)
    return debits.prepare_debits(actor=lena, **{"collect_on": day, **changes})


def released(run: DebitRun, jonas) -> DebitRun:
    return debits.release_debits(actor=jonas, run=run, seen=run.hash, site="https://example.org/money/")
