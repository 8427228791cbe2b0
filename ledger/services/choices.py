"""Letting members choose what becomes of their refunds in cash: opened, chosen, and carried out in one entry."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, money, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative, Job
from ledger.models import Account, RefundChoice, RefundOffer, RefundOutcome, ShareClass, SurplusPlan
from ledger.selectors import choices as selectors
from ledger.selectors import voiding
from ledger.selectors.choices import Standing
from ledger.services import holdings
from ledger.services.accounts import account, member_accounts
from ledger.services.posting import Line, post_entry
from ledger.services.shares import take_holding
from ledger.surplus_laws import law_of
from members.models import Membership

State = RefundOffer.State
LONGEST = 365


@transaction.atomic
def open_offer(
    *,
    actor,
    plan: SurplusPlan,
    closes_on: date,
    bylaws: str,
    may_donate: bool,
    share_class: ShareClass | None = None,
) -> RefundOffer:
    """Let the members of a posted plan choose until ``closes_on``. ``bylaws``: where it is allowed.

    Refused: a plan that is not posted or has its offer, money already on its way, a day gone by or after the law's day
    of payment, nothing to choose from.
    """
    rules.require(actor, "ledger.keep_books", plan)
    coop = Cooperative.objects.select_for_update(no_key=True).get(pk=actor.coop_id)  # a pay-out is drawn up under it
    found = (
        SurplusPlan.objects.select_for_update(no_key=True, of=("self",))
        .select_related("year", "coop")
        .get(coop=coop, pk=plan.pk)
    )
    if found.state != SurplusPlan.State.POSTED or found.posted_at is None:
        raise Refused("not_posted", _("Members choose once the plan is posted."), status=409)
    if selectors.of_plan(found) is not None:
        raise Refused("asked_already", _("The members of this plan are asked already."), status=409)
    if voiding.payout_under_way(coop) or voiding.paid_since(coop, found.posted_at):
        raise Refused("paid", _("A pay-out of these refunds is drawn up already, or posted."), status=409)
    bylaws = " ".join(bylaws.split())[:120]
    if not bylaws:
        raise Refused("bylaws", _("Name the by-law that allows it, such as “by-laws § 34”."), "bylaws")
    if not may_donate and share_class is None:
        raise Refused("nothing", _("Choose what members may do with their refunds."), "may_donate")
    if share_class and (not share_class.is_open or (share_class.coop_id, share_class.currency) != _money_of(coop)):
        raise Refused("share_class", _("These shares may not be taken now."), "share_class")
    _check_days(found, closes_on)
    made = RefundOffer.objects.create(
        coop=coop,
        plan=found,
        bylaws=bylaws,
        goes_to=account(coop, "community_fund") if may_donate else None,
        share_class=share_class,
        opens_on=clock.today(coop),
        closes_on=closes_on,
        opened_by=actor.user,
    )
    _say(actor, "ledger.choices_opened", made, closes_on=closes_on.isoformat(), bylaws=bylaws)
    return made


def _money_of(coop: Cooperative) -> tuple[int, str]:
    return coop.pk, coop.currency


def _check_days(plan: SurplusPlan, closes_on: date) -> None:
    today = clock.today(plan.coop)
    if not 0 <= (closes_on - today).days <= LONGEST:
        raise Refused("closes_on", _("Choose a day from today on, within a year."), "closes_on")
    due = plan.result.get("payment_due")
    if due and law_of(plan.coop).minimum_cash and today < date.fromisoformat(due) <= closes_on:
        raise Refused(
            "closes_on",
            _("Refunds have to be paid by %(day)s (26 U.S.C. 1382(d)); members choose before that.")
            % {"day": date_format(date.fromisoformat(due))},
            "closes_on",
        )


def _locked(actor, offer: RefundOffer) -> RefundOffer:
    found = RefundOffer.objects.select_for_update(no_key=True, of=("self",))
    return found.select_related("plan__year", "coop", "share_class", "goes_to", "entry").get(
        coop=actor.coop, pk=offer.pk
    )


@transaction.atomic
def choose(*, actor, offer: RefundOffer, membership: Membership, donated: int = 0, shares: int = 0) -> RefundChoice:
    """A member's choice, or the treasurer's entry of what the member wrote: so much given, so many shares.

    The rest, all of it with nothing chosen, is paid in cash. The newest choice counts; the same again is the one there.
    Refused: before and after the days, more than the refund after debts, more shares than the by-laws allow.
    """
    if not rules.may(actor, "ledger.act_on_own", membership):
        rules.require(actor, "ledger.keep_books", membership)
    found = selectors.offers(actor.coop).get(pk=offer.pk)
    if not selectors.is_open(found):
        raise Refused("closed", _("Members could choose until %(day)s.") % {"day": date_format(found.closes_on)})
    limits = selectors.limits(found, membership)
    if limits is None:
        raise Refused("no_part", _("Member %(number)s has no part in this plan.") % {"number": membership.number})
    _check_wish(found, limits, donated, shares)
    known = selectors.newest(found, membership.pk)
    if known is not None and (known.donated, known.shares) == (donated, shares):
        return known
    made = RefundChoice.objects.create(
        coop=actor.coop,
        offer=found,
        membership=membership,
        donated=donated,
        shares=shares,
        chosen_on=clock.today(actor.coop),
        recorded_by=actor.user,
    )
    audit.record(
        actor=actor,
        kind="ledger.refund_chosen",
        subject=f"membership:{membership.pk}",
        plan=found.plan_id,
        donated=str(donated),
        shares=shares,
    )
    return made


def _check_wish(offer: RefundOffer, limits: selectors.Limits, donated: int, shares: int) -> None:
    if donated < 0 or donated and offer.goes_to is None:
        raise Refused("donated", _("Nothing can be given here."), "donated")
    if shares < 0 or shares and offer.share_class is None:
        raise Refused("shares", _("No shares can be taken here."), "shares")
    if shares > limits.most_shares:
        raise Refused(
            "too_many_shares",
            _("It can be at most %(most)s shares: by this refund, and by the by-laws.") % {"most": limits.most_shares},
            "shares",
        )
    left = limits.standing.available - shares * limits.par
    if donated > left:
        raise Refused(
            "too_much",
            _("There are %(left)s left to give.") % {"left": money.format_minor(left, offer.coop.currency)},
            "donated",
        )


@transaction.atomic
def withdraw(*, actor, offer: RefundOffer, because: str) -> RefundOffer:
    """Take an offer back that was not carried out, with the reason members read; everybody is paid in cash."""
    rules.require(actor, "ledger.keep_books", offer)
    found, because = _locked(actor, offer), " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why."), "because")
    _only_open(found)
    found.state, found.because, found.ended_at, found.ended_by = State.WITHDRAWN, because, clock.now(), actor.user
    found.save(update_fields=["state", "because", "ended_at", "ended_by"])
    _say(actor, "ledger.choices_withdrawn", found, because=because)
    return found


def _only_open(offer: RefundOffer) -> None:
    if offer.state != State.OPEN:
        state = offer.get_state_display().lower()
        raise Refused("not_now", _("This is in another state: %(state)s.") % {"state": state}, status=409)


def _check_over(offer: RefundOffer) -> None:
    _only_open(offer)
    if offer.plan.state != SurplusPlan.State.POSTED:
        raise Refused("not_posted", _("The plan was given up; there is nothing to choose any more."), status=409)
    if clock.today(offer.coop) <= offer.closes_on:
        day = date_format(offer.closes_on)
        raise Refused("too_early", _("Members may choose until %(day)s.") % {"day": day}, status=409)


@transaction.atomic
def ask_to_carry_out(*, actor, offer: RefundOffer) -> Job:
    """Have the worker carry the choices out. Asked twice while it runs, it is one job."""
    rules.require(actor, "ledger.keep_books")
    found = _locked(actor, offer)
    _check_over(found)
    title = _("Carrying out the members’ choices for %(year)s") % {"year": found.plan.year.year}
    return jobs.enqueue("ledger.carry_out_choices", found.pk, actor=actor, title=title)


@transaction.atomic
def carry_out(*, actor, offer: RefundOffer) -> RefundOffer:
    """Do what the members chose, in one entry: gifts to the fund, shares into the register. Asked twice, done once.

    Where less is owed now than was chosen, the debts, the by-laws' maximum and the estate come first, and each member's
    row says so. What is left in cash the next pay-out pays. Refused: before the last day is over.
    """
    rules.require(actor, "ledger.keep_books")
    wishes = selectors.choosers(selectors.offers(actor.coop).get(pk=offer.pk))
    take_holding(*Membership.objects.filter(pk__in=[each.membership_id for each in wishes if each.shares]))
    coop = Cooperative.objects.select_for_update(no_key=True).get(pk=actor.coop_id)
    found = _locked(actor, offer)
    if found.state == State.CARRIED:
        return found
    _check_over(found)
    done = _worked_out(found, selectors.choosers(found))
    RefundOutcome.objects.bulk_create(done, batch_size=2000)
    found.donated, found.capital = sum(each.donated for each in done), sum(each.capital for each in done)
    if found.donated or found.capital:
        found.entry = post_entry(
            actor=actor,
            on=clock.today(coop),
            kind="refund_choices",
            memo=_("Refunds of %(year)s given or turned into shares, as members chose")
            % {"year": found.plan.year.year},
            lines=_entry_lines(found, done),
            key=found.posting_key,
        )
        if found.share_class is not None:
            holdings.taken_for_refunds(
                actor=actor,
                share_class=found.share_class,
                taken=[(each.membership_id, each.shares, each.capital) for each in done if each.shares],
                entry=found.entry,
                reason=str(_("taken for the refund of %(year)s") % {"year": found.plan.year.year}),
            )
    found.state, found.ended_at, found.ended_by = State.CARRIED, clock.now(), actor.user
    found.save(update_fields=["state", "donated", "capital", "entry", "ended_at", "ended_by"])
    _say(
        actor,
        "ledger.choices_carried_out",
        found,
        members=len(done),
        donated=str(found.donated),
        capital=str(found.capital),
        entry=found.entry_id,
    )
    return found


def preview(offer: RefundOffer) -> list[RefundOutcome]:
    """What carrying out would do now, a row for each member who did not choose all in cash; nothing is written."""
    return _worked_out(offer, selectors.choosers(offer))


def _worked_out(offer: RefundOffer, wishes: list[Standing]) -> list[RefundOutcome]:
    par = offer.share_class.par if offer.share_class else 0
    rooms = selectors.rooms(offer, (each.membership_id for each in wishes if each.shares))
    done = []
    for each in wishes:
        most = rooms.get(each.membership_id)
        got, less = each.done(par, each.shares if most is None else most)
        done.append(
            RefundOutcome(
                coop=offer.coop,
                offer=offer,
                membership_id=each.membership_id,
                number=each.number,
                donated=got.donated,
                shares=got.shares,
                capital=got.capital,
                cash=max(0, min(each.refund, each.owed) - got.donated - got.capital),
                less=less,
            )
        )
    return done


def _entry_lines(offer: RefundOffer, done: list[RefundOutcome]) -> list[Line]:
    """Off what the co-op owes each member, into the fund and into their shares."""
    coop, moved = offer.coop, [each for each in done if each.donated or each.capital]
    owed = Account.objects.filter(coop=coop, purpose="patronage_payable", year=None, currency=coop.currency)
    own = {each.membership_id: each for each in owed.filter(membership__in=[each.membership_id for each in moved])}
    lines = [Line(own[each.membership_id], each.donated + each.capital) for each in moved]
    takers = [each for each in moved if each.capital]
    if takers and offer.share_class is not None:
        ids = [each.membership_id for each in takers]
        member_accounts(coop, "share_capital", ids, share_class=offer.share_class)
        capital = Account.objects.filter(coop=coop, purpose="share_capital", share_class=offer.share_class)
        shares = {each.membership_id: each for each in capital.filter(membership__in=ids)}
        lines += [Line(shares[each.membership_id], -each.capital) for each in takers]
    if offer.donated and offer.goes_to is not None:
        lines.append(Line(offer.goes_to, -offer.donated))
    return lines


def _say(actor, kind: str, offer: RefundOffer, **more) -> None:
    audit.record(
        actor=actor,
        kind=kind,
        subject=f"surplus-plan:{offer.plan_id}",
        year=offer.plan.year.year,
        offer=offer.pk,
        **more,
    )
