"""From plan to payment: who did what, who is next, in five steps."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel.templatetags.ui import day, grouped
from ledger.models import SurplusPlan

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

    def state(number: int) -> str:
        if plan.state == State.VOID:
            return "done" if number <= done else ""
        return "done" if number <= done else "now" if number == done + 1 else ""

    notes = [_drawn(plan), _proposed(plan), _voted(plan), _approved(plan, actor), _posted(plan)]
    headings = [
        _("Drawn up by the treasurer"),
        _("Put before the members"),
        _("Carried by the members"),
        _("Approved by a second officer"),
        _("Posted"),
    ]
    return [
        Step(heading, state(number), note)
        for number, (heading, note) in enumerate(zip(headings, notes, strict=True), start=1)
    ]


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
