"""What members own in the co-op: share capital by class and kept refunds by year, and who holds each part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from ledger.reports import OPENING, EquityRow, MembersEquity, members_equity

IN, OUT = "in", "out"
# The key of a part, as the address says it: class-<id> or year-<year>; year 0 is what names none.
_PART = """
    CASE a.purpose WHEN 'share_capital' THEN 'class-' || coalesce(a.share_class_id, 0)
                   ELSE 'year-' || coalesce(a.year, 0) END
"""
_OF = """
      FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
     WHERE p.coop_id = %(coop)s AND a.coop_id = %(coop)s AND a.currency = %(currency)s
       AND a.purpose IN ('share_capital', 'retained_equity') AND p.posted_on <= %(on)s
"""


def equity_by_part(coop, since: date, on: date) -> MembersEquity:
    """Opening, what came in, what went out and closing of every part, from ``since`` to ``on``; minor units, positive.

    A part's name is its key: ``class-7``, ``year-2024``. Classes come first, then years, the oldest first. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {_PART} AS part, min(a.purpose), coalesce(min(a.share_class_id), 0), coalesce(min(a.year), 0),
                   coalesce(-sum(p.amount) FILTER (WHERE p.posted_on < %(since)s), 0),
                   coalesce(-sum(p.amount) FILTER (WHERE p.posted_on >= %(since)s AND p.amount < 0), 0),
                   coalesce(-sum(p.amount) FILTER (WHERE p.posted_on >= %(since)s AND p.amount > 0), 0)
              {_OF} GROUP BY 1 ORDER BY 2 DESC, 3, 4
            """,  # noqa: S608 - no outside text
            {"coop": coop.pk, "currency": coop.currency, "since": since, "on": on},
        )
        rows: list[Any] = cursor.fetchall()
    return members_equity(
        EquityRow(row[0], kind, int(amount))
        for row in rows
        for kind, amount in zip((OPENING, IN, OUT), row[4:], strict=True)
    )


def part_names(coop) -> dict[str, str]:
    """What a person calls each part: the class of shares, the year of the refunds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'class-' || id, name FROM ledger_shareclass WHERE coop_id = %s", [coop.pk])
        names = dict(cursor.fetchall())
        cursor.execute(
            "SELECT DISTINCT coalesce(year, 0) FROM ledger_account WHERE coop_id = %s AND purpose = 'retained_equity'"
            " AND membership_id IS NOT NULL",
            [coop.pk],
        )
        for (year,) in cursor.fetchall():
            names[f"year-{year}"] = _("Refunds kept, %(year)s") % {"year": year} if year else _("Refunds kept")
    return {"class-0": _("Shares without a class"), "year-0": _("Refunds kept")} | names


@dataclass(frozen=True, slots=True)
class Holder:
    """One member's part: the account it stands on, and what it holds in minor units."""

    account_id: int
    number: int
    name: str
    amount: int


def holders(coop, part: str, on: date) -> list[Holder]:
    """Who holds a part on that day, by member number; what stands on no member's account comes with number 0."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT x.id, coalesce(m.number, 0), coalesce(t.name, x.name), x.held FROM (
                SELECT a.id, a.name, a.membership_id, -sum(p.amount) AS held {_OF} AND {_PART} = %(part)s
                 GROUP BY a.id HAVING sum(p.amount) <> 0) x
              LEFT JOIN members_membership m ON m.id = x.membership_id
              LEFT JOIN members_party t ON t.id = m.party_id ORDER BY 2, 1
            """,  # noqa: S608 - no outside text
            {"coop": coop.pk, "currency": coop.currency, "on": on, "part": part},
        )
        return [Holder(pk, number, name, int(held)) for pk, number, name, held in cursor.fetchall()]
