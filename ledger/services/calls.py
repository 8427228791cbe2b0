"""Calls on shares: the board asks, members are told, arrears follow, and shares may be forfeited after notice.

What a call asks is owed like any other part of a subscription: payments, reminders and direct debits find it by
``selectors.dues``. No money moves here but by a forfeiture.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from ledger import notices
from ledger.call_laws import law_of
from ledger.models import CallForfeiture, ForfeitureNotice, ShareCall, ShareCallLine, ShareClass
from ledger.selectors import calls as selectors
from ledger.selectors.called import Called
from ledger.selectors.dues import Terms, joining_asks, owed_by
from ledger.selectors.shares import holding_of
from ledger.services import shares as acts
from ledger.services.accounts import account
from ledger.services.holdings import check_day, check_leaving, leave, paid_with
from members.models import Membership

State = ShareCall.State


@transaction.atomic
def call_shares(
    *,
    actor,
    share_class: ShareClass,
    per_share: int,
    due_on: date,
    decision: str,
    site: str,
    notice_days: int | None = None,
) -> ShareCall:
    """Call ``per_share`` minor units on every share that waits for a call; the worker tells everybody who holds some.

    Nobody is asked for more than what was subscribed. ``site`` is where a member reads it. Refuses a class that is not
    paid on call, fewer days than the co-op's law gives (``ledger.call_laws``; its days of notice where none are said),
    and a call that would ask nobody.
    """
    rules.require(actor, "ledger.call_shares")
    today, decision = clock.today(actor.coop), " ".join(decision.split())[:120]
    notice_days = law_of(actor.coop).notice_days if notice_days is None else notice_days
    _check(share_class, per_share, due_on, today, decision, notice_days)
    ShareClass.objects.select_for_update(no_key=True).get(coop=actor.coop, pk=share_class.pk)  # one call at a time
    asked = _amounts(actor.coop, share_class, per_share, today)
    if not asked:
        raise Refused("nobody", _("Nobody holds shares of this class that are still to be called."), "share_class")
    last = ShareCall.objects.filter(coop=actor.coop).aggregate(n=Max("number"))["n"] or 0
    call = ShareCall.objects.create(
        coop=actor.coop, number=last + 1, share_class=share_class, per_share=per_share, called_on=today, due_on=due_on,
        notice_days=notice_days, decision=decision, count=len(asked), total=sum(amount for _m, amount in asked),
        actor=actor.user,
    )  # fmt: skip
    lines = [ShareCallLine(coop=actor.coop, call=call, membership=each, amount=amount) for each, amount in asked]
    ShareCallLine.objects.bulk_create(lines, batch_size=2000)
    call.state = State.STANDING
    call.save(update_fields=["state"])
    title = _("Letters about call %(number)s") % {"number": call.number}
    jobs.enqueue("ledger.tell_of_call", call.pk, site, actor=actor, title=title, total=call.count)
    _record(actor, "ledger.shares_called", call, decision=decision, count=call.count, total=str(call.total))
    return call


LETTERS = 200  # in one transaction


def tell_of_call(*, actor, call_id: int, site: str, progress: Callable[[int, int | None], None] | None = None) -> int:
    """Write to everybody a call asks, by e-mail or on paper, some at a time, each once. Returns how many now.

    Killed in between, it goes on with those who have no letter yet; a call that was taken back meanwhile tells nobody.
    """
    rules.require(actor, "ledger.call_shares")
    call = ShareCall.objects.select_related("share_class", "coop").get(coop=actor.coop, pk=call_id)
    done = 0
    while written := _tell_some(actor, call, site):
        done += written
        if progress:
            progress(done, call.count)
    return done


@transaction.atomic
def _tell_some(actor, call: ShareCall, site: str) -> int:
    found = ShareCall.objects.select_for_update(no_key=True, of=("self",)).get(
        coop=actor.coop, pk=call.pk
    )  # one sender at a time
    if not found.is_standing:
        return 0
    lines = list(selectors.not_told(call)[:LETTERS])
    for line in lines:
        notices.call(line, site)
    return len(lines)


def _check(share_class: ShareClass, per_share: int, due_on: date, today: date, decision: str, notice_days: int) -> None:
    if not share_class.on_call:
        raise Refused("not_on_call", _("“%(name)s” is not paid on call.") % {"name": share_class}, "share_class")
    if per_share < 1 or per_share > share_class.par:
        raise Refused("amount", _("A call is for more than nothing and at most the par value."), "per_share")
    law = law_of(share_class.coop)
    if due_on < today + timedelta(days=law.due_days):
        said = {"n": law.due_days, "day": date_format(today + timedelta(days=law.due_days))}
        raise Refused("too_soon", _("Members have %(n)s days at least: until %(day)s or later.") % said, "due_on")
    if not decision:
        raise Refused("decision", _("Name the decision of the board."), "decision")
    if notice_days < law.notice_days:
        sentence = _("Notice before forfeiture is %(n)s days at least.") % {"n": law.notice_days}
        raise Refused("notice", sentence, "notice_days")


def _amounts(coop, share_class: ShareClass, per_share: int, on: date) -> list[tuple[Membership, int]]:
    called, terms, found = Called(coop, on), Terms(coop), []
    current = Membership.objects.filter(coop=coop).exclude(state=Membership.State.ENDED)
    for membership in current.select_related("party").order_by("number"):
        minimum = joining_asks(terms.of(membership), called.par)
        beyond = called.beyond(membership.pk, share_class.pk, minimum)
        left = beyond - called.called_of(membership.pk, share_class.pk, beyond)
        amount = min(left, beyond // share_class.par * per_share)
        if amount:
            found.append((membership, amount))
    return found


@transaction.atomic
def withdraw_call(*, actor, call: ShareCall, because: str) -> ShareCall:
    """Take a call back: what it asked waits for another. What was paid stays paid. Refused after a forfeiture."""
    rules.require(actor, "ledger.call_shares", call)
    because = acts.a_reason(because)
    found = _standing(actor, call)
    if CallForfeiture.objects.filter(line__call=found).exists():
        raise Refused("forfeited", _("Shares were forfeited for this call; it stands."), status=409)
    found.state, found.because = State.WITHDRAWN, because
    found.save(update_fields=["state", "because"])
    _record(actor, "ledger.call_withdrawn", found, because=because)
    return found


def _standing(actor, call: ShareCall) -> ShareCall:
    standing = ShareCall.objects.select_for_update(no_key=True, of=("self",)).select_related("share_class", "coop")
    found = standing.get(coop=actor.coop, pk=call.pk)
    if not found.is_standing:
        raise Refused("not_standing", _("This call was taken back."), status=409)
    return found


def open_of(line: ShareCallLine, on: date) -> int:
    """What is still to pay of a call's line, in minor units; earlier parts are paid first."""
    return sum(part.amount for part in owed_by(line.membership, on).open_parts if part.call == line.pk)


@transaction.atomic
def give_notice(*, actor, line: ShareCallLine, site: str) -> ForfeitureNotice:
    """Write to somebody who is late with a call that their shares may be forfeited, and from when. Once a line.

    Refuses a call that is paid, not due yet, or was taken back.
    """
    rules.require(actor, "ledger.keep_books", line)
    call, today = _standing(actor, line.call), clock.today(actor.coop)
    acts.take_holding(line.membership)
    if ForfeitureNotice.objects.filter(line=line).exists():
        raise Refused("noticed", _("This member has had notice."), status=409)
    if today <= call.due_on:
        raise Refused("not_due", _("The call can be paid until %(day)s.") % {"day": date_format(call.due_on)})
    still = open_of(line, today)
    if not still:
        raise Refused("paid", _("This member has paid the call."), status=409)
    made = ForfeitureNotice.objects.create(
        coop=actor.coop, line=line, amount=still, sent_on=today, actor=actor.user,
        forfeit_from=today + timedelta(days=call.notice_days + 1),
    )  # fmt: skip
    notices.forfeiture(made, site)
    _record(actor, "ledger.forfeiture_noticed", call, member=line.membership.number, amount=str(still))
    return made


@transaction.atomic
def forfeit(*, actor, line: ShareCallLine, shares: int, decision: str) -> CallForfeiture:
    """Enter that shares are forfeited for a call that stayed unpaid after its notice, by a decision of the board.

    What is paid on them becomes the co-op's income; a fully paid share is never taken. Refuses before the notice has
    run out, after the call is paid, and what would leave a member below what joining asks for.
    """
    rules.require(actor, "ledger.keep_books", line)
    call, on = _standing(actor, line.call), clock.today(actor.coop)
    membership, share_class, decision = line.membership, call.share_class, " ".join(decision.split())[:120]
    acts.take_holding(membership)
    notice = ForfeitureNotice.objects.filter(line=line).first()
    if notice is None or on < notice.forfeit_from:
        raise Refused("no_notice", _("Shares are forfeited after notice, when its days are over."), status=409)
    if CallForfeiture.objects.filter(line=line).exists():
        raise Refused("forfeited", _("Shares were forfeited for this call already."), status=409)
    if not open_of(line, on):
        raise Refused("paid", _("This member has paid the call."), status=409)
    if not decision:
        raise Refused("decision", _("Name the decision of the board."), "decision")
    unpaid = unpaid_shares(line)
    if not 1 <= shares <= unpaid:
        raise Refused("shares", _("Between one and %(most)s shares are not fully paid.") % {"most": unpaid}, "shares")
    check_day(membership, on)
    holding = check_leaving(membership, share_class, shares)
    paid = paid_with(holding, shares, share_class.par)
    if paid:
        memo = _("Forfeited shares, member %(number)s") % {"number": membership.number}
        key, says = f"call-forfeiture:{line.pk}", f"call {line.pk} {shares} {decision}"
        act = {"actor": actor, "on": on, "kind": "share_forfeited", "memo": memo, "key": key, "says": says}
        to = account(membership.coop, "gifts")
        event = leave(actor, membership, share_class, "forfeited", shares, paid, to, act, decision)
    else:
        event = acts.write_event(actor, membership, share_class, "forfeited", on, shares=-shares, reason=decision)
    made = CallForfeiture.objects.create(coop=actor.coop, line=line, event=event, decision=decision, actor=actor.user)
    _record(actor, "ledger.shares_forfeited", call, member=membership.number, shares=shares, paid=str(paid))
    return made


def unpaid_shares(line: ShareCallLine) -> int:
    """How many of the member's shares of the call's class are not fully paid."""
    holding = holding_of(line.membership, share_class=line.call.share_class)
    return holding.shares - holding.paid_up // line.call.share_class.par


def _record(actor, kind: str, call: ShareCall, **payload) -> None:
    audit.record(actor=actor, kind=kind, subject=f"share-call:{call.pk}", **payload)
