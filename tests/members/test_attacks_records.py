"""People, cases, applications and lists attacked with raw SQL: nothing changes without the record behind it."""

from datetime import UTC, date, datetime, time

import pytest

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from members import services
from members.models import Application, Erasure, EventNote, ImportBatch, ImportRow, Party, PartyContact, PartyName

from .factories import known_as, left, make_application, make_member
from .test_expelling import OPENED, expel, hear, open_case, plus
from .test_guards import refused, run
from .test_import import committed, taken_in

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
BOTH = ("default", "owner")
DAY = date(2026, 5, 6)


@pytest.fixture
def member(coop):
    return make_member(coop, name="Noor Haddad", on=date(2024, 5, 7), street="Lindenweg 3", place="Kiel", phone="04311")


def all_refused(attacks) -> None:
    """Each (statement, what the database says), by the application's role and by the owner."""
    for using in BOTH:
        for attack, said in attacks:
            refused(attack, using=using, match=said)


def test_what_was_true_of_a_living_person_is_not_taken_away(coop, member):
    gone = "goes only with an erasure"
    tables = ("members_partyname", "members_partyaddress", "members_partycontact", "members_eventnote")
    before = [EventNote.objects.count(), PartyName.objects.count(), PartyContact.objects.count()]
    all_refused((f"DELETE FROM {table}", gone) for table in tables)
    assert before == [EventNote.objects.count(), PartyName.objects.count(), PartyContact.objects.count()]
    assert min(before) > 0
    erasure = "INSERT INTO members_erasure (coop_id, party_id, scope, basis, at, rows)"
    all_refused([(erasure + " SELECT coop_id, id, 'contact', 'x', now(), '{}' FROM members_party", "while a member")])
    left(member)
    Erasure.objects.create(coop=coop, party=member.party, scope="contact", basis="Asked.")
    known_as(member.party, email="told.later@example.org")
    all_refused((f"DELETE FROM {table}", gone) for table in tables[:3])
    run("DELETE FROM members_partycontact WHERE value = '04311'")


def test_nobody_is_erased_reborn_or_another_kind_without_its_record(coop, member):
    child = make_application(coop, name="Lea Brandt", born_on=date(2000, 1, 1))
    services.match_party(actor=Actor.system(coop), application=child, party=member.party)
    party = "UPDATE members_party SET "
    all_refused(
        (
            (party + "erased_at = now()", "without an erasure"),
            (party + "kind = 'organisation'", "Cannot update"),
            (party + "born_on = '1990-01-01'", "what an application said"),
        )
    )
    run(party + "born_on = '2000-01-01'")
    all_refused(
        (
            (party + "born_on = '1990-01-01'", "what an application said"),
            (party + "born_on = NULL", "what an application said"),
            ("UPDATE members_application SET born_on = '1990-01-01'", "Cannot update"),
        )
    )
    left(member)
    Erasure.objects.create(coop=coop, party=member.party, scope="contact", basis="Asked.")
    all_refused([(party + "erased_at = now()", "without an erasure")])
    Erasure.objects.create(coop=coop, party=member.party, scope="all", basis="Asked.")
    run(party + "erased_at = now()")
    assert Party.objects.get(pk=member.party_id).erased_at is not None


def test_a_person_is_shown_as_the_dated_rows_say(coop, member):
    said = "shown as the dated rows say"
    columns = {"name": "Nobody", "email": "thief@example.org", "phone": "0", "place": "Nowhere"}
    all_refused((f"UPDATE members_party SET {each} = '{value}'", said) for each, value in columns.items())
    all_refused([("UPDATE members_party SET email = ''", said)])
    party = Party.objects.get(pk=member.party_id)
    known_as(
        party,
        name={"given_names": "Noor", "family_name": "Haddad-Król"},
        email="",
        address={"street": "Quay 7", "place": "Husum"},
    )
    party.refresh_from_db()
    assert (party.name, party.email, party.place, party.phone) == ("Noor Haddad-Król", "", "Husum", "04311")


def test_a_case_goes_step_by_step_and_each_step_is_in_the_history(coop, mei, theo):
    member = make_member(coop, user=theo.user, on=date(2024, 1, 8))
    set_to, disagree, order = "UPDATE members_expulsioncase SET ", "history of its membership disagree", "step by step"
    opened = (
        "INSERT INTO members_expulsioncase (coop_id, membership_id, state, outcome, was_active, opened_on, hearing_on,"
        " heard_how, resolution, appeal_to, appeal_resolution, opened_at) SELECT coop_id, id, 'open', '', true,"
        " '2026-03-02', '2026-03-30', '', '', 'general meeting', '', now() FROM members_membership"
    )
    all_refused([(opened, disagree)])
    with at(OPENED):
        case = open_case(mei, member)
    heard = "heard_on = '2026-03-23', heard_how = 'person', "
    decided = "decided_on = '2026-04-01', resolution = '9', "
    ended = "last_day = '2026-12-31', appeal_by = '2026-05-01', "
    out = decided + ended + "state = 'expelled'"
    all_refused(
        (
            (set_to + heard + "state = 'heard'", disagree),
            (set_to + heard + out, order),
            (set_to + decided + "state = 'closed', outcome = 'dropped'", disagree),
            (set_to + "state = 'closed', outcome = 'expelled'", order),
            (set_to + "hearing_on = '2026-03-03'", "Cannot update"),
        )
    )
    case = hear(mei, case)
    all_refused(((set_to + out, disagree), (set_to + "state = 'open'", order)))
    case = expel(mei, case)
    all_refused(
        (
            (set_to + "state = 'appealed', appealed_on = '2026-04-02'", disagree),
            (set_to + "state = 'closed', outcome = 'overturned'", order),
            (set_to + "resolution = 'another'", "Cannot update"),
            (set_to + "appeal_by = decided_on + 1, last_day = decided_on + 1", "Cannot update"),
        )
    )
    with at(plus(70)):
        assert services.close_cases(coop) == 1


def at(day: date):
    return clock.at(datetime.combine(day, time(12), tzinfo=UTC))


def test_an_application_keeps_its_days_and_its_history(coop):
    make_application(coop, name="Gita Mohan")
    set_to = "UPDATE members_application SET "
    days = ("received_on = '2020-01-01'", "decide_by = '2030-01-01'", "received_at = now()", "channel = 'paper'")
    all_refused((set_to + day, "Cannot update") for day in days)
    all_refused([(set_to + "state = 'withdrawn'", "an application and its history disagree")])
    services.withdraw(
        actor=Actor.system(coop), application=(only := Application.objects.get()), reference=only.reference
    )


def test_an_import_goes_step_by_step_and_is_there_with_all_its_rows(coop, mei):
    make_member(coop)
    batch = taken_in(mei, "number,name\n41,Noor Haddad\n42,Ivo Santini\n")
    set_to, order = "UPDATE members_importbatch SET ", "step by step"
    there = set_to + "state = 'committing'; " + set_to + "state = 'committed', content = NULL, committed_at = now()"
    all_refused(
        (
            (set_to + "state = 'committed'", order),
            (set_to + "state = 'undone'", order),
            (there, "with all its rows"),
        )
    )
    committed(mei, batch)
    lines = "the lines of an import"
    all_refused(
        (
            (set_to + "members = 3", "Cannot update"),
            (set_to + "digest = ''", "Cannot update"),
            (set_to + "state = 'staged'", order),
            ("DELETE FROM members_importrow", lines),
        )
    )
    assert (ImportRow.objects.count(), ImportBatch.objects.get().state) == (2, "committed")
    assert services.undo_import(actor=mei, batch=batch) == 2
    assert ImportRow.objects.count() == 0


def test_a_death_of_somebody_who_is_no_member_is_on_record_too(coop, mei):
    """No membership’s history has an entry of it; the audit chain says it."""
    ida = make_member(coop, name="Ida Lund", on=date(2024, 5, 8))
    roe = {"family_name": "Roe"}
    services.name_heir(actor=mei, deceased=gone(mei, ida), person=roe, on=DAY, evidence="Will")
    heir = Party.objects.get(name="Roe")
    day = f"UPDATE members_party SET died_on = '2026-05-06' WHERE id = {heir.pk}"
    all_refused([(day, "a death is written down")])
    gone(mei, heir)
    all_refused([(day.replace("05-06", "05-05"), "written down"), (day.replace("'2026-05-06'", "NULL"), "written")])
    services.take_back_death(actor=mei, party=heir, because="Another Roe.")
    all_refused([(day, "a death is written down")])


def gone(mei, who) -> Party:
    party = getattr(who, "party", who)
    services.record_death(actor=mei, party=party, died_on=DAY, evidence="Certificate")
    party.refresh_from_db()
    return party
