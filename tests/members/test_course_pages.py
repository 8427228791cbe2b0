"""The pages about courses: what they say to the secretary, the member and the applicant, and what they cost."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop.kernel import clock
from coop.kernel.tenancy import path
from members import services
from members.models import AccessLog, Completion, Course, CourseRequirement, CourseSession, Enrolment
from members.selectors import learning
from members.services.erasing import erase

from .factories import make_application, make_class, make_member

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))).strip()


def test_a_course_from_its_offer_to_who_came_through_the_pages(coop, mei, theo, client_of):
    desk, member = client_of(mei), client_of(theo)
    assert "No course here" in text(desk.get(path(coop, "members:courses")))
    me = make_member(coop, user=theo.user, name="Ada Holm")
    assert "No course is offered yet" in text(member.get(path(coop, "members:me-courses")))
    said = {"name": "Induction", "needs_session": "on", "steps": "Read it | javascript:alert(1)"}
    wrong = desk.post(path(coop, "members:course-new"), said)
    assert wrong.status_code == 422
    assert "is not an address a browser can open" in text(wrong)
    desk.post(path(coop, "members:course-new"), {**said, "steps": "", "valid_months": "12"})
    course = Course.objects.get()
    here = path(coop, "members:course", pk=course.pk)
    today = clock.today(coop)
    asked = {"member_class": "consumer", "days": "30", "starts_on": today.isoformat(), "cite": "by-laws § 2"}
    desk.post(path(coop, "members:course-require", pk=course.pk), {**asked, "for_present": "on"})
    assert CourseRequirement.objects.get().for_present
    page = text(desk.get(here))
    assert "Consumer members, within 30 days, and those who were there already" in page
    assert "Ada Holm" in page
    soon = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    desk.post(path(coop, "members:course-plan", pk=course.pk), {"starts_at": soon, "place": "Shop", "seats": "1"})
    session = CourseSession.objects.get()
    mine = text(member.get(path(coop, "members:me-courses")))
    assert "You still need one course" in mine
    assert "0 of 1 seats taken" in mine
    assert "You still need a course" in text(member.get(path(coop, "members:me")))
    member.post(path(coop, "members:me-seat", pk=session.pk))
    assert "You have a seat." in text(member.get(path(coop, "members:me-courses")))
    member.post(path(coop, "members:me-seat", pk=session.pk), {"act": "leave"})
    assert Enrolment.objects.get().state == "withdrawn"
    other = make_member(coop, name="Bo Holm")
    there = path(coop, "members:session", pk=session.pk)
    desk.post(path(coop, "members:session-add", pk=session.pk), {"number": me.number})
    full = desk.post(path(coop, "members:session-add", pk=session.pk), {"number": other.number})
    assert "Every seat of this session is taken" in text(full)
    assert "One person is coming" in text(desk.get(there))
    with clock.at(session.starts_at + timedelta(hours=2)):
        assert "Who came?" in text(desk.get(there))
        answer = desk.post(there, {f"came_{Enrolment.objects.get().pk}": "yes"}, follow=True)
        assert "One person has completed the course." in text(answer)
        assert "Nothing is asked of you" in text(member.get(path(coop, "members:me-courses")))
    done = Completion.objects.get()
    desk.post(path(coop, "members:completion-strike", pk=done.pk), {"because": "Her sister was."})
    assert "Struck out: Her sister was." in text(desk.get(f"{here}?tab=done"))
    assert AccessLog.objects.filter(subject=f"session {session.pk}").exists()
    assert AccessLog.objects.filter(subject=f"course {course.pk}").exists()


def test_an_applicant_signs_up_at_the_secret_address(coop, mei, client):
    today = clock.today(coop)
    course = services.save_course(actor=mei, name="Orientation")
    services.require_course(actor=mei, course=course, member_class=make_class(coop), starts_on=today, cite="§ 2")
    session = services.plan_session(actor=mei, course=course, starts_at=clock.now() + timedelta(days=2), place="Shop")
    application = make_application(coop, name="Noor Haddad")
    page = path(coop, "members:applied", reference=application.reference)
    assert "Before that: Orientation" in text(client.get(page))
    seat = path(coop, "members:applied-seat", reference=application.reference, pk=session.pk)
    client.post(seat)
    assert Enrolment.objects.get().application == application
    assert "You have a seat." in text(client.get(page))
    client.post(seat, {"act": "leave"})
    assert Enrolment.objects.get().state == "withdrawn"
    with clock.at(session.starts_at + timedelta(hours=1)):
        assert "This session has begun" in text(client.post(seat))


def test_what_an_applicant_lacks_stands_on_the_application_and_is_written_down_there(coop, mei, client_of):
    """A checklist is nothing an applicant can tick: the secretary's word lets them in all the same."""
    desk, today = client_of(mei), clock.today(coop)
    course = services.save_course(actor=mei, name="Orientation", steps=[("Read it", "")])
    services.require_course(actor=mei, course=course, member_class=make_class(coop), starts_on=today, cite="§ 2")
    application = make_application(coop, name="Noor Haddad")
    there = path(coop, "members:application", pk=application.pk)
    form = path(coop, "members:course-record-applicant", pk=course.pk, application=application.pk)
    assert "To be done before admission" in text(desk.get(there))
    assert form in desk.get(there).content.decode()
    assert "Has Noor Haddad done “Orientation”?" in text(desk.get(form))
    assert desk.post(form, {"on": today.isoformat(), "evidence": ""}).status_code == 422
    assert desk.post(form, {"on": today.isoformat(), "evidence": "Sat with me."}).url == there
    assert Completion.objects.get().application == application
    assert "To be done before admission" not in text(desk.get(there))
    services.admit(actor=mei, application=application, resolution="1", on=today)
    again = desk.post(form, {"on": today.isoformat(), "evidence": "Once more."})
    assert again.status_code == 422
    assert "has been decided" in text(again)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_pages_take_the_same_queries_however_many_there_are(coop, mei, theo, client_of, rows):
    today = clock.today(coop)
    me = make_member(coop, user=theo.user, name="Ada Holm")
    for n in range(rows):
        course = services.save_course(actor=mei, name=f"Course {n}", steps=[("Read", "")])
        services.require_course(
            actor=mei, course=course, member_class=me.member_class, days=9, starts_on=today, cite="§ 2"
        )
    for _n in range(rows):
        session = services.plan_session(
            actor=mei, course=course, starts_at=clock.now() + timedelta(days=2), place="Shop"
        )
        other = make_member(coop, name=f"Bo Holm{_n}").party
        services.sign_up(actor=mei, session=session, learner=other, tell=False)
        services.record_completion(actor=mei, course=course, learner=other, on=today, evidence="Seen.")
    for _n in range(rows):
        services.sign_up(actor=mei, session=session, learner=make_member(coop, name=f"Cy Holm{_n}").party, tell=False)
    pages = [path(coop, "members:courses"), path(coop, "members:course", pk=course.pk), path(coop, "members:lacking")]
    pages += [f"{pages[1]}?tab=done", path(coop, "members:session", pk=session.pk)]
    asked = [(client_of(mei), page) for page in pages] + [(client_of(theo), path(coop, "members:me-courses"))]
    assert [_queries(client, page) for client, page in asked] == [11, 15, 11, 13, 12, 15]


def _queries(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


def test_what_somebody_learned_is_in_their_file_and_goes_with_them(coop, mei, theo, client_of):
    from members.selectors.rights import everything_about, traces

    today = clock.today(coop)
    course = services.save_course(actor=mei, name="Induction", steps=[("Read", "")])
    member = make_member(coop, name="Wilhelmina Quast", on=today - timedelta(days=4000))
    session = services.plan_session(actor=mei, course=course, starts_at=clock.now() + timedelta(days=2), place="Shop")
    services.sign_up(actor=mei, session=session, learner=member.party)
    services.tick(actor=mei, step=course.steps.get(), learner=member.party)
    other = services.save_course(actor=mei, name="Drill")
    seen = "Wilhelmina Quast showed a certificate."
    services.record_completion(actor=mei, course=other, learner=member.party, on=today, evidence=seen)
    said = everything_about(member.party)["courses"]
    assert {key: len(rows) for key, rows in said.items()} == {"enrolments": 1, "completions": 1, "checklist": 1}
    with clock.at(clock.now() - timedelta(days=3000)):
        services.give_notice(actor=mei, membership=member, received_on=clock.today(coop))
    services.end_due(coop)
    member.party.refresh_from_db()
    gone = erase(actor=mei, party=member.party, scope="all", basis="Asked.")
    assert gone.rows["courses"] == 3
    assert traces(["Quast"]) == {}
    assert not Completion.objects.exists()


def test_an_applicants_course_is_written_down_through_the_api(coop, mei, client_of):
    course = services.save_course(actor=mei, name="Induction")
    session = services.plan_session(actor=mei, course=course, starts_at=clock.now() + timedelta(days=2), place="Shop")
    applicant, client, home = make_application(coop), client_of(mei), f"/api/v1/{coop.slug}/"
    said = {"on": clock.today(coop).isoformat(), "evidence": "A certificate."}

    def post(where: str, **more):
        return client.post(home + where, more, content_type="application/json")

    done = post(f"courses/{course.pk}/completions/", application=applicant.pk, **said)
    assert (done.status_code, done.json()["name"]) == (201, applicant.full_name)
    assert post(f"sessions/{session.pk}/enrolments/", application=applicant.pk).status_code == 201
    assert not learning.before_admission(applicant, clock.today(coop))
    for who, code in (
        ({}, "who_unclear"),
        ({"number": 1, "application": applicant.pk}, "who_unclear"),
        ({"application": applicant.pk + 9}, "application_unknown"),
        ({"number": 99}, "member_unknown"),
    ):
        answer = post(f"courses/{course.pk}/completions/", **who, **said)
        assert answer.json()["code"] == code
        assert 400 <= answer.status_code < 500
    assert Completion.objects.filter(application=applicant, party=None).count() == 1
