"""Passing a membership on: one member's ends and another's takes its shares, on one day, by one decision.

GenG § 76: the whole of a member's balance may be transferred at any time, without notice, to somebody who is or becomes
a member; the by-laws may exclude it. The shares are the ledger's; ``coop.passing_on`` does both in one transaction.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, rules
from coop.kernel.errors import Refused
from members import notices
from members.models import ExpulsionCase, Membership, Relationship
from members.replay import ENDINGS, STATES, in_force
from members.selectors import terms_in_force

from . import history
from .standing import refuse_ended, refuse_future, subject_of


@transaction.atomic
def pass_on(*, actor, membership: Membership, to: Membership, on: date, resolution: str, because: str) -> Membership:
    """The membership ends on ``on`` and passes to ``to``, by a resolution of the board. Returns the one that ends.

    No period of notice runs; a notice given before is overtaken. After a death it passes to an heir, as long as the
    heirs hold it (GenG § 77 (2)). Refused where the by-laws exclude it, under an open case of expulsion, before
    anything that happened already, and to somebody who is leaving.
    """
    rules.require(actor, "members.decide", membership)
    if to.pk == membership.pk or to.party_id == membership.party_id:
        raise Refused("same_member", _("A membership passes to somebody else."), "to")
    for each in sorted((membership, to), key=lambda one: one.pk):
        locked = history.lock(each)
        if each.pk == membership.pk:
            membership = locked
        else:
            to = locked
    _refuse_giver(membership, to, on)
    _refuse_taker(to, on)
    for text, field, sentence in (
        (resolution, "resolution", _("Name the resolution that decided it.")),
        (because, "because", _("Say what it rests on, for example the written agreement and its day.")),
    ):
        if not text.strip():
            raise Refused(f"{field}_missing", sentence, field)
    history.go_on(
        actor=actor,
        membership=membership,
        kind="transferred",
        effective_on=on,
        ends_on=on,
        ending=Membership.Ending.TRANSFERRED,
        decided_by="board",
        decided_on=on,
        decision_ref=resolution.strip()[:80],
        note={"because": _("To member %(number)s. %(why)s") % {"number": to.number_text, "why": because.strip()}},
    )
    notices.passed_on(membership, to)
    audit.record(
        actor=actor,
        kind="members.transferred",
        subject=subject_of(membership),
        number=membership.number,
        to=to.number,
        last_day=on.isoformat(),
        resolution=resolution.strip(),
    )
    return membership


def _refuse_giver(membership: Membership, to: Membership, on: date) -> None:
    refuse_ended(membership)
    refuse_future(membership, on)
    story = in_force(membership.events.all(), date.max)
    if any(event.kind == "transferred" for event in story):  # its last day may be today, and still count
        raise Refused("passed_on_already", _("This membership has passed on already."))
    if membership.party.died_on is not None and not _is_heir(to, membership, on):
        raise Refused(
            "not_an_heir",
            _("%s has died, so the membership passes only to somebody who is on the register as an heir.")
            % membership.party,
            "number",
        )
    if ExpulsionCase.objects.filter(membership=membership).exclude(state=ExpulsionCase.State.CLOSED).exists():
        raise Refused("case_open", _("A case about this member is open; it is decided first."))
    terms = terms_in_force(membership.coop, on).get(membership.member_class_id)
    if terms is not None and not terms.transferable:
        raise Refused(
            "not_transferable",
            _("Under the by-laws %(version)s a %(class)s membership cannot be passed on.")
            % {"version": terms.bylaws.version, "class": terms.member_class.name.lower()},
        )
    if on < membership.admitted_on:
        raise Refused("before_admission", _("A membership cannot be passed on before it began."), "on")
    last = max(event.effective_on for event in story if event.kind in (*STATES, *ENDINGS))
    if on < last:
        raise Refused(
            "before_the_last",
            _("On %(day)s this membership already changed; this cannot have happened before.")
            % {"day": date_format(last, "j F Y")},
            "on",
        )


def _refuse_taker(to: Membership, on: date) -> None:
    if not to.stands_on(on) or to.ends_on is not None or to.party.died_on is not None:
        raise Refused("taker_leaves", _("%s is not a member who stays, so nothing can pass to them.") % to.party, "to")


def _is_heir(to: Membership, membership: Membership, on: date) -> bool:
    heirs = (Relationship.Kind.HEIR, Relationship.Kind.HEIRS_REPRESENTATIVE)
    bonds = Relationship.objects.filter(object=membership.party_id, subject=to.party_id, kind__in=heirs, ends_on=None)
    return bonds.filter(starts_on__lte=on).exists()
