"""What the co-op teaches: courses with their checklists, sessions, and which class or office asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Office
from members.models import Course, CourseRequirement, CourseSession, CourseStep, Enrolment, MembershipClass

from .telling import tell_session

MOST_SEATS = 10_000  # which the database counts one by one; where everybody may come nothing is counted


@transaction.atomic
def save_course(
    *,
    actor,
    course: Course | None = None,
    name: str,
    about: str = "",
    needs_session: bool = True,
    valid_months: int | None = None,
    steps: Sequence[tuple[str, str]] = (),
) -> Course:
    """A new course, or a known one described anew. ``steps``: (title, link or "") in order.

    A line of the checklist that is not named any more is dropped; nobody has to do it from now on. What was completed
    stays completed, with the last day it had.
    """
    rules.require(actor, "members.keep_register", course)
    name = " ".join(name.split())[:120]
    _refuse_course(course, name, needs_session, valid_months, steps)
    said: dict[str, Any] = {
        "name": name,
        "about": about.strip(),
        "needs_session": needs_session,
        "valid_months": valid_months,
    }
    try:
        with transaction.atomic():
            if course is None:
                course = Course.objects.create(coop_id=actor.coop_id, created_by_id=actor.user_id, **said)
            else:
                Course.objects.filter(pk=course.pk).update(**said)
                course.refresh_from_db()
    except IntegrityError as clash:
        raise Refused("course_named", _("There is a course with this name already."), "name") from clash
    _keep_steps(course, steps)
    audit.record(actor=actor, kind="members.course_saved", subject=f"course:{course.pk}", name=name, steps=len(steps))
    return course


def _refuse_course(course, name: str, needs_session: bool, months: int | None, steps) -> None:
    if course is not None and course.closed_at is not None:
        raise Refused("course_closed", _("This course is not offered any more."))
    if not name:
        raise Refused("name_missing", _("Give the course a name."), "name")
    if months is not None and not 1 <= months <= 600:
        raise Refused("months_wrong", _("It holds for one month to fifty years, or for good."), "valid_months")
    titles = [title for title, _link in steps]
    if len(set(titles)) != len(titles):
        raise Refused("step_twice", _("The checklist names the same thing twice."), "steps")
    if len(titles) > 50 or any(not title or len(title) > 200 for title in titles):
        raise Refused("steps_long", _("A checklist has at most 50 lines of 200 characters."), "steps")
    if not needs_session and not steps:
        raise Refused("nothing_to_do", _("A course has sessions, a checklist, or both."), "steps")


def _keep_steps(course: Course, steps: Sequence[tuple[str, str]]) -> None:
    known = {each.title: each for each in course.steps.filter(dropped_at=None)}
    for position, (title, link) in enumerate(steps):
        step = known.pop(title, None) or CourseStep(coop_id=course.coop_id, course=course, title=title)
        step.position, step.link = position, link
        step.save()
    CourseStep.objects.filter(pk__in=[each.pk for each in known.values()]).update(dropped_at=clock.now())


@transaction.atomic
def close_course(*, actor, course: Course) -> Course:
    """The course is not offered any more. Refused while something asks for it, or a session is still to come."""
    rules.require(actor, "members.keep_register", course)
    course = Course.objects.select_for_update(no_key=True, of=("self",)).select_related("coop").get(pk=course.pk)
    today = clock.today(course.coop)
    if course.closed_at is not None:
        return course
    if any(each.ends_on is None or each.ends_on >= today for each in course.requirements.all()):
        raise Refused("still_required", _("A class or an office still asks for this course; end that first."))
    if course.sessions.filter(cancelled_at=None, starts_at__gt=clock.now()).exists():
        raise Refused("session_to_come", _("A session is still to come; hold it or cancel it first."))
    course.closed_at = clock.now()
    course.save(update_fields=["closed_at"])
    audit.record(actor=actor, kind="members.course_closed", subject=f"course:{course.pk}")
    return course


@transaction.atomic
def plan_session(
    *, actor, course: Course, starts_at: datetime, place: str, held_by: str = "", seats: int | None = None
) -> CourseSession:
    """The course is held at that moment in that place. One in the past is written down after it took place."""
    rules.require(actor, "members.keep_register", course)
    if course.closed_at is not None:
        raise Refused("course_closed", _("This course is not offered any more."))
    if not 2000 <= starts_at.year <= 2100:
        raise Refused("starts_wrong", _("A session takes place between 2000 and 2100."), "starts_at")
    if not place.strip():
        raise Refused("place_missing", _("Say where it takes place."), "place")
    if seats is not None and not 1 <= seats <= MOST_SEATS:
        sentence = _("A session has 1 to %s seats; leave it empty if all may come.")
        raise Refused("seats_wrong", sentence % MOST_SEATS, "seats")
    session = CourseSession.objects.create(
        coop_id=actor.coop_id,
        course=course,
        starts_at=starts_at,
        place=place.strip()[:200],
        held_by=held_by.strip()[:120],
        seats=seats,
    )
    audit.record(
        actor=actor, kind="members.session_planned", subject=f"session:{session.pk}", starts_at=starts_at.isoformat()
    )
    return session


@transaction.atomic
def cancel_session(*, actor, session: CourseSession, because: str) -> CourseSession:
    """It does not take place; whoever had signed up is told why. Refused once somebody was marked as there."""
    rules.require(actor, "members.keep_register", session)
    locked = CourseSession.objects.select_for_update(no_key=True, of=("self",)).select_related("course__coop")
    session = locked.get(pk=session.pk, coop_id=actor.coop_id)
    because = because.strip()[:200]
    if not because:
        raise Refused("reason_missing", _("Say why; whoever signed up is told."), "because")
    if session.cancelled_at is not None:
        raise Refused("cancelled_already", _("This session was cancelled already."))
    if session.enrolments.filter(state__in=("present", "absent")).exists():
        raise Refused("held_already", _("Attendance is on record, so it took place."))
    session.cancelled_at, session.because = clock.now(), because
    session.save(update_fields=["cancelled_at", "because"])
    coming = session.enrolments.filter(state=Enrolment.State.ENROLLED).update(told_at=None)
    tell_session(actor=actor, session=session)
    audit.record(actor=actor, kind="members.session_cancelled", subject=f"session:{session.pk}", told=coming)
    return session


@transaction.atomic
def require_course(
    *,
    actor,
    course: Course,
    member_class: MembershipClass | None = None,
    office: str = "",
    days: int | None = None,
    for_present: bool = False,
    starts_on: date,
    cite: str,
) -> CourseRequirement:
    """A class or an office asks for the course from a day on; ``cite`` says where that is written.

    ``days`` None: before the board admits, or before the office is taken; else within so many days after.
    """
    rules.require(actor, "members.keep_register", course)
    if course.closed_at is not None:
        raise Refused("course_closed", _("This course is not offered any more."))
    if (member_class is None) == (not office):
        raise Refused("whose_missing", _("Name a class or an office, and one of the two only."), "member_class")
    if member_class is not None:
        rules.require(actor, "members.keep_register", member_class)
    elif office not in Office.Role.values:
        raise Refused("office_unknown", _("There is no such office."), "office")
    if not cite.strip():
        raise Refused("cite_missing", _("Say where it is written: the by-laws’ paragraph or a resolution."), "cite")
    if days is not None and not 1 <= days <= 3650:
        raise Refused("days_wrong", _("Within one day to ten years; leave it empty for beforehand."), "days")
    try:
        with transaction.atomic():
            made = CourseRequirement.objects.create(
                coop_id=actor.coop_id,
                course=course,
                member_class=member_class,
                office=office,
                days=days,
                for_present=for_present,
                starts_on=starts_on,
                cite=cite.strip()[:200],
                recorded_by_id=actor.user_id,
            )
    except IntegrityError as clash:
        raise Refused("required_already", _("This is asked for already."), "member_class") from clash
    _audit_requirement(actor, "members.course_required", made)
    return made


@transaction.atomic
def end_requirement(*, actor, requirement: CourseRequirement, on: date) -> CourseRequirement:
    """``on`` is the last day on which the course is asked for."""
    rules.require(actor, "members.keep_register", requirement)
    requirement = CourseRequirement.objects.select_for_update(no_key=True).get(pk=requirement.pk, coop_id=actor.coop_id)
    if requirement.ends_on is not None:
        raise Refused("ended_already", _("This has ended already."))
    if on < requirement.starts_on:
        raise Refused("ends_before_start", _("It cannot end before it began."), "on")
    requirement.ends_on = on
    requirement.save(update_fields=["ends_on"])
    _audit_requirement(actor, "members.course_requirement_ended", requirement)
    return requirement


def _audit_requirement(actor, kind: str, made: CourseRequirement) -> None:
    audit.record(
        actor=actor,
        kind=kind,
        subject=f"course:{made.course_id}",
        requirement=made.pk,
        member_class=made.member_class_id,
        office=made.office,
        days=made.days,
        cite=made.cite,
    )
