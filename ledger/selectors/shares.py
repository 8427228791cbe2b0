"""Who holds what: the register of shares as at a day and as known at a moment, and whether the books agree with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Sum

from coop.kernel import clock
from ledger.models import ShareClass, ShareEvent


@dataclass(frozen=True, slots=True)
class Holding:
    """A member's shares: how many are subscribed, what that comes to, and what of it is paid. Minor units."""

    shares: int
    subscribed: int
    paid_up: int

    @property
    def owing(self) -> int:
        return self.subscribed - self.paid_up


NOTHING = Holding(0, 0, 0)

_HELD = """
    SELECT e.membership_id, {by} sum(e.shares) AS shares, sum(e.shares * c.par) AS subscribed, sum(e.paid) AS paid
      FROM ledger_shareevent e JOIN ledger_shareclass c ON c.id = e.share_class_id
     WHERE e.coop_id = %(coop)s AND e.effective_on <= %(on)s AND e.recorded_at <= %(known)s
     GROUP BY e.membership_id {group}
"""
_TOTALS = _HELD.format(by="", group="")
_BY_CLASS = _HELD.format(by="e.share_class_id,", group=", e.share_class_id")


def _as_at(coop, on: date | None, as_known_at: datetime | None) -> dict:
    return {"coop": coop.pk, "on": on or clock.today(coop), "known": as_known_at or clock.now()}


def holdings(coop, on: date | None = None, as_known_at: datetime | None = None) -> dict[int, Holding]:
    """Every holding on that day (today), as it was known then (now), by membership id. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, _as_at(coop, on, as_known_at))
        return {row[0]: Holding(int(row[1]), int(row[2]), int(row[3])) for row in cursor}


def holding_of(membership, on: date | None = None, share_class: ShareClass | None = None) -> Holding:
    """One member's holding, of one class of shares or of all."""
    events = ShareEvent.objects.filter(membership=membership)
    if on is not None:
        events = events.filter(effective_on__lte=on)
    if share_class is not None:
        events = events.filter(share_class=share_class)
    rows = events.values("share_class__par").annotate(shares=Sum("shares"), paid=Sum("paid")).order_by()
    found = [(row["shares"], row["shares"] * row["share_class__par"], row["paid"]) for row in rows]
    return Holding(*map(sum, zip(*found, strict=True))) if found else NOTHING


def paid_up(coop, on: date | None = None, as_known_at: datetime | None = None) -> int:
    """All paid-up share capital on that day, in minor units, by the register of shares."""
    return sum(each.paid_up for each in holdings(coop, on, as_known_at).values())


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One member's holding in one class of shares."""

    membership_id: int
    number: int
    name: str
    state: str
    class_id: int
    class_name: str
    shares: int
    subscribed: int
    paid_up: int

    @property
    def owing(self) -> int:
        return self.subscribed - self.paid_up


def share_register(
    coop, on: date | None = None, as_known_at: datetime | None = None, *, search: str = ""
) -> list[RegisterLine]:
    """The register of shares by member number: a line for each member and class with anything in it. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH held AS ({_BY_CLASS})
            SELECT m.id, m.number, p.name, m.state, c.id, c.name, h.shares, h.subscribed, h.paid
              FROM held h JOIN members_membership m ON m.id = h.membership_id
              JOIN members_party p ON p.id = m.party_id JOIN ledger_shareclass c ON c.id = h.share_class_id
             WHERE (h.shares <> 0 OR h.paid <> 0)
               AND (%(search)s = '' OR p.name ILIKE %(like)s OR m.number::text = %(search)s)
             ORDER BY m.number, c.id
            """,  # noqa: S608 - no outside text
            {**_as_at(coop, on, as_known_at), "search": search, "like": f"%{search}%"},
        )
        return [RegisterLine(*row[:6], *map(int, row[6:])) for row in cursor]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Paid-up capital by the register of shares beside the capital account in the books. Minor units."""

    register: int
    account: int

    @property
    def difference(self) -> int:
        return self.account - self.register

    @property
    def agrees(self) -> bool:
        return self.difference == 0


def reconciliation(coop, on: date | None = None) -> Reconciliation:
    """Does the register agree with the capital account on that day? Both are summed afresh, from different tables."""
    on = on or clock.today(coop)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT sum(paid) FROM ledger_shareevent WHERE coop_id = %s AND effective_on <= %s), 0),"
            " coalesce((SELECT -sum(p.amount) FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id"
            "  WHERE a.coop_id = %s AND a.purpose = 'share_capital' AND p.posted_on <= %s), 0)",
            [coop.pk, on, coop.pk, on],
        )
        register, account = cursor.fetchone()
    return Reconciliation(int(register), int(account))


def events_of(membership) -> list[ShareEvent]:
    """Everything that happened to a member's holding, in order."""
    return list(
        ShareEvent.objects.filter(membership=membership)
        .select_related("share_class", "entry", "actor", "reversed_by")
        .order_by("effective_on", "id")
    )
