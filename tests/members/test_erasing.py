"""Erasing a person: gone everywhere, the chains whole, the totals unmoved; and again after a restore."""

import json
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.http import Http404

from coop import privacy
from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.models import Job, Mail
from coop.kernel.tenancy import Actor
from governance.models import Objection, Roll, RollPublication, Ruling
from governance.selectors.rolls import roll_is_whole
from governance.services import freeze_roll
from ledger.models import Redemption, ShareClass
from ledger.selectors.shares import holdings
from members import selectors, services
from members.models import (
    AccessLog,
    BulkLetter,
    Course,
    CourseSession,
    Erasure,
    Household,
    ImportBatch,
    Party,
    SavedFilter,
)
from members.retention import kept_until
from members.selectors.rights import everything_about, past_retention, traces
from members.services import history
from tests.ledger.factories import make_books, make_payment

from .factories import make_application, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")
    return tmp_path / "erasures.jsonl"


def leaver(coop, mei, user=None, *, name="Wilhelmina Quast", left_years_ago=4, pays=0):
    """Somebody who did all a member does, and left: applied with a note, moved, was looked at, stood on a roll."""
    today = clock.today(coop)
    born = date(today.year - 9, 2, 1)
    membership = make_member(
        coop, name=name, user=user, on=born, street="Elderflower Road 17", place="Kiel", phone="0431 998877",
        note="I bake bread.", email="wilhelmina.quast@example.net",
    )  # fmt: skip
    if pays:
        make_payment(membership, pays, on=born)
    with clock.at(clock.now() - timedelta(days=365 * left_years_ago + 200)):
        services.change_details(actor=mei, party=membership.party, street="Juniper Close 3", email="mina@example.net")
        services.looked_at(actor=mei, what="member", party=membership.party, basis="Wilhelmina Quast asked")
        services.suspend(
            actor=mei, membership=membership, on=clock.today(coop), reason="Wilhelmina Quast said so.", resolution="1"
        )
        freeze_roll(actor=Actor.system(coop), record_date=clock.today(coop), title="Meeting")
        services.give_notice(actor=mei, membership=membership, received_on=clock.today(coop), because="Moving to Kiel.")
    services.end_due(coop)
    membership.refresh_from_db()
    return membership


def test_erase_a_leaver_of_four_years_ago_chain_verifies_totals_hold_name_gone_everywhere(coop, mei, theo):
    make_books(coop)
    membership = leaver(coop, mei, theo.user, pays=26_000)
    stays = make_member(coop, name="Gita Mohan")
    Household.objects.create(coop=coop, name="Wilhelmina Quast and friends")
    party, last_day = membership.party, membership.ends_on
    before = [(line.number, line.class_name, line.admitted_on, line.ends_on) for line in whole_register(coop)]
    words = ["Quast", "Wilhelmina", "Elderflower", "Juniper Close", "mina@example.net", "998877", "bake bread"]
    held = holdings(coop, last_day)
    assert held[membership.pk].paid_up == 25_000
    assert len(traces(words)) > 8, "the name stands in many places before"
    done = privacy.erase_person(actor=mei, party=party, scope="all", basis="Asked by letter.")
    assert done.left == {}
    assert traces(words) == {}
    assert list(audit.verify(coop)) == []
    assert list(history.verify(coop)) == []
    roll = coop_roll(coop)
    assert roll_is_whole(roll)
    assert roll.size == 1
    assert [(line.number, line.class_name, line.admitted_on, line.ends_on) for line in whole_register(coop)] == before
    assert (1, "Erased", last_day) in [(line.number, line.name, line.ends_on) for line in whole_register(coop)]
    assert holdings(coop, last_day) == held
    stays.party.refresh_from_db()
    assert stays.party.name == "Gita Mohan"
    theo.user.refresh_from_db()
    assert (theo.user.is_active, theo.user.name) == (False, "")
    assert done.erasure.rows["notes"] > 0
    assert done.erasure.rows["login"] == 1


def test_what_others_wrote_about_somebody_goes_too(coop, mei):
    """Words outside the person's own rows: filters, sessions, letters to many, jobs, files, reasons."""
    make_books(coop)
    name, now = "Wilhelmina Quast", clock.now()
    membership = leaver(coop, mei)
    of = {"coop": coop, "membership": membership}
    for query in ({"q": "quast WILHELMINA"}, {"q": "mina@example.net"}, {"q": "anna"}):
        SavedFilter.objects.create(coop=coop, name=f"f {query['q'][:4]}", query=query, owner=mei.user)
    course = Course.objects.create(coop=coop, name="Till", created_by=mei.user)
    CourseSession.objects.create(coop=coop, course=course, starts_at=now, place="Juniper Close 3", held_by=name)
    BulkLetter.objects.create(
        coop=coop, key="k", about="business", subject=f"Thank you, {name}", text="x", digest="d", finished_at=now
    )
    Job.objects.create(coop=coop, kind="x", title="x", state="failed", error=f"{name} is no member.")
    ImportBatch.objects.create(coop=coop, file_name=f"{name}.csv", digest="d", size=1, encoding="x", delimiter=",")
    given = Redemption.objects.create(
        **of, share_class=ShareClass.objects.get(coop=coop), shares=1, asked_on=now, reason=f"{name} needs it"
    )
    roll = coop_roll(coop)
    RollPublication.objects.create(coop=coop, roll=roll, published_at=now, until=now + timedelta(days=3))
    said = Objection.objects.create(
        **of, roll=roll, about=membership, because=f"I am {name}, and ill.", made_at=now, made_by=mei.user
    )
    Ruling.objects.create(
        coop=coop, objection=said, upheld=False, because=f"{name} left.", ruled_at=now, ruled_by=mei.user
    )
    words = [name, "Juniper Close 3", "mina@example.net", "quast WILHELMINA"]
    for sql in (
        "UPDATE members_bulkletter SET subject = '(erased)', text = '(erased)'",
        "UPDATE members_coursesession SET place = '(erased)'",
        "UPDATE ledger_redemption SET reason = ''",
        "UPDATE governance_objection SET because = '(erased)'",
        "UPDATE governance_ruling SET because = '(erased)'",
    ):
        attack(sql)
    assert privacy.erase_person(actor=mei, party=membership.party, scope="all", basis="Asked.").left == {}
    assert traces(words) == {}
    assert list(SavedFilter.objects.filter(removed_at=None).values_list("query", flat=True)) == [{"q": "anna"}]
    given.refresh_from_db()
    assert (given.reason, given.shares, roll_is_whole(roll)) == ("", 1, True)
    attack("UPDATE ledger_redemption SET reason = 'Wilhelmina Quast'")
    attack("UPDATE governance_objection SET because = 'Wilhelmina Quast'")


def whole_register(coop):
    return selectors.register(coop, clock.today(coop), clock.now(), former=True)


def coop_roll(coop):
    return Roll.objects.get(coop=coop)


def test_restored_from_a_backup_the_person_is_erased_again(coop, mei, log, django_capture_on_commit_callbacks):
    party = leaver(coop, mei).party
    backup = transaction.savepoint()
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase_person(actor=mei, party=party, scope="all", basis="Asked.")
    said = log.read_text()
    assert "Quast" not in said
    assert json.loads(said)["party"] == party.pk
    transaction.savepoint_rollback(backup)
    assert Party.objects.get(pk=party.pk).name == "Wilhelmina Quast", "the backup knows her"
    with django_capture_on_commit_callbacks(execute=True):
        assert len(privacy.erase_again()) == 1
    assert traces(["Quast"]) == {}
    assert list(audit.verify(coop)) == []
    assert privacy.erase_again() == [], "twice changes nothing"


def test_within_the_time_of_the_law_name_and_address_stay_and_the_rest_goes(coop, mei):
    party = leaver(coop, mei, left_years_ago=1).party
    assert party.memberships.get().ends_on + timedelta(days=300) < kept_until(coop.law, party.memberships.get().ends_on)
    with pytest.raises(Refused) as refused:
        privacy.erase_person(actor=mei, party=party, scope="all", basis="Asked.")
    assert refused.value.code == "kept_by_law"
    privacy.erase_person(actor=mei, party=party, scope="contact", basis="Asked.")
    assert traces(["mina@example.net", "998877", "bake bread", "Moving to Kiel"]) == {}
    party.refresh_from_db()
    assert (party.name, party.email) == ("Wilhelmina Quast", "")
    line = next(line for line in whole_register(coop) if line.number == 1)
    assert (line.name, line.street) == ("Wilhelmina Quast", "Juniper Close 3")
    assert list(audit.verify(coop)) == []
    assert list(history.verify(coop)) == []


def test_members_officers_and_who_stands_for_somebody_are_not_erased(coop, mei):
    member = make_member(coop, name="Ivo Santini")
    with pytest.raises(Refused) as refused:
        services.erase(actor=mei, party=member.party, scope="all", basis="x")
    assert refused.value.code == "still_member"
    gone = leaver(coop, mei).party
    again = make_application(coop, name="Wilhelmina Quast", on=clock.today(coop))
    services.match_party(actor=mei, application=again, party=gone)
    for change, code in (
        ({"basis": " "}, "basis_missing"),
        ({"scope": "half"}, "scope_unknown"),
        ({}, "applied_again"),
    ):
        with pytest.raises(Refused) as refused:
            services.erase(actor=mei, **{"party": gone, "scope": "all", "basis": "x", **change})
        assert refused.value.code == code


def test_nobody_but_the_secretary_erases(coop, mei, lena, olga):
    party = leaver(coop, mei).party
    for actor in (lena, olga):
        with pytest.raises((PermissionDenied, Http404)):
            services.erase(actor=actor, party=party, scope="all", basis="x")
    assert Erasure.objects.count() == 0


def attack(sql: str, *values, using="default") -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_the_database_lets_the_erased_be_and_the_living_too(coop, mei):
    party = leaver(coop, mei).party
    member = make_member(coop, name="Gita Mohan")
    attack("SELECT members_forget(%s, %s, '.')", coop.pk, member.party_id)
    attack("SELECT governance_forget(%s, %s)", coop.pk, member.pk)
    attack("UPDATE governance_rollentry SET name = '', salt = ''")
    attack("UPDATE members_accesslog SET basis = '(erased)'")
    privacy.erase_person(actor=mei, party=party, scope="all", basis="Asked.")
    attack("UPDATE members_party SET name = 'Wilhelmina Quast' WHERE id = %s", party.pk)
    attack("UPDATE members_party SET erased_at = NULL WHERE id = %s", party.pk)
    attack("DELETE FROM members_erasure")
    attack(
        "INSERT INTO members_partycontact (coop_id, party_id, valid_from, recorded_at, kind, value, purposes)"
        " VALUES (%s, %s, now(), now(), 'email', 'mina@example.net', '')",
        coop.pk,
        party.pk,
    )
    assert AccessLog.objects.filter(basis="(erased)").count() == 1


def test_time_is_up_by_the_law_of_the_co_op(coop, mei):
    membership = leaver(coop, mei)
    assert kept_until("de-geng", date(2022, 6, 30)) == date(2025, 12, 31)
    assert kept_until("uk-ccbs", date(2020, 2, 29)) == date(2026, 3, 1)
    assert kept_until("generic", date(2020, 3, 1)) == date(2026, 3, 1)
    today = clock.today(coop)
    assert [each.pk for each in past_retention(coop, today)] == [membership.party_id]
    assert past_retention(coop, kept_until(coop.law, membership.ends_on)) == []


def test_the_pages_show_what_goes_and_where_was_looked(coop, mei, client_of):
    party = leaver(coop, mei).party
    desk = client_of(mei)
    assert "One former member" in desk.get(f"/{coop.slug}/register/erasures/").text
    url = f"/{coop.slug}/register/people/{party.pk}/erase/"
    assert "Wilhelmina Quast" in desk.get(url).text
    assert desk.post(url, {"scope": "all"}).status_code == 422
    answer = desk.post(url, {"scope": "all", "basis": "Asked by letter."})
    assert "found none" in answer.text
    assert "Quast" not in answer.text
    assert "Nobody’s time is up" in desk.get(f"/{coop.slug}/register/erasures/").text


def test_i_take_all_of_it_with_me(coop, mei, theo, client_of):
    membership = make_member(coop, user=theo.user, street="Quay 1", place="Kiel", note="Bread.")
    services.looked_at(actor=mei, what="member", party=membership.party)
    said = json.loads(client_of(theo).get(f"/{coop.slug}/me/data/file/").content)
    assert said["names"]
    assert said["addresses"][0]["street"] == "Quay 1"
    assert said["looked_at_by"][0]["what"] == "member"
    assert said["letters"]
    assert said["applications"][0]["note"] == "Bread."
    assert set(everything_about(membership.party)) < set(said)
    assert Mail.objects.filter(to=theo.user.email).count() == len(said["letters"])
