"""Who learns: signing up, being there, ticking a checklist, and what was completed.

A learner is a party, or an application as long as the register knows no party for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members import notices
from members.models import (
    Application,
    Completion,
    Course,
    CourseRequirement,
    CourseSession,
    CourseStep,
    Enrolment,
    Party,
    StepDone,
)
from members.notice.rule import add_months
from members.selectors import learning

from .parties import refuse_merged

State = Enrolment.State
Learner = Party | Application


def _whose(learner: Learner) -> dict[str, Learner]:
    return {"party": learner} if isinstance(learner, Party) else {"application": learner}


def _ref(learner: Learner) -> str:
    return f"{'party' if isinstance(learner, Party) else 'application'}:{learner.pk}"


def _require_own(actor, learner: Learner, reference=None) -> bool:
    """True for the secretary; else it must be the learner, or whoever holds the application's secret reference."""
    if isinstance(learner, Application) and str(reference) == str(learner.reference):
        return False
    if rules.may(actor, "members.keep_register", learner):
        return True
    rules.require(actor, "members.see_self" if isinstance(learner, Party) else "members.keep_register", learner)
    return False


def _refuse_learner(learner: Learner, on: date) -> None:
    if isinstance(learner, Application):
        if not learner.is_open:
            raise Refused("already_decided", _("This application has been decided."))
        return
    refuse_merged(learner)
    if learner.died_on or not learning.belongs(learner, on):
        raise Refused("not_a_member", _("%s is no member today.") % learner.name, "number")


@transaction.atomic
def sign_up(*, actor, session: CourseSession, learner: Learner, reference=None, tell: bool = True) -> Enrolment:
    """Take a seat, and be written to with time and place. Twice is once. Refused where it is over, cancelled or full.

    The secretary may still write somebody down after it began.
    """
    keeps = _require_own(actor, learner, reference)
    session = CourseSession.objects.select_related("course").get(pk=session.pk)
    _refuse_session(session, learner, keeps)
    _refuse_learner(learner, clock.today(actor.coop))
    enrolment, is_new = _seat(actor, session, learner)
    if is_new:
        if tell and session.starts_at > clock.now():
            notices.session_booked(session, learner)
        audit.record(actor=actor, kind="members.signed_up", subject=_ref(learner), session=session.pk)
    return enrolment


def _refuse_session(session: CourseSession, learner: Learner, keeps: bool) -> None:
    if session.coop_id != learner.coop_id:
        raise Refused("session_unknown", _("There is no such session."))
    if session.cancelled_at is not None:
        raise Refused("session_cancelled", _("This session was cancelled."))
    if not keeps and session.starts_at <= clock.now():
        raise Refused("session_over", _("This session has begun; choose another one."))


def _seat(actor, session: CourseSession, learner: Learner) -> tuple[Enrolment, bool]:
    """The learner's seat, and whether it is a new one. The database counts, so the last seat goes to one alone."""
    try:
        with transaction.atomic():
            enrolment, is_new = Enrolment.objects.get_or_create(
                session=session, **_whose(learner), defaults={"coop_id": actor.coop_id, "asked_by_id": actor.user_id}
            )
            if enrolment.state == State.WITHDRAWN:
                enrolment.state, is_new = State.ENROLLED, True
                enrolment.save(update_fields=["state"])
    except IntegrityError as full:
        if "was cancelled" in str(full):
            raise Refused("session_cancelled", _("This session was cancelled.")) from full
        if "every seat" not in str(full):
            raise
        raise Refused("session_full", _("Every seat of this session is taken; choose another one.")) from full
    return enrolment, is_new


@transaction.atomic
def sign_off(*, actor, enrolment: Enrolment, reference=None) -> Enrolment:
    """Give the seat back. Refused once it was said who came."""
    learner = enrolment.learner
    _require_own(actor, learner, reference)
    enrolment = Enrolment.objects.select_for_update(no_key=True, of=("self",)).get(pk=enrolment.pk)
    if enrolment.state in (State.PRESENT, State.ABSENT):
        raise Refused("marked_already", _("It is on record who came, so this stands."))
    if enrolment.state == State.ENROLLED:
        enrolment.state = State.WITHDRAWN
        enrolment.save(update_fields=["state"])
        audit.record(actor=actor, kind="members.signed_off", subject=_ref(learner), session=enrolment.session_id)
    return enrolment


@transaction.atomic
def mark(*, actor, session: CourseSession, came: Mapping[int, bool]) -> int:
    """Write down who came, by enrolment; how many completed the course by it. May be corrected by saying it again.

    Who was there and has nothing left on the checklist has completed the course that day. Who was wrongly said to
    have been there has not, and the completion is struck out.
    """
    rules.require(actor, "members.keep_register", session)
    if session.cancelled_at is not None:
        raise Refused("session_cancelled", _("This session was cancelled."))
    if session.starts_at > clock.now():
        raise Refused("not_yet", _("The session has not begun, so nobody was there yet."))
    rows = (
        session.enrolments.select_for_update(no_key=True, of=("self",))
        .select_related("party", "application")
        .order_by("pk")
    )
    found = {each.pk: each for each in rows.exclude(state=State.WITHDRAWN)}
    unknown = set(came) - set(found)
    if unknown:
        raise Refused("enrolment_unknown", _("One of these people is not signed up for this session."))
    completed, now, day = 0, clock.now(), clock.local_day(session.starts_at, actor.coop)
    for pk, was_there in came.items():
        each, state = found[pk], State.PRESENT if was_there else State.ABSENT
        if each.state == state:
            continue
        each.state, each.marked_at, each.marked_by_id = state, now, actor.user_id
        each.save(update_fields=["state", "marked_at", "marked_by"])
        learner = each.learner
        audit.record(actor=actor, kind="members.attendance", subject=_ref(learner), session=session.pk, came=was_there)
        if was_there:
            completed += _complete_if_done(actor, session.course, learner, day, enrolment=each) is not None
        else:
            for wrong in each.completions.filter(struck_at=None):
                strike(actor=actor, completion=wrong, because=_("Was not there after all."))
    return completed


@transaction.atomic
def tick(*, actor, step: CourseStep, learner: Party, done: bool = True) -> Completion | None:
    """Tick a line of the checklist, or take the tick back. The completion, where it was the last thing left."""
    _require_own(actor, learner)
    if step.coop_id != learner.coop_id or step.dropped_at is not None:
        raise Refused("step_unknown", _("There is no such line on the checklist."))
    today = clock.today(actor.coop)
    _refuse_learner(learner, today)
    Party.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=learner.pk
    )  # two last ticks at once complete it once
    course = step.course
    if done and learning.held(course, learner, today) is not None:
        return None
    if not done:
        StepDone.objects.filter(step=step, party=learner).delete()
        return None
    StepDone.objects.get_or_create(
        step=step, party=learner, defaults={"coop_id": actor.coop_id, "done_by_id": actor.user_id}
    )
    came = learning.attended(course, learner) if course.needs_session else None
    if course.needs_session and came is None:
        return None
    return _complete_if_done(actor, course, learner, today, enrolment=came)


def _complete_if_done(actor, course: Course, learner: Learner, on: date, enrolment: Enrolment | None):
    """Write the completion if nothing is left on the checklist, and none that counts that day is there."""
    if learning.steps_left(course, learner) or learning.held(course, learner, on) is not None:
        return None
    return _write(actor, course, learner, on, enrolment=enrolment)


@transaction.atomic
def record_completion(
    *,
    actor,
    course: Course,
    learner: Learner,
    on: date,
    evidence: str,
    expires_on: date | None = None,
) -> Completion:
    """The secretary has seen that somebody did the course on a day, here or elsewhere, and from what."""
    rules.require(actor, "members.keep_register", course)
    rules.require(actor, "members.keep_register", learner)
    today = clock.today(actor.coop)
    _refuse_learner(learner, today)
    if on > today:
        raise Refused("in_the_future", _("It lies in the future; write it down once it is done."), "on")
    if not evidence.strip():
        raise Refused("evidence_missing", _("Say what you saw, for whoever asks later."), "evidence")
    if expires_on is not None and expires_on < on:
        raise Refused("expires_before", _("It cannot run out before it was done."), "expires_on")
    return _write(actor, course, learner, on, evidence=evidence.strip()[:200], expires_on=expires_on)


def _write(actor, course: Course, learner: Learner, on: date, *, expires_on: date | None = None, **facts) -> Completion:
    if expires_on is None and course.valid_months is not None:
        expires_on = add_months(on, course.valid_months)
    try:
        with transaction.atomic():
            made = Completion.objects.create(
                coop_id=actor.coop_id,
                course=course,
                **_whose(learner),
                done_on=on,
                expires_on=expires_on,
                recorded_by_id=actor.user_id,
                **facts,
            )
    except IntegrityError as clash:
        if "completion_once_a_day" not in str(clash):
            raise
        raise Refused(
            "done_already",
            _("It is on record already that %(who)s did “%(course)s” that day.")
            % {"who": str(learner), "course": course.name},
            "on",
        ) from clash
    if isinstance(learner, Party):
        StepDone.objects.filter(party=learner, step__course=course).delete()
    audit.record(
        actor=actor,
        kind="members.course_completed",
        subject=_ref(learner),
        course=course.pk,
        on=on.isoformat(),
        expires_on=expires_on.isoformat() if expires_on else None,
    )
    return made


@transaction.atomic
def strike(*, actor, completion: Completion, because: str) -> Completion:
    """It was not so: the completion is struck out, with the reason, and counts no more."""
    rules.require(actor, "members.keep_register", completion)
    if not because.strip():
        raise Refused("reason_missing", _("Say what shows it, for whoever asks later."), "because")
    struck = Completion.objects.filter(pk=completion.pk, coop_id=actor.coop_id, struck_at=None).update(
        struck_at=clock.now(), struck_by_id=actor.user_id, because=because.strip()[:200]
    )
    if not struck:
        raise Refused("struck_already", _("This was struck out already."))
    completion.refresh_from_db()
    learner = completion.learner
    audit.record(actor=actor, kind="members.completion_struck", subject=_ref(learner), course=completion.course_id)
    return completion


def pass_to_parties(applications: Iterable[Application]) -> None:
    """What applicants did hangs on the parties the register knows from now on. Part of their admission."""
    by_key = {each.pk: each for each in applications}
    waiting = {"application__in": by_key, "party": None}
    enrolled = Enrolment.objects.filter(**waiting).values_list("application")
    for key in {key for (key,) in enrolled.union(Completion.objects.filter(**waiting).values_list("application"))}:
        _pass_to_party(by_key[key])


def _pass_to_party(application: Application) -> None:
    party = application.party
    waiting = {"application": application, "party": None}
    known = Enrolment.objects.filter(party=party).values("session")
    Enrolment.objects.filter(**waiting).exclude(session__in=known).update(party=party)
    for each in Completion.objects.filter(**waiting, struck_at=None):
        if not Completion.objects.filter(
            party=party, course=each.course_id, done_on=each.done_on, struck_at=None
        ).exists():
            Completion.objects.filter(pk=each.pk).update(party=party)


def refuse_admission(application: Application, on: date, asked: Sequence[CourseRequirement] | None = None) -> None:
    """Refuse to admit somebody who has not done what the class asks for beforehand.

    ``asked`` is what any class asks for on that day, where that was read already.
    """
    for lack in learning.before_admission(application, on, asked):
        raise Refused(
            "course_missing",
            _("%(who)s has not done “%(course)s”, which %(class)s members do before they are admitted (%(cite)s).")
            % {
                "who": application.full_name,
                "course": lack.course.name,
                "class": application.member_class.name.lower(),
                "cite": lack.cite,
            },
            f"verdict_{application.pk}",
        )


def refuse_office(coop, user, role: str, on: date) -> None:
    """Refuse an office to somebody who has not done what it asks for beforehand."""
    for lack in learning.before_office(coop, user, role, on):
        raise Refused(
            "course_missing",
            _("%(who)s has not done “%(course)s”, which comes before this office (%(cite)s). Asked for since %(day)s.")
            % {
                "who": user.display_name,
                "course": lack.course.name,
                "cite": lack.cite,
                "day": date_format(lack.starts_on, "j F Y"),
            },
            "email",
        )
