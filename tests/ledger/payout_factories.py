"""Members who are owed something, and runs that pay them."""

from __future__ import annotations

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from ledger.models import PayoutRun, Way
from ledger.services import payout_posting, payouts
from ledger.services.accounts import account, create_chart, member_account
from ledger.services.payout_details import record_details, record_paying_account
from ledger.services.posting import Line, post_entry

IBANS = ("DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300", "AT611904300234573201")
OURS = "DE75512108001245126199"
_keys = iter(range(1, 1_000_000))


def owe(coop, membership, *, refund: int = 0, interest: int = 0, debt: int = 0) -> None:
    """Put on the member's accounts what the co-op owes them, and what they owe."""
    create_chart(coop=coop)
    system = Actor.system(coop)
    parts = [("patronage_payable", -refund), ("share_interest_payable", -interest), ("member_receivable", debt)]
    lines = [Line(member_account(membership, purpose), amount) for purpose, amount in parts if amount]
    rest = sum(line.amount for line in lines)
    post_entry(
        actor=system,
        on=clock.today(coop),
        kind="manual",
        memo="owed",
        lines=[*lines, Line(account(coop, "unallocated"), -rest)],
        key=f"owe-{next(_keys)}",
    )


def ready(coop, lena) -> None:
    """The co-op has a chart and an account to pay from."""
    create_chart(coop=coop)
    record_paying_account(actor=lena, way=Way.SEPA, holder=coop.name, iban=OURS)


def with_iban(actor, membership, place: int = 0) -> None:
    """The member's money goes to one of the IBANs."""
    record_details(actor=actor, membership=membership, way=Way.SEPA, holder=membership.party.name, iban=IBANS[place])


def make_run(lena, **changes) -> PayoutRun:
    """A run drawn up today over everything owed."""
    return payouts.prepare(actor=lena, **{"way": Way.SEPA, "pay_on": clock.today(lena.coop), **changes})


def paid(run: PayoutRun, jonas) -> PayoutRun:
    """The run released by a second officer and posted."""
    payouts.release(actor=jonas, run=run, seen=run.hash)
    payout_posting.post_payout(actor=jonas, run_id=run.pk, on=clock.today(run.coop))
    run.refresh_from_db()
    return run
