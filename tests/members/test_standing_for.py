"""Organisations and their representatives, minors and their guardians; and the roll while people come and go."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor
from governance import services as governance
from governance.models import RecordedVote
from members import selectors, services
from members.ages import age_on, comes_of_age_on
from members.models import Party, Relationship
from members.tasks import tick
from tests.cast import make_user
from tests.governance.factories import close_and_count, make_ballot, make_roll, make_voter, marks

from .factories import make_application, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(coop):
    return make_member(
        coop, kind="organisation", firm="Corrigan & Daughters Ltd", email="firm@example.org", on=date(2024, 5, 2)
    )


def represent(coop, mei, firm, who: str, on: date) -> Actor:
    user = make_user(who)
    person = {"given_names": who.title(), "family_name": "Corrigan", "email": user.email}
    made = services.name_stand_in(
        actor=mei, party=firm.party, kind="represents", on=on, evidence="Extract HRB 1180.", person=person
    )
    made.subject.account = user
    made.subject.save(update_fields=["account"])
    return Actor.of(user, coop)


def test_a_companys_representative_replaced_mid_ballot_the_vote_stays_the_companys(coop, mei, firm, client_of):
    today = clock.today(coop)
    first = represent(coop, mei, firm, "niamh", today - timedelta(days=30))
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1))
    vote = governance.cast_recorded(actor=first, ballot=ballot, marks=marks(ballot, motion=[0]))
    assert vote.entry.membership_id == firm.pk
    second = represent(coop, mei, firm, "orla", today)
    before, after = Relationship.objects.filter(object=firm.party).order_by("starts_on")
    assert (before.ends_on, after.ends_on) == (today - timedelta(days=1), None)
    gone = Actor.of(first.user, coop)
    assert not gone.is_member
    with pytest.raises(PermissionDenied):
        governance.cast_recorded(actor=gone, ballot=ballot, marks=marks(ballot, motion=[1]))
    page = client_of(second).get(f"/riverside/votes/{ballot.pk}/").text
    assert "You cannot vote" not in page
    same = governance.cast_recorded(actor=second, ballot=ballot, marks=marks(ballot, motion=[0]))
    assert same.pk == vote.pk, "the vote is the company's: asked for again it is the same one"
    changed = governance.cast_recorded(actor=second, ballot=ballot, marks=marks(ballot, motion=[1]))
    assert (changed.entry_id, changed.replaces_id) == (vote.entry_id, vote.pk)
    assert RecordedVote.objects.filter(ballot=ballot).current().count() == 1
    close_and_count(ballot)
    counted = ballot.questions.get(method="motion").count.result
    assert "Corrigan" not in str(counted)


def test_a_representative_typed_wrong_is_put_right_the_same_day_and_the_vote_stays_the_companys(
    coop, mei, firm, client_of
):
    today = clock.today(coop)
    first = represent(coop, mei, firm, "niamh", today - timedelta(days=30))
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1))
    wrong = represent(coop, mei, firm, "olga", today)
    vote = governance.cast_recorded(actor=wrong, ballot=ballot, marks=marks(ballot, motion=[0]))
    right = represent(coop, mei, firm, "orla", today)
    said = list(Relationship.objects.filter(object=firm.party).order_by("pk").values_list("starts_on", "ends_on"))
    yesterday = today - timedelta(days=1)
    assert said == [(today - timedelta(days=30), yesterday), (today, yesterday), (today, None)]
    assert [each.was_mistaken for each in Relationship.objects.order_by("pk")] == [False, True, False]
    assert [Actor.of(each.user, coop).is_member for each in (first, wrong, right)] == [False, False, True]
    changed = governance.cast_recorded(actor=right, ballot=ballot, marks=marks(ballot, motion=[1]))
    assert (changed.entry_id, changed.replaces_id) == (vote.entry_id, vote.pk)
    page = client_of(mei).get(f"/{coop.slug}/register/members/{firm.number}/").text
    assert "by mistake; it never counted" in page
    assert "<s>Olga Corrigan represents it</s>" in page
    assert "Olga Corrigan does so for the last day" not in page
    for day, sentence in ((yesterday, "Orla Corrigan was named from"), (today + timedelta(days=1), "still to come")):
        with pytest.raises(Refused, match=sentence):
            represent(coop, mei, firm, f"new{day.day}", day)
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE members_relationship SET ends_on = NULL WHERE ends_on < starts_on")
    with pytest.raises(DatabaseError, match="ends_after_start"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE members_relationship SET ends_on = starts_on - 2 WHERE ends_on IS NULL")


def test_joining_during_a_ballot_not_on_the_roll_and_the_page_says_why(coop, client_of):
    roll = make_roll(coop, voters=2)
    ballot = make_ballot(coop, roll=roll)
    late = make_voter(coop, "late", on=clock.today(coop))
    assert late.is_member
    assert [each.eligible for each in selectors.roll_candidates(coop, clock.today(coop))][-1]
    assert not roll.entries.filter(membership=selectors.membership_of(late)).exists()
    page = client_of(late).get(f"/riverside/votes/{ballot.pk}/").text
    assert "You cannot vote in this ballot" in page
    assert "after the record date" in page
    with pytest.raises(Refused, match="not on this roll"):
        governance.cast_recorded(actor=late, ballot=ballot, marks=marks(ballot, motion=[0]))
    with pytest.raises(DatabaseError, match="frozen roll"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO governance_rollentry (coop_id, roll_id, membership_id, number, name, class_name, eligible,"
            " reasons, salt, digest) SELECT coop_id, roll_id, %s, 99, 'Late', '', true, '[]', '', ''"
            " FROM governance_rollentry LIMIT 1",
            [selectors.membership_of(late).pk],
        )


def test_one_at_a_time_even_by_sql(coop, mei, firm):
    represent(coop, mei, firm, "niamh", date(2025, 1, 1))
    member = make_member(coop, name="Ivo Santini")
    for starts, ends in (("2025-06-01", None), ("2024-06-01", "2025-01-01")):
        with pytest.raises(DatabaseError, match="one person at a time"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO members_relationship (coop_id, kind, subject_id, object_id, starts_on, ends_on,"
                    " evidence, recorded_at) VALUES (%s, 'represents', %s, %s, %s, %s, '', now())",
                    [coop.pk, member.party_id, firm.party_id, starts, ends],
                )
    for attack in (
        "UPDATE members_relationship SET starts_on = '2020-01-01'",
        "UPDATE members_relationship SET subject_id = object_id",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)


def minor(coop, mei, *, born: date, on: date):
    guardian = {
        "given_names": "Ruth",
        "family_name": "Bakr",
        "email": "ruth@example.org",
        "evidence": "Birth record 7.",
    }
    application = make_application(coop, name="Yusuf Bakr", on=on, born_on=born, guardian=guardian, of_age=False)
    with clock.at(datetime.combine(on, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)):
        services.check(actor=Actor.system(coop), application=application, code="guardian")
        membership = services.admit(actor=Actor.system(coop), application=application, resolution="1", on=on)
        return services.activate(actor=Actor.system(coop), membership=membership, on=on, because="paid")


def test_a_minor_has_a_guardian_until_the_day_before_the_eighteenth_birthday(coop, mei, client_of):
    today = clock.today(coop)
    membership = minor(coop, mei, born=date(today.year - 15, today.month, 1), on=today)
    party = Party.objects.get(pk=membership.party_id)
    guardian = Relationship.objects.get(object=party, kind="guardian")
    assert (guardian.subject.name, guardian.ends_on) == ("Ruth Bakr", None)
    ruth = make_user("ruth")
    guardian.subject.account = ruth
    guardian.subject.save(update_fields=["account"])
    assert selectors.membership_of(Actor.of(ruth, coop)).pk == membership.pk
    assert "You act for Yusuf Bakr" in client_of(Actor.of(ruth, coop)).get(f"/{coop.slug}/me/").text
    eighteen = comes_of_age_on(party.born_on)
    for moment, ended in (
        (eighteen - timedelta(days=1), False),
        (eighteen, True),
        (eighteen + timedelta(days=2), True),
    ):
        with clock.at(datetime.combine(moment, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)):
            tick()
            guardian.refresh_from_db()
            assert (guardian.ends_on is not None) is ended
            assert Actor.of(ruth, coop).is_member is not ended
    assert guardian.ends_on == eighteen - timedelta(days=1)
    assert Mail.objects.filter(kind="members.of_age").count() == 1, "written to once"


def test_who_is_too_young_needs_a_guardian_and_who_is_not_has_none(coop, mei):
    today = clock.today(coop)
    child = date(today.year - 9, 1, 1)
    named = {"given_names": "Ruth", "family_name": "Bakr", "evidence": "Birth record 7."}
    for said, code in (
        ({"born_on": child}, "too_young"),
        ({"born_on": today + timedelta(days=1)}, "born_later"),
        ({"born_on": date(1990, 1, 1), "guardian": named}, "needs_no_guardian"),
        ({"guardian": named}, "needs_no_guardian"),
        ({"born_on": child, "guardian": {**named, "evidence": ""}}, "evidence_missing"),
    ):
        with pytest.raises(Refused) as refused:
            make_application(coop, name="Yusuf Bakr", **said)
        assert refused.value.code == code
    assert make_application(coop, name="Yusuf Bakr", born_on=child, guardian=named).guardian["evidence"]


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 3, 1), date(2026, 2, 28), 17),
        (date(2008, 3, 1), date(2026, 3, 1), 18),
        (date(2008, 12, 31), date(2026, 12, 31), 18),
    ],
)
def test_ages_and_the_first_day_of_full_age(born, on, years):
    assert age_on(born, on) == years
    assert (on >= comes_of_age_on(born)) is (years >= 18)


def test_through_the_pages(coop, mei, firm, client_of):
    desk = client_of(mei)
    url = f"/{coop.slug}/register/members/{firm.number}/stand-in/"
    said = {"kind": "represents", "on": clock.today(coop).isoformat(), "evidence": "Extract."}
    assert "Nobody here has the number 77" in desk.post(url, {**said, "number": 77}).text
    assert "name of somebody new" in desk.post(url, said).text
    answer = desk.post(url, {**said, "given_names": "Niamh", "family_name": "Corrigan"}, follow=True)
    assert "Niamh Corrigan represents" in answer.text
    made = Relationship.objects.get()
    assert desk.post(f"{url}{made.pk}/end/").status_code == 302
    made.refresh_from_db()
    assert made.ends_on == clock.today(coop)
    with pytest.raises(Refused, match="ended already"):
        services.end_stand_in(actor=mei, relationship=made, on=clock.today(coop))
