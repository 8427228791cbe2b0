"""Applying in public, the page after it, and a member's own pages."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import signing
from django.core.cache import cache
from django.test import RequestFactory

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor, path
from members import services, spam
from members.forms import ApplicationForm
from members.models import AccessLog, Application

from .factories import make_application, make_class, make_member
from .test_desk_pages import text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


def answer(**more) -> dict:
    old = signing.dumps(int(clock.now().timestamp()) - 60, salt=spam.SALT)
    usual = {
        "kind": "person",
        "given_names": "Noor",
        "family_name": "Haddad",
        "email": "noor@example.org",
        "street": "Quay 1",
        "postcode": "24103",
        "place": "Kiel",
        "member_class": "consumer",
        "shares_wanted": "5",
        "pay": "parts",
        "of_age": "on",
        "accept_bylaws": "on",
        "website": "",
        "stamp": old,
    }
    return {name: value for name, value in {**usual, **more}.items() if value is not None}


def sent(coop, **more):
    request = RequestFactory().post("/riverside/join/", answer(**more))
    return ApplicationForm(coop, request.POST, request=request)


def test_a_whole_answer_becomes_an_application(coop):
    make_class(coop)
    form = sent(coop)
    assert form.is_valid(), form.errors
    application = form.save()
    assert (application.full_name, application.place, application.instalments) == ("Noor Haddad", "Kiel", True)
    assert application.channel == "web"


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"family_name": ""}, "family_name", "fill this in"),
        ({"email": "noor@example"}, "email", "needs an @"),
        ({"of_age": None}, "of_age", "from the age of 16"),
        ({"accept_bylaws": None}, "accept_bylaws", "bound by the by-laws"),
        ({"shares_wanted": "many"}, "shares_wanted", "whole number"),
        ({"shares_wanted": "99999999999"}, "shares_wanted", "At most 1000000"),
        ({"street": ""}, "street", "fill this in"),
        ({"member_class": "king"}, "member_class", "king"),
        ({"website": "http://spam.example"}, "__all__", "machine"),
        ({"stamp": "made-up"}, "__all__", "open for too long"),
        ({"family_name": "x" * 151}, "family_name", "At most 150"),
        ({"family_name": "a\x00b"}, "family_name", "cannot be kept"),
    ],
)
def test_wrong_answers_are_sent_back_beside_their_field(coop, more, field, words):
    make_class(coop)
    form = sent(coop, **more)
    assert not form.is_valid()
    assert words in " ".join(form.errors[field])
    assert not Application.objects.exists()


def test_what_the_rules_refuse_stands_beside_its_field(coop):
    make_class(coop)
    form = sent(coop, shares_wanted="3")
    assert form.is_valid()
    assert form.save() is None
    assert "at least 5 shares" in form.errors["shares_wanted"][0]


def test_quicker_than_a_person_is_asked_again_and_then_let_in(coop):
    make_class(coop)
    hasty = sent(coop, stamp=spam.stamp())
    assert not hasty.is_valid()
    fresh = hasty.data["stamp"]
    with clock.at(clock.now() + timedelta(seconds=30)):
        assert sent(coop, stamp=fresh).is_valid()


def test_one_address_cannot_send_without_end(coop):
    make_class(coop)
    for n in range(spam.PER_HOUR):
        assert sent(coop, family_name=f"No{n}").is_valid()
    form = sent(coop, family_name="Last")
    assert not form.is_valid()
    assert "later, or on paper" in form.errors["__all__"][0]


def test_an_organisation_is_asked_for_its_name_and_not_its_age(coop):
    make_class(coop)
    form = ApplicationForm(coop, request=RequestFactory().get("/riverside/join/?as=organisation"))
    assert "firm" in form.fields
    assert not {"of_age", "family_name"} & set(form.fields)
    form = sent(coop, kind="organisation", firm="Corrigan & Daughters Ltd", register_number="HRB 7")
    assert form.is_valid(), form.errors
    assert form.save().full_name == "Corrigan & Daughters Ltd"


def test_before_there_are_classes_nobody_can_apply(coop):
    assert not ApplicationForm(coop).is_open


def test_the_form_names_sums_when_it_knows_the_price(coop):
    make_class(coop)
    labels = [str(label) for _, label in ApplicationForm(coop, share_price=5000).fields["pay"].choices]
    assert labels == ["In 10 monthly parts of €25.00", "All at once, €260.00"]


def test_the_page_after_it_says_what_happens_next_and_nothing_personal(coop, client):
    application = make_application(coop, name="Noor Haddad")
    address = path(coop, "members:applied", reference=application.reference)
    words = text(client.get(address))
    assert "Thank you. Your application is in." in words
    assert f"The board decides by {clock.today(coop) + timedelta(days=42):%-d %B %Y}" in words
    assert "Haddad" not in words
    assert "noor" not in words
    assert client.post(path(coop, "members:applied-withdraw", reference=application.reference)).status_code == 302
    assert "You took your application back" in text(client.get(address))
    again = client.post(path(coop, "members:applied-withdraw", reference=application.reference))
    assert again.status_code == 422


def test_me_says_it_in_one_sentence(coop, theo, client_of):
    member = make_member(coop, user=theo.user, active=False)
    client = client_of(theo)
    words = text(client.get(path(coop, "members:me")))
    assert "You are admitted. Your shares are still to be paid." in words
    assert "You could not vote today" in words
    assert "The first share was not paid" in words
    services.activate(actor=Actor.system(coop), membership=member, on=clock.today(coop), because="paid")
    words = text(client.get(path(coop, "members:me")))
    assert "You are a member in good standing." in words
    assert "Yes, you can vote in the next ballot" in words
    assert "Theo Martin · member 0001" in words


def test_i_change_my_address_but_not_my_name(coop, theo, client_of):
    member = make_member(coop, user=theo.user)
    client = client_of(theo)
    told = {"email": "theo@elsewhere.example", "place": "Kiel", "family_name": "King"}
    assert client.post(path(coop, "members:me-details"), told).status_code == 302
    member.party.refresh_from_db()
    assert (member.party.name, member.party.place) == ("Theo Martin", "Kiel")
    with pytest.raises(Refused, match="The secretary changes names"):
        services.change_details(actor=Actor.of(theo.user, coop), party=member.party, family_name="King")


def test_i_see_who_looked(coop, theo, mei, client_of):
    make_member(coop, user=theo.user)
    assert "Nobody has looked at your data" in text(client_of(theo).get(path(coop, "members:me-looked")))
    client_of(mei).get(path(coop, "members:detail", number=1))
    words = text(client_of(theo).get(path(coop, "members:me-looked")))
    assert "looked at once" in words
    assert "Mei Lindqvist" in words
    client_of(theo).get(path(coop, "members:me"))
    assert AccessLog.objects.count() == 1, "looking at oneself is not written down"


def test_a_login_claims_the_membership_with_its_verified_address(coop, theo, client_of):
    member = make_member(coop, name="Theo Martin", email="theo@example.org")
    client = client_of(theo)
    assert client.get(path(coop, "members:me")).status_code == 404
    refused = client.post(path(coop, "members:claim"))
    assert refused.status_code == 422
    assert "confirm your e-mail address first" in text(refused)
    EmailAddress.objects.create(user=theo.user, email="theo@example.org", verified=True, primary=True)
    assert client.post(path(coop, "members:claim")).url == path(coop, "members:me")
    member.party.refresh_from_db()
    assert member.party.account == theo.user
    assert client.get(path(coop, "members:me")).status_code == 200


def test_couples_sharing_an_address_ask_the_secretary(coop, theo, client_of):
    make_member(coop, name="Theo Martin", email="theo@example.org")
    make_member(coop, name="Thea Martin", email="theo@example.org")
    EmailAddress.objects.create(user=theo.user, email="theo@example.org", verified=True, primary=True)
    assert "Several people share this address" in text(client_of(theo).post(path(coop, "members:claim")))


@pytest.mark.parametrize("rows", [1, 3])
def test_my_list_of_looks_takes_the_same_queries(coop, theo, mei, client_of, django_assert_num_queries, rows):
    member = make_member(coop, user=theo.user)
    for _ in range(rows):
        services.looked_at(actor=mei, what="member", party=member.party)
    client = client_of(theo)
    client.get(path(coop, "members:me-looked"))
    with django_assert_num_queries(7):
        client.get(path(coop, "members:me-looked"))


def test_the_page_says_which_address_is_the_login_and_that_it_stays(coop, theo, mei, client_of):
    make_member(coop, user=theo.user)
    client, page = client_of(theo), path(coop, "members:me-details")
    shown = client.get(page)
    assert "You sign in with theo@example.org" in text(shown)
    assert 'href="/accounts/email/"' in shown.content.decode()
    answer = client.post(page, {"email": "theo@elsewhere.example"}, follow=True)
    words = text(answer)
    assert "You still sign in with theo@example.org" in words
    assert "You sign in with theo@example.org" in words
    letter = Mail.objects.filter(kind="members.email_changed", to="theo@elsewhere.example").get()
    assert "The address you sign in with is not changed by this" in letter.text
    theo.user.refresh_from_db()
    assert theo.user.email == "theo@example.org"
