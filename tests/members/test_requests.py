"""Changes somebody else looks at first, and what people agreed to."""

import pytest
from django.db import DatabaseError, connection, transaction

from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from members import services
from members.models import ChangeRequest, Consent, PartyName
from members.selectors.rights import consents_of

from .factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(coop, theo):
    return make_member(coop, user=theo.user, email="theo@example.org")


def test_whoever_wants_a_new_account_is_led_to_the_one_the_money_goes_to(coop, theo, member, client_of):
    page = client_of(theo).get(f"/{coop.slug}/me/data/").text
    assert f'href="/{coop.slug}/money/account/"' in page


def test_a_new_name_is_added_with_its_day_and_a_refusal_says_why(coop, theo, mei, member, client_of):
    me, desk = client_of(theo), client_of(mei)
    me.post(f"/{coop.slug}/me/data/name/", {"given_names": "Theo", "family_name": "Weber", "because": "Married."})
    asked = ChangeRequest.objects.get()
    page = f"/{coop.slug}/register/requests/{asked.pk}/"
    assert desk.post(page, {"act": "refuse"}).status_code == 422
    assert desk.post(page, {"act": "refuse", "answer": "Please show us the certificate."}).status_code == 302
    assert "Please show us" in me.get(f"/{coop.slug}/me/data/").text
    me.post(f"/{coop.slug}/me/data/name/", {"family_name": "Weber", "because": "Married."})
    waiting = ChangeRequest.objects.get(state="open")
    assert "Taken back" in me.post(f"/{coop.slug}/me/data/requests/{waiting.pk}/withdraw/", follow=True).text
    assert desk.post(f"/{coop.slug}/me/data/requests/{waiting.pk}/withdraw/").status_code == 403
    services.ask_change(actor=theo, party=member.party, kind="name", given_names="Theo", family_name="Weber")
    services.decide_change(actor=mei, request=ChangeRequest.objects.get(state="open"), grant=True)
    member.party.refresh_from_db()
    assert member.party.name == "Theo Weber"
    assert PartyName.objects.filter(party=member.party).count() == 2


def test_what_makes_no_sense_is_refused(coop, theo, mei, member):
    ask = {"actor": theo, "party": member.party}
    for kind, code in (
        ("name", "name_missing"),
        ("bank", "iban"),
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
