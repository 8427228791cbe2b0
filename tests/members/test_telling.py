"""A whole list signed up, a session cancelled, everybody invited: all of it or nothing, and each is written to once."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Job, Mail
from coop.kernel.tenancy import path
from members import services, tasks
from members.models import Course, CourseSession, Enrolment, Invitation, PaperLetter
from members.selectors import search
from members.selectors.acts import planned
from members.services import telling

from .factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def slices(monkeypatch):
    monkeypatch.setattr(telling, "AT_ONCE", 2)


@pytest.fixture
def five(coop):
    return [make_member(coop, name=f"Person {name}", email=f"{name}@example.net") for name in "abcde"]


@pytest.fixture
def session(coop, mei):
    course = Course.objects.create(coop=coop, name="Till", created_by=mei.user)
    return services.plan_session(
        actor=mei, course=course, starts_at=clock.now() + timedelta(days=7), place="Shop", held_by="", seats=None
    )


def enrol(mei, session):
    found = search.members(mei.coop, clock.today(mei.coop))
    plan = planned(found, "enrol", session=session)
    return services.act_on_all(actor=mei, found=found, act="enrol", session=session, digest=plan.digest)


def booked() -> list[str]:
    return sorted(Mail.objects.filter(kind="members.session_booked").values_list("to", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_list_is_signed_up_at_once_and_told_by_the_worker(coop, mei, five, session, client_of):
    assert len(enrol(mei, session).doing) == 5
    assert Enrolment.objects.filter(session=session, state="enrolled", told_at=None).count() == 5
    assert booked() == [], "nobody waits for letters"
    job = Job.objects.get(kind="members.tell_session")
    assert (job.total, job.state) == (5, "queued")
    assert "Writing to everybody in" in client_of(mei).get(path(coop, "members:session", pk=session.pk)).text
    seen = []
    assert services.tell_the_rest(session, lambda done, total: seen.append((done, total))) == 5
    assert seen == [(2, 5), (4, 5), (5, 5)]
    tasks.tell_session.run(job.pk)  # the worker, once more
    job.refresh_from_db()
    assert (job.state, job.result_url) == ("done", path(coop, "members:session", pk=session.pk))
    assert booked() == [f"{name}@example.net" for name in "abcde"]


def test_a_worker_that_dies_leaves_nobody_out_and_nobody_is_told_twice(mei, five, session, monkeypatch):
    enrol(mei, session)
    written = []

    def dies(said, party):
        if len(written) == 3:
            raise ConnectionError("gone")
        written.append(party.email)

    with monkeypatch.context() as patch:
        patch.setattr("members.notices.session_booked", dies)
        with pytest.raises(ConnectionError):
            services.tell_the_rest(session)
    assert Enrolment.objects.exclude(told_at=None).count() == 2, "the slice that broke off is not told"
    services.tell_the_rest(session)
    assert len(booked()) == 3


def test_who_steps_back_before_is_not_told_and_a_cancelled_session_says_so(mei, five, session):
    enrol(mei, session)
    Enrolment.objects.filter(party=five[0].party).update(state="withdrawn")
    services.cancel_session(actor=mei, session=session, because="The hall is shut.")
    services.tell_the_rest(CourseSession.objects.get(pk=session.pk))
    assert booked() == []
    told = Mail.objects.filter(kind="members.session_cancelled").values_list("to", flat=True)
    assert sorted(told) == [f"{name}@example.net" for name in "bcde"]


def test_seats_are_counted_and_nobody_is_signed_up_where_they_are_too_few(coop, mei, five, session):
    few = services.plan_session(
        actor=mei, course=session.course, starts_at=session.starts_at, place="Shop", held_by="", seats=4
    )
    with pytest.raises(Refused) as refused:
        enrol(mei, few)
    assert refused.value.code == "too_few_seats"
    with pytest.raises(Refused, match="10000"):
        services.plan_session(
            actor=mei, course=session.course, starts_at=session.starts_at, place="x", held_by="", seats=10_001
        )
    assert not Enrolment.objects.exists()
    assert not Job.objects.filter(kind="members.tell_session").exists()


@pytest.mark.django_db(transaction=True)
def test_everybody_is_invited_once_however_many_they_are(coop, mei, five, client_of):
    url, desk = f"/{coop.slug}/register/invitations/", client_of(mei)
    assert "5 get an e-mail" in desk.get(url).text
    assert "being written" in desk.post(url, follow=True).text
    assert Invitation.objects.count() == 0
    job = Job.objects.get(kind="members.invite_everybody")
    tasks.invite_everybody.run(job.pk)
    assert Invitation.objects.filter(revoked_at=None).count() == 5
    codes = set(Invitation.objects.values_list("digest", flat=True))
    assert "Each of them holds a code" in desk.get(url).text
    tasks.invite_everybody.run(Job.objects.get(kind="members.invite_everybody").pk)
    assert Job.objects.get(kind="members.invite_everybody").state == "done"
    services.invite_everybody(actor=mei)
    assert set(Invitation.objects.values_list("digest", flat=True)) == codes, "a second time sends nothing"
    make_member(coop, name="Newcomer", email="", street="Quay 1")
    text = desk.get(url).text
    assert "One gets" not in text
    assert "one a letter to print." in text
    assert "One member is invited." in desk.post(url, follow=True).text
    assert PaperLetter.objects.filter(name="Newcomer", kind__contains="invit").count() == 1
    Invitation.objects.filter(party=five[0].party).update(revoked_at=clock.now())
    assert [each.pk for each in search.to_invite(coop, clock.today(coop))] == [five[0].pk]


def test_signing_up_costs_the_same_queries_whatever_the_list(mei, five, session, django_assert_num_queries):
    with django_assert_num_queries(18):
        enrol(mei, session)
    other = services.plan_session(
        actor=mei, course=session.course, starts_at=session.starts_at, place="Shop", held_by="", seats=None
    )
    for name in "fghij":
        make_member(mei.coop, name=f"Person {name}")
    with django_assert_num_queries(18):
        enrol(mei, other)
