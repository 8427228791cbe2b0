"""A child joins through the public page: who applies, what both say, what is looked at, and when it ends."""

from datetime import date, timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import path
from members import services, spam
from members.ages import comes_of_age_on
from members.models import Application, ApplicationCheck, Membership, PaperLetter, Party, Relationship
from members.services.parties import create_party
from tests.ledger.factories import make_books

from .factories import make_class

pytestmark = pytest.mark.django_db


@pytest.fixture
def child(coop, client_of, monkeypatch) -> dict:
    make_class(coop)
    make_books(coop)
    monkeypatch.setattr(spam, "FASTEST", 0)
    return {
        "kind": "minor",
        "given_names": "Salma",
        "family_name": "Bakr",
        "born_on": f"{clock.today(coop).year - 12}-03-01",
        "email": "",
        "street": "Quay 7",
        "postcode": "12345",
        "place": "Kiel",
        "guardian_given_names": "Yusuf",
        "guardian_family_name": "Bakr",
        "guardian_email": "yusuf@example.org",
        "guardian_agrees": "on",
        "member_class": "consumer",
        "shares_wanted": "5",
        "pay": "once",
        "accept_bylaws": "on",
        "stamp": spam.stamp(),
    }


def test_a_guardian_applies_both_agree_and_the_board_admits_only_what_was_looked_at(coop, mei, client_of, child):
    visitor, desk, here = client_of(None), client_of(mei), path(coop, "join")
    page = visitor.get(f"{here}?as=minor").text
    assert "Guardian’s e-mail" in page
    assert "I am 16 or over" not in page
    assert "I apply for a child" in visitor.get(here).text
    assert visitor.post(here, child).status_code == 302
    application = Application.objects.get()
    assert (application.kind, application.guardian["email"]) == ("person", "yusuf@example.org")
    assert "Both agreed on the website" in application.guardian["evidence"]
    assert "yusuf@example.org" in Mail.objects.values_list("to", flat=True)
    review = desk.get(path(coop, "members:application", pk=application.pk)).text
    assert "Yusuf Bakr" in review
    assert "Guardian’s consent seen" in review
    today = clock.today(coop)
    with pytest.raises(Refused, match="look at the guardian’s consent first"):
        services.admit(actor=mei, application=application, resolution="1", on=today)
    services.check(actor=mei, application=application, code="guardian")
    member = services.admit(actor=mei, application=application, resolution="1", on=today)
    stands = Relationship.objects.get(object=member.party, kind="guardian")
    assert (stands.subject.name, stands.starts_on, stands.ends_on) == ("Yusuf Bakr", today, None)
    grown = comes_of_age_on(member.party.born_on)
    with clock.at(clock.now() + (grown - today)):
        services.come_of_age(coop)
    stands.refresh_from_db()
    assert stands.ends_on == grown - timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"guardian_agrees": ""}, "only with the guardian’s yes"),
        ({"accept_bylaws": ""}, "we need your yes"),
        ({"guardian_family_name": ""}, "id_guardian_family_name_error"),
        ({"guardian_email": ""}, "id_guardian_email_error"),
        ({"born_on": "1990-01-01"}, "Only a minor, born on a day we know, has a guardian"),
        ({"born_on": "2190-01-01"}, "before they are born"),
    ],
)
def test_half_an_application_for_a_child_is_sent_back_with_a_sentence(coop, client_of, child, said, sentence):
    answer = client_of(None).post(path(coop, "join"), child | said)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not Application.objects.exists()


def test_a_child_we_know_already_gets_guardian_and_birthday_too_and_erasing_forgets_who_applied(coop, mei, child):
    known = create_party(
        actor=mei,
        kind=Party.Kind.PERSON,
        name={"given_names": "Salma", "family_name": "Bakr"},
        address={},
        on=date(2024, 1, 1),
    )
    guardian = {"given_names": "Yusuf", "family_name": "Bakr", "email": "yusuf@example.org", "evidence": "Paper."}
    born = date(clock.today(coop).year - 12, 3, 1)
    asks = {"given_names": "Salma", "family_name": "Bakr", "street": "Quay 7", "born_on": born, "guardian": guardian}
    application = services.apply(coop=coop, member_class="consumer", channel="paper", **asks)
    assert ApplicationCheck.objects.filter(application=application, code="guardian").exists()  # the paper was seen
    services.match_party(actor=mei, application=application, party=known)
    services.admit(actor=mei, application=application, resolution="1", on=clock.today(coop))
    known.refresh_from_db()
    assert known.born_on == born
    assert Membership.objects.get().party == known
    by = Relationship.objects.get(object=known, kind="guardian").subject
    services.end_stand_in(
        actor=mei, relationship=Relationship.objects.get(object=known, kind="guardian"), on=clock.today(coop)
    )
    services.erase(actor=mei, party=by, scope="all", basis="Asked.")
    application.refresh_from_db()
    assert application.guardian == {}


def test_letters_about_a_child_address_the_guardian_who_gets_them(coop, mei, child):
    guardian = {"given_names": "Ruth", "family_name": "Young", "email": "ruth@example.org", "evidence": "Paper."}
    born = date(clock.today(coop).year - 11, 1, 1)
    asks = {"given_names": "Tim", "family_name": "Young", "street": "Quay 7", "born_on": born}
    services.apply(coop=coop, member_class="consumer", guardian=guardian, **asks)
    letter = Mail.objects.get(to="ruth@example.org").text
    assert letter.startswith(
        "Dear Ruth Young,\n\nthis letter goes to you as the guardian of Tim Young, whom “you” means"
    )
    assert "Dear Tim" not in letter
    services.apply(coop=coop, member_class="consumer", guardian=guardian, email="tim@example.org", **asks)
    theirs = {each.to: each.text for each in Mail.objects.order_by("pk")}
    assert theirs["tim@example.org"].startswith("Dear Tim Young,\n\nthank you for wanting to join")
    assert "guardian" not in theirs["tim@example.org"]
    services.apply(coop=coop, member_class="consumer", guardian={**guardian, "email": ""}, **asks | {"street": "Elm 1"})
    paper = PaperLetter.objects.get()
    assert (paper.name, paper.address) == ("Ruth Young", "Elm 1")
    assert "Dear Ruth Young" in paper.text


def test_the_page_says_how_somebody_without_an_address_is_told(coop, mei, client_of, child):
    by_post = services.apply(coop=coop, member_class="consumer", given_names="Noor", street="Quay 1")
    by_mail = services.apply(coop=coop, member_class="consumer", given_names="Ivo", email="ivo@example.org")
    pages = [client_of(mei).get(path(coop, "members:application", pk=each.pk)).text for each in (by_post, by_mail)]
    assert ["We confirm it to them by e-mail" in page for page in pages] == [False, True]
    assert ["a letter waits to be printed" in page for page in pages] == [True, False]
