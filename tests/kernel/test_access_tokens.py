"""Keys for programs: shown once, kept as a hash, good in one co-op, gone when revoked, worth what their login is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from coop.kernel import clock, tokens
from coop.kernel.errors import Refused
from coop.kernel.models import ApiToken, AuditEvent
from coop.kernel.tenancy import Actor
from tests.cast import make_officer


def bearing(secret: str, **more) -> Client:
    return Client(headers={"Authorization": f"Token {secret}"}, **more)


@pytest.fixture
def till(mei):
    return tokens.make(actor=mei, name="The till", reads_only=False, days=90)


def sheets() -> str:
    return reverse("members-api:sheets", kwargs={"coop": "riverside"})


def test_a_token_opens_what_its_login_may_open(till):
    assert bearing(till[1]).get(sheets()).status_code == 200


def test_only_the_hash_is_kept(till):
    token, secret = till
    with connection.cursor() as cursor:
        cursor.execute("SELECT kernel_apitoken::text FROM kernel_apitoken")
        row = cursor.fetchone()[0]
    assert secret not in row
    assert tokens.digest(secret) in row
    assert secret.startswith(token.start)
    assert len(secret) - len(token.start) >= 37  # what is shown again leaves 220 bits


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token nothing", "Token \xff", "token roch_"])
def test_a_wrong_token_is_a_401_that_says_so(coop, header):
    answer = Client(headers={"Authorization": header}).get(sheets())
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"
    assert answer["Content-Type"] == "application/problem+json"
    assert "opens nothing" in answer.json()["detail"]


def test_it_opens_nothing_when_revoked_run_out_or_its_login_is_switched_off(mei, till):
    token, secret = till
    with clock.at(token.expires_at + timedelta(seconds=1)):
        assert bearing(secret).get(sheets()).status_code == 401
    mei.user.is_active = False
    mei.user.save()
    assert bearing(secret).get(sheets()).status_code == 401
    mei.user.is_active = True
    mei.user.save()
    assert bearing(secret).get(sheets()).status_code == 200
    tokens.revoke(actor=mei, token=token)
    assert bearing(secret).get(sheets()).status_code == 401


def test_in_another_co_op_it_is_no_token_even_where_its_login_holds_an_office(till, other_coop):
    make_officer(other_coop, "mei", "secretary")
    path = reverse("members-api:sheets", kwargs={"coop": "hillside"})
    assert bearing(till[1]).get(path).status_code == 401


def test_offices_that_end_take_the_token_with_them(mei, till):
    mei.user.offices.update(ends_on="2020-02-02")
    assert bearing(till[1]).get(sheets()).status_code == 404  # nobody here any more


def test_a_token_that_only_reads_changes_nothing(mei):
    _token, secret = tokens.make(actor=mei, name="Spreadsheet", reads_only=True, days=7)
    assert bearing(secret).get(sheets()).status_code == 200
    answer = bearing(secret).post(sheets(), {"meeting_on": "2026-01-01"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "token_reads_only")


def test_an_officer_without_a_second_factor_is_refused_with_a_token_and_with_a_session(till, mei, client_of, settings):
    settings.OFFICERS_NEED_MFA = True
    for client in (bearing(till[1]), client_of(mei)):
        answer = client.get(sheets())
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")
        assert "second factor" in answer.json()["detail"]


def test_when_it_was_used_is_noted_once_a_minute(till, django_assert_num_queries):
    token, secret = till
    now = clock.now()
    with clock.at(now):
        tokens.find(secret)
    with clock.at(now + timedelta(seconds=30)), django_assert_num_queries(2):
        tokens.find(secret)
    token.refresh_from_db()
    assert token.last_used_at == now
    with clock.at(now + timedelta(seconds=61)):
        tokens.find(secret)
    token.refresh_from_db()
    assert token.last_used_at == now + timedelta(seconds=61)


def test_making_and_revoking_stand_in_the_audit_trail_of_that_co_op_without_the_secret(mei, till):
    token, secret = till
    tokens.revoke(actor=mei, token=token)
    tokens.revoke(actor=mei, token=token)  # twice is once
    events = AuditEvent.objects.filter(coop=mei.coop, kind__startswith="token.").order_by("seq")
    assert [event.kind for event in events] == ["token.made", "token.revoked"]
    bodies = [event.payload.body for event in events]
    assert [body["name"] for body in bodies] == ["The till", "The till"]
    assert secret not in str(bodies)


def test_what_is_refused(mei, theo, till, lena):
    for days in (0, 366):
        with pytest.raises(Refused, match="at most a year"):
            tokens.make(actor=mei, name="Long", reads_only=True, days=days)
    with pytest.raises(Refused, match="of this name already"):
        tokens.make(actor=mei, name=" The till ", reads_only=True, days=7)
    with pytest.raises(Refused, match="not yours"):
        tokens.revoke(actor=lena, token=till[0])
    with pytest.raises(Exception, match=r"kernel\.knows"):
        tokens.make(actor=theo, name="Outside", reads_only=True, days=7)


@pytest.mark.parametrize(
    "change",
    [
        "reads_only = NOT reads_only",
        "expires_at = expires_at + interval '1 year'",
        "digest = repeat('0', 64)",
        "user_id = user_id + 1",
        "coop_id = coop_id + 1",
    ],
)
def test_the_database_lets_nobody_widen_a_token(till, change):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == "rochdale_app"
        cursor.execute(f"UPDATE kernel_apitoken SET {change}")


def test_the_database_lets_nobody_revive_or_delete_a_token(mei, till):
    tokens.revoke(actor=mei, token=till[0])
    for attack in ("UPDATE kernel_apitoken SET revoked_at = NULL", "DELETE FROM kernel_apitoken"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)


# --- the page --------------------------------------------------------------------------------------------------------


def ask(client: Client, **changes):
    said = {"name": "Spreadsheet", "coop": "riverside", "days": "90"} | changes
    return client.post(reverse("tokens"), said)


def test_the_page_shows_the_token_once(mei, client_of):
    client = client_of(mei)
    answer = ask(client, may_change="on")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    secret = re.search(r'value="(roch_[\w-]+)"', answer.content.decode())[1]
    assert bearing(secret).get(sheets()).status_code == 200
    again = client.get(reverse("tokens")).content.decode()
    assert secret not in again
    assert "1 program can act for you." in again


def test_sent_twice_it_is_made_once(mei, client_of):
    client = client_of(mei)
    assert ask(client).status_code == 200
    answer = ask(client)
    assert answer.status_code == 422
    assert "You have a token of this name already." in answer.content.decode()
    assert ApiToken.objects.count() == 1


def test_bad_input_is_a_sentence_beside_its_field(mei, client_of, other_coop):
    client = client_of(mei)
    for wrong in ({"name": ""}, {"name": "x" * 81}, {"days": "3660"}, {"coop": "hillside"}, {"name": "a\0b"}):
        answer = ask(client, **wrong)
        assert answer.status_code == 422, wrong
        assert 'aria-invalid="true"' in answer.content.decode() or wrong.get("coop"), wrong
    assert not ApiToken.objects.exists()


def test_it_asks_again_who_it_is_before_making_and_before_revoking(mei, till):
    client = Client()
    client.force_login(mei.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("tokens")).status_code == 200
    for answer in (ask(client), client.post(reverse("token-revoke", kwargs={"pk": till[0].pk}))):
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_reauthenticate"))
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


def test_nobody_revokes_another_ones_token(till, lena, client_of):
    assert client_of(lena).post(reverse("token-revoke", kwargs={"pk": till[0].pk})).status_code == 404
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


def test_somebody_of_two_co_ops_chooses_and_somebody_of_none_is_told(mei, olga, theo, client_of, other_coop):
    both = Actor.of(make_officer(other_coop, "mei", "auditor").user, mei.coop)
    page = client_of(both).get(reverse("tokens")).content.decode()
    assert "Riverside Food Co-op" in page
    assert "Hillside Growers" in page
    alone = client_of(olga).get(reverse("tokens")).content.decode()
    assert "Riverside Food Co-op" not in alone
    assert "You belong to no co-operative yet" in client_of(theo).get(reverse("tokens")).content.decode()


def test_the_list_costs_the_same_for_one_token_and_for_three(mei, till, client_of, django_assert_num_queries):
    client = client_of(mei)
    client.get(reverse("tokens"))
    with django_assert_num_queries(8):
        client.get(reverse("tokens"))
    for name in ("Two", "Three"):
        tokens.make(actor=mei, name=name, reads_only=True, days=7)
    with django_assert_num_queries(8):
        client.get(reverse("tokens"))
