"""Balances: a sum over the journal, from the last closed period's checkpoint on. Nothing is cached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from coop.kernel import clock
from ledger.models import Account
from ledger.reports import AccountBalance

# The checkpoint of the last closed period that ended by the day asked for: its event, and its last day.
_CHECKPOINT = """
    SELECT e.id AS event_id, p.ends FROM ledger_period p
      JOIN LATERAL (SELECT id FROM ledger_periodevent WHERE period_id = p.id ORDER BY id DESC LIMIT 1) e ON true
     WHERE p.coop_id = %(coop)s AND p.closed_at IS NOT NULL AND p.ends <= %(on)s ORDER BY p.ends DESC LIMIT 1
"""
_BALANCES = f"""
    WITH point AS ({_CHECKPOINT})
    SELECT account_id, sum(amount) FROM (
        SELECT account_id, balance AS amount FROM ledger_checkpoint WHERE event_id = (SELECT event_id FROM point)
        UNION ALL
        SELECT account_id, amount FROM ledger_posting WHERE coop_id = %(coop)s AND posted_on <= %(on)s
           AND posted_on > coalesce((SELECT ends FROM point), '-infinity')
    ) x GROUP BY account_id HAVING sum(amount) <> 0
"""  # noqa: S608 - no outside text


def balances(coop, on: date | None = None) -> dict[int, int]:
    """The balance of every account with one, at the end of that day (today): account id → signed minor units."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, {"coop": coop.pk, "on": on or clock.today(coop)})
        return {account_id: int(amount) for account_id, amount in cursor}


def balance(account: Account, on: date | None = None) -> int:
    """One account's balance with its members' accounts under it, at the end of that day; debit positive."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH point AS ({_CHECKPOINT}), part AS (SELECT id FROM ledger_account WHERE %(id)s IN (id, parent_id))
            SELECT coalesce((SELECT sum(balance) FROM ledger_checkpoint
                              WHERE event_id = (SELECT event_id FROM point)
                                AND account_id IN (SELECT id FROM part)), 0)
                 + coalesce((SELECT sum(amount) FROM ledger_posting
                              WHERE account_id IN (SELECT id FROM part) AND posted_on <= %(on)s
                                AND posted_on > coalesce((SELECT ends FROM point), '-infinity')), 0)
            """,  # noqa: S608 - no outside text
            {"coop": account.coop_id, "on": on or clock.today(account.coop), "id": account.pk},
        )
        return int(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A general account with its balance, its members' accounts included, and how many of those there are."""

    id: int
    code: str
    name: str
    kind: str
    currency: str
    purpose: str
    is_open: bool
    amount: int
    members: int

    @property
    def shown(self) -> int:
        """As a person reads it: capital, debts and income positive where they are credits."""
        return -self.amount if self.kind in ("liability", "equity", "income") else self.amount


def chart(coop, on: date | None = None) -> list[ChartLine]:
    """The chart of accounts with balances on that day (today), by code. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH held AS ({_BALANCES}),
            part AS (SELECT coalesce(a.parent_id, a.id) AS id, sum(h.sum) AS amount, count(a.membership_id) AS members
                       FROM ledger_account a LEFT JOIN held h ON h.account_id = a.id WHERE a.coop_id = %(coop)s
                      GROUP BY 1)
            SELECT a.id, a.code, a.name, a.kind, a.currency, a.purpose, a.is_open, coalesce(p.amount, 0), p.members
              FROM ledger_account a JOIN part p ON p.id = a.id ORDER BY a.code
            """,  # noqa: S608 - no outside text
            {"coop": coop.pk, "on": on or clock.today(coop)},
        )
        rows: list[Any] = cursor.fetchall()
    return [
        ChartLine(pk, code, name, kind, currency, purpose, is_open, int(amount), members)
        for pk, code, name, kind, currency, purpose, is_open, amount, members in rows
    ]


def account_balances(coop, on: date | None = None, *, since: date | None = None) -> list[AccountBalance]:
    """Rows for ``ledger.reports``: every general account with its balance on that day, or its movement from ``since``.

    With ``since`` it is what was posted from that day to ``on``, both included, leaving out entries that close a
    period: what income and expense did in the year is there after the closing has set them to nought.
    """
    if since is None:
        return [AccountBalance(r.code, r.name, r.kind, r.currency, r.amount) for r in chart(coop, on)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT g.code, g.name, g.kind, g.currency, coalesce(sum(x.amount), 0) FROM ledger_account g
              LEFT JOIN (SELECT coalesce(a.parent_id, a.id) AS id, p.amount
                      FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                      JOIN ledger_entry e ON e.id = p.entry_id
                      LEFT JOIN ledger_entry o ON o.id = e.reverses_id
                     WHERE p.coop_id = %(coop)s AND p.posted_on BETWEEN %(since)s AND %(on)s
                       AND 'closing' NOT IN (e.kind, coalesce(o.kind, ''))) x
                ON x.id = g.id
             WHERE g.coop_id = %(coop)s AND g.membership_id IS NULL
             GROUP BY g.id ORDER BY g.code
            """,
            {"coop": coop.pk, "on": on or clock.today(coop), "since": since},
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [AccountBalance(code, name, kind, currency, int(amount)) for code, name, kind, currency, amount in rows]


def by_month(coop, purpose: str, ends: list[date]) -> list[int]:
    """The balance of a purpose's accounts at the end of each of these days, in one pass over its lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(p.amount) FILTER (WHERE p.posted_on <= d.day), 0)
              FROM unnest(%s::date[]) d (day)
              LEFT JOIN (SELECT p.posted_on, p.amount FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                          WHERE a.coop_id = %s AND a.purpose = %s) p ON true
             GROUP BY d.day ORDER BY d.day
            """,
            [ends, coop.pk, purpose],
        )
        return [int(amount) for (amount,) in cursor]
