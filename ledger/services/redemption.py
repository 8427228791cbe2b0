"""Giving shares back: a request, a queue against what the board lets go, out of the capital, and paid."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money, rules
from coop.kernel.errors import Refused
from ledger.models import Entry, Redemption, RedemptionLimit, ShareClass
from ledger.selectors.queue import room
from ledger.selectors.shares import holding_of
from ledger.services import shares as acts
from ledger.services.accounts import account, member_account
from ledger.services.holdings import check_day, check_leaving, paid_with
from ledger.services.posting import Line, post_entry

State = Redemption.State


@transaction.atomic
def set_limit(*, actor, starts: date, ends: date, amount: int, resolution: str) -> RedemptionLimit:
    """The board lets that much share capital go between the two days. Another limit for the same days adds to it."""
    rules.require(actor, "ledger.set_limit")
    if amount <= 0:
        raise Refused("amount", _("A limit is more than nothing."), "amount")
    if ends < starts:
        raise Refused("ends", _("The last day is before the first."), "ends")
    if not resolution.strip():
        raise Refused("resolution", _("Name the resolution that set it."), "resolution")
    made = RedemptionLimit.objects.create(
        coop=actor.coop, starts=starts, ends=ends, amount=amount, resolution=resolution.strip(), actor=actor.user
    )
    audit.record(
        actor=actor,
        kind="ledger.redemption_limit_set",
        subject=f"redemption-limit:{made.pk}",
        amount=str(amount),
        resolution=made.resolution,
    )
    return made


@transaction.atomic
def ask_back(
    *,
    actor,
    membership,
    shares: int,
    on: date,
    reason: str = "",
    due_on: date | None = None,
    share_class: ShareClass | None = None,
) -> Redemption:
    """Put a member's wish to give shares back into the queue. The member asks, or the treasurer for them.

    Refuses more than is free, less than the minimum left with somebody who stays, and a second wish while one waits.
    """
    if not rules.may(actor, "ledger.act_on_own", membership):
        rules.require(actor, "ledger.keep_books", membership)
    share_class = share_class or acts.default_class(membership.coop)
    acts.check_not_future(membership.coop, on)
    acts.take_holding(membership)
    check_leaving(membership, share_class, shares)
    try:
        with transaction.atomic():
            made = Redemption.objects.create(
                coop_id=membership.coop_id,
                membership=membership,
                share_class=share_class,
                shares=shares,
                asked_on=on,
                due_on=due_on,
                reason=" ".join(reason.split())[:300],
                created_by=actor.user,
            )
    except IntegrityError:
        raise Refused(
            "asked_already", _("A wish to give shares back is waiting already; take it back first."), status=409
        ) from None
    _record(actor, "ledger.redemption_asked", made, shares=shares)
    return made


@transaction.atomic
def withdraw_request(*, actor, redemption: Redemption) -> Redemption:
    """The member takes the wish back, while it waits."""
    if not rules.may(actor, "ledger.act_on_own", redemption.membership):
        rules.require(actor, "ledger.keep_books", redemption)
    return _step(actor, redemption, State.WITHDRAWN, "ledger.redemption_withdrawn")


@transaction.atomic
def refuse(*, actor, redemption: Redemption, because: str) -> Redemption:
    """Refuse a wish, with the reason the member reads."""
    rules.require(actor, "ledger.keep_books", redemption)
    return _step(actor, redemption, State.REFUSED, "ledger.redemption_refused", answer=acts.a_reason(because))


def _step(actor, redemption: Redemption, state: str, kind: str, **values) -> Redemption:
    changed = Redemption.objects.filter(pk=redemption.pk, state=State.ASKED).update(state=state, **values)
    if not changed:
        raise Refused("not_waiting", _("This wish is not waiting any more."), status=409)
    redemption.refresh_from_db()
    _record(actor, kind, redemption, **values)
    return redemption


@transaction.atomic
def accept(*, actor, redemption: Redemption, on: date, out_of_turn: str = "") -> Redemption:
    """Take the shares out of the capital: from now on the co-op owes the member what was paid on them.

    Within what the board lets go for that day, the oldest wish first; ``out_of_turn`` is the reason for another order.
    """
    rules.require(actor, "ledger.keep_books", redemption)
    acts.take_queue(actor.coop)
    acts.take_holding(redemption.membership)
    found = Redemption.objects.select_related("membership__coop", "share_class").get(pk=redemption.pk)
    membership, share_class = found.membership, found.share_class
    if found.state != State.ASKED:
        raise Refused("not_waiting", _("This wish is not waiting any more."), status=409)
    check_day(membership, on)
    _check_turn(found, on, out_of_turn)
    holding = holding_of(membership, share_class=share_class)
    found.amount = paid_with(holding, found.shares, share_class.par)
    _check_room(found, on)
    found.entry = _take_out(actor, found, on)
    found.state, found.accepted_on, found.accepted_by = State.ACCEPTED, on, actor.user
    found.answer = out_of_turn.strip()[:300]
    found.save(update_fields=["state", "amount", "entry", "accepted_on", "accepted_by", "answer"])
    _record(actor, "ledger.redemption_accepted", found, amount=str(found.amount), out_of_turn=found.answer)
    return found


def _check_turn(found: Redemption, on: date, out_of_turn: str) -> None:
    if found.due_on and on < found.due_on:
        raise Refused("not_due", _("This is not due before %(day)s.") % {"day": date_format(found.due_on)}, "on")
    asked = Redemption.objects.filter(coop_id=found.coop_id, state=State.ASKED, pk__lt=found.pk)
    older = asked.filter(asked_on__lte=found.asked_on).exclude(due_on__gt=on).order_by("asked_on", "pk").first()
    if older is not None and not out_of_turn.strip():
        raise Refused(
            "not_its_turn",
            _("Member %(number)s has waited longer; say why this one comes first.")
            % {"number": older.membership.number},
            "out_of_turn",
        )


def _check_room(found: Redemption, on: date) -> None:
    left = room(found.coop, on)
    if left is None:
        raise Refused("no_limit", _("The board has not said how much may be paid back on that day."), "on")
    if found.amount > left:
        raise Refused(
            "over_the_limit",
            _("The board lets %(left)s more go; this is %(amount)s.")
            % {
                "left": money.format_minor(left, found.coop.currency),
                "amount": money.format_minor(found.amount, found.coop.currency),
            },
            "on",
        )


def _take_out(actor, found: Redemption, on: date) -> Entry | None:
    membership, entry = found.membership, None
    if found.amount:
        own = member_account(membership, "share_capital", share_class=found.share_class)
        owed = member_account(membership, "redemption_payable")
        entry = post_entry(
            actor=actor,
            on=on,
            kind="share_redemption",
            memo=_("Shares given back, member %(number)s") % {"number": membership.number},
            lines=[Line(own, found.amount), Line(owed, -found.amount)],
            key=f"redemption:{found.pk}",
        )
    values = {"shares": -found.shares, "paid": -found.amount, "entry": entry, "reason": found.reason}
    acts.write_event(actor, membership, found.share_class, "redeemed", on, **values)
    return entry


@transaction.atomic
def pay_out(*, actor, redemption: Redemption, on: date) -> Redemption:
    """Enter that the member was paid what is owed for shares given back. Asked twice, it is paid once."""
    rules.require(actor, "ledger.keep_books", redemption)
    acts.take_holding(redemption.membership)
    found = Redemption.objects.select_related("membership__coop", "share_class").get(pk=redemption.pk)
    if found.state == State.PAID:
        return found
    if found.state != State.ACCEPTED:
        raise Refused("not_accepted", _("Only shares taken out of the capital are paid out."), status=409)
    acts.check_not_future(found.coop, on)
    if found.accepted_on is not None and on < found.accepted_on:
        raise Refused("too_early", _("They were taken out on %(day)s.") % {"day": date_format(found.accepted_on)}, "on")
    if found.amount:
        owed = member_account(found.membership, "redemption_payable")
        found.payment = post_entry(
            actor=actor,
            on=on,
            kind="share_payout",
            memo=_("Shares paid back, member %(number)s") % {"number": found.membership.number},
            lines=[Line(owed, found.amount), Line(account(found.coop, "bank"), -found.amount)],
            key=f"redemption-paid:{found.pk}",
        )
    found.state, found.paid_on = State.PAID, on
    found.save(update_fields=["state", "paid_on", "payment"])
    _record(actor, "ledger.redemption_paid", found, amount=str(found.amount))
    return found


@transaction.atomic
def forget_redemptions(*, actor, membership) -> int:
    """Empty what an erased member said of giving shares back, and what was answered. How many; figures and days stay.

    The database refuses it for anybody whose party was not erased.
    """
    theirs = Redemption.objects.filter(coop_id=actor.coop_id, membership=membership)
    return theirs.exclude(reason="", answer="").update(reason="", answer="")


def _record(actor, kind: str, redemption: Redemption, **payload) -> None:
    audit.record(
        actor=actor,
        kind=kind,
        subject=f"membership:{redemption.membership_id}",
        redemption=redemption.pk,
        at=clock.now().isoformat(),
        **payload,
    )
