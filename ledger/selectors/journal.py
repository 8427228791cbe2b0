"""Reading the journal: entries, one entry, and an account's statement with its running balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from ledger.models import Account, Entry, Period, Posting

LINES_SHOWN = 200


def entries(coop, *, q: str = "", kind: str = "", since: date | None = None, until: date | None = None) -> QuerySet:
    """The journal, newest first, each entry with what it moved (``moved``: the sum of its debits)."""
    found = Entry.objects.filter(coop=coop).select_related("actor", "reverses", "reversed_by")
    if q:
        number = Q(pk=int(q)) if q.isdecimal() and len(q) < 19 else Q()
        found = found.filter(number | Q(memo__icontains=q))
    if kind:
        found = found.filter(kind=kind)
    if since:
        found = found.filter(posted_on__gte=since)
    if until:
        found = found.filter(posted_on__lte=until)
    return found


def moved(found: list[Entry]) -> dict[int, dict[str, int]]:
    """What each of these entries moved, by currency: the sum of its debits. One query."""
    rows = (
        Posting.objects.filter(entry__in=found, batch__in={entry.batch for entry in found}, amount__gt=0)
        .values_list("entry_id", "account__currency")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    sums: dict[int, dict[str, int]] = {}
    for entry_id, currency, total in rows:
        sums.setdefault(entry_id, {})[currency] = total
    return sums


def lines_of(entry: Entry, *, page: int | str | None = 1):
    """One page of an entry's lines in order, with their accounts."""
    lines = (
        Posting.objects.filter(batch=entry.batch, entry=entry)
        .select_related("account", "account__membership")
        .order_by("n")
    )
    return Paginator(lines, LINES_SHOWN).get_page(page)


def entry_kinds(coop) -> list[str]:
    """The kinds of entry there are, for a filter."""
    return list(Entry.objects.filter(coop=coop).order_by("kind").values_list("kind", flat=True).distinct())


def periods(coop) -> QuerySet:
    """The co-op's periods, newest first."""
    return Period.objects.filter(coop=coop).prefetch_related("events__actor")


def open_until(period: Period) -> QuerySet[Period]:
    """The periods still open up to this one, the oldest first, each with the number of its ``booked`` entries."""
    found = Period.objects.filter(coop=period.coop_id, starts__lte=period.starts, closed_at=None)
    return found.annotate(booked=Count("entries")).order_by("starts")


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line of an account's statement: signed minor units, and the balance after it."""

    entry_id: int
    n: int
    on: date
    kind: str
    memo: str
    code: str
    member: int | None
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """An account's lines between two days, with what it held before and after; its members' accounts included."""

    account: Account
    opening: int
    closing: int
    count: int
    lines: list[StatementLine]


def account_statement(
    account: Account, *, since: date | None = None, until: date | None = None, page: int = 1, size: int = 50
) -> AccountStatement:
    """One page of an account's statement, oldest first. The running balance counts every line before the page."""
    bounds: dict[str, Any] = {
        "id": account.pk,
        "since": since or date.min,
        "until": until or date.max,
        "size": size,
        "skip": (page - 1) * size,
    }
    part = "WITH part AS (SELECT id, code, membership_id FROM ledger_account WHERE %(id)s IN (id, parent_id))"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{part}
            SELECT coalesce(sum(amount) FILTER (WHERE posted_on < %(since)s), 0),
                   coalesce(sum(amount) FILTER (WHERE posted_on <= %(until)s), 0),
                   count(*) FILTER (WHERE posted_on BETWEEN %(since)s AND %(until)s)
              FROM ledger_posting WHERE account_id IN (SELECT id FROM part)""",  # noqa: S608 - no outside text
            bounds,
        )
        opening, closing, count = cursor.fetchone()
        cursor.execute(
            f"""{part}
            SELECT x.entry_id, x.n, x.posted_on, e.kind, coalesce(nullif(x.memo, ''), e.memo), x.code, m.number,
                   x.amount, %(opening)s + x.running
              FROM (SELECT p.entry_id, p.n, p.posted_on, p.memo, p.amount, a.code, a.membership_id,
                           sum(p.amount) OVER (ORDER BY p.posted_on, p.entry_id, p.n) AS running
                      FROM ledger_posting p JOIN part a ON a.id = p.account_id
                     WHERE p.posted_on BETWEEN %(since)s AND %(until)s
                     ORDER BY p.posted_on, p.entry_id, p.n LIMIT %(size)s OFFSET %(skip)s) x
              JOIN ledger_entry e ON e.id = x.entry_id
              LEFT JOIN members_membership m ON m.id = x.membership_id
             ORDER BY x.posted_on, x.entry_id, x.n""",  # noqa: S608 - no outside text
            {**bounds, "opening": int(opening)},
        )
        rows: list[Any] = cursor.fetchall()
    lines = [
        StatementLine(entry, n, on, kind, memo, code, member, int(amount), int(running))
        for entry, n, on, kind, memo, code, member, amount, running in rows
    ]
    return AccountStatement(account, int(opening), int(closing), count, lines)


def member_accounts(membership) -> QuerySet:
    """Every account that belongs to a member, with its balance (signed) as ``held``."""
    return (
        Account.objects.filter(membership=membership)
        .select_related("parent", "share_class")
        .annotate(held=Sum("lines__amount"))
        .order_by("code")
    )


def member_lines(membership, *, purposes: tuple[str, ...] = ()) -> QuerySet:
    """Every line on a member's accounts, newest first: what happened to their money."""
    found = Posting.objects.filter(account__membership=membership).select_related("account", "entry")
    if purposes:
        found = found.filter(account__purpose__in=purposes)
    return found.order_by("-posted_on", "-entry_id", "n")
