"""Refunds kept in members' names: what stands there by year, and the plans that pay it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from ledger.models import EquityLine, EquityPlan

HELD = """
    SELECT coalesce(a.year, 0), m.number, m.id, -sum(p.amount)::bigint
      FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
      JOIN members_membership m ON m.id = a.membership_id JOIN members_party t ON t.id = m.party_id
     WHERE p.coop_id = %(coop)s AND a.coop_id = %(coop)s AND a.purpose = 'retained_equity'
       AND a.currency = %(currency)s
       AND CASE %(who)s WHEN 'estates' THEN t.died_on IS NOT NULL OR m.ending = 'died'
                        WHEN 'age' THEN t.born_on <= %(born_by)s ELSE true END
     GROUP BY 1, 2, 3 HAVING sum(p.amount) < 0 ORDER BY 1, 2
"""


def held(coop, who: str = "all", born_by: date | None = None) -> tuple[dict[tuple[int, int], int], dict[int, int]]:
    """What is kept by (year, member number), and the membership of each number; one query.

    ``who``: ``all``, ``estates`` (members who have died), or ``age`` (born on ``born_by`` or earlier).
    """
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"coop": coop.pk, "currency": coop.currency, "who": who, "born_by": born_by})
        rows = cursor.fetchall()
    return {(year, number): amount for year, number, _pk, amount in rows}, {row[1]: row[2] for row in rows}


def layers(held_by: Mapping[tuple[int, int], int]) -> list[tuple[int, int, int]]:
    """(year, members, amount) of what is kept, the oldest first."""
    found: dict[int, list[int]] = {}
    for (year, _number), amount in held_by.items():
        found.setdefault(year, []).append(amount)
    return [(year, len(amounts), sum(amounts)) for year, amounts in sorted(found.items())]


def plans(coop) -> QuerySet[EquityPlan]:
    """Every payback, the latest first."""
    return EquityPlan.objects.filter(coop=coop).select_related("proposed_by", "approved_by", "entry")


def lines(plan: EquityPlan) -> QuerySet[EquityLine]:
    """A plan's lines with the members' names, by number and year."""
    return plan.lines.select_related("membership__party").order_by("number", "year")


def by_year(plan: EquityPlan) -> list[dict[str, Any]]:
    """What the plan pays of each year: year, members, held, amount."""
    rows = plan.lines.order_by("year").values("year")
    return [dict(row) for row in rows.annotate(members=Count("id"), held=Sum("held"), amount=Sum("amount"))]


def no_longer_held(plan: EquityPlan) -> list[int]:
    """Numbers of members (the first ten) of whose kept refunds less is there than the plan pays back."""
    there, _ids = held(plan.coop)
    short = {line.number for line in plan.lines.all() if there.get((line.year, line.number), 0) < line.amount}
    return sorted(short)[:10]
