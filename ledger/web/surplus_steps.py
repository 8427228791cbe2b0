"""From plan to payment: who did what, who is next, in seven steps, and the one act that is due now."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel.templatetags.ui import day, grouped
from ledger.models import AllocationNotice, PayoutRun, SurplusPlan
from ledger.selectors import plan_reading as reading
from ledger.units import Measure, Unit

State = SurplusPlan.State


@dataclass(frozen=True)
class Step:
    """One step: its name, ``done``, ``now`` or nothing, and what there is to say about it."""

    heading: str
    state: str
    note: str | SafeString


def steps(plan: SurplusPlan, actor) -> list[Step]:
    """The plan's way so far and what is missing, as somebody reads it who may have to do the next thing."""
    reached = {State.DRAFT: 1, State.PROPOSED: 2, State.RESOLVED: 3, State.APPROVED: 4, State.POSTED: 5}
    done = 5 if plan.entry_id else reached.get(State(plan.state), _before_void(plan))
    posted = plan.state == State.POSTED
    told, paid = (_told(plan), _paid(plan)) if posted else (0, None)

    def state(number: int) -> str:
        if number > 5 and posted:
            finished = {6: told >= plan.line_count, 7: paid is not None}
            return "done" if finished[number] else "now" if number == 6 or finished[6] else ""
        if plan.state == State.VOID:
            return "done" if number <= done else ""
        return "done" if number <= done else "now" if number == done + 1 else ""

    notes = [_drawn(plan), _proposed(plan), _voted(plan), _approved(plan, actor), _posted(plan)]
    notes += [_telling(plan, told), _paying(plan, paid)]
    headings = [
        _("Drawn up by the treasurer"),
        _("Put before the members"),
        _("Carried by the members"),
        _("Approved by a second officer"),
        _("Posted"),
        _("Told to the members"),
        _("Paid out"),
    ]
    return [
        Step(heading, state(number), note)
        for number, (heading, note) in enumerate(zip(headings, notes, strict=True), start=1)
        if number < 7 or reading.leaves_the_bank(plan)
    ]


def due_now(way: list[Step]) -> Step | None:
    """The one step that is due; None where all is done, or given up."""
    return next((step for step in way if step.state == "now"), None)


def _before_void(plan: SurplusPlan) -> int:
    return 4 if plan.approved_by_id else 3 if plan.resolution_id else 2


def _by(who, when) -> str:
    return _("%(who)s, %(day)s") % {"who": who or _("the platform"), "day": day(when, "long")}


def _drawn(plan: SurplusPlan) -> str:
    return SafeString(_by(plan.created_by, plan.changed_at))


def _proposed(plan: SurplusPlan) -> str:
    if plan.proposed_at and plan.hash:
        return SafeString(_by(plan.proposed_by, plan.proposed_at))
    return _("From then on nothing in it changes.")


def _voted(plan: SurplusPlan) -> str:
    if plan.resolution:
        decided = day(plan.resolution.decided_on, "long")
        return SafeString(_("Resolution %(number)s, %(day)s") % {"number": plan.resolution.number, "day": decided})
    return _("A motion the members carried, linked by the treasurer.")


def _approved(plan: SurplusPlan, actor) -> str:
    if plan.approved_by:
        return SafeString(_by(plan.approved_by, plan.approved_at))
    mine = actor.user_id in (plan.created_by_id, plan.proposed_by_id)
    who = _("Not you: the board or another treasurer.") if mine else _("The board or another treasurer.")
    return f"{who} {_('It is known as')} {grouped(plan.short_hash)}." if plan.hash else who


def _posted(plan: SurplusPlan) -> str:
    if plan.entry_id:
        return SafeString(_("Entry %(entry)s, %(day)s") % {"entry": plan.entry_id, "day": day(plan.posted_at, "long")})
    said = ngettext(
        "One entry, for one member. After this it can only be reversed.",
        "One entry, for %(n)s members. After this it can only be reversed.",
        plan.line_count,
    )
    return said % {"n": plan.line_count}


def _told(plan: SurplusPlan) -> int:
    return AllocationNotice.objects.filter(plan=plan).count()


def _paid(plan: SurplusPlan) -> PayoutRun | None:
    """The first pay-out drawn up since the plan was posted that was released; a pay-out pays whatever is owed."""
    since = Q(coop_id=plan.coop_id, released_at__isnull=False, prepared_at__gte=plan.posted_at)
    return PayoutRun.objects.filter(since).order_by("number").first()


def _telling(plan: SurplusPlan, told: int) -> str:
    if not told:
        return _("A letter to everybody. If members may give refunds away or take shares, offer that first.")
    said = ngettext("%(told)s of %(n)s member was told.", "%(told)s of %(n)s members were told.", plan.line_count)
    return said % {"told": told, "n": plan.line_count}


def _paying(plan: SurplusPlan, paid: PayoutRun | None) -> str:
    if paid:
        return _("%(run)s. Who had no account then is paid with the next.") % {"run": paid}
    amount = Measure(Unit.MONEY, plan.coop.currency).said(reading.leaves_the_bank(plan))
    return _("%(amount)s, once somebody else has released the file for the bank.") % {"amount": amount}


def motion(plan: SurplusPlan) -> str:
    """Words for the ballot, from the plan itself: every line with its amount, and the fingerprint it is known by."""
    currency = Measure(Unit.MONEY, plan.coop.currency)
    lines = "; ".join(f"{part.name} {currency.said(part.amount)}" for part in reading.parts(plan) if part.amount)
    return _(
        "The surplus of %(year)s, %(surplus)s, is used as plan %(plan)s (%(title)s) says: %(lines)s. The plan is known"
        " by the fingerprint %(hash)s."
    ) % {
        "year": plan.year.year,
        "surplus": currency.said(plan.result["surplus"]),
        "plan": plan.letter,
        "title": plan.title,
        "lines": lines,
        "hash": grouped(plan.short_hash),
    }
