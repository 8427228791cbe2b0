"""Entries by hand: what no other act of the platform posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from ledger.models import Entry
from ledger.services.accounts import OF_MEMBERS
from ledger.services.posting import Line, post_entry

MANUAL = "manual"


@transaction.atomic
def post_manual_entry(*, actor, on: date, memo: str, lines: Sequence[Line], key: str) -> Entry:
    """Post what the treasurer wrote by hand. Refuses members' money, which moves by its own acts, and days to come."""
    rules.require(actor, "ledger.keep_books")
    memo = " ".join(memo.split())
    if not memo:
        raise Refused("memo", _("Say what the entry is for."), "memo")
    if on > clock.today(actor.coop):
        raise Refused("future", _("%(day)s is still to come.") % {"day": date_format(on)}, "on")
    for line in lines:
        if line.account.purpose in OF_MEMBERS:
            raise Refused(
                "members_money",
                _("“%(account)s” holds members’ money, which moves by payments, transfers and distributions only.")
                % {"account": line.account},
                "lines",
            )
    entry = post_entry(actor=actor, on=on, kind=MANUAL, memo=memo, lines=lines, key=key)
    audit.record(actor=actor, kind="ledger.entry_posted", subject=f"entry:{entry.pk}", key=key, memo=memo)
    return entry
