"""What members have been owed for long, and the lists it went on."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from ledger.models import PayoutDetails, Posting, UnclaimedLine, UnclaimedList
from members.models import ChangeRequest, PartyAddress

# Payments take the oldest first, so what is left of the old credits is the balance less the newer ones. A payment that
# came back is no newer claim: the member has not been heard of.
DORMANT = """
    WITH sums AS MATERIALIZED (
        SELECT a.membership_id, a.purpose, -sum(p.amount) AS balance,
               -coalesce(sum(p.amount) FILTER (WHERE p.amount < 0 AND p.posted_on > %(older_than)s
                    AND e.kind <> 'payout_returned'), 0) AS newer,
               max(p.posted_on) FILTER (WHERE p.amount < 0 AND p.posted_on <= %(older_than)s) AS since
          FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
          JOIN ledger_entry e ON e.id = p.entry_id
         WHERE p.coop_id = %(coop)s AND a.coop_id = %(coop)s AND a.membership_id IS NOT NULL
           AND a.purpose IN ('patronage_payable', 'share_interest_payable') AND a.currency = %(currency)s
         GROUP BY 1, 2
    )
    SELECT m.id, m.number,
           coalesce(sum(greatest(s.balance - s.newer, 0)) FILTER (WHERE s.purpose = 'patronage_payable'), 0)::bigint,
           coalesce(sum(greatest(s.balance - s.newer, 0)) FILTER (WHERE s.purpose = 'share_interest_payable'),
                    0)::bigint,
           max(s.since) FILTER (WHERE s.balance > s.newer)
      FROM sums s JOIN members_membership m ON m.id = s.membership_id
     WHERE s.since IS NOT NULL AND s.balance > s.newer
     GROUP BY m.id, m.number ORDER BY m.number
"""


class Dormant(NamedTuple):
    """One member and what has been owed to them since before the day asked for."""

    membership_id: int
    number: int
    refund: int
    interest: int
    since: date

    @property
    def total(self) -> int:
        return self.refund + self.interest


def dormant(coop, older_than: date) -> list[Dormant]:
    """Everybody owed something since ``older_than`` or longer, by number; one query."""
    with connection.cursor() as cursor:
        cursor.execute(DORMANT, {"coop": coop.pk, "currency": coop.currency, "older_than": older_than})
        return [Dormant(*row) for row in cursor.fetchall()]


def lists(coop) -> QuerySet[UnclaimedList]:
    """Every list of the co-op, the latest first."""
    return UnclaimedList.objects.filter(coop=coop).select_related("goes_to", "drawn_by", "booked_by", "entry")


def lines(unclaimed: UnclaimedList) -> QuerySet[UnclaimedLine]:
    """The lines by number, each with ``answered`` and ``booked``.

    Answered has who named an account since the letters, or asked for another one, whatever became of that: they have
    been heard of.
    """
    found = unclaimed.lines.select_related("membership__party", "returned").order_by("number")
    named, asked = PayoutDetails.objects.none(), ChangeRequest.objects.none()
    if unclaimed.letters_on is not None:
        since = unclaimed.letters_on
        named = PayoutDetails.objects.filter(membership=OuterRef("membership"), recorded_at__date__gte=since)
        of_them = ChangeRequest.objects.filter(party=OuterRef("membership__party"), kind=ChangeRequest.Kind.BANK)
        asked = of_them.filter(asked_at__date__gte=since)
    posted = Posting.objects.filter(
        coop_id=unclaimed.coop_id, entry_id=unclaimed.entry_id or 0, account__membership=OuterRef("membership")
    )
    return found.annotate(answered=Exists(named) | Exists(asked), booked=Exists(posted))


def was_booked(unclaimed: UnclaimedList, line: UnclaimedLine) -> bool:
    """Whether the list's entry took this member's money."""
    if unclaimed.entry_id is None:
        return False
    return Posting.objects.filter(
        coop_id=unclaimed.coop_id, entry_id=unclaimed.entry_id, account__membership_id=line.membership_id
    ).exists()


def addresses(rows: list[UnclaimedLine], on: date) -> dict[int, PartyAddress]:
    """Where the members of these lines live, by party."""
    parties = [row.membership.party_id for row in rows]
    found = PartyAddress.objects.filter(party__in=parties, valid_from__lte=on).order_by("party", "-valid_from", "-id")
    return {row.party_id: row for row in found.distinct("party")}
