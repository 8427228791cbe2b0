"""What is open on members' accounts of debts: dues, the fee of a debit that came back, whatever was charged there.

The journal alone says it. A claim is a line that was charged; a reversed one, and the line that took it back, are none.
What is not owed any more of them was paid or set off, and pays the oldest first; what was waived of a debt comes off
its own. What was waived after it was paid is the member's credit: should that payment be taken back, the debt is whole.
"""

from __future__ import annotations

from collections import defaultdict

from django.db import connection

from ledger import instalments
from ledger.models import DuesCharge

_CLAIMS = """
    WITH held AS (
        SELECT a.membership_id, sum(p.amount) AS balance
          FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id
         WHERE a.coop_id = %(coop)s AND a.purpose = 'member_receivable' AND a.currency = %(currency)s
           AND {whose} GROUP BY 1 HAVING sum(p.amount) > 0
    )
    SELECT h.membership_id, h.balance, coalesce(c.due_on, p.posted_on) AS due_on, p.entry_id, c.id,
           p.amount + coalesce((
               SELECT sum(q.amount) FROM ledger_dueswaiver w
                 JOIN ledger_posting q ON q.batch = 0 AND q.entry_id = w.entry_id AND q.account_id = a.id
                WHERE w.charge_id = c.id), 0) AS amount
      FROM held h JOIN ledger_account a ON a.membership_id = h.membership_id AND a.purpose = 'member_receivable'
       AND a.currency = %(currency)s
      JOIN ledger_posting p ON p.account_id = a.id AND p.amount > 0
      JOIN ledger_entry e ON e.id = p.entry_id AND e.reverses_id IS NULL
      LEFT JOIN ledger_duescharge c ON c.entry_id = e.id
     WHERE NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses_id = e.id)
     ORDER BY 1, 3, 4, p.n
"""


def open_claims(coop, membership=None) -> dict[int, tuple[instalments.Part, ...]]:
    """What is still to pay on members' accounts of debts, by membership id, the oldest first; of one or of all.

    One query.
    """
    whose = "a.membership_id = %(whose)s" if membership else "a.membership_id IS NOT NULL"
    said = {"coop": coop.pk, "currency": coop.currency, "whose": membership.pk if membership else None}
    balances: dict[int, int] = {}
    parts: dict[int, list[instalments.Part]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS.format(whose=whose), said)
        for member, balance, due_on, entry, charge, amount in cursor.fetchall():
            balances[member] = int(balance)
            parts[member].append(instalments.Part(due_on, int(amount), entry=entry, charge=charge))
    found = {}
    for member, claims in parts.items():
        paid = sum(part.amount for part in claims) - balances[member]
        found[member] = tuple(instalments.still_open(claims, paid))
    return found


def charges_of(parts) -> dict[int, DuesCharge]:
    """The dues among open claims, by id, with what their sentence needs."""
    wanted = [part.charge for part in parts if part.charge]
    if not wanted:
        return {}
    return DuesCharge.objects.select_related("rule__member_class", "relief", "membership").in_bulk(wanted)
