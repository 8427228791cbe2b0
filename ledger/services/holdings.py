"""What becomes of shares later: released, transferred, given to the co-op, forfeited; in books and register at once.

Shares that leave take with them what is paid up beyond the par value of the shares that stay: unpaid shares go first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from coop.kernel import audit, money, rules
from coop.kernel.errors import Refused
from ledger.models import Account, Entry, Redemption, ShareClass, ShareEvent
from ledger.selectors.dues import Terms
from ledger.selectors.shares import Holding, holding_of
from ledger.services import shares as acts
from ledger.services.accounts import account, member_account
from ledger.services.posting import Line, post_entry, posted_before
from members.models import Membership


def paid_with(holding: Holding, shares: int, par: int) -> int:
    """What is paid up on that many shares when they leave: what exceeds the par value of those that stay."""
    return max(0, holding.paid_up - (holding.shares - shares) * par)


def check_leaving(membership, share_class: ShareClass, shares: int, *, may_end: bool = True) -> Holding:
    """The holding, if that many shares may leave it. A member who stays keeps the minimum of the class."""
    holding = holding_of(membership, share_class=share_class)
    waiting = _waiting(membership, share_class)
    if shares < 1:
        raise Refused("shares", _("At least one share."), "shares")
    if shares > holding.shares - waiting:
        raise Refused(
            "too_many_shares",
            _("Member %(number)s has %(held)s shares that are free.")
            % {"number": membership.number, "held": holding.shares - waiting},
            "shares",
        )
    left = holding.shares - waiting - shares
    terms = Terms(membership.coop).of(membership)
    minimum = terms.minimum_shares if terms and share_class.is_default else 0
    if left < minimum and not (left == 0 and may_end and _is_leaving(membership)):
        raise Refused(
            "below_minimum",
            _("A member keeps at least %(minimum)s shares; %(left)s would be left.")
            % {"minimum": minimum, "left": left},
            "shares",
        )
    return holding


def _waiting(membership, share_class: ShareClass) -> int:
    asked = Redemption.objects.filter(membership=membership, share_class=share_class, state=Redemption.State.ASKED)
    return asked.aggregate(total=Sum("shares"))["total"] or 0


def _is_leaving(membership) -> bool:
    return membership.ends_on is not None or membership.state == Membership.State.ENDED


def check_day(membership, on: date) -> None:
    """A day after the last thing that happened to the holding would be lost between the two is refused."""
    acts.check_not_future(membership.coop, on)
    last = ShareEvent.objects.filter(membership=membership).order_by("-effective_on").first()
    if last is not None and on < last.effective_on:
        raise Refused(
            "before_the_last",
            _("On %(day)s this holding already changed; this is entered from that day on.")
            % {"day": last.effective_on.isoformat()},
            "on",
        )


@transaction.atomic
def release(*, actor, membership, shares: int, on: date, reason: str, share_class: ShareClass | None = None):
    """Let a member off shares that were subscribed and not paid. No money moves."""
    rules.require(actor, "ledger.keep_books", membership)
    share_class = share_class or acts.default_class(membership.coop)
    reason = acts.a_reason(reason)
    acts.take_holding(membership)
    check_day(membership, on)
    holding = check_leaving(membership, share_class, shares)
    if paid_with(holding, shares, share_class.par):
        raise Refused("paid", _("These shares are paid; they are given back, not released."), "shares")
    event = acts.write_event(actor, membership, share_class, "released", on, shares=-shares, reason=reason)
    _record(actor, "ledger.shares_released", membership, shares=shares, reason=reason)
    return event


@transaction.atomic
def transfer(
    *, actor, giver, taker, shares: int, on: date, reason: str, key: str, share_class: ShareClass | None = None
):
    """Move fully paid shares from one member to another: two legs in one entry. Returns the entry.

    Refuses shares that are not fully paid, a giver left below the minimum, a taker above the maximum, and either
    outside their membership. Somebody admitted who now holds the minimum becomes active.
    """
    rules.require(actor, "ledger.keep_books", giver)
    rules.require(actor, "ledger.keep_books", taker)
    share_class = share_class or acts.default_class(giver.coop)
    reason = acts.a_reason(reason)
    if giver.pk == taker.pk:
        raise Refused("same_member", _("A transfer is between two members."), "taker")
    memo = _("Transfer of %(shares)s shares, member %(giver)s to %(taker)s") % {
        "shares": shares,
        "giver": giver.number,
        "taker": taker.number,
    }
    says = f"transfer {giver.pk} {taker.pk} {share_class.pk} {shares} {reason}"
    act = {"actor": actor, "on": on, "kind": "share_transfer", "memo": memo, "key": key, "says": says}
    acts.take_holding(giver, taker)
    posted = posted_before(**act)
    if posted is not None:
        return posted
    check_day(giver, on)
    acts.check_day(taker, on)
    check_day(taker, on)
    holding = check_leaving(giver, share_class, shares)
    paid = paid_with(holding, shares, share_class.par)
    if paid != shares * share_class.par:
        raise Refused(
            "not_paid",
            _("Member %(number)s still owes %(owing)s for shares; they pay that, or are released from it, first.")
            % {"number": giver.number, "owing": money.format_minor(holding.owing, share_class.currency)},
            "shares",
        )
    acts.check_maximum(taker, shares)
    given, taken = (member_account(each, "share_capital", share_class=share_class) for each in (giver, taker))
    entry = post_entry(lines=[Line(given, paid), Line(taken, -paid)], **act)
    out = {"shares": -shares, "paid": -paid, "entry": entry, "reason": reason}
    acts.write_event(actor, giver, share_class, "transferred_out", on, **out)
    acts.write_event(actor, taker, share_class, "transferred_in", on, **{**out, "shares": shares, "paid": paid})
    acts.activate_if_paid(actor, taker, on)
    _record(actor, "ledger.shares_transferred", giver, to=taker.number, shares=shares, entry=entry.pk)
    return entry


@transaction.atomic
def give_to_coop(
    *, actor, membership, shares: int, on: date, reason: str, key: str, forfeited: bool = False, share_class=None
):
    """Shares a member gives to the co-op, or that are forfeited to it by a decision: capital becomes income.

    ``reason`` is the deed or the resolution. What was subscribed and not paid is released with them.
    """
    rules.require(actor, "ledger.keep_books", membership)
    share_class = share_class or acts.default_class(membership.coop)
    reason = acts.a_reason(reason)
    kind = "forfeited" if forfeited else "gifted"
    memo = (_("Forfeited shares, member %(number)s") if forfeited else _("Gift of shares, member %(number)s")) % {
        "number": membership.number
    }
    says = f"{kind} {membership.pk} {share_class.pk} {shares} {reason}"
    act = {"actor": actor, "on": on, "kind": f"share_{kind}", "memo": memo, "key": key, "says": says}
    acts.take_holding(membership)
    posted = posted_before(**act)
    if posted is not None:
        return posted
    check_day(membership, on)
    holding = check_leaving(membership, share_class, shares)
    paid = paid_with(holding, shares, share_class.par)
    if not paid:
        raise Refused("not_paid", _("Nothing is paid on these shares; release them instead."), "shares")
    event = leave(actor, membership, share_class, kind, shares, paid, account(membership.coop, "gifts"), act, reason)
    _record(actor, f"ledger.shares_{kind}", membership, shares=shares, entry=event.entry_id, reason=reason)
    return event.entry


def taken_for_refunds(
    *, actor, share_class: ShareClass, taken: Sequence[tuple[int, int, int]], entry: Entry, reason: str
):
    """Enter shares taken for refunds: (membership id, shares, minor units), each paid in full by ``entry``.

    For the act that posts the entry in the same transaction; it has taken the holdings and asked the by-laws' maximum.
    Two statements for all of them; the database holds the register against the entry.
    """
    same = {"coop_id": actor.coop_id, "share_class": share_class, "effective_on": entry.posted_on}
    same |= {"actor_id": actor.user_id, "reason": reason}
    for kind in ("subscribed", "paid"):
        ShareEvent.objects.bulk_create(
            [
                ShareEvent(
                    membership_id=member,
                    kind=kind,
                    **same,
                    **({"shares": n} if kind == "subscribed" else {"paid": paid, "entry": entry}),
                )
                for member, n, paid in taken
            ],
            batch_size=2000,
        )


def leave(actor, membership, share_class, kind, shares, paid, to: Account, act: dict, reason: str) -> ShareEvent:
    """Post that shares leave with what is paid on them, and write it into the register. For the acts of this app."""
    own = member_account(membership, "share_capital", share_class=share_class)
    entry = post_entry(lines=[Line(own, paid), Line(to, -paid)], **act)
    values = {"shares": -shares, "paid": -paid, "entry": entry, "reason": reason}
    return acts.write_event(actor, membership, share_class, kind, act["on"], **values)


def _record(actor, kind: str, membership, **payload) -> None:
    audit.record(actor=actor, kind=kind, subject=f"membership:{membership.pk}", **payload)
