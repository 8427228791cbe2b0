"""Courses: sign up, be there, complete, run out, be asked for; what the pages and the database refuse."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connections, transaction

from coop.kernel import clock, offices
from coop.kernel.errors import Refused
from coop.kernel.models import Mail, Office
from coop.kernel.tenancy import Actor
from members import services
from members.models import Completion, CourseStep, Enrolment, StepDone
from members.selectors import learning
from members.selectors.inbox import inbox, inbox_count
from members.selectors.story import story

from .factories import make_application, make_class, make_member
from .test_concurrency import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def induction(coop, mei):
    return services.save_course(actor=mei, name="Induction", valid_months=24)


def held(course, mei, *, ago: int = -7, seats: int | None = None):
    starts = clock.now() - timedelta(days=ago)
    return services.plan_session(actor=mei, course=course, starts_at=starts, place="Shop", seats=seats)


def refused(code: str):
    return pytest.raises(Refused, check=lambda error: error.code == code)


def test_from_signing_up_to_a_completion_that_runs_out(coop, mei, theo, induction):
    party = make_member(coop, user=theo.user, name="Ada Holm").party
    session = held(induction, mei)
    enrolment = services.sign_up(actor=theo, session=session, learner=party)
    assert services.sign_up(actor=theo, session=session, learner=party) == enrolment
    assert Mail.objects.filter(kind="members.session_booked", to=party.email).count() == 1
    with refused("not_yet"):
        services.mark(actor=mei, session=session, came={enrolment.pk: True})
    after = session.starts_at + timedelta(hours=3)
    day = clock.local_day(session.starts_at, coop)
    with clock.at(after):
        assert [item.url_name for item in inbox(coop)] == ["members:session"]
        assert inbox_count(coop) == 1
        assert services.mark(actor=mei, session=session, came={enrolment.pk: True}) == 1
        assert services.mark(actor=mei, session=session, came={enrolment.pk: True}) == 0
        assert inbox_count(coop) == 0
    done = Completion.objects.get()
    assert (done.done_on, done.expires_on) == (day, learning_end(day))
    assert learning.held(induction, party, done.expires_on) == done
    assert learning.held(induction, party, done.expires_on + timedelta(days=1)) is None
    told = [chapter for chapter in story(party.memberships.get()) if "Induction" in chapter.sentence]
    assert "which counts until" in told[0].sentence
    with clock.at(after):
        services.mark(actor=mei, session=session, came={enrolment.pk: False})
    done.refresh_from_db()
    assert done.because == "Was not there after all."
    assert learning.held(induction, party, day) is None


def learning_end(day: date) -> date:
    return day.replace(year=day.year + 2)


def test_a_checklist_is_the_members_own_and_the_last_tick_completes_it(coop, mei, theo, amara):
    steps = [("Read the by-laws", "https://example.org/by-laws"), ("Fire exits", "")]
    course = services.save_course(actor=mei, name="Safety", needs_session=False, steps=steps)
    party = make_member(coop, user=theo.user, name="Ada Holm").party
    first, second = course.steps.all()
    assert services.tick(actor=theo, step=first, learner=party) is None
    with pytest.raises(PermissionDenied):
        services.tick(actor=amara, step=second, learner=party)
    services.tick(actor=theo, step=first, learner=party, done=False)
    assert StepDone.objects.count() == 0
    services.tick(actor=theo, step=first, learner=party)
    steps = [steps[0], ("Exits", "")]
    services.save_course(actor=mei, course=course, name="Safety", needs_session=False, steps=steps)
    with refused("step_unknown"):
        services.tick(actor=theo, step=CourseStep.objects.get(pk=second.pk), learner=party)
    done = services.tick(actor=theo, step=CourseStep.objects.get(title="Exits"), learner=party)
    assert done.expires_on is None
    assert StepDone.objects.count() == 0


@pytest.fixture
def amara(coop):
    from tests.cast import make_user

    user = make_user("amara")
    make_member(coop, user=user)
    return Actor.of(user, coop)


def test_a_class_asks_for_it_within_days_and_the_inbox_names_who_is_late(coop, mei, induction):
    today = clock.today(coop)
    consumer = make_class(coop)
    late = make_member(coop, name="Ada Holm", on=today - timedelta(days=40))
    soon = make_member(coop, name="Bo Holm", on=today - timedelta(days=10))
    make_member(coop, name="Old Holm", on=today - timedelta(days=400))
    make_member(coop, kind="organisation", firm="Holm Ltd", on=today - timedelta(days=40))
    done = make_member(coop, name="Cy Holm", on=today - timedelta(days=40))
    services.record_completion(actor=mei, course=induction, learner=done.party, on=today, evidence="Certificate.")
    asked = services.require_course(
        actor=mei, course=induction, member_class=consumer, days=30, starts_on=today - timedelta(days=60), cite="§ 2"
    )
    everybody = learning.Lacking(coop, today)
    assert [(each.membership, each.due) for each in everybody[0:10]] == [
        (late, today - timedelta(days=10)),
        (soon, today + timedelta(days=20)),
    ]
    assert everybody.count() == 2
    assert [item.sentence for item in inbox(coop)] == ["One person has yet to do “Induction”"]
    assert inbox_count(coop) == 1
    services.end_requirement(actor=mei, requirement=asked, on=today - timedelta(days=1))
    assert learning.Lacking(coop, today).count() == 0
    services.require_course(
        actor=mei, course=induction, member_class=consumer, days=30, starts_on=today, cite="§ 2", for_present=True
    )
    assert {each.due for each in learning.Lacking(coop, today)[0:10]} == {today + timedelta(days=30)}
    assert learning.Lacking(coop, today).count() == 3
    ran_out = today.replace(year=today.year + 2) + timedelta(days=1)
    assert (done.pk, today.replace(year=today.year + 2)) in [
        (each.membership.pk, each.due) for each in learning.Lacking(coop, ran_out)[0:10]
    ]


def test_nobody_is_admitted_before_what_the_class_asks_for_and_the_applicants_course_stays_theirs(coop, mei, induction):
    today = clock.today(coop)
    consumer = make_class(coop)
    services.require_course(actor=mei, course=induction, member_class=consumer, starts_on=today, cite="by-laws § 2")
    application = make_application(coop, name="Noor Haddad")
    with pytest.raises(Refused) as no:
        services.admit(actor=mei, application=application, resolution="1", on=today)
    assert str(no.value) == (
        "Noor Haddad has not done “Induction”, which consumer members do before they are admitted (by-laws § 2)."
    )
    session = held(induction, mei, ago=0)
    guest = Actor(user=None, coop=coop)
    theirs = {"learner": application, "reference": application.reference}
    with clock.at(session.starts_at - timedelta(hours=1)):
        enrolment = services.sign_up(actor=guest, session=session, **theirs)
        services.sign_off(actor=guest, enrolment=enrolment, reference=application.reference)
        services.sign_up(actor=guest, session=session, **theirs)
    services.mark(actor=mei, session=session, came={enrolment.pk: True})
    membership = services.admit(actor=mei, application=application, resolution="1", on=today)
    assert learning.held(induction, membership.party, today) is not None
    assert Enrolment.objects.get().party == membership.party
    organisation = make_application(coop, kind="organisation", firm="Holm Ltd")
    services.admit(actor=mei, application=organisation, resolution="1", on=today)


def test_an_office_is_refused_with_one_sentence_until_the_course_is_done(coop, mei, theo, induction):
    today = clock.today(coop)
    party = make_member(coop, user=theo.user, name="Theo Martin").party
    services.require_course(actor=mei, course=induction, office="board", starts_on=today, cite="by-laws § 6")
    asked = {"actor": mei, "email": theo.user.email, "role": "board", "starts_on": today, "reason": "AGM"}
    with pytest.raises(Refused) as no:
        offices.appoint(**asked)
    assert str(no.value).startswith(
        "Theo Martin has not done “Induction”, which comes before this office (by-laws § 6)"
    )
    assert not Office.objects.filter(user=theo.user).exists()
    services.record_completion(actor=mei, course=induction, learner=party, on=today, evidence="Seen.")
    assert offices.appoint(**asked).role == "board"
    officers = [(each.name, each.membership) for each in learning.Lacking(coop, today)[0:9]]
    assert officers == []
    services.require_course(
        actor=mei, course=induction, office="secretary", days=14, starts_on=today, cite="§ 6", for_present=True
    )
    assert [(each.name, each.membership, each.due) for each in learning.Lacking(coop, today)[0:9]] == [
        (mei.user.display_name, None, today + timedelta(days=14))
    ]


def test_a_merged_record_keeps_what_either_has_done(coop, mei, induction):
    today = clock.today(coop)
    kept, other = make_member(coop, name="Ada Holm"), make_member(coop, name="Ada Holm", member_class=worker(coop))
    services.record_completion(actor=mei, course=induction, learner=other.party, on=today, evidence="Seen.")
    services.require_course(
        actor=mei, course=induction, member_class=make_class(coop), starts_on=today, cite="§ 2", for_present=True
    )
    assert learning.Lacking(coop, today).count() == 1
    services.merge(actor=mei, kept=kept.party, other=other.party, because="Same passport.")
    assert learning.Lacking(coop, today).count() == 0
    assert learning.held(induction, kept.party, today) is not None


def worker(coop):
    return make_class(coop, "worker")


@pytest.mark.django_db(transaction=True)
def test_the_last_seat_goes_to_one_of_four_at_once(coop, mei, induction):
    people = [make_member(coop, name=f"Ada Holm{n}").party for n in range(4)]
    session = held(induction, mei, seats=1)

    def ask(party) -> str:
        try:
            return services.sign_up(actor=mei, session=session, learner=party, tell=False).state
        except Refused as no:
            return no.code

    assert sorted(at_once(4, ask, people)) == ["enrolled", "session_full", "session_full", "session_full"]
    assert Enrolment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_signs_up_while_it_is_cancelled_is_refused_or_told(coop, mei, induction):
    for turn in range(3):
        session = held(induction, mei)
        people = [make_member(coop, name=f"Ada Holm{turn}{n}").party for n in range(3)]

        def act(party, session=session) -> str:
            try:
                if party is None:
                    services.cancel_session(actor=mei, session=session, because="Ill.")
                else:
                    services.sign_up(actor=mei, session=session, learner=party, tell=False)
            except Refused as no:
                return no.code
            return "done"

        said = at_once(4, act, [people[0], None, *people[1:]])
        assert set(said) <= {"done", "session_cancelled"}
        told = Mail.objects.filter(kind="members.session_cancelled", to__in=[each.email for each in people])
        assert said.count("done") - 1 == session.enrolments.count() == told.count()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_was_learned_stands_against_the_application_and_the_owner(coop, mei, other_coop, induction):
    today = clock.today(coop)
    ada, bo = (make_member(coop, name=name).party for name in ("Ada Holm", "Bo Holm"))
    session = held(induction, mei, ago=1, seats=1)
    seat = services.sign_up(actor=mei, session=session, learner=ada)
    services.mark(actor=mei, session=session, came={seat.pk: True})
    asked = services.require_course(
        actor=mei, course=induction, member_class=make_class(coop), days=3, starts_on=today, cite="§ 2"
    )
    services.end_requirement(actor=mei, requirement=asked, on=today)
    later = held(induction, mei)
    services.cancel_session(actor=mei, session=later, because="Ill.")
    seat_sql = (
        "INSERT INTO members_enrolment (coop_id, session_id, party_id, state, asked_at)"
        " VALUES ({}, {}, {}, 'enrolled', now())"
    )
    wrong = (
        "DELETE FROM members_completion",
        "DELETE FROM members_enrolment",
        "DELETE FROM members_course",
        "UPDATE members_completion SET done_on = done_on - 1",
        f"UPDATE members_completion SET party_id = {bo.pk}",
        "UPDATE members_completion SET struck_at = now()",
        f"UPDATE members_enrolment SET party_id = {bo.pk}",
        "UPDATE members_courserequirement SET ends_on = NULL",
        "UPDATE members_courserequirement SET days = 99",
        "UPDATE members_coursesession SET cancelled_at = NULL, because = ''",
        seat_sql.format(coop.pk, session.pk, bo.pk),
        seat_sql.format(coop.pk, later.pk, bo.pk),
        seat_sql.format(other_coop.pk, held(induction, mei).pk, bo.pk),
        "TRUNCATE members_completion CASCADE",
    )
    for using in ("default", "owner"):
        for sql in wrong:
            with pytest.raises(DatabaseError), transaction.atomic(using):
                connections[using].cursor().execute(sql)
    services.strike(actor=mei, completion=Completion.objects.get(), because="Another person.")
    for using in ("default", "owner"):
        with pytest.raises(DatabaseError), transaction.atomic(using):
            connections[using].cursor().execute("UPDATE members_completion SET struck_at = NULL, because = ''")


def test_a_cancelled_session_tells_who_had_signed_up(coop, mei, induction):
    party = make_member(coop, name="Ada Holm", email="ada@example.net").party
    session = held(induction, mei)
    services.sign_up(actor=mei, session=session, learner=party)
    services.cancel_session(actor=mei, session=session, because="The teacher is ill.")
    assert "The teacher is ill." in Mail.objects.get(kind="members.session_cancelled").text
    with refused("session_cancelled"):
        services.sign_up(actor=mei, session=session, learner=party)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cite": " "}, "cite_missing"),
        ({"office": "board"}, "whose_missing"),
        ({"member_class": None}, "whose_missing"),
        ({"member_class": None, "office": "king"}, "office_unknown"),
        ({"days": 0}, "days_wrong"),
    ],
)
def test_what_is_asked_for_is_said_whole(coop, mei, induction, change, code):
    said = {"course": induction, "member_class": make_class(coop), "starts_on": date(2026, 1, 1), "cite": "§ 2"}
    with refused(code):
        services.require_course(actor=mei, **{**said, **change})


def test_nobody_but_the_secretary_teaches(coop, jonas, olga, induction):
    for actor in (jonas, olga):
        with pytest.raises(PermissionDenied):
            services.plan_session(actor=actor, course=induction, starts_at=datetime.now(), place="x")  # noqa: DTZ005
