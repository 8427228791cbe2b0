"""What the database keeps true about the register, attacked with raw SQL as the application and as the owner."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, connections, transaction

from coop.kernel.models import Cooperative
from coop.kernel.tenancy import Actor
from members import services
from members.models import Membership, MembershipEvent, NumberSequence

from .factories import make_application, make_class, make_member

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
MEMBERSHIP = (
    "INSERT INTO members_membership (coop_id, stream, number, party_id, member_class_id, admitted_on, state, ends_on,"
    " ending, shares_wanted, instalments, last_seq, created_at) SELECT coop_id, gen_random_uuid(), 77, party_id,"
    " member_class_id, '2020-01-01', {}, '', 1, false, 0, now() FROM members_membership WHERE id = %s"
)
OWN_CHAIN = "(SELECT hash FROM members_membershipevent WHERE stream = m.stream ORDER BY seq DESC LIMIT 1)"


@pytest.fixture
def member(coop) -> Membership:
    member = make_member(coop, name="Noor Haddad", on=date(2024, 5, 7), street="Lindenweg 3", place="Kiel")
    services.looked_at(actor=Actor.system(coop), what="member", party=member.party)
    return member


def run(sql: str, *values, using: str = "default") -> None:
    with transaction.atomic(using), connections[using].cursor() as cursor:
        cursor.execute(sql, values)


def refused(sql: str, *values, using: str = "default", match: str | None = None) -> None:
    with pytest.raises(DatabaseError, match=match):
        run(sql, *values, using=using)


def test_these_attacks_are_made_as_the_applications_role(member):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == connection.settings_dict["USER"] != connections["owner"].settings_dict["USER"]


ATTACKS = [
    "UPDATE members_membershipevent SET effective_on = '2000-01-01'",
    "DELETE FROM members_membershipevent",
    "TRUNCATE members_membershipevent CASCADE",
    "DELETE FROM members_membership",
    "UPDATE members_membership SET number = 99",
    "UPDATE members_membership SET stream = gen_random_uuid()",
    "UPDATE members_membership SET state = 'ended', ends_on = '2024-12-31'",
    "UPDATE members_membership SET admitted_on = '2000-01-01'",
    "UPDATE members_numbersequence SET next_number = 1",
    "DELETE FROM members_numbersequence",
    "UPDATE members_bylaws SET text = 'Nobody votes.'",
    "DELETE FROM members_classterms",
    "UPDATE members_classterms SET votes = 0",
    "UPDATE members_partyname SET family_name = 'Nobody'",
    "UPDATE members_partyaddress SET place = 'Nowhere'",
    "DELETE FROM members_application",
    "UPDATE members_application SET state = 'received', membership_id = NULL",
    "UPDATE members_boardsheet SET resolution = 'none'",
    "DELETE FROM members_boardsheet",
    "DELETE FROM members_accesslog",
    "UPDATE members_accesslog SET actor_id = NULL",
]


@pytest.mark.parametrize("using", ["default", "owner"])
def test_history_and_decisions_stand(member, using):
    before = list(MembershipEvent.objects.values_list("hash", flat=True))
    why = "permission denied|Cannot (update|delete)|is append-only|is kept"
    for attack in ATTACKS:
        refused(attack, using=using, match=why if using == "default" else why.removeprefix("permission denied|"))
    member.refresh_from_db()
    assert (member.number, member.state, member.admitted_on) == (1, "active", date(2024, 5, 7))
    assert list(MembershipEvent.objects.values_list("hash", flat=True)) == before


def test_standing_changes_only_together_with_its_event(member):
    refused("UPDATE members_membership SET state = 'suspended', last_seq = last_seq + 1", match="its history disagree")
    refused("UPDATE members_membership SET last_seq = last_seq + 1", match="its history disagree")
    event = (
        "INSERT INTO members_membershipevent (coop_id, stream, seq, place, membership_id, kind, effective_on,"
        " recorded_at, ending, reason_code, decided_by, decision_ref, decision_hash, note_hash, previous, hash)"
        " SELECT m.coop_id, m.stream, {seq}, {seq}, m.id, 'suspended', '2024-06-01', now(), '', '', '', '', '', '',"
        " {previous}, repeat('a', 64) FROM members_membership m"
    )
    refused(event.format(seq=9, previous=OWN_CHAIN), match="follows the last one")
    refused(event.format(seq=4, previous="repeat('0', 64)"), match="follows the last one")
    refused(event.format(seq=4, previous=OWN_CHAIN).replace("now()", "'2001-01-01'"), match="after the one before")
    # An event nobody projected: the row and its history would disagree from the next change on, so it shows.
    run(event.format(seq=4, previous=OWN_CHAIN))
    refused("UPDATE members_membership SET shares_wanted = 7", match="its history disagree")


def test_a_membership_needs_an_admission(coop, member):
    refused(
        MEMBERSHIP.format("'ended', NULL"),
        member.pk,
        match="ended_has_last_day",
    )
    refused(
        MEMBERSHIP.format("'ended', date '2020-12-31'"),
        member.pk,
        match="begins with an admission",
    )


def test_one_number_one_membership_of_a_class_one_vote_a_household(coop, member):
    second = make_member(coop, name="Ivo Santini")
    with pytest.raises(DatabaseError, match="party_id"):
        run(
            MEMBERSHIP.format("'admitted', NULL"),
            member.pk,
        )
    run("INSERT INTO members_household (coop_id, name, created_at) VALUES (%s, 'Home', now())", coop.pk)
    home = "(SELECT min(id) FROM members_household)"
    moves_in = f"UPDATE members_membership SET household_id = {home}, votes_for_household_id = {home} WHERE id = %s"
    refused(moves_in, member.pk, match="household and its history disagree")
    lives = (
        "INSERT INTO members_householdstanding (coop_id, membership_id, household_id, votes, effective_on, recorded_at)"
        f" SELECT coop_id, id, {home}, true, now(), now() FROM members_membership WHERE id = %s;"
    )
    run(lives + moves_in, member.pk, member.pk)
    for attack in ("UPDATE members_householdstanding SET votes = false", "DELETE FROM members_householdstanding"):
        refused(attack, match="permission denied|Cannot")
    refused(
        f"UPDATE members_membership SET household_id = {home}, votes_for_household_id = {home} WHERE id = %s",
        second.pk,
        match="one_vote_a_household",
    )
    run("INSERT INTO members_household (coop_id, name, created_at) VALUES (%s, 'Next door', now())", coop.pk)
    refused(
        "UPDATE members_membership SET votes_for_household_id = (SELECT max(id) FROM members_household) WHERE id = %s",
        second.pk,
        match="for_its_own_household",
    )


def test_an_application_is_admitted_only_with_its_membership(coop, member):
    application = make_application(coop, name="Gita Mohan")
    for attack in (
        "UPDATE members_application SET state = 'admitted' WHERE id = %s",
        "UPDATE members_application SET state = 'on_sheet' WHERE id = %s",
        "UPDATE members_application SET state = 'refused', decided_on = now() WHERE id = %s",
    ):
        refused(attack, application.pk)
    services.match_party(actor=Actor.system(coop), application=application, party=member.party)


def test_no_row_ties_two_co_ops_together(coop, other_coop, member):
    hill = make_member(other_coop, name="Olga Sorensen")
    refused("UPDATE members_membership SET party_id = %s WHERE id = %s", hill.party_id, member.pk)
    refused("UPDATE members_application SET member_class_id = %s", hill.member_class_id)
    refused("UPDATE members_party SET coop_id = %s WHERE id = %s", other_coop.pk, member.party_id)
    assert {m.number for m in Membership.objects.filter(coop=other_coop)} == {1}, "each co-op counts for itself"
    assert NumberSequence.objects.count() == Cooperative.objects.count() == 2


def test_terms_say_one_vote_at_most(coop):
    make_class(coop)
    refused(
        "INSERT INTO members_classterms (coop_id, member_class_id, bylaws_id, eligibility, open_to_public,"
        " minimum_shares, instalments, entry_fee, votes, constituency, shares_in_surplus, minimum_age, household,"
        " admitting_body, appeal_to, decide_within_days, appeal_within_days, notice_rule, transferable)"
        " SELECT coop_id, member_class_id, bylaws_id, '', true, 1, 1, 0, 2, '', true, 0, 'each', '', '', 1, 1, '{}',"
        " true FROM members_classterms",
        match="one_member_one_vote",
    )


def test_no_setting_of_a_session_makes_a_guard_look_away(member):
    """pgtrigger skips the triggers a setting names, and any session may make one: here it is worth nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(DISTINCT tgname, ',') FROM pg_trigger WHERE tgname LIKE 'pgtrigger%'")
        everyone = "{" + cursor.fetchone()[0] + "}"
    for attack in (
        "UPDATE members_numbersequence SET next_number = 1",
        "UPDATE members_membership SET number = 99",
        "UPDATE members_membership SET state = 'suspended'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [everyone])
            cursor.execute(attack)
    member.refresh_from_db()
    assert (member.number, member.state) == (1, "active")
