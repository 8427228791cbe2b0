"""A released pay-out becomes one entry in the books, all of it or nothing, once.

Runs in the worker. As with a distribution, up to ``settings.EVERYDAY_MEMBERS`` are an ordinary entry in one
transaction and more are built aside and joined. Killed before that moment nothing is visible; after it the next run
finds it paid and leaves.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from ledger.models import Account, Entry, PayoutRun
from ledger.services.payouts import State, hash_of, refuse_stale
from ledger.services.posting import BUILDING, Line, Query, post_entry, post_in_bulk

DEBITS = {"patronage_payable": "l.refund", "share_interest_payable": "l.interest", "member_receivable": "-l.netted"}


def post_payout(*, actor, run_id: int, on: date, progress: Callable[[int, int | None], None] | None = None) -> Entry:
    """Post a released run on the day ``on`` and return its entry; posted already, return that.

    Refused: a run that is not released, one whose lines no longer give its hash or are no longer owed.
    """
    rules.require(actor, "ledger.post_payout")
    run = PayoutRun.objects.select_related("coop", "entry").get(coop=actor.coop, pk=run_id)
    if run.entry is not None:
        return run.entry
    if run.state != State.RELEASED:
        raise Refused("not_released", _("Pay-out %(number)s is not released.") % {"number": run.number})
    if hash_of(run) != run.hash:
        raise Refused("not_what_was_released", _("This is not the pay-out that was released; nothing was posted."))
    refuse_stale(run)
    act = {
        "actor": actor,
        "on": on,
        "kind": "payout",
        "memo": _("Pay-out %(number)s to members") % {"number": run.number},
        "key": run.posting_key,
    }
    total = run.lines.count()
    tell = progress or (lambda done, whole: None)
    if total <= settings.EVERYDAY_MEMBERS:
        return _post_everyday(act, run)
    steps = itertools.count(1)
    return post_in_bulk(
        **act,
        rows=_rows(run),
        says=run.hash,
        progress=lambda done: tell(min(done, total), total * 2),
        stepped=lambda: tell(total + total * next(steps) // (BUILDING + 1), total * 2),
        sealing=lambda entry: _paid(actor, run_id, entry),
    )


def _rows(run: PayoutRun) -> list[Query]:
    """The bank's line, then the members' by what is discharged."""
    found = []
    if run.total:
        found.append(Query("SELECT %s::bigint, %s::bigint", [run.bank_id, -run.total]))
    for purpose, amount in DEBITS.items():
        sql = (
            f"SELECT a.id, {amount} FROM ledger_payoutline l JOIN ledger_account a ON a.coop_id = l.coop_id"  # noqa: S608
            " AND a.membership_id = l.membership_id AND a.purpose = %s AND a.year IS NULL AND a.share_class_id IS NULL"
            f" WHERE l.run_id = %s AND {amount} <> 0"
        )
        found.append(Query(sql, [purpose, run.pk]))
    return found


@transaction.atomic
def _post_everyday(act: dict[str, Any], run: PayoutRun) -> Entry:
    found = []
    with connection.cursor() as cursor:
        for rows in _rows(run):
            cursor.execute(rows.sql, rows.params)
            found += cursor.fetchall()
    accounts = Account.objects.in_bulk([account_id for account_id, _amount in found])
    entry = post_entry(**act, lines=[Line(accounts[account_id], int(amount)) for account_id, amount in found])
    _paid(act["actor"], run.pk, entry)
    return entry


def _paid(actor, run_id: int, entry: Entry) -> None:
    """In the sealing transaction: the run and its entry change together or not at all."""
    run = PayoutRun.objects.select_for_update(no_key=True).get(pk=run_id)
    if run.state != State.RELEASED:
        raise Refused("not_released", _("Pay-out %(number)s is not released.") % {"number": run.number})
    run.state, run.entry, run.paid_at = State.PAID, entry, clock.now()
    run.save(update_fields=["state", "entry", "paid_at"])
    audit.record(
        actor=actor,
        kind="ledger.payout_posted",
        subject=f"payout-run:{run.pk}",
        number=run.number,
        total=str(run.total),
        entry=entry.pk,
    )
