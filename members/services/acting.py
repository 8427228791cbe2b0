"""One act for everybody on a list, as the preview showed it: all of it or nothing."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.models import CourseSession, Enrolment, Membership, Party, PartyTag
from members.selectors.acts import Act, Planned, free_seats, planned

from .telling import tell_session

MOST = 200_000  # members one act may touch


@transaction.atomic
def act_on_all(
    *, actor, found: QuerySet[Membership], act: str, digest: str, tag: str = "", session: CourseSession | None = None
) -> Planned:
    """Do to everybody on the list what the preview with this ``digest`` showed; what was done is returned.

    Refused where the list changed since, nobody is concerned, or a session has too few seats for all of them.
    """
    rules.require(actor, "members.keep_register")
    tag = check_act(actor, act, tag, session)
    if session is not None:
        session = (
            CourseSession.objects.select_for_update(no_key=True, of=("self",))
            .select_related("course")
            .get(pk=session.pk)
        )
    list(
        Party.objects.filter(memberships__in=found)
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
        .values_list("pk")
    )
    plan = planned(found, act, tag=tag, session=session)
    _refuse(plan, act, digest, session)
    {
        Act.TAG: lambda: _tag(actor, plan.parties, tag),
        Act.UNTAG: lambda: PartyTag.objects.filter(party__in=plan.parties, name=tag).delete(),
        Act.BY_POST: lambda: _channel(plan.parties, by_post=True),
        Act.BY_MAIL: lambda: _channel(plan.parties, by_post=False),
        Act.ENROL: lambda: _enrol(actor, plan.parties, session),
    }[Act(act)]()
    audit.record(
        actor=actor,
        kind="members.acted_on_list",
        subject="members",
        act=act,
        tag=tag,
        session=session.pk if session else None,
        digest=plan.digest,
        memberships=[each.pk for each in plan.doing],
        left_out=len(plan.left_out),
    )
    return plan


def check_act(actor, act: str, tag: str, session: CourseSession | None) -> str:
    """Refuse an act that does not say what it needs; the tag as it is kept."""
    if act not in Act.values:
        raise Refused("act_unknown", _("Say what is to be done with them."), "act")
    tag = " ".join(tag.split()).lower() if act in (Act.TAG, Act.UNTAG) else ""
    if act in (Act.TAG, Act.UNTAG) and not 1 <= len(tag) <= 40:
        raise Refused("tag_missing", _("Say which tag, in at most 40 characters."), "tag")
    if act == Act.ENROL:
        if session is None or session.coop_id != actor.coop_id:
            raise Refused("session_missing", _("Choose the session."), "session")
        if session.cancelled_at is not None or session.starts_at <= clock.now():
            raise Refused("session_over", _("This session was cancelled or has begun; choose another one."), "session")
    return tag


def _refuse(plan: Planned, act: str, digest: str, session: CourseSession | None) -> None:
    if plan.digest != digest:
        raise Refused("list_changed", _("The list changed since you looked at it; please look again."))
    if not plan.doing:
        raise Refused("nobody", _("This would change nothing for anybody on the list."))
    if len(plan.doing) > MOST:
        raise Refused("too_many", _("At most %s members at once; narrow the list.") % MOST)
    free = free_seats(session) if session is not None else None
    if free is not None and len(plan.doing) > free:
        raise Refused(
            "too_few_seats",
            _("%(people)s people would be signed up and %(free)s seats are free, so nobody was; narrow the list.")
            % {"people": len(plan.doing), "free": free},
            "session",
        )


def _tag(actor, parties: list[Party], tag: str) -> None:
    rows = (PartyTag(coop_id=actor.coop_id, party=each, name=tag, added_by_id=actor.user_id) for each in parties)
    PartyTag.objects.bulk_create(rows, batch_size=2000)


def _channel(parties: list[Party], *, by_post: bool) -> None:
    Party.objects.filter(pk__in=[each.pk for each in parties]).update(by_post=by_post)


def _enrol(actor, parties: list[Party], session: CourseSession | None) -> None:
    stamp = {"coop_id": actor.coop_id, "session": session, "asked_by_id": actor.user_id}
    withdrawn = Enrolment.objects.filter(session=session, party__isnull=False, state=Enrolment.State.WITHDRAWN)
    asked = {each.pk for each in parties}
    back = {pk: party for pk, party in withdrawn.values_list("pk", "party_id") if party in asked}
    came_back = set(back.values())
    try:
        with transaction.atomic():
            withdrawn.filter(pk__in=back).update(state=Enrolment.State.ENROLLED, told_at=None)
            new = (Enrolment(**stamp, party=each, told_at=None) for each in parties if each.pk not in came_back)
            Enrolment.objects.bulk_create(new, batch_size=2000)
    except IntegrityError as full:
        if "every seat" not in str(full):
            raise
        raise Refused("session_full", _("The seats are not enough for all of them, so nobody was signed up.")) from full
    if session is not None:
        tell_session(actor=actor, session=session)
