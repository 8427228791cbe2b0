"""Business that belongs to others than the number it was rung up under: a company's shared among its persons."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, rules
from coop.kernel.errors import Refused
from ledger.models import PatronageRecord
from ledger.selectors import patronage as selectors
from ledger.services.patronage_rows import changed, figures_may_change, named_pool, open_year


@transaction.atomic
def reassign(*, actor, membership, year: int, pool: str, to: Mapping[int, int], because: str) -> list[PatronageRecord]:
    """Move business in a pool from one member to others: ``to`` says how much by member number, in smallest parts.

    One row takes the sum off, one a receiver adds to theirs: the pool's total stays. Refused: no reason, nobody or
    nothing to move, more than the member has, an unknown member or the same one, a year whose plan is on its way.
    """
    rules.require(actor, "ledger.keep_books")
    pool, because = named_pool(pool), " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why the business belongs to others."), "because")
    if not to or any(quantity <= 0 for quantity in to.values()):
        raise Refused("nothing", _("Say to whom, and how much: each more than nothing."), "to")
    found = open_year(coop=actor.coop, year=year)
    figures_may_change(found)
    unit = next((known.unit for known in selectors.pools(found) if known.pool == pool), None)
    if unit is None:
        raise Refused("no_pool", _("%(year)s has no pool “%(pool)s”.") % {"year": year, "pool": pool}, "pool")
    has, moved = selectors.sums_of_member(found, membership.pk).get((pool, unit), 0), sum(to.values())
    if moved > has:
        raise Refused("too_much", _("That is more than this member has in “%(pool)s”.") % {"pool": pool}, "to")
    ids = selectors.member_ids(actor.coop, to)
    missing = sorted(set(to) - set(ids))
    if missing or membership.number in to:
        wrong = missing[0] if missing else membership.number
        raise Refused("no_member", _("Member %(number)s is nobody to move it to.") % {"number": wrong}, "to")
    parts = [(membership.pk, -moved), *((ids[number], quantity) for number, quantity in sorted(to.items()))]
    rows = [
        PatronageRecord(
            coop=actor.coop,
            year=found,
            membership_id=pk,
            pool=pool,
            unit=unit,
            quantity=quantity,
            because=because,
            recorded_by=actor.user,
        )
        for pk, quantity in parts
    ]
    made = PatronageRecord.objects.bulk_create(rows)
    changed(found)
    audit.record(
        actor=actor,
        kind="ledger.patronage_reassigned",
        subject=f"membership:{membership.pk}",
        year=year,
        pool=pool,
        to={str(number): quantity for number, quantity in sorted(to.items())},
        because=because,
    )
    return made
