"""Members ask for a meeting together: begun, supported, reached, and then the board's clock runs."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Office
from members.models import Membership
from members.selectors import figures, membership_of

from .. import notices
from ..models import Meeting, Requisition, RequisitionRule, Support
from ..selectors import requisitions as known


@transaction.atomic
def set_requisition_rule(*, actor, part: int, whole: int, call_within_days: int, cite: str) -> RequisitionRule:
    """Write down what the by-laws say; what was begun before keeps its own rule. Refuses what is no share."""
    rules.require(actor, "governance.call_meetings")
    if not 1 <= part <= whole <= 1000 or not 1 <= call_within_days <= 365:
        raise Refused("share", _("The share is some of all members, such as 1 of 10; the days are 1 to 365."), "part")
    made = RequisitionRule.objects.create(
        coop=actor.coop,
        part=part,
        whole=whole,
        call_within_days=call_within_days,
        cite=cite.strip(),
        set_at=clock.now(),
        set_by=actor.user,
    )
    facts = {"part": part, "whole": whole, "call_within_days": call_within_days, "cite": made.cite}
    audit.record(actor=actor, kind="governance.requisition_rule_set", subject=f"coop:{actor.coop_id}", **facts)
    return made


@transaction.atomic
def begin_requisition(*, actor, purpose: str, reasons: str, meeting: Meeting | None = None) -> Requisition:
    """Ask for a meeting, or with ``meeting`` for an item on its agenda; whoever begins it is its first supporter.

    How many it needs is counted from today's register and stands. Refuses whoever is no member in good standing, a
    purpose or reasons left out, a meeting that has begun, and a co-op whose by-laws have not been written down.
    """
    rules.require(actor, "governance.vote", meeting)
    me, today = _me(actor), clock.today(actor.coop)
    purpose, reasons = " ".join(purpose.split()), reasons.strip()
    for field, text in (("purpose", purpose), ("reasons", reasons)):
        if not text:
            raise Refused(field, _("Whoever asks for a meeting says what for, and why."), field)
    if meeting is not None and (meeting.coop_id != actor.coop_id or meeting.starts_at <= clock.now()):
        raise Refused("begun", _("An item is asked for before the meeting begins."), "meeting")
    share = known.rule_of(actor.coop)
    if share is None:
        raise Refused("no_rule", _("The office has not written down yet how many members must ask. Ask it to."))
    members = figures(actor.coop, today).members
    made = Requisition.objects.create(
        coop=actor.coop,
        kind=Requisition.Kind.ITEM if meeting else Requisition.Kind.MEETING,
        meeting=meeting,
        purpose=purpose[:200],
        reasons=reasons[:10_000],
        begun_by=me,
        begun_at=clock.now(),
        as_of=today,
        members=members,
        part=share.part,
        whole=share.whole,
        needed=known.needed(members, share),
        call_within_days=share.call_within_days,
        cite=share.cite,
    )
    audit.record(
        actor=actor,
        kind="governance.requisition_begun",
        subject=f"requisition:{made.pk}",
        purpose=made.purpose,
        members=members,
        needed=made.needed,
    )
    return support_requisition(actor=actor, requisition=made)


def _me(actor) -> Membership:
    mine = membership_of(actor)
    if mine is None or mine.state != Membership.State.ACTIVE:
        raise Refused("no_member", _("Only a member in good standing asks for a meeting."), status=403)
    return mine


def _held(actor, requisition: Requisition) -> Requisition:
    found = (
        Requisition.objects.select_for_update(no_key=True, of=("self",))
        .select_related("coop")
        .get(pk=requisition.pk, coop=actor.coop)
    )
    if found.withdrawn_at is not None:
        raise Refused("withdrawn", _("Whoever began this has withdrawn it."), status=409)
    if found.answered_at is not None:
        raise Refused("answered", _("This has been answered: the meeting is called."), status=409)
    return found


@transaction.atomic
def support_requisition(*, actor, requisition: Requisition) -> Requisition:
    """Stand behind it; twice is once. With the last one needed it is reached, and the board's clock begins to run."""
    rules.require(actor, "governance.vote", requisition)
    me, now = _me(actor), clock.now()
    requisition = _held(actor, requisition)
    if Support.objects.filter(requisition=requisition, membership=me).exists():
        return requisition
    Support.objects.create(coop=actor.coop, requisition=requisition, membership=me, at=now, by=actor.user)
    facts: dict[str, object] = {"by": me.number}
    if requisition.reached_at is None and requisition.supports.count() >= requisition.needed:
        requisition.reached_at = now
        requisition.call_by = clock.today(actor.coop) + timedelta(days=requisition.call_within_days)
        requisition.save(update_fields=["reached_at", "call_by"])
        facts["call_by"] = requisition.call_by.isoformat()
        for office in (
            Office.objects.current(clock.today(actor.coop))
            .filter(coop=actor.coop, role__in=("secretary", "board"))
            .select_related("user")
        ):
            notices.requisition(requisition, office.user)
    audit.record(actor=actor, kind="governance.requisition_supported", subject=f"requisition:{requisition.pk}", **facts)
    return requisition


@transaction.atomic
def withdraw_requisition(*, actor, requisition: Requisition) -> Requisition:
    """Whoever began it takes it back, until it is reached."""
    requisition = _held(actor, requisition)
    mine = membership_of(actor)
    if mine is None or mine.pk != requisition.begun_by_id:
        raise Refused("not_yours", _("Only whoever began it withdraws it."), status=403)
    if requisition.reached_at is not None:
        raise Refused("reached", _("Enough members have asked for it; it is theirs as well now."), status=409)
    requisition.withdrawn_at = clock.now()
    requisition.save(update_fields=["withdrawn_at"])
    audit.record(actor=actor, kind="governance.requisition_withdrawn", subject=f"requisition:{requisition.pk}")
    return requisition


@transaction.atomic
def answer_requisition(*, actor, requisition: Requisition, meeting: Meeting) -> Requisition:
    """Say by which meeting a reached requisition is answered; the clock stops.

    Refuses one that is not reached, a meeting that had begun before, and for an item another meeting than its own.
    """
    rules.require(actor, "governance.call_meetings", requisition)
    requisition = _held(actor, requisition)
    if requisition.reached_at is None:
        raise Refused("not_reached", _("Not enough members have asked for it yet."))
    if meeting.coop_id != actor.coop_id or meeting.starts_at <= requisition.reached_at:
        raise Refused("meeting", _("It is answered by a meeting that comes after it was asked for."), "meeting")
    if requisition.meeting_id is not None and meeting.pk != requisition.meeting_id:
        raise Refused("meeting", _("The item was asked for on the agenda of another meeting."), "meeting")
    requisition.answer, requisition.answered_at, requisition.answered_by = meeting, clock.now(), actor.user
    requisition.save(update_fields=["answer", "answered_at", "answered_by"])
    audit.record(
        actor=actor,
        kind="governance.requisition_answered",
        subject=f"requisition:{requisition.pk}",
        meeting=meeting.pk,
        in_time=bool(requisition.call_by and clock.today(actor.coop) <= requisition.call_by),
    )
    return requisition
