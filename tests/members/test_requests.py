"""Changes somebody else looks at first, and what people agreed to."""

import pytest
from django.db import DatabaseError, connection, transaction

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor
from members import iban, services
from members.models import ChangeRequest, Consent, PartyBank, PartyName
from members.selectors.rights import bank_of, consents_of

from .factories import make_member

pytestmark = pytest.mark.django_db
GOOD = "DE89 3704 0044 0532 0130 00"  # the example of ISO 13616


@pytest.fixture
def member(coop, theo):
    return make_member(coop, user=theo.user, email="theo@example.org")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (GOOD, True),
        ("gb82 west 1234 5698 7654 32", True),
        ("NL91-ABNA-0417-1643-00", True),
        ("DE89 3704 0044 0532 0130 01", False),
        ("DE89 3704 0044 0532 0130 0", False),
        ("DE98 3704 0044 0532 0130 00", False),
        ("3704 0044", False),
        ("", False),
    ],
)
def test_an_iban_is_known_by_its_check_digits(text, right):
    assert iban.is_valid(iban.tidy(text)) is right


def test_a_new_account_holds_once_somebody_else_has_looked(coop, theo, mei, member, client_of):
    me, desk = client_of(theo), client_of(mei)
    url = f"/{coop.slug}/me/data/bank/"
    assert "check digits" in me.post(url, {"iban": "DE89370400440532013001"}).text
    assert me.post(url, {"iban": GOOD}, follow=True).status_code == 200
    asked = ChangeRequest.objects.get()
    assert (bank_of(member.party, clock.today(coop)), asked.said["iban"]) == (None, iban.tidy(GOOD))
    assert "Theo" in desk.get(f"/{coop.slug}/register/").text, "the inbox has it, with its clock"
    page = f"/{coop.slug}/register/requests/{asked.pk}/"
    assert iban.tidy(GOOD) in desk.get(page).text
    assert desk.post(page, {"act": "grant"}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.said) == ("done", {})
    assert bank_of(member.party, clock.today(coop)).iban == iban.tidy(GOOD)
    assert PartyBank.objects.get().recorded_by_id == mei.user_id
    kinds = list(Mail.objects.filter(to="theo@example.org").values_list("kind", flat=True))
    assert {"members.change_asked", "members.change_decided"} <= set(kinds)
    assert not any(iban.tidy(GOOD) in mail.text for mail in Mail.objects.all()), "no letter shows the account"


def test_whoever_wants_a_new_account_is_led_to_the_one_the_money_goes_to(coop, theo, member, client_of):
    page = client_of(theo).get(f"/{coop.slug}/me/data/").text
    assert f'href="/{coop.slug}/money/account/"' in page
    assert "/me/data/bank/" not in page, "no pay-out reads what is asked for there"


def test_a_new_name_is_added_with_its_day_and_a_refusal_says_why(coop, theo, mei, member, client_of):
    me, desk = client_of(theo), client_of(mei)
    me.post(f"/{coop.slug}/me/data/name/", {"given_names": "Theo", "family_name": "Weber", "because": "Married."})
    asked = ChangeRequest.objects.get()
    page = f"/{coop.slug}/register/requests/{asked.pk}/"
    assert desk.post(page, {"act": "refuse"}).status_code == 422
    assert desk.post(page, {"act": "refuse", "answer": "Please show us the certificate."}).status_code == 302
    assert "Please show us" in me.get(f"/{coop.slug}/me/data/").text
    services.ask_change(actor=theo, party=member.party, kind="name", given_names="Theo", family_name="Weber")
    services.decide_change(actor=mei, request=ChangeRequest.objects.get(state="open"), grant=True)
    member.party.refresh_from_db()
    assert member.party.name == "Theo Weber"
    assert PartyName.objects.filter(party=member.party).count() == 2


def test_what_makes_no_sense_is_refused(coop, theo, mei, member):
    ask = {"actor": theo, "party": member.party}
    for kind, code in (
        ("name", "name_missing"),
        ("bank", "iban_wrong"),
        ("x", "kind_unknown"),
    ):
        with pytest.raises(Refused) as refused:
            services.ask_change(**ask, kind=kind)
        assert refused.value.code == code
    asked = services.ask_change(**ask, kind="erasure")
    with pytest.raises(Refused, match="already"):
        services.ask_change(**ask, kind="erasure")
    with pytest.raises(Refused) as refused:
        services.decide_change(actor=mei, request=asked, grant=True)
    assert refused.value.code == "erase_instead"
    services.withdraw_change(actor=theo, request=asked)
    with pytest.raises(Refused) as refused:
        services.decide_change(actor=mei, request=asked, grant=False, answer="x")
    assert refused.value.code == "decided_already"


def test_nobody_grants_their_own_request_not_even_by_sql(coop, mei):
    mine = make_member(coop, user=mei.user)
    asked = services.ask_change(actor=mei, party=mine.party, kind="name", family_name="Lind")
    with pytest.raises(Refused) as refused:
        services.decide_change(actor=Actor.of(mei.user, coop), request=asked, grant=True)
    assert refused.value.code == "own_request"
    for attack in (
        "UPDATE members_changerequest SET state = 'done', decided_at = now(), said = '{}', decided_by_id = asked_by_id",
        "UPDATE members_changerequest SET state = 'done', decided_at = now(), said = '{}'",
        "UPDATE members_changerequest SET state = 'refused', decided_at = now(), said = '{}'",
        "UPDATE members_changerequest SET state = 'withdrawn', decided_at = now()",
        "DELETE FROM members_changerequest",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)
    services.withdraw_change(actor=mei, request=asked)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE members_changerequest SET state = 'open', decided_at = NULL")


def test_the_newest_answer_counts_and_none_is_lost(coop, theo, member, client_of):
    me, url = client_of(theo), f"/{coop.slug}/me/data/"
    me.post(url, {"newsletter": "on", "photos": "on"})
    me.post(url, {"newsletter": "on"})
    assert consents_of(member.party) == {"newsletter": True, "photos": False}
    assert Consent.objects.count() == 3
    assert all(each.wording for each in Consent.objects.all())
    me.post(url, {"newsletter": "on"})
    assert Consent.objects.count() == 3, "nothing was different"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE members_consent SET given = true")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_requests_takes_the_same_queries(coop, mei, client_of, django_assert_num_queries, rows):
    for at in range(rows):
        party = make_member(coop, name=f"Asks Number{at}").party
        services.ask_change(actor=mei, party=party, kind="name", family_name="New")
    desk = client_of(mei)
    desk.get(f"/{coop.slug}/register/requests/")
    with django_assert_num_queries(9):
        assert desk.get(f"/{coop.slug}/register/requests/").text.count("Open<span") == rows
