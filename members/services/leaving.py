"""How memberships end: notice and its undoing, and the day it takes effect. Death has a room of its own, `dying`."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import Actor
from members import notices
from members.models import Membership
from members.selectors.leaving import notice_of

from . import history
from .standing import refuse_ended, refuse_future, subject_of

Ending = Membership.Ending


@transaction.atomic
def give_notice(*, actor, membership: Membership, received_on: date, because: str = "") -> Membership:
    """A member leaves: notice arrived on ``received_on``, and the class's rule says which day is the last.

    The member does it, or the secretary writes down what came on paper. Refused where notice was given before.
    """
    _require_own_or_secretary(actor, membership)
    membership = history.lock(membership)
    refuse_ended(membership)
    refuse_future(membership, received_on, "received_on")
    if membership.ends_on is not None:
        raise Refused("leaving_already", _("This membership is already ending; nothing more needs to be done."))
    if received_on < membership.admitted_on:
        raise Refused("before_admission", _("Notice cannot come before the admission."), "received_on")
    worked_out = notice_of(membership, received_on)
    history.go_on(
        actor=actor,
        membership=membership,
        kind="notice_given",
        effective_on=received_on,
        ends_on=worked_out.last_day,
        ending=Ending.RESIGNED,
        note={"because": because.strip()} if because.strip() else None,
    )
    notices.notice_received(membership, worked_out)
    audit.record(
        actor=actor,
        kind="members.notice_given",
        subject=subject_of(membership),
        number=membership.number,
        received_on=received_on.isoformat(),
        last_day=worked_out.last_day.isoformat(),
    )
    return membership


@transaction.atomic
def withdraw_notice(*, actor, membership: Membership) -> Membership:
    """The member stays after all. Possible until the last day is over."""
    _require_own_or_secretary(actor, membership)
    membership = history.lock(membership)
    refuse_ended(membership)
    if membership.notice_on is None:
        raise Refused("no_notice", _("No notice was given, so there is nothing to take back."))
    history.go_on(
        actor=actor,
        membership=membership,
        kind="notice_withdrawn",
        effective_on=max(clock.today(membership.coop), membership.notice_on),
    )
    notices.notice_withdrawn(membership)
    audit.record(actor=actor, kind="members.notice_withdrawn", subject=subject_of(membership), number=membership.number)
    return membership


def end_due(coop: Cooperative, *, limit: int = 1000) -> int:
    """Write down the memberships whose last day is over. Each is a transaction of its own; may run twice at once."""
    today = clock.today(coop)
    ended = 0
    while ended < limit and _end_next(coop, today):
        ended += 1
    return ended


@transaction.atomic
def _end_next(coop: Cooperative, today: date) -> bool:
    due = Membership.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related(
        "party", "coop"
    )
    membership = due.filter(coop=coop, ends_on__lt=today).exclude(state="ended").order_by("ends_on", "pk").first()
    if membership is None or membership.ends_on is None:
        return False
    actor = Actor.system(coop)
    history.go_on(
        actor=actor,
        membership=membership,
        kind="exit_effective",
        effective_on=membership.ends_on + timedelta(days=1),
        ends_on=membership.ends_on,
        ending=membership.ending,
    )
    if membership.ending == Ending.RESIGNED:
        notices.membership_ended(membership)
    audit.record(
        actor=actor,
        kind="members.ended",
        subject=subject_of(membership),
        number=membership.number,
        last_day=membership.ends_on.isoformat(),
        ending=membership.ending,
    )
    return True


def _require_own_or_secretary(actor, membership: Membership) -> None:
    if not rules.may(actor, "members.keep_register", membership):
        rules.require(actor, "members.see_self", membership)
