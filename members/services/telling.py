"""Letters to everybody on a session's list, and codes to everybody without a login: by the worker, a hundred at a time.

Who was written to is kept beside the letter, in one transaction: a worker that dies is followed by another, and nobody
gets two.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import clock, jobs, rules
from coop.kernel.models import Job
from members import notices
from members.models import CourseSession, Enrolment, Membership
from members.selectors.search import to_invite

from .posting import invite

AT_ONCE = 100
Progress = Callable[[int, int], None]


def tell_session(*, actor, session: CourseSession) -> Job | None:
    """Write to everybody on the list who was not yet: a few at once, many by the worker, whose job is returned."""
    waiting = untold(session).count()
    if waiting <= AT_ONCE:
        _tell_some(session)
        return None
    title = _("Writing to everybody in “%s”") % session.course.name
    return jobs.enqueue(
        "members.tell_session", session.pk, clock.now().isoformat(), actor=actor, title=title, total=waiting
    )


def untold(session: CourseSession):
    """Whoever is signed up and does not know yet: that they are, or that it does not take place."""
    return Enrolment.objects.filter(session=session, told_at=None, state=Enrolment.State.ENROLLED)


def tell_the_rest(session: CourseSession, progress: Progress = lambda done, total: None) -> int:
    """The worker's part: how many were written to. May be broken off and begun again."""
    told, total = 0, untold(session).count()
    while chunk := _tell_some(session):
        told += chunk
        progress(told, total)
    return told


@transaction.atomic
def _tell_some(session: CourseSession) -> int:
    session = (
        CourseSession.objects.select_for_update(no_key=True, of=("self",)).select_related("course").get(pk=session.pk)
    )
    write = notices.session_booked if session.cancelled_at is None else notices.session_cancelled
    rows = (
        untold(session).select_for_update(no_key=True, of=("self",)).select_related("party__coop", "application__coop")
    )
    chunk = list(rows.order_by("pk")[:AT_ONCE])
    for each in chunk:
        write(session, each.learner)
    Enrolment.objects.filter(pk__in=[each.pk for each in chunk]).update(told_at=clock.now())
    return len(chunk)


def ask_to_invite(*, actor) -> Job | int:
    """Invite everybody who has neither a login nor a code that works: a few at once, and how many; many by a job."""
    rules.require(actor, "members.keep_register")
    waiting = to_invite(actor.coop, clock.today(actor.coop)).count()
    if waiting <= AT_ONCE:
        return len(_invite_some(actor, 0))
    return jobs.enqueue("members.invite_everybody", actor=actor, title=_("Inviting members"), total=waiting)


def invite_everybody(*, actor, progress: Progress = lambda done, total: None) -> int:
    """The worker's part: how many were invited. Broken off, it goes on with whoever has no code yet."""
    done, last = 0, 0
    total = to_invite(actor.coop, clock.today(actor.coop)).count()
    while chunk := _invite_some(actor, last):
        done, last = done + len(chunk), chunk[-1].number
        progress(done, total)
    return done


@transaction.atomic
def _invite_some(actor, after: int) -> list[Membership]:
    waiting = to_invite(actor.coop, clock.today(actor.coop)).filter(number__gt=after).order_by("number")
    chunk: dict[int, Membership] = {}
    for each in waiting[:AT_ONCE]:
        if chunk.setdefault(each.party_id, each) is each:  # two memberships, one person, one code
            invite(actor=actor, membership=each)
    return list(chunk.values())
