"""Minutes: drawn from agenda, attendance and resolutions, signed by two, frozen, and put right by addenda only."""

import json
from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import services
from governance.digests import canonical, sha256
from governance.documents_minutes import minutes_data
from governance.models import Minutes, MinutesSignature
from tests.database import as_owner
from tests.governance.factories import (
    certify,
    close_and_count,
    make_ballot,
    make_meeting,
    make_roll,
    make_voter,
    marks,
    membership,
)
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import owner_refused, refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def amara(coop):
    return make_voter(coop, "amara")


@pytest.fixture
def held(coop, amara):
    """A meeting of two days ago, its roll frozen."""
    meeting = make_meeting(
        coop,
        starts_at=clock.now() - timedelta(days=2),
        record_date=clock.today(coop) - timedelta(days=9),
        agenda="1. Surplus\n\n2. Any other",
        place="Hall",
    )
    make_roll(coop, meeting=meeting)
    return meeting


def drawn(mei, jonas, meeting, **more) -> Minutes:
    return services.draw_minutes(actor=mei, meeting=meeting, chair=jonas.user, **more)


def sign(minutes, *people, addendum=None):
    for who in people:
        seen = (addendum or minutes).sha256
        services.sign_minutes(actor=who, minutes=minutes, seen=seen, addendum=addendum)


def test_drawn_from_agenda_attendance_and_resolutions_and_signed_by_both(coop, held, amara, mei, jonas, samir):
    with clock.at(held.starts_at - timedelta(hours=1)), pytest.raises(Refused, match="has not begun"):
        drawn(mei, jonas, held)
    with pytest.raises(Refused, match="No member has the number 999"):
        services.record_attendance(actor=mei, meeting=held, room=[999])
    number = membership(amara).number
    services.record_attendance(actor=mei, meeting=held, room=[], online=[number])
    ballot = make_ballot(coop, roll=held.roll, board=("Ada", "Ben", "Cem"))
    services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=[1], motion=[0]))
    minutes = drawn(mei, jonas, held)
    with pytest.raises(Refused, match="is not certified yet"):
        sign(minutes, mei)
    close_and_count(ballot)
    certify(ballot)
    with clock.at(ballot.closes_at + timedelta(minutes=1)):
        with pytest.raises(Refused, match="Something has changed since the minutes were drawn"):
            sign(minutes, mei)
        minutes = drawn(mei, jonas, held, course="The hall was cold.", guests="The mayor")
        said = json.loads(minutes.body)
        assert sha256(canonical(said)) == minutes.sha256
        assert said["agenda"] == ["1. Surplus", "2. Any other"]
        assert said["present"] == [{"number": number, "name": "Amara Okafor", "online": True}]
        assert said["resolutions"][0]["sentence"] == ballot.resolutions.get().sentence
        assert said["elections"][0]["title"] == "Seats on the board"
        with pytest.raises(Refused, match="who chaired, and the secretary sign"):
            sign(minutes, samir)
        with pytest.raises(Refused, match="not what is kept"):
            services.sign_minutes(actor=mei, minutes=minutes, seen="0" * 64)
        sign(minutes, mei)
        with pytest.raises(Refused, match="The secretary has signed already"):
            sign(minutes, mei)
        for again in (
            lambda: drawn(mei, jonas, held),
            lambda: services.record_attendance(actor=mei, meeting=held, room=[number]),
        ):
            with pytest.raises(Refused, match="stand as they are"):
                again()
        with pytest.raises(Refused, match="not signed by both yet"):
            services.add_addendum(actor=mei, minutes=minutes, text="x")
        sign(minutes, jonas)
        addendum = services.add_addendum(actor=jonas, minutes=minutes, text="The hall was warm.")
        assert addendum.sha256 == sha256(f"{minutes.sha256}\n1\nThe hall was warm.".encode())
        sign(minutes, mei, jonas, addendum=addendum)
    data = minutes_data(Minutes.objects.get())
    assert data["present_note"] == "1 member was there (1 online), and 0 by proxy. 1 of 1 on the roll may vote."
    assert [len(data["signed"]), len(data["addenda"][0]["signed"])] == [2, 2]
    assert data["decided"][0]["sentence"] == ballot.resolutions.get().sentence


def test_members_read_what_is_signed_and_officers_the_draft(coop, held, amara, mei, jonas, client_of):
    minutes = drawn(mei, jonas, held, course="The hall was cold.")
    reader, desk, chair = client_of(amara), client_of(mei), client_of(jonas)
    page = f"/riverside/minutes/{held.pk}/"
    assert reader.get(page).status_code == 404
    assert b"Nobody has signed yet" in desk.get(page).content
    assert b"No minutes yet" in reader.get("/riverside/minutes/").content
    assert desk.post(page + "sign/", {"seen": "0" * 64}).status_code == 422
    for client in (desk, chair):
        assert client.post(page + "sign/", {"seen": minutes.sha256}).url == page
    assert b"The hall was cold." in reader.get(page).content
    assert b"Annual general meeting" in reader.get("/riverside/minutes/").content
    pdf = reader.get(page + "minutes.pdf")
    assert pdf.content.startswith(b"%PDF-1.7")
    assert desk.post(page + "addendum/", {"text": "It was warm."}).url == page
    kept = minutes.addenda.get()
    assert desk.post(page + "sign/", {"seen": kept.sha256, "addendum": kept.pk}).url == page
    assert b"have not both signed it" in reader.get(page).content
    room = {"room": str(membership(amara).number), "online": ""}
    assert desk.post(f"/riverside/meetings/{held.pk}/attendance/", room).status_code == 422
    assert client_of(None).get(page).status_code == 302


def test_the_database_freezes_what_is_signed(coop, held, amara, mei, jonas):
    number = membership(amara).number
    services.record_attendance(actor=mei, meeting=held, room=[number])
    minutes = drawn(mei, jonas, held)
    refused("UPDATE governance_minutes SET body = '{}'", says="bear the sum of what they say")
    put = (
        "INSERT INTO governance_minutessignature (coop_id, minutes_id, role, digest, signed_at, signed_by_id)"
        " VALUES (%s, %s, %s, %s, {at}, %s)"
    )

    def slip(role, digest, who, says, at="now()"):
        refused(put.format(at=at), coop.pk, minutes.pk, role, digest, who.user_id, says=says)

    slip("chair", "0" * 64, jonas, "what is signed is what is kept")
    slip("chair", minutes.sha256, mei, "the chair and the secretary sign")
    slip("secretary", minutes.sha256, jonas, "the chair and the secretary sign")
    slip("secretary", minutes.sha256, amara, "the chair and the secretary sign")
    slip("chair", minutes.sha256, jonas, "once the meeting is held", at="now() - interval '9 days'")
    other = "INSERT INTO governance_minutesaddendum (coop_id, minutes_id, number, text, sha256, written_at)"
    row = (coop.pk, minutes.pk, "x", "0" * 64)
    refused(other + " VALUES (%s, %s, 1, %s, %s, now())", *row, says="follows minutes that are signed")
    sign(minutes, mei)
    slip("secretary", minutes.sha256, mei, "minutes_signed")
    change = "UPDATE governance_minutes SET body = '{}', sha256 = encode(sha256('{}'), 'hex')"
    refused(change, says="stand as they are")
    owner_refused(change, says="stand as they are")
    owner_refused("DELETE FROM governance_minutes", says="stand as they are")
    refused("DELETE FROM governance_attendance", says="stands once the minutes are signed")
    owner_refused("DELETE FROM governance_attendance", says="stands once the minutes are signed")
    refused("UPDATE governance_attendance SET online = true", says="permission denied")
    sign(minutes, jonas)
    refused(other + " VALUES (%s, %s, 1, %s, %s, now())", *row, says="the next number and its own sum")
    services.add_addendum(actor=mei, minutes=minutes, text="One word.")
    for table in ("minutessignature", "minutesaddendum"):
        refused(f"DELETE FROM governance_{table}", says="permission denied")
        owner_refused(f"DELETE FROM governance_{table}", says="Cannot update or delete")
    for table in ("minutes", "minutessignature", "minutesaddendum", "attendance"):
        owner_refused(f"TRUNCATE governance_{table} CASCADE", says="append-only")
    with as_owner(connection_name()) as cursor:
        cursor.execute("SELECT encode(sha256(convert_to(body, 'UTF8')), 'hex') = sha256 FROM governance_minutes")
        assert cursor.fetchone() == (True,)


def connection_name() -> str:
    from django.db import connection

    return connection.settings_dict["NAME"]


def test_signing_and_drawing_at_once_leave_signatures_under_what_is_kept(coop, held, amara, mei, jonas):
    minutes = drawn(mei, jonas, held)
    fresh = lambda who: Actor.of(who.user, coop)  # noqa: E731
    works = [
        lambda n=n: services.draw_minutes(actor=fresh(mei), meeting=held, chair=jonas.user, course=f"v{n}")
        for n in range(4)
    ] + [
        lambda who=who: services.sign_minutes(actor=fresh(who), minutes=minutes, seen=minutes.sha256)
        for who in (mei, jonas)
    ]
    answers = at_once(6, lambda work: work(), works)
    assert all(isinstance(each, Minutes | MinutesSignature | Refused) for each in answers), answers
    kept = Minutes.objects.get()
    assert set(MinutesSignature.objects.values_list("digest", flat=True)) <= {kept.sha256}


@pytest.mark.parametrize("rows", [1, 3])
def test_literal_queries(coop, amara, mei, jonas, client_of, django_assert_num_queries, rows):
    for n in range(rows):
        meeting = make_meeting(coop, title=f"Evening {n}", starts_at=clock.now() - timedelta(days=1))
        sign(drawn(mei, jonas, meeting), mei, jonas)
    reader = client_of(amara)
    with django_assert_num_queries(LIST):
        assert reader.get("/riverside/minutes/").content.count(b"Evening") >= rows
    with django_assert_num_queries(ONE):
        assert reader.get(f"/riverside/minutes/{meeting.pk}/").status_code == 200


LIST, ONE = 13, 10
