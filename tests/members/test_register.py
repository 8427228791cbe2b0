"""The register as at a day, as known at a moment; the roll with its reasons; the projection against a replay."""

from datetime import UTC, date, datetime, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from members import selectors, services
from members.models import Membership
from members.replay import replay
from members.services import history

from .factories import make_application, make_bylaws, make_class, make_member

pytestmark = pytest.mark.django_db


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


def roll(coop, on):
    return {line.name: line for line in selectors.roll_candidates(coop, on)}


def test_as_at_and_as_known_at(coop):
    system = Actor.system(coop)
    noor = make_member(coop, name="Noor Haddad", on=date(2023, 3, 1))
    with clock.at(noon(date(2024, 2, 10))):  # recorded late: moved house on 15 December
        services.change_details(
            actor=system, party=noor.party, on=date(2023, 12, 15), street="Lindenweg 3", place="Kiel"
        )
    make_member(coop, name="Ivo Santini", on=date(2024, 1, 9))
    year_end = date(2023, 12, 31)
    then = selectors.register(coop, year_end, noon(date(2024, 1, 5)))
    since = selectors.register(coop, year_end, clock.now())
    assert [line.name for line in then] == [line.name for line in since] == ["Noor Haddad"]
    assert [line.place for line in then] == [""]
    assert [line.place for line in since] == ["Kiel"]
    assert [line.number_text for line in selectors.register(coop, date(2024, 2, 1), clock.now())] == ["0001", "0002"]
    assert selectors.register(coop, date(2023, 2, 28), clock.now()) == []


def test_a_correction_replaces_what_it_names_only_from_when_it_was_recorded(coop):
    system = Actor.system(coop)
    noor = make_member(coop, name="Noor Haddad", on=date(2023, 3, 1))
    admitted = noor.events.get(kind="admitted")
    with clock.at(noon(date(2023, 6, 1))):  # the minutes say 22 February
        membership = history.lock(noor)
        facts = {"member_class": membership.member_class, "decision_ref": "B 7"}
        history.append(
            actor=system,
            stream=noor.stream,
            membership=membership,
            kind="admitted",
            effective_on=date(2023, 2, 22),
            corrects=admitted,
            **facts,
        )
        history.project(membership)
    on = date(2023, 2, 25)
    assert selectors.register(coop, on, noon(date(2023, 5, 1))) == []
    (line,) = selectors.register(coop, on, clock.now())
    assert (line.admitted_on, line.state) == (date(2023, 2, 22), "admitted")
    noor.refresh_from_db()
    assert (noor.admitted_on, noor.state) == (date(2023, 2, 22), "active")


def test_the_roll_says_why(coop, mei):
    day = date(2024, 6, 1)
    make_member(coop, name="Noor Haddad", on=date(2024, 1, 9))
    make_member(coop, name="Ivo Santini", on=date(2024, 1, 9), active=False)
    make_member(coop, name="Gita Mohan", on=date(2024, 1, 9), member_class=make_class(coop, "supporter", votes=0))
    late = make_member(coop, name="Hanna Krol", on=date(2024, 1, 9), active=False)
    with clock.at(noon(date(2024, 6, 2))):
        services.activate(actor=mei, membership=late, on=date(2024, 6, 2))
    banned = make_member(coop, name="Dele Fashola", on=date(2024, 1, 9))
    with clock.at(noon(date(2024, 5, 1))):
        services.suspend(actor=mei, membership=banned, on=date(2024, 5, 1), reason="Fees.", resolution="9")
    make_member(coop, name="Elsa Nystrom", on=date(2024, 6, 2))
    lines = roll(coop, day)
    assert set(lines) == {"Noor Haddad", "Ivo Santini", "Gita Mohan", "Hanna Krol", "Dele Fashola"}
    assert [name for name, line in lines.items() if line.eligible] == ["Noor Haddad"]
    assert lines["Noor Haddad"].reasons[0] == "On the register on 1 June 2024, member since 9 January 2024."
    assert lines["Ivo Santini"].reasons == ("The first share was not paid by 1 June 2024.",)
    assert lines["Hanna Krol"].reasons == ("The first share was not paid by 1 June 2024.",)
    assert lines["Gita Mohan"].reasons == ("Supporter members have no vote under the by-laws.",)
    assert lines["Dele Fashola"].reasons == ("The membership was suspended on 1 June 2024.",)


def test_new_by_laws_count_from_the_day_they_are_in_force(coop):
    make_member(coop, name="Noor Haddad", on=date(2023, 3, 1))
    new = make_bylaws(coop, version="2024", effective_on=date(2024, 1, 1))
    make_class(coop, bylaws=new, votes=0)
    assert roll(coop, date(2023, 12, 31))["Noor Haddad"].eligible
    assert not roll(coop, date(2024, 1, 1))["Noor Haddad"].eligible


@pytest.mark.parametrize("rows", [1, 3])
def test_register_and_roll_are_one_query_each(coop, rows):
    for _ in range(rows):
        make_member(coop, on=date(2024, 1, 9))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(selectors.register(coop, date(2024, 2, 1), clock.now())) == rows
        assert len(selectors.roll_candidates(coop, date(2024, 2, 1))) == rows
    assert len(queries) == 2


def test_pages_of_the_register_are_its_lines(coop):
    """Slices of the pages are slices of the whole, whoever the record belonged to on the day it is known at."""
    system, on = Actor.system(coop), date(2024, 3, 1)
    people = [make_member(coop, name=f"Ada No{n}", on=date(2024, 1, n + 1)) for n in range(4)]
    again = make_member(coop, name="Ada Nought", on=date(2024, 1, 9), member_class=make_class(coop, "worker"))
    with clock.at(noon(date(2024, 3, 4))):
        services.change_details(actor=system, party=people[3].party, on=date(2024, 2, 1), place="Kiel", street="Quay 1")
        services.merge(actor=system, kept=people[0].party, other=again.party, because="one person")
    for known in (noon(date(2024, 3, 2)), clock.now()):
        whole, pages = selectors.register(coop, on, known), selectors.RegisterPages(coop, on, known)
        with CaptureQueriesContext(connection) as queries:
            assert len(pages) == len(whole) > 2
            assert pages[1:3] == whole[1:3]
        assert len(queries) == 2
        assert (list(pages), pages[-1], pages[9:]) == (whole, whole[-1], [])
        with pytest.raises(IndexError):
            pages[len(whole)]


def test_the_stored_standing_is_what_the_history_says(coop, mei):
    member = make_member(coop, on=date(2024, 1, 9))
    with clock.at(noon(date(2024, 3, 1))):
        services.suspend(actor=mei, membership=member, on=date(2024, 2, 1), reason="Fees.", resolution="9")
        services.reinstate(actor=mei, membership=member, on=date(2024, 3, 1), reason="Paid.", resolution="10")
    member.refresh_from_db()
    events = list(member.events.all())
    for on in (date(2024, 1, 8), date(2024, 1, 9), date(2024, 2, 1), date(2024, 3, 1)):
        told = replay(events, on)
        lines = selectors.register(coop, on, clock.now())
        assert [line.state for line in lines] == ([told.state] if told else [])
    assert member.state == replay(events, clock.today(coop)).state == "active"
    for event in events:
        assert event.hash == history.event_hash(event)


def test_the_reader_finds_the_login_of_a_member_once(coop, theo, django_assert_num_queries):
    make_member(coop, user=theo.user)
    with django_assert_num_queries(1):
        assert selectors.membership_of(theo).number == 1
        assert theo.is_member
    stranger = Actor.of(theo.user, coop)
    assert stranger.is_member


def test_numbers_find_members_of_this_co_op_only(coop, other_coop):
    mine, theirs = make_member(coop), make_member(other_coop)
    assert mine.number == theirs.number == 1
    assert selectors.membership_by_number(coop, 1) == mine
    assert selectors.memberships_by_number(coop, [1, 2]) == {1: mine}
    assert selectors.membership_by_number(coop, 2) is None
    assert [terms.member_class.slug for terms in selectors.eligibility(coop)] == ["consumer"]
    assert Membership.objects.count() == 2
    make_application(coop)
    assert Membership.objects.count() == 2
