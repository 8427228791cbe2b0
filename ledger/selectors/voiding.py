"""What stands in the way of voiding a posted plan: money that has moved on since."""

from __future__ import annotations

from django.db import connection

from ledger.models import PayoutRun, SurplusPlan

# A debt that was set off is no money that could have moved on; what waits, is kept or is owed may have.
MOVED_ON = """
    WITH given AS MATERIALIZED (
        SELECT a.id, a.membership_id, -sum(p.amount) AS amount
          FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
         WHERE p.batch = %(batch)s AND p.entry_id = %(entry)s AND p.coop_id = %(coop)s AND a.membership_id IS NOT NULL
           AND a.purpose <> 'member_receivable'
         GROUP BY a.id HAVING sum(p.amount) < 0
    )
    SELECT DISTINCT m.number FROM given g JOIN members_membership m ON m.id = g.membership_id
     WHERE -(SELECT coalesce(sum(p.amount), 0) FROM ledger_posting p
              WHERE p.account_id = g.id AND p.coop_id = %(coop)s) < g.amount
     ORDER BY 1 LIMIT 10
"""


def moved_on(plan: SurplusPlan) -> list[int]:
    """Numbers of members (the first ten) on whose accounts less stands than the plan put there: it was paid out, paid
    back or used since. Voiding would make them owe the co-op. One query."""
    if plan.entry is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(MOVED_ON, {"batch": plan.entry.batch, "entry": plan.entry_id, "coop": plan.coop_id})
        return [number for (number,) in cursor.fetchall()]


def payout_under_way(coop) -> PayoutRun | None:
    """The run that is drawn up or released and not yet in the books."""
    return PayoutRun.objects.filter(coop=coop, state__in=(PayoutRun.State.DRAFT, PayoutRun.State.RELEASED)).first()


def paid_since(coop, moment) -> bool:
    """Whether a pay-out went into the books after a moment."""
    return PayoutRun.objects.filter(coop=coop, paid_at__gte=moment).exists()
