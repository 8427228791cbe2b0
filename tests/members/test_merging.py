"""Two records that are one person, taken apart again, and one that was two; with the register read as it was known."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connections, transaction

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from coop.privacy import erase_person
from members import selectors, services
from members.models import Membership, Party, PartyMerge, PartyMove, PartyName, Relationship
from members.selectors import merging, rights
from members.services import history
from tests.cast import make_user
from tests.governance.factories import close_and_count, make_ballot, make_roll

from .factories import make_application, make_class, make_member
from .test_concurrency import at_once

WHY = "Same passport, seen on 3 May."


@pytest.fixture
def pair(coop):
    """Anna, twice: once from the old list as a consumer, once as a worker who came with a login and an address."""
    kept = make_member(coop, name="Anna Smith", on=date(2019, 3, 1), street="Quay 1", place="Kiel")
    user = make_user("annika")
    worker = make_class(coop, "worker")
    other = make_member(coop, user=user, name="Anna Smyth", on=date(2023, 6, 1), member_class=worker, place="Lübeck")
    return kept, other


def names(coop, known) -> dict[int, str]:
    return {line.number: line.name for line in selectors.register(coop, date(2024, 1, 1), known)}


@pytest.mark.django_db
def test_everything_of_one_passes_to_the_other_and_earlier_registers_read_as_they_were_known(coop, mei, pair):
    kept, other = pair
    child = make_member(coop, name="Salma Smith", on=date(2024, 2, 1), born_on=date(2012, 1, 1), guardian=_guardian())
    services.name_stand_in(
        actor=mei, party=child.party, kind="joint", on=date(2024, 3, 1), evidence="Form.", by=other.party
    )
    services.say_consent(actor=Actor.of(other.party.account, coop), party=other.party, answers={"newsletter": True})
    before = clock.now()
    merge = services.merge(
        actor=mei, kept=kept.party, other=other.party, because=WHY, choose={"name": "other", "email": "kept"}
    )
    party, stub = Party.objects.get(pk=kept.party_id), Party.objects.get(pk=other.party_id)
    assert (party.name, party.place, party.email) == ("Anna Smyth", "Kiel", "anna.smith@example.net")
    assert (stub.merged_into_id, stub.name, stub.account) == (party.pk, "Anna Smyth", None)
    assert party.account == other.party.account  # the only login there was
    assert sorted(party.memberships.values_list("number", flat=True)) == [kept.number, other.number]
    assert Relationship.objects.get(kind="joint").subject == party
    assert rights.consents_of(party) == {"newsletter": True}
    assert names(coop, before) == {kept.number: "Anna Smith", other.number: "Anna Smyth"}
    lines = {line.number: line for line in selectors.register(coop, date(2024, 1, 1), clock.now())}
    assert lines[other.number].party_id == party.pk
    assert Actor.of(party.account, coop).is_member
    assert [event.kind for event in other.events.order_by("seq")][-1] == "reheld"
    assert list(history.verify(coop)) == []
    assert list(audit.verify(coop)) == []

    services.undo_merge(actor=mei, merge=merge, because="Two passports after all.")
    party, stub = Party.objects.get(pk=kept.party_id), Party.objects.get(pk=other.party_id)
    assert (party.name, party.account, stub.merged_into, stub.account) == (
        "Anna Smith",
        None,
        None,
        other.party.account,
    )
    assert Membership.objects.get(pk=other.pk).party == stub
    assert Relationship.objects.get(kind="joint").subject == stub
    assert not PartyName.objects.filter(party=party, family_name="Smyth").exists()
    assert names(coop, before) == names(coop, clock.now()) == {kept.number: "Anna Smith", other.number: "Anna Smyth"}
    assert list(history.verify(coop)) == []
    with pytest.raises(Refused, match="not merged"):
        services.undo_merge(actor=mei, merge=merge, because=WHY)


def _guardian() -> dict[str, str]:
    return {"given_names": "Ben", "family_name": "Smith", "email": "ben@example.net", "evidence": "Birth certificate."}


@pytest.mark.django_db
def test_what_cannot_be_one_is_refused_with_a_sentence_and_nothing_moves(coop, mei, pair):
    kept, _other = pair
    same_class = make_member(coop, name="Anna Smith", on=date(2020, 3, 1), email="a@example.org")
    firm = make_member(coop, kind="organisation", firm="Smith Ltd", email="f@example.org")
    heir = make_member(coop, name="Bob Smith", on=date(2020, 3, 1), member_class=make_class(coop, "tenant"))
    services.record_death(actor=mei, party=heir.party, died_on=date(2024, 1, 1), evidence="Certificate.")
    for party, code in (
        (same_class.party, "member_twice"),
        (firm.party, "kind_differs"),
        (heir.party, "died_differs"),
        (kept.party, "same_record"),
    ):
        with pytest.raises(Refused) as refusal:
            services.merge(actor=mei, kept=kept.party, other=party, because=WHY)
        assert refusal.value.code == code
    with pytest.raises(Refused, match="Say what shows it"):
        services.merge(actor=mei, kept=kept.party, other=heir.party, because=" ")
    assert not PartyMerge.objects.exists()
    assert not PartyMove.objects.exists()


@pytest.mark.django_db
def test_a_stub_takes_nothing_more_and_is_erased_with_the_person(coop, mei):
    worker = make_class(coop, "worker")
    kept = make_member(coop, name="Otto Verhoeven", on=date(2015, 3, 1))
    other = make_member(coop, name="Otto Verhooven", on=date(2015, 4, 1), member_class=worker, street="Hidden Lane 99")
    services.merge(actor=mei, kept=kept.party, other=other.party, because=WHY)
    other.party.refresh_from_db()
    with pytest.raises(Refused, match="merged into another"):
        services.change_details(actor=mei, party=other.party, street="Quay 9")
    with pytest.raises(Refused, match="merged away"):
        services.merge(actor=mei, kept=other.party, other=kept.party, because=WHY)
    with clock.at(datetime(2016, 2, 1, 12, tzinfo=UTC)):
        for membership in Membership.objects.filter(party=kept.party):
            services.give_notice(actor=mei, membership=membership, received_on=date(2016, 2, 1))
    services.end_due(coop)
    with pytest.raises(Refused, match="merged into another"):
        services.erase(actor=mei, party=other.party, scope="all", basis="Asked.")
    kept.party.refresh_from_db()
    done = erase_person(actor=mei, party=kept.party, scope="all", basis="Asked.")
    assert done.left == {}
    assert set(Party.objects.filter(pk__in=[kept.party_id, other.party_id]).values_list("name", flat=True)) == {
        "Erased"
    }


@pytest.mark.django_db
def test_one_record_that_was_two_people_is_split_and_can_be_merged_again(coop, mei, pair):
    kept, other = pair
    services.merge(actor=mei, kept=kept.party, other=other.party, because=WHY)
    name = {"given_names": "Anne", "family_name": "Smythe"}
    with pytest.raises(Refused, match="stays with this record"):
        services.split(actor=mei, party=kept.party, name=name, memberships=[kept, other], because=WHY)
    made = services.split(actor=mei, party=kept.party, name=name, memberships=[other], because="Two people.")
    assert Membership.objects.get(pk=other.pk).party.name == "Anne Smythe" == made.other.name
    with pytest.raises(Refused, match="moved on|nothing to take apart"):
        services.undo_merge(actor=mei, merge=made, because=WHY)
    first = PartyMerge.objects.get(kind="merged")
    services.undo_merge(actor=mei, merge=first, because="The stub was a third.")  # what moved on stays where it is
    assert Membership.objects.get(pk=other.pk).party == made.other
    services.merge(actor=mei, kept=kept.party, other=made.other, because="One after all.")
    assert kept.party.memberships.count() == 2
    assert list(history.verify(coop)) == []


ATTACKS = [
    ("UPDATE members_membership SET party_id = {kept} WHERE party_id = {other}", "stays with its holder"),
    ("UPDATE members_party SET merged_into_id = {kept} WHERE id = {other}", "on record only"),
    (
        "INSERT INTO members_partymove (coop_id, merge_id, what, key, from_party_id, to_party_id, recorded_at)"
        " SELECT coop_id, id, 'membership', {membership}, kept_id, other_id, now() FROM members_partymerge",
        "took place",
    ),
    ("UPDATE members_partymerge SET kind = 'undone'", "permission denied|Cannot update"),
    ("DELETE FROM members_partymove", "permission denied|Cannot update or delete"),
    ("UPDATE members_relationship SET subject_id = {kept}", "never rewritten"),
    (
        "INSERT INTO members_membership (coop_id, stream, number, party_id, member_class_id, admitted_on, state,"
        " ending, shares_wanted, instalments, last_seq, created_at) SELECT g.coop_id, gen_random_uuid(), 77,"
        " g.other_id, m.member_class_id, now(), 'admitted', '', 1, false, 0, now() "
        " FROM members_partymerge g, members_membership m",
        "holds no membership",
    ),
    (
        "INSERT INTO members_partyname (coop_id, party_id, valid_from, recorded_at, family_name, given_names, firm,"
        " register_court, register_number) SELECT coop_id, other_id, now(), now(), 'X', '', '', '', ''"
        " FROM members_partymerge",
        "merged away",
    ),
]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_database_keeps_holders_and_stubs_against_the_application_and_the_owner(coop, mei, pair):
    kept, other = pair
    make_member(coop, name="Salma Smith", on=date(2024, 2, 1), born_on=date(2012, 1, 1), guardian=_guardian())
    third = make_member(coop, name="Anna Smit", on=date(2020, 1, 1), member_class=make_class(coop, "tenant"))
    services.merge(actor=mei, kept=kept.party, other=third.party, because=WHY)
    values = {"kept": kept.party_id, "other": other.party_id, "membership": kept.pk}
    for sql, says in ATTACKS:
        for using in ("default", "owner"):
            with pytest.raises(DatabaseError, match=says), transaction.atomic(using):
                connections[using].cursor().execute(sql.format(**values))


@pytest.mark.django_db(transaction=True)
def test_a_merge_races_an_admission_and_an_erasure_and_nothing_lies_on_a_stub(coop, mei):
    worker, tenant = make_class(coop, "worker"), make_class(coop, "tenant")
    today = clock.today(coop)
    for turn in range(4):
        kept = make_member(coop, name=f"Ida Lund {turn}", email=f"i{turn}@example.org", on=date(2019, 3, 1))
        other = make_member(coop, name=f"Ida Lunt {turn}", on=date(2020, 3, 1), member_class=worker).party
        application = make_application(coop, name=f"Ida Lunt {turn}", member_class=tenant)
        services.match_party(actor=mei, application=application, party=other)
        acts = [
            lambda kept=kept, other=other: services.merge(actor=mei, kept=kept.party, other=other, because=WHY),
            lambda application=application: services.admit(
                actor=Actor.system(coop), application=application, resolution="1", on=today
            ),
            lambda other=other: services.erase(actor=mei, party=other, scope="contact", basis="Asked."),
            lambda kept=kept, other=other: services.merge(actor=mei, kept=other, other=kept.party, because=WHY),
        ]
        if turn % 2:
            acts.reverse()
        at_once(len(acts), _or_refused, acts)
        stubs = Party.objects.exclude(merged_into=None)
        assert not Membership.objects.filter(party__in=stubs).exists()
        assert Membership.objects.filter(application=application.pk).exists()
    assert list(history.verify(coop)) == []
    assert list(audit.verify(coop)) == []


def _or_refused(act) -> str:
    try:
        act()
    except Refused as refusal:
        return refusal.code
    return "done"


@pytest.mark.django_db
def test_twins_are_found_by_name_and_address_and_the_preview_counts_what_moves(coop, mei, pair):
    kept, other = pair
    assert [(party.pk, "a similar name" in why) for party, why in merging.twins(kept.party)] == [(other.party_id, True)]
    assert [each.count for each in merging.moving(other.party)][:2] == [1, 1]
    assert merging.issues(kept.party, other.party) == []
    chosen = {fact.key: fact.wins for fact in merging.facts(kept.party, other.party, clock.today(coop))}
    assert chosen == {"name": "kept", "address": "kept", "email": "kept", "phone": "kept", "login": "other"}


@pytest.mark.django_db
def test_the_secretary_compares_merges_and_takes_apart_on_pages_unless_a_ballot_is_open(coop, mei, pair, client_of):
    kept, other = pair
    desk, where = client_of(mei), f"/riverside/register/people/{kept.party_id}/same/"
    assert "One record may be Anna Smith too" in desk.get(where).text
    side = f"{where}{other.party_id}/"
    page = desk.get(side).text
    assert "Are Anna Smith and Anna Smyth one person?" in page
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1))
    said = {"because": WHY, "name": "other", "address": "kept", "email": "kept", "login": "other"}
    refused = desk.post(side, said)
    assert refused.status_code == 422
    assert f"“{ballot.title}” is being voted on" in refused.text
    close_and_count(ballot)
    assert desk.post(side, said).url == where
    made = PartyMerge.objects.get()
    assert kept.party.memberships.count() == 2
    undone = desk.post(f"/riverside/register/merges/{made.pk}/undo/", {"because": "Two passports."})
    assert undone.url == where
    assert kept.party.memberships.count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_database_moves_no_membership_while_its_roll_is_voted_on(coop, mei, pair):
    kept, other = (each.party for each in pair)
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1))
    move = (
        "WITH merge AS (INSERT INTO members_partymerge (coop_id, kind, kept_id, other_id, taken, recorded_at)"
        " VALUES (%s, 'merged', %s, %s, '[]', now()) RETURNING id)"
        " INSERT INTO members_partymove (coop_id, merge_id, what, key, from_party_id, to_party_id, recorded_at)"
        " SELECT %s, merge.id, 'membership', %s, %s, %s, now() FROM merge"
    )
    held = other.memberships.get()
    values = [coop.pk, kept.pk, other.pk, coop.pk, held.pk, other.pk, kept.pk]
    for using in ("default", "owner"):
        with pytest.raises(DatabaseError, match="stays with its holder"), transaction.atomic(using):
            cursor = connections[using].cursor()
            cursor.execute(move, values)
            cursor.execute("UPDATE members_membership SET party_id = %s WHERE id = %s", [kept.pk, held.pk])
    close_and_count(ballot)
    services.merge(actor=mei, kept=kept, other=other, because=WHY)
