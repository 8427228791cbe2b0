"""Days that make no sense are refused with a sentence that names them; a day to come is waited for."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from members import selectors, services
from members.models import Application, Party
from members.selectors import dated
from members.selectors.days import end_of
from members.tasks import tick

from .factories import make_application, make_class, make_member
from .test_desk_pages import text

pytestmark = pytest.mark.django_db
SINCE = date(2020, 3, 1)


def told() -> None:
    """What the database asks when a transaction is committed, asked now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def elsa(coop):
    return make_member(coop, name="Elsa Nystrom", on=SINCE, street="Quay 1", place="Kiel")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"received_on": "0001-01-01"}, "Received on 1 January 0001? An application is written down within a year"),
        ({"received_on": "1990-05-05"}, "Received on 5 May 1990?"),
        ({"received_on": "9999-12-31"}, "cannot be received on a day still to come"),
        ({"born_on": "0001-01-01"}, "Born on 1 January 0001? Nobody is over 120 years old"),
        ({"born_on": "2999-01-01"}, "Nobody applies before they are born"),
    ],
)
def test_an_application_on_paper_with_a_day_that_cannot_be(coop, client_of, mei, said, sentence):
    make_class(coop)
    usual = {"kind": "person", "given_names": "Noor", "street": "Quay 1", "member_class": "consumer", "of_age": "on"}
    today = {"received_on": clock.today(coop).isoformat(), "shares_wanted": "5"}
    page = client_of(mei).post(path(coop, "members:application-new"), usual | today | said)
    assert page.status_code == 422
    assert sentence in text(page)
    assert not Application.objects.exists()


def test_the_oldest_may_join_and_a_letter_of_last_month_counts(coop):
    today = clock.today(coop)
    born = today.replace(year=today.year - 120, day=1)
    make_class(coop)
    late = {"coop": coop, "member_class": "consumer", "given_names": "Jeanne", "street": "Arles 1"}
    application = services.apply(**late, born_on=born, received_on=today - timedelta(days=30))
    assert application.born_on == born
    with pytest.raises(Refused, match="Nobody is over 120"):
        make_application(coop, born_on=born - timedelta(days=366))


@pytest.mark.parametrize(
    ("on", "sentence"),
    [
        ("9999-12-31", "Holds from 31 December 9999? A change is written down a year ahead at most"),
        ("0001-01-01", "Elsa Nystrom is on record since 1 March 2020; nothing holds from a day before that"),
        ("2020-02-29", "on record since 1 March 2020"),
    ],
)
def test_a_change_that_cannot_hold_from_that_day_changes_nothing(coop, client_of, mei, elsa, on, sentence):
    before = {"given_names": "Elsa", "family_name": "Berg", "street": "Quay 1", "place": "Kiel", "on": on}
    page = client_of(mei).post(path(coop, "members:details", number=elsa.number), before)
    assert page.status_code == 422
    assert sentence in text(page)
    elsa.party.refresh_from_db()
    assert elsa.party.name == "Elsa Nystrom"
    assert elsa.party.partynames.count() == 1


def test_a_name_announced_for_a_day_is_shown_from_that_day_on(coop, mei, elsa):
    today = clock.today(coop)
    wedding = today + timedelta(days=20)
    changed = {"family_name": "Berg", "given_names": "Elsa", "street": "Elm 3"}
    services.change_details(actor=mei, party=elsa.party, on=wedding, **changed)
    party = Party.objects.get(pk=elsa.party_id)
    assert (party.name, party.place) == ("Elsa Nystrom", "Kiel")
    told()
    assert dated.address_of(party, today, or_later=True).street == "Quay 1"
    assert [line.name for line in selectors.register(coop, today, end_of(today, coop))] == ["Elsa Nystrom"]
    assert [line.name for line in selectors.register(coop, wedding, end_of(today, coop))] == ["Elsa Berg"]
    services.change_details(actor=mei, party=party, email="elsa@example.org")  # does not bring the name forward
    assert Party.objects.get(pk=party.pk).name == "Elsa Nystrom"
    services.change_details(actor=mei, party=party, given_names="Elsa Maria", family_name="Nystrom", place="Bremen")
    services.change_details(actor=mei, party=party, on=today + timedelta(days=300), street="Elm 9", place="Mainz")
    party.refresh_from_db()
    assert (party.name, party.place) == ("Elsa Maria Nystrom", "Bremen")
    told()
    for day, name, done in ((wedding - timedelta(days=1), "Elsa Maria Nystrom", 0), (wedding, "Elsa Berg", 1)):
        with clock.at(datetime.combine(day, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)):
            assert services.begin_announced(coop) == done
            tick()  # again: nothing is left to do
            party.refresh_from_db()
            assert (party.name, "berg" in party.search) == (name, bool(done))
            assert services.begin_announced(coop) == 0
            told()
    with pytest.raises(DatabaseError, match="shown as the dated rows say"), transaction.atomic():
        Party.objects.filter(pk=party.pk).update(name="Elsa Nystrom")  # a name that has been overtaken
        told()


def test_an_email_address_holds_at_once(coop, mei, elsa):
    tomorrow = clock.today(coop) + timedelta(days=1)
    with pytest.raises(Refused, match="holds at once"):
        services.change_details(actor=mei, party=elsa.party, on=tomorrow, email="new@example.org")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("as_at=0001-01-01", "1 January 0001? The register reads back to 1 January 1800"),
        ("as_at=9999-12-31", "As at 31 December 9999? The register reads ahead until"),
        ("known=9999-12-31", "Nobody knows yet what will be known that day"),
        ("known=1700-01-01", "1 January 1700? The register reads back to"),
    ],
)
def test_the_register_is_not_read_as_at_a_day_it_cannot_tell_of(coop, client_of, mei, elsa, asked, sentence):
    page = client_of(mei).get(f"{path(coop, 'members:list')}?{asked}")
    assert page.status_code == 422
    assert sentence in text(page)
    assert "Which day did you mean?" in text(page)
    assert "members on" not in text(page)
    assert "Nystrom" not in text(page)
    answer = client_of(mei).get(f"/api/v1/{coop.slug}/register/?{asked}")
    assert answer.status_code == 422, answer.content
    assert sentence in answer.json()["detail"]


def test_as_at_the_end_of_the_longest_notice(coop, client_of, mei, elsa):
    ahead = clock.today(coop) + timedelta(days=5 * 365)
    assert "One member on" in text(client_of(mei).get(f"{path(coop, 'members:list')}?as_at={ahead}"))
