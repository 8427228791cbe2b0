"""What changes a membership's standing once it has begun."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.models import ExpulsionCase, Membership
from members.replay import STATES, in_force

from . import history

State = Membership.State


@transaction.atomic
def activate(*, actor, membership: Membership, on: date, because: str = "") -> Membership:
    """The minimum of shares is paid: the membership is in good standing from ``on``. Doing it again changes nothing.

    Money paid before the admission counts from the admission. Refused for a membership that has ended; a suspension
    is not lifted by paying.
    """
    rules.require(actor, "members.activate", membership)
    membership = history.lock(membership)
    refuse_ended(membership)
    if membership.state in (State.ACTIVE, State.SUSPENDED):
        return membership
    day = max(on, membership.admitted_on)
    refuse_future(membership, day)
    history.go_on(
        actor=actor,
        membership=membership,
        kind="activated",
        effective_on=day,
        reason_code="shares_paid",
        note={"because": because} if because else None,
    )
    audit.record(actor=actor, kind="members.activated", subject=subject_of(membership), number=membership.number)
    return membership


@transaction.atomic
def suspend(*, actor, membership: Membership, on: date, reason: str, resolution: str) -> Membership:
    """The board suspends a membership, with its reason and resolution."""
    return _by_decision(actor, membership, "suspended", on, reason, resolution, {State.ACTIVE})


@transaction.atomic
def reinstate(*, actor, membership: Membership, on: date, reason: str, resolution: str) -> Membership:
    """The board lifts a suspension. What an expulsion took away only its appeal gives back."""
    rules.require(actor, "members.decide", membership)
    membership = history.lock(membership)  # an expulsion is decided under the same lock
    if is_expelled(membership):
        raise Refused(
            "expelled", _("This member was expelled; only an appeal can lift that, not a resolution of the board.")
        )
    return _by_decision(actor, membership, "reinstated", on, reason, resolution, {State.SUSPENDED})


def is_expelled(membership: Membership) -> bool:
    """Does an expulsion stand, or wait for its appeal?"""
    stands = Q(state__in=[ExpulsionCase.State.EXPELLED, ExpulsionCase.State.APPEALED]) | Q(
        outcome=ExpulsionCase.Outcome.EXPELLED
    )
    return ExpulsionCase.objects.filter(stands, membership=membership).exists()


def _by_decision(actor, membership, kind, on, reason, resolution, allowed) -> Membership:
    rules.require(actor, "members.decide", membership)
    membership = history.lock(membership)
    refuse_ended(membership)
    refuse_dead(membership)
    if membership.state not in allowed:
        raise Refused(
            "wrong_state",
            _("This membership is “%s”, so that cannot be done now.") % membership.get_state_display().lower(),
        )
    if not reason.strip():
        raise Refused("reason_missing", _("Say why, in a sentence the member will read."), "reason")
    if not resolution.strip():
        raise Refused("resolution_missing", _("Name the resolution that decided it."), "resolution")
    refuse_future(membership, on)
    _refuse_before_last(membership, on)
    history.go_on(
        actor=actor,
        membership=membership,
        kind=kind,
        effective_on=on,
        decided_by="board",
        decided_on=on,
        decision_ref=resolution.strip(),
        note={"because": reason.strip()},
    )
    audit.record(
        actor=actor,
        kind=f"members.{kind}",
        subject=subject_of(membership),
        number=membership.number,
        resolution=resolution.strip(),
        reason=reason.strip(),
    )
    return membership


def _refuse_before_last(membership: Membership, on: date) -> None:
    """Decisions are recorded in the order they took effect; what was forgotten is a correction."""
    story = in_force(membership.events.all(), date.max)
    last = max(event.effective_on for event in story if event.kind in STATES)
    if on < last:
        raise Refused(
            "before_the_last",
            _("On %(day)s this membership already changed; this cannot have happened before.")
            % {"day": date_format(last, "j F Y")},
            "on",
        )


def subject_of(membership: Membership) -> str:
    """How the audit trail names a membership."""
    return f"membership:{membership.pk}"


def refuse_dead(membership: Membership) -> None:
    """Refuse what makes no sense of somebody who has died."""
    if membership.party.died_on is not None:
        raise Refused("died", _("This member has died; that cannot be done any more."))


def refuse_ended(membership: Membership) -> None:
    """Refuse what a membership that is over cannot undergo."""
    if membership.standing_on(clock.today(membership.coop)) == State.ENDED:
        raise Refused("ended", _("This membership has ended, so nothing can change its standing."))


def refuse_future(membership: Membership, on: date, field: str = "on") -> None:
    """Refuse what has not happened yet."""
    if on > clock.today(membership.coop):
        raise Refused("in_the_future", _("That day is still to come; record it when it has happened."), field)
