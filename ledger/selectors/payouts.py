"""What members are owed, where it can go, and the runs it went in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import connection
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Concat, Right

from ledger.models import BankAccount, PayingAccount, PayoutDetails, PayoutLine, PayoutReturn, PayoutRun, Way
from members.models import Membership

BALANCES = """
    SELECT a.membership_id,
           -coalesce(sum(p.amount) FILTER (WHERE a.purpose = 'patronage_payable' AND a.currency = %(currency)s), 0)
               AS refund,
           -coalesce(sum(p.amount) FILTER (WHERE a.purpose = 'share_interest_payable'
                AND a.currency = %(currency)s), 0) AS interest,
           coalesce(sum(p.amount) FILTER (WHERE a.purpose = 'member_receivable' AND a.currency = %(currency)s), 0)
               AS debt,
           -coalesce(sum(p.amount) FILTER (WHERE a.purpose <> 'member_receivable'
                AND a.currency <> %(currency)s), 0) AS elsewhere
      FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
     WHERE p.coop_id = %(coop)s AND a.coop_id = %(coop)s AND a.membership_id IS NOT NULL
       AND a.purpose IN ('patronage_payable', 'share_interest_payable', 'member_receivable')
     GROUP BY a.membership_id
"""
OWED = f"""
    WITH balances AS MATERIALIZED ({BALANCES})
    SELECT m.id, m.number, t.name, t.died_on IS NOT NULL OR m.ending = 'died', t.erased_at IS NOT NULL,
           greatest(b.refund, 0)::bigint, greatest(b.interest, 0)::bigint, greatest(b.debt, 0)::bigint,
           greatest(b.elsewhere, 0)::bigint,
           coalesce(d.way, ''), coalesce(d.holder, ''), coalesce(d.iban, ''), coalesce(d.bic, ''),
           coalesce(d.routing, ''), coalesce(d.account, ''), coalesce(d.savings, false),
           coalesce(s.street, ''), coalesce(s.postcode, ''), coalesce(s.place, ''), coalesce(s.country, ''),
           EXISTS (SELECT FROM ledger_payoutreturn r JOIN ledger_payoutline l ON l.id = r.line_id
                    WHERE l.membership_id = m.id AND (d.recorded_at IS NULL OR r.recorded_at > d.recorded_at))
      FROM balances b JOIN members_membership m ON m.id = b.membership_id JOIN members_party t ON t.id = m.party_id
      LEFT JOIN LATERAL (SELECT * FROM ledger_payoutdetails d WHERE d.membership_id = m.id
                          ORDER BY d.id DESC LIMIT 1) d ON true
      LEFT JOIN LATERAL (SELECT * FROM members_partyaddress s WHERE s.party_id = t.id AND s.valid_from <= %(on)s
                          ORDER BY s.valid_from DESC, s.id DESC LIMIT 1) s ON true
     WHERE b.refund > 0 OR b.interest > 0 OR b.elsewhere > 0
     ORDER BY m.number
"""  # noqa: S608 - our own text


class Owed(NamedTuple):
    """One member the co-op owes something: minor units of its currency, and where the money could go."""

    membership_id: int
    number: int
    name: str
    died: bool
    erased: bool
    refund: int
    interest: int
    debt: int
    elsewhere: int
    way: str
    holder: str
    iban: str
    bic: str
    routing: str
    account: str
    savings: bool
    street: str
    postcode: str
    place: str
    country: str
    came_back: bool

    @property
    def total(self) -> int:
        return self.refund + self.interest


def owed(coop, on: date) -> list[Owed]:
    """Everybody who is owed refunds or interest today, by member number; one query. Addresses as on the day ``on``."""
    with connection.cursor() as cursor:
        cursor.execute(OWED, {"coop": coop.pk, "currency": coop.currency, "on": on})
        return [Owed(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Standing:
    """What waits for a pay-out: how many members, how much, and how many of them could not be reached."""

    members: int
    total: int
    without_details: int


def standing(coop) -> Standing:
    """The figures above the list of runs; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*), coalesce(sum(greatest(b.refund, 0) + greatest(b.interest, 0)), 0)::bigint,
                   count(*) FILTER (WHERE NOT EXISTS (SELECT FROM ledger_payoutdetails d
                                                       WHERE d.membership_id = b.membership_id))
              FROM ({BALANCES}) b WHERE b.refund > 0 OR b.interest > 0
            """,  # noqa: S608 - our own text
            {"coop": coop.pk, "currency": coop.currency},
        )
        return Standing(*cursor.fetchone())


def no_longer_owed(run: PayoutRun) -> list[int]:
    """Numbers of members (the first ten) to whom the run would pay or set off more than stands in the books now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH balances AS MATERIALIZED ({BALANCES})
            SELECT l.number FROM ledger_payoutline l LEFT JOIN balances b ON b.membership_id = l.membership_id
             WHERE l.run_id = %(run)s AND (l.refund > coalesce(b.refund, 0) OR l.interest > coalesce(b.interest, 0)
                   OR l.netted > greatest(coalesce(b.debt, 0), 0))
             ORDER BY l.number LIMIT 10
            """,  # noqa: S608 - our own text
            {"coop": run.coop_id, "currency": run.coop.currency, "run": run.pk},
        )
        return [number for (number,) in cursor.fetchall()]


def runs(coop) -> QuerySet[PayoutRun]:
    """Every run with its people, the newest first."""
    people = ("prepared_by", "released_by", "cancelled_by", "entry")
    return PayoutRun.objects.filter(coop=coop).select_related(*people)


def under_way(coop) -> PayoutRun | None:
    """The run that waits for release or is being posted; there is one at most."""
    open_states = (PayoutRun.State.DRAFT, PayoutRun.State.RELEASED)
    return PayoutRun.objects.filter(coop=coop, state__in=open_states).first()


def lines(run: PayoutRun, words: str = "") -> QuerySet[PayoutLine]:
    """The run's lines with names by number, those searched for by number or name.

    ``ends``: the last places of the account the money went to, as long as that account is known; erased with it.
    """
    known = PayoutDetails.objects.filter(
        membership=OuterRef("membership"), recorded_at__lte=OuterRef("run__prepared_at")
    ).order_by("-id")
    last = Subquery(known.annotate(last=Right(Concat("iban", "account"), 4)).values("last")[:1])
    ends = Case(When(Q(amount__gt=0) & ~Q(run__way=Way.CHEQUE), then=Coalesce(last, Value(""))), default=Value(""))
    found = run.lines.select_related("membership__party", "returned", "run").annotate(ends=ends).order_by("number")
    if words.isdecimal() and len(words) < 19:
        return found.filter(number=int(words[:18]))
    return found.filter(Q(membership__party__name__icontains=words)) if words else found


def held_by_reason(run: PayoutRun) -> list[tuple[str, int, int]]:
    """Why money waits: reason in words, members, sum."""
    rows = run.lines.exclude(held="").values_list("held").annotate(Count("id"), Sum("waiting")).order_by("held")
    said = dict(PayoutLine.Held.choices)
    return [(str(said[held]), count, total) for held, count, total in rows]


def details_of(membership) -> PayoutDetails | None:
    """Where a member's money goes: the newest row."""
    return PayoutDetails.objects.filter(membership=membership).order_by("-id").first()


class Known(NamedTuple):
    """Where the money of one membership goes, and whether a payment came back from there since."""

    membership: Membership
    details: PayoutDetails | None
    came_back: bool


def known_of(party) -> list[Known]:
    """Where a party's money goes, by membership; two queries."""
    back = PayoutReturn.objects.filter(line__membership=OuterRef("membership"), recorded_at__gt=OuterRef("recorded_at"))
    rows = PayoutDetails.objects.filter(membership__party=party).order_by("membership_id", "-id")
    newest = {row.membership_id: row for row in rows.distinct("membership_id").annotate(came_back=Exists(back))}
    found = [(each, newest.get(each.pk)) for each in party.memberships.order_by("number")]
    return [Known(each, row, bool(row and row.came_back)) for each, row in found]


def renamed_since(run: PayoutRun) -> list[int]:
    """Numbers of members (the first ten) whom the run pays and whose money goes elsewhere since it was drawn up."""
    newer = PayoutDetails.objects.filter(membership=OuterRef("membership"), recorded_at__gt=run.prepared_at)
    found = run.lines.filter(Exists(newer), amount__gt=0).order_by("number")
    return list(found.values_list("number", flat=True)[:10])


def on_its_way(party) -> PayoutRun | None:
    """The run under way that pays this party, or None."""
    open_states = (PayoutRun.State.DRAFT, PayoutRun.State.RELEASED)
    paid = PayoutLine.objects.filter(run=OuterRef("pk"), membership__party=party, amount__gt=0)
    return PayoutRun.objects.filter(Exists(paid), coop_id=party.coop_id, state__in=open_states).first()


def paying_account(coop, way: str) -> PayingAccount | None:
    """The account the co-op pays from in this way: the newest row; for SEPA else the one members pay into."""
    named = PayingAccount.objects.filter(coop=coop, way=way).order_by("-id").first()
    if named is None and way == Way.SEPA:
        ours = BankAccount.objects.filter(coop=coop, is_default=True, is_iban=True, currency="EUR").first()
        if ours is not None:
            return PayingAccount(coop=coop, way=way, holder=ours.holder, iban=ours.number, bic=ours.bic)
    return named
