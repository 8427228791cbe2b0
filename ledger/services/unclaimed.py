"""Unclaimed money: a list, the letters, the booking after their days, and giving back to whoever turns up.

A list and a pay-out never meet: both are drawn up and booked under the co-op's row, and neither while the other is on
its way out of the books.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from ledger import notices
from ledger.models import Account, UnclaimedLine, UnclaimedList, UnclaimedReturn
from ledger.selectors import unclaimed as selectors
from ledger.selectors.surplus import appropriation_accounts
from ledger.selectors.voiding import payout_under_way
from ledger.services.accounts import member_account
from ledger.services.posting import Line, post_entry
from ledger.unclaimed_laws import law_of

State = UnclaimedList.State
PURPOSES = (("patronage_payable", "refund"), ("share_interest_payable", "interest"))


@transaction.atomic
def draw_up(*, actor, years: int, notice_days: int, goes_to: str) -> UnclaimedList:
    """A list of everybody who has been owed refunds or interest for ``years`` years or longer.

    ``goes_to``: code of the account it shall go to. Refused: another list under way, an account that takes no such
    money, a pay-out under way, nobody to list.
    """
    rules.require(actor, "ledger.keep_books")
    coop = _alone(actor)
    if not 1 <= years <= 50 or not 0 <= notice_days <= 730:
        raise Refused("years", _("Choose between 1 and 50 years, and between 0 and 730 days."), "years")
    if UnclaimedList.objects.filter(coop=coop, state=State.LISTED).exists():
        raise Refused("one_at_a_time", _("Another list is under way; book it or throw it away first."), status=409)
    account = appropriation_accounts(coop).filter(code=goes_to, currency=coop.currency).first()
    if account is None:
        raise Refused("goes_to", _("Choose the account this money goes to."), "goes_to")
    older_than = years_before(clock.today(coop), years)
    found = selectors.dormant(coop, older_than)
    if not found:
        raise Refused("nobody", _("Nobody has been owed anything for so long."), "years")
    rule = {**law_of(coop).rule(), "years": years, "notice_days": notice_days}
    number = (UnclaimedList.objects.filter(coop=coop).aggregate(n=Max("number"))["n"] or 0) + 1
    made = UnclaimedList.objects.create(
        coop=coop,
        number=number,
        rule=rule,
        older_than=older_than,
        goes_to=account,
        count=len(found),
        total=sum(each.total for each in found),
        drawn_by=actor.user,
    )
    UnclaimedLine.objects.bulk_create(
        [UnclaimedLine(coop=coop, unclaimed=made, **each._asdict()) for each in found], batch_size=1000
    )
    _say(actor, "ledger.unclaimed_listed", made, members=made.count, total=str(made.total))
    return made


def years_before(day: date, years: int) -> date:
    """The same day so many years ago; of a 29 February the 28th where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _alone(actor) -> Cooperative:
    """The co-op's row, locked; refused while a pay-out is drawn up or being posted."""
    coop = Cooperative.objects.select_for_update(no_key=True).get(pk=actor.coop_id)
    run = payout_under_way(coop)
    if run is not None:
        raise Refused(
            "payout_under_way",
            _("Pay-out %(number)s is under way; finish it or throw it away first.") % {"number": run.number},
            status=409,
        )
    return coop


def _locked(actor, unclaimed: UnclaimedList) -> UnclaimedList:
    found = UnclaimedList.objects.select_for_update(no_key=True, of=("self",)).select_related("coop", "goes_to")
    return found.get(coop=actor.coop, pk=unclaimed.pk)


def _listed(unclaimed: UnclaimedList) -> None:
    if unclaimed.state != State.LISTED:
        state = unclaimed.get_state_display().lower()
        raise Refused("not_now", _("This list is in another state: %(state)s.") % {"state": state}, status=409)


@transaction.atomic
def send_letters(*, actor, unclaimed: UnclaimedList, link: str) -> int:
    """Write to everybody on the list, and start the days they have. How many letters, by e-mail and on paper.

    Of those who died or were erased only the list's file tells. Asked twice, it is done once.
    """
    rules.require(actor, "ledger.keep_books", unclaimed)
    found = _locked(actor, unclaimed)
    _listed(found)
    if found.letters_on is not None:
        return 0
    today = clock.today(actor.coop)
    found.letters_on, found.book_from = today, today + timedelta(days=found.rule["notice_days"])
    found.save(update_fields=["letters_on", "book_from"])
    sent = 0
    for line in selectors.lines(found):
        party = line.membership.party
        if not party.died_on and not party.erased_at:
            notices.unclaimed(line, found, link)
            sent += 1
    _say(actor, "ledger.unclaimed_letters", found, letters=sent, book_from=found.book_from.isoformat())
    return sent


@transaction.atomic
def book(*, actor, unclaimed: UnclaimedList) -> UnclaimedList:
    """Move what is still unclaimed to the account it goes to, in one entry. Asked twice, it is booked once.

    Left out are those who were paid since, and those who named an account after the letters. Refused: before the days
    of the letters are over, when nothing is left, while a pay-out is under way; whoever drew the list up.
    """
    rules.require(actor, "ledger.release", unclaimed)
    coop = _alone(actor)
    found = _locked(actor, unclaimed)
    if found.state == State.BOOKED:
        return found
    _listed(found)
    today = clock.today(coop)
    if found.letters_on is None or found.book_from is None:
        raise Refused("no_letters", _("First the members are written to."), status=409)
    if today < found.book_from:
        day = date_format(found.book_from)
        raise Refused("too_early", _("The members have until %(day)s to answer.") % {"day": day}, status=409)
    there = {each.membership_id: each for each in selectors.dormant(coop, found.older_than)}
    lines, count, total = [], 0, 0
    for line in selectors.lines(found):
        now = there.get(line.membership_id)
        if getattr(line, "answered", False) or now is None or now.refund < line.refund or now.interest < line.interest:
            continue
        count, total = count + 1, total + line.total
        lines += _moved(line, 1)
    if not lines:
        raise Refused("nothing", _("Everybody on this list was paid or has answered; throw it away."), status=409)
    memo = _("Unclaimed money of %(n)s members, list %(list)s") % {"n": count, "list": found.number}
    found.entry = post_entry(
        actor=actor,
        on=today,
        kind="unclaimed",
        memo=memo,
        lines=[*lines, Line(found.goes_to, -total)],
        key=f"unclaimed:{found.pk}",
    )
    found.state, found.booked_at, found.booked_by = State.BOOKED, clock.now(), actor.user
    found.booked_count, found.booked_total = count, total
    found.save(update_fields=["state", "entry", "booked_at", "booked_by", "booked_count", "booked_total"])
    _say(actor, "ledger.unclaimed_booked", found, members=count, total=str(total), account=found.goes_to.code)
    return found


def _moved(line: UnclaimedLine, sign: int) -> list[Line]:
    return [
        Line(member_account(line.membership, purpose), sign * amount)
        for purpose, field in PURPOSES
        if (amount := getattr(line, field))
    ]


@transaction.atomic
def cancel(*, actor, unclaimed: UnclaimedList, because: str) -> UnclaimedList:
    """Throw a list away that was not booked; everything stays owed."""
    rules.require(actor, "ledger.keep_books", unclaimed)
    found, because = _locked(actor, unclaimed), _reason(because)
    _listed(found)
    found.state, found.because = State.CANCELLED, because
    found.save(update_fields=["state", "because"])
    _say(actor, "ledger.unclaimed_cancelled", found, because=because)
    return found


@transaction.atomic
def give_back(*, actor, line: UnclaimedLine, because: str, on: date | None = None) -> UnclaimedReturn:
    """A member turned up: what was booked is owed to them again, and the next pay-out pays it. Asked twice, once.

    Refused: a line that was not booked, a reason missing.
    """
    rules.require(actor, "ledger.keep_books", line)
    found = _locked(actor, line.unclaimed)
    known = UnclaimedReturn.objects.filter(line=line).first()
    if known is not None:
        return known
    because = _reason(because)
    if found.state != State.BOOKED or not selectors.was_booked(found, line):
        raise Refused("not_booked", _("Nothing of this member was booked on this list."), status=409)
    account: Account = found.goes_to
    entry = post_entry(
        actor=actor,
        on=on or clock.today(actor.coop),
        kind="unclaimed_back",
        memo=_("Claimed after all, member %(number)s") % {"number": line.number},
        lines=[*_moved(line, -1), Line(account, line.total)],
        key=f"unclaimed-back:{line.pk}",
    )
    try:
        with transaction.atomic():
            made = UnclaimedReturn.objects.create(
                coop=actor.coop, line=line, because=because, entry=entry, recorded_by=actor.user
            )
    except IntegrityError:
        raise Refused("twice", _("This was given back already."), status=409) from None
    subject = f"membership:{line.membership_id}"
    audit.record(
        actor=actor,
        kind="ledger.unclaimed_given_back",
        subject=subject,
        list=found.number,
        amount=str(line.total),
        because=because,
    )
    return made


def _reason(because: str) -> str:
    because = " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why."), "because")
    return because


def _say(actor, kind: str, unclaimed: UnclaimedList, **more: Any) -> None:
    subject = f"unclaimed-list:{unclaimed.pk}"
    audit.record(actor=actor, kind=kind, subject=subject, number=unclaimed.number, **more)
