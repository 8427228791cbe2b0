"""Who may come in: what the co-op teaches, who learns it, and who asks for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from coop.kernel import clock
from members import services
from tests.access.harness import EVERYBODY, OFFICERS, Case, World

SECRETARY = {"secretary"}


def build(world: World) -> None:
    mei, today, now = world.mei, clock.today(world.coop), clock.now()
    steps = [("Read the by-laws", "https://example.org/by-laws"), ("See the fire exits", "")]
    world.course = services.save_course(
        actor=mei, name="Induction", about="How the shop works.", steps=steps, valid_months=24
    )
    world.course_step = world.course.steps.order_by("pk")[0]
    evening = services.save_course(actor=mei, name="Book-keeping evening")
    held = {"actor": mei, "course": world.course, "place": "Shop, upstairs"}
    world.course_session = services.plan_session(**held, starts_at=now + timedelta(days=9), seats=12, held_by="Jonas")
    world.spare_session = services.plan_session(**held, starts_at=now + timedelta(days=30))
    world.past_session = services.plan_session(**held, starts_at=now - timedelta(days=9))
    for session in (world.course_session, world.past_session):
        world.seat = services.sign_up(actor=mei, session=session, learner=world.homely.party)
    who = {"actor": mei, "member_class": world.membership.member_class, "days": 30, "for_present": True}
    since = today - timedelta(days=31)
    world.course_asked = services.require_course(**who, course=world.course, starts_on=since, cite="by-laws § 2")
    first = services.require_course(actor=mei, course=evening, office="auditor", starts_on=today, cite="board 7")
    services.end_requirement(actor=mei, requirement=first, on=today)
    world.evening = services.plan_session(actor=mei, course=evening, starts_at=now + timedelta(days=3), place="Shop")
    seen = {"actor": mei, "course": world.course, "evidence": "Certificate."}
    world.course_done = services.record_completion(**seen, learner=world.suspended.party, on=today)
    world.closed_course = services.save_course(actor=mei, name="Old drill")
    services.close_course(actor=mei, course=world.closed_course)


def course(world: World) -> dict:
    return {"pk": world.course.pk}


def course_and_application(world: World) -> dict:
    return {"pk": world.course.pk, "application": world.application.pk}


def session(world: World) -> dict:
    return {"pk": world.course_session.pk}


def past(world: World) -> dict:
    return {"pk": world.past_session.pk}


def number(world: World) -> dict:
    return {"number": world.homely.number}


def a_course(world: World) -> dict:
    return {"name": "Cheese", "needs_session": True, "steps": [{"title": "Taste it"}]}


def a_session(world: World) -> dict:
    return {"starts_at": (clock.now() + timedelta(days=5)).isoformat(), "place": "Shop"}


def a_requirement(world: World) -> dict:
    return {"office": "board", "starts_on": clock.today(world.coop).isoformat(), "cite": "by-laws § 6"}


def a_completion(world: World) -> dict:
    return {**number(world), "on": clock.today(world.coop).isoformat(), "evidence": "Seen."}


def who_came(world: World) -> dict:
    return {"came": [{"enrolment": world.seat.pk, "came": True}]}


def asked(world: World) -> dict:
    return {"pk": world.course_asked.pk}


def done(world: World) -> dict:
    return {"pk": world.course_done.pk}


def step(world: World) -> dict:
    return {"pk": world.course_step.pk}


CASES = [
    Case("members:courses", OFFICERS),
    Case("members:courses", OFFICERS, query="?tab=closed"),
    Case("members:course-new", SECRETARY),
    Case("members:course", OFFICERS, course),
    Case("members:course", OFFICERS, course, query="?tab=done"),
    Case("members:course-edit", SECRETARY, course),
    Case("members:course-close", SECRETARY, course, method="post"),
    Case("members:course-require", SECRETARY, course),
    Case("members:course-record", SECRETARY, course),
    Case("members:course-record-applicant", SECRETARY, course_and_application),
    Case("members:course-plan", SECRETARY, course),
    Case("members:requirement-end", SECRETARY, asked, method="post"),
    Case("members:completion-strike", SECRETARY, done),
    Case("members:lacking", OFFICERS),
    Case("members:session", OFFICERS, session),
    Case("members:session", OFFICERS, past, query="?past"),
    Case("members:session", SECRETARY, past, method="post"),
    Case("members:session-add", SECRETARY, session, method="post", data=number),
    Case("members:session-cancel", SECRETARY, lambda w: {"pk": w.spare_session.pk}, method="post"),
    Case("members:me-courses", {"member"}, viewers=("member",)),
    Case("members:me-seat", {"member"}, session, method="post"),
    Case("members:me-step", {"member"}, step, method="post", data=lambda w: {"done": "yes"}),
    Case(
        "members:applied-seat", EVERYBODY, lambda w: {"reference": w.twin.reference, "pk": w.evening.pk}, method="post"
    ),
]

API = [
    Case("members-api:courses", OFFICERS),
    Case("members-api:courses", SECRETARY, method="post", data=a_course),
    Case("members-api:course", SECRETARY, course, method="put", data=a_course),
    Case("members-api:course", SECRETARY, lambda w: {"pk": w.closed_course.pk}, method="delete"),
    Case("members-api:course-sessions", OFFICERS, course),
    Case("members-api:course-sessions", SECRETARY, course, method="post", data=a_session),
    Case("members-api:course-requirements", OFFICERS, course),
    Case("members-api:course-requirements", SECRETARY, course, method="post", data=a_requirement),
    Case("members-api:course-completions", OFFICERS, course),
    Case("members-api:course-completions", SECRETARY, course, method="post", data=a_completion),
    Case("members-api:lacking", OFFICERS),
    Case(
        "members-api:requirement-end",
        SECRETARY,
        asked,
        method="post",
        data=lambda w: {"on": clock.today(w.coop).isoformat()},
    ),
    Case("members-api:completion-strike", SECRETARY, done, method="post", data=lambda w: {"because": "No."}),
    Case("members-api:enrolments", OFFICERS, session),
    Case("members-api:enrolments", SECRETARY, session, method="post", data=number),
    Case("members-api:attendance", SECRETARY, past, method="post", data=who_came),
    Case(
        "members-api:session-cancel",
        SECRETARY,
        lambda w: {"pk": w.spare_session.pk},
        method="post",
        data=lambda w: {"because": "Ill."},
    ),
    Case("members-api:my-courses", {"member"}),
    Case("members-api:my-seat", {"member"}, session, method="put"),
    Case("members-api:my-seat", {"member"}, session, method="delete"),
    Case("members-api:my-step", {"member"}, step, method="put"),
    Case("members-api:my-step", {"member"}, step, method="delete"),
]
CASES += [replace(case, api=True, html=False) for case in API]
