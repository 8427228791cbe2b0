"""After a death: the page says it, offers nothing that makes no sense, and a mistake can be taken back."""

from datetime import UTC, date, datetime, time

import pytest
from django.db import IntegrityError, connection, transaction

from coop.kernel import audit, clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import Mail, Office
from coop.kernel.tenancy import Actor, path
from members import selectors, services
from members.models import Household, MembershipEvent, Party, Relationship
from members.selectors import after_death
from members.selectors.inbox import inbox, inbox_count
from members.selectors.story import story
from members.services import history

from .factories import make_application, make_class, make_member
from .test_desk_pages import text

pytestmark = pytest.mark.django_db
DIED = date(2026, 4, 2)


def on(day: str):
    return clock.at(datetime.combine(date.fromisoformat(day), time(12), tzinfo=UTC))


@pytest.fixture
def otto(coop, theo):
    """A member with a login, since 2016."""
    return make_member(coop, name="Otto Brandt", user=theo.user, on=date(2016, 5, 4), street="Quay 2", place="Kiel")


@pytest.fixture
def dies(mei):
    def die(membership, died_on=DIED):
        services.record_death(actor=mei, party=membership.party, died_on=died_on, evidence="Certificate 4/2026")
        membership.refresh_from_db()
        return membership

    return die


def bury(dies, otto):
    with on("2026-04-10"):
        return dies(otto)


def test_the_page_says_what_holds_and_the_one_thing_to_do(coop, mei, client_of, otto, dies):
    ida = make_member(coop, name="Ida Brandt", on=date(2017, 5, 4))
    bury(dies, otto)
    client, page = client_of(mei), path(coop, "members:detail", number=otto.number)
    with on("2026-04-10"):
        words = text(client.get(page))
        assert "Otto Brandt has died" in words
        assert "Died on 2 April 2026, a member since 4 May 2016." in words
        assert "The heirs hold the membership until 31 December 2026" in words
        assert "GenG § 77 (1)" in words
        assert "No heir is named yet." in words
        assert "Ask for it until 14 May 2026." in words
        assert client.get(path(coop, "members:heir", number=otto.number)).status_code == 200
        heir = {"number": ida.number, "on": "2026-04-10", "evidence": "Will"}
        assert client.post(path(coop, "members:heir", number=otto.number), heir).status_code == 302
        words = text(client.get(page))
        assert "Heir: Ida Brandt." in words
        assert "The membership may pass to an heir" in words
        named = {"given_names": "Freja", "family_name": "Brandt", "on": "2026-04-10", "evidence": "Will"}
        assert client.post(path(coop, "members:heir", number=otto.number), named).status_code == 302
        assert "Say who stands for the heirs" in text(client.get(page))
        assert "Died 2 Apr 2026" in text(client.get(path(coop, "members:list")))
    with on("2027-01-02"):
        services.end_due(coop)
        words = text(client.get(page))
        assert "The heirs held the membership until 31 December 2026" in words
        assert "Died 2 Apr 2026" in text(client.get(path(coop, "members:list") + "?tab=former"))


OFFERED = "suspend reinstate case-new record-notice record-stay record-death stand-in invite pass-on".split()


def test_nothing_is_offered_that_the_services_refuse_or_that_makes_no_sense(coop, mei, client_of, otto, dies):
    page = path(coop, "members:detail", number=otto.number)
    links = {name: path(coop, name if name == "pass-on" else f"members:{name}", number=otto.number) for name in OFFERED}
    with on("2026-04-10"):
        before = client_of(mei).get(page).content.decode()
        dies(otto)
        after = client_of(mei).get(page).content.decode()
    assert {name for name, link in links.items() if f'"{link}"' in before} >= {"suspend", "case-new", "record-notice"}
    assert [name for name, link in links.items() if f'"{link}"' in after] == []
    assert "is a member in good standing" in before
    assert "is a member in good standing" not in after
    with on("2026-04-11"):
        who = {"actor": mei, "membership": otto}
        decided = {"on": date(2026, 4, 11), "resolution": "3"}
        other = make_member(coop)
        refusals = [
            lambda: services.suspend(**who, reason="x", **decided),
            lambda: services.open_case(**who, hearing_on=date(2026, 5, 4), grounds="x", **decided),
            lambda: services.give_notice(**who, received_on=date(2026, 4, 11)),
            lambda: services.invite(**who),
            lambda: services.pass_on(**who, to=other, because="x", **decided),
            lambda: services.ask_change(actor=mei, party=otto.party, kind="erasure"),
            lambda: services.form_household(actor=mei, name="Quay", memberships=[otto, other], voter=other),
            lambda: services.name_stand_in(
                actor=mei, party=otto.party, kind="joint", on=date(2026, 4, 11), evidence="x", by=other.party
            ),
            lambda: services.record_death(actor=mei, party=otto.party, died_on=DIED, evidence="x"),
        ]
        for act in refusals:
            with pytest.raises(Refused):
                act()


def test_the_login_acts_for_nobody_and_nothing_is_sent(coop, mei, theo, client_of, otto, dies):
    bury(dies, otto)
    Mail.objects.all().delete()
    client = client_of(theo)
    assert client.get(path(coop, "members:me")).status_code == 404
    assert client.get(path(coop, "members:me-data")).status_code in (403, 404)
    assert selectors.membership_of(Actor.of(theo.user, coop)) is None
    with pytest.raises(NotAllowed):
        services.ask_change(actor=Actor.of(theo.user, coop), party=otto.party, kind="erasure")
    assert not Mail.objects.filter(to=otto.party.email).exists()


def test_what_is_open_is_said_with_its_next_step(coop, mei, theo, client_of, otto, dies):
    child = make_member(coop, name="Lea Brandt", on=date(2026, 1, 1), born_on=date(2009, 1, 1))
    firm = make_member(coop, name="", kind="organisation", firm="Corrigan Ltd", on=date(2020, 1, 1))
    one_vote = make_class(coop, "one-vote", household="one_vote")
    ruth = make_member(coop, name="Ruth Brandt", on=date(2020, 1, 1), member_class=one_vote)
    home = make_member(coop, name="Otto Home", on=date(2020, 1, 1), member_class=one_vote)
    with on("2026-04-01"):
        for whose, kind in ((child, "guardian"), (firm, "represents")):
            services.name_stand_in(
                actor=mei, party=whose.party, kind=kind, on=date(2026, 4, 1), evidence="x", by=otto.party
            )
        services.ask_change(actor=Actor.of(theo.user, coop), party=otto.party, kind="erasure")
        Office.objects.create(coop=coop, user=theo.user, role="board", starts_on=date(2026, 1, 1), reason="Elected.")
        services.form_household(actor=mei, name="Quay 7", memberships=[home, ruth], voter=home)
        application = make_application(coop, name="Otto Brandt")
        type(application).objects.filter(pk=application.pk).update(party=otto.party)
    with on("2026-04-10"):
        dies(otto)
        dies(home)
        words = text(client_of(mei).get(path(coop, "members:detail", number=otto.number)))
        homes = text(client_of(mei).get(path(coop, "members:detail", number=home.number)))
    for said in (
        "Was the guardian of Lea Brandt.",
        "Represented Corrigan Ltd.",
        "Holds the office “Board member” since 1 January 2026.",
        "Asked for a change:",
        "An application of",
    ):
        assert said in words
    assert "Casts the one vote of the household Quay 7" in homes
    representative = Actor.of(theo.user, coop)
    assert selectors.membership_of(representative) is None, "nobody represents after death"
    ruth.refresh_from_db()
    home.refresh_from_db()
    with on("2026-04-11"):
        services.move_vote(actor=mei, household=Household.objects.get(), to=ruth)
        with pytest.raises(Refused, match="has died"):
            services.move_vote(actor=mei, household=Household.objects.get(), to=home)


def test_heirs_have_a_clock_in_the_inbox(coop, mei, otto, dies):
    lines, count = len(inbox(coop)), inbox_count(coop)
    bury(dies, otto)
    with on("2026-04-10"):
        found = [each for each in inbox(coop) if each.sentence == "Name the heirs of Otto Brandt"]
        assert [(each.due, each.kwargs) for each in found] == [(date(2026, 5, 14), {"number": otto.number})]
        assert inbox_count(coop) - count == len(inbox(coop)) - lines == 1
        services.name_heir(
            actor=mei, deceased=otto.party, person={"family_name": "Brandt"}, on=DIED, evidence="Will", represents=True
        )
        assert inbox_count(coop) == count


def test_the_membership_passes_to_an_heir_and_to_nobody_else(coop, mei, otto, dies):
    ida, other = make_member(coop, on=date(2017, 5, 4)), make_member(coop, on=date(2017, 5, 4))
    bury(dies, otto)
    how = {"actor": mei, "membership": otto, "on": date(2026, 4, 20), "resolution": "9", "because": "Agreed."}
    with on("2026-04-20"):
        services.name_heir(actor=mei, deceased=otto.party, heir=ida.party, on=DIED, evidence="Will")
        with pytest.raises(Refused, match="only to somebody who is on the register as an heir"):
            services.pass_on(**how, to=other)
        services.pass_on(**how, to=ida)
        otto.refresh_from_db()
        assert (otto.ending, otto.ends_on) == ("transferred", date(2026, 4, 20))
        estate = after_death.estate_of(otto, date(2026, 4, 20))
        assert "The membership and its shares passed on on 20 April 2026." in estate.sentences
        assert estate.following is None
        with pytest.raises(Refused, match="passed on to the heirs on 20 April 2026, so the death cannot be taken back"):
            services.take_back_death(actor=mei, party=otto.party, because="He lives.")


def test_a_death_recorded_by_mistake_is_taken_back_and_stays_in_what_was_known(coop, mei, theo, client_of, otto, dies):
    ida = make_member(coop, name="Ida Brandt", on=date(2017, 5, 4))
    bury(dies, otto)
    with on("2026-04-11"):
        services.name_heir(actor=mei, deceased=otto.party, heir=ida.party, on=DIED, evidence="Will", represents=True)
    with on("2027-01-02"):
        services.end_due(coop)
        wrongly_known = clock.now()
    address = path(coop, "members:take-back-death", number=otto.number)
    with on("2027-01-10"):
        client = client_of(mei)
        assert "Was the death of Otto Brandt a mistake?" in text(client.get(address))
        assert client.post(address, {"because": " "}).status_code == 422
        assert client.post(address, {"because": "A namesake; he came himself."}).status_code == 302
        now = clock.now()
    otto.refresh_from_db()
    otto.party.refresh_from_db()
    assert (otto.state, otto.ends_on, otto.ending, otto.party.died_on) == ("active", None, "", None)
    day = date(2027, 1, 5)
    then = [line.number for line in selectors.register(coop, day, wrongly_known)]
    since = [line.number for line in selectors.register(coop, day, now)]
    assert otto.number not in then
    assert otto.number in since
    was = [line for line in selectors.register(coop, date(2026, 6, 1), wrongly_known) if line.number == otto.number]
    assert (was[0].ends_on, was[0].ending) == (date(2026, 12, 31), "died")
    with on("2027-01-10"):
        vote = next(line for line in selectors.roll_candidates(coop, day) if line.number == otto.number)
        assert vote.eligible
        assert selectors.membership_of(Actor.of(theo.user, coop)) == otto
        words = text(client.get(path(coop, "members:detail", number=otto.number)))
    assert "Otto Brandt is a member in good standing" in words
    assert "The death was recorded by mistake, and is taken back" in words
    assert "A namesake; he came himself." in words
    assert [each.sentence for each in story(otto) if each.is_struck and "Died" in each.sentence]
    assert Relationship.objects.get(object=otto.party).ends_on == date(2027, 1, 9)
    assert Mail.objects.filter(kind="members.death_taken_back", to=otto.party.email).count() == 1
    assert list(history.verify(coop)) == []
    assert list(audit.verify(coop)) == []


def test_it_is_refused_with_the_reason_where_it_cannot_be_undone(coop, mei, theo, otto, dies):
    with pytest.raises(Refused, match="No death of this person"):
        services.take_back_death(actor=mei, party=otto.party, because="He lives.")
    bury(dies, otto)
    with pytest.raises(NotAllowed):
        services.take_back_death(actor=theo, party=otto.party, because="He lives.")
    with pytest.raises(Refused, match="Say how the mistake"):
        services.take_back_death(actor=mei, party=otto.party, because=" ")
    with on("2027-01-02"):
        services.end_due(coop)
    with on("2031-01-02"):
        services.erase(actor=mei, party=otto.party, scope="all", basis="By law.")
        with pytest.raises(Refused, match="was erased, so nobody is left"):
            services.take_back_death(actor=mei, party=otto.party, because="He lives.")


def test_a_day_before_the_admission_is_somebody_else(coop, mei, otto):
    with pytest.raises(Refused, match="was admitted on 4 May 2016, after that day"):
        services.record_death(actor=mei, party=otto.party, died_on=date(2016, 5, 3), evidence="Certificate")


def agree() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_the_database_holds_death_and_history_together(coop, mei, otto, dies):
    """Raw writes by the application's role: nobody is dead, or alive again, without the entry that says so."""
    agree()
    with pytest.raises(IntegrityError, match="a death and its history disagree"), transaction.atomic():
        Party.objects.filter(pk=otto.party_id).update(died_on=DIED)
        agree()
    bury(dies, otto)
    agree()
    for wrong in (None, date(2026, 4, 3)):
        with pytest.raises(IntegrityError, match="a death and its history disagree"), transaction.atomic():
            Party.objects.filter(pk=otto.party_id).update(died_on=wrong)
            agree()
    died = MembershipEvent.objects.get(stream=otto.stream, kind="died")
    strike = {"stream": otto.stream, "membership": otto, "kind": "corrected", "effective_on": DIED, "corrects": died}
    with pytest.raises(IntegrityError, match="a death and its history disagree"), transaction.atomic():
        history.append(actor=mei, **strike)
        agree()
    ida = make_member(coop, on=date(2017, 5, 4))
    with on("2026-04-20"):
        services.name_heir(actor=mei, deceased=otto.party, heir=ida.party, on=DIED, evidence="Will")
        services.pass_on(actor=mei, membership=otto, to=ida, on=date(2026, 4, 20), resolution="9", because="Agreed.")
        agree()
        with pytest.raises(IntegrityError, match="what passed to the heirs"), transaction.atomic():
            history.append(actor=mei, **strike)
            Party.objects.filter(pk=otto.party_id).update(died_on=None)
            agree()
