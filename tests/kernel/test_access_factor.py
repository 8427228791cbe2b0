"""Whoever holds an office acts only behind a second factor: pages, API, admin; and the way there and back."""

from __future__ import annotations

import time
from datetime import date

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.urls import reverse

from coop.kernel import offices, tokens, web
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent
from coop.kernel.tenancy import Actor
from tests.cast import PASSWORD, make_user
from tests.members.factories import make_member

pytestmark = pytest.mark.usefixtures("fresh_limits")
AUDIT = "/riverside/audit/?kind=office"
WHY = "Whoever holds an office acts only behind a second step."


@pytest.fixture(autouse=True)
def asked_for(settings):
    settings.OFFICERS_NEED_MFA = True


def code(secret: str) -> str:
    """What the app shows now."""
    return f"{hotp_value(secret, int(time.time()) // 30):06}"


def test_an_officer_is_told_why_sets_it_up_and_goes_on_to_where_they_were(mei, client_of):
    client = client_of(mei)
    answer = client.get(AUDIT)
    assert (answer.status_code, answer.url) == (302, reverse("mfa_index"))
    assert WHY in client.get(answer.url).content.decode()
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(page.context["form"].secret)})
    assert answer.url == reverse("mfa_view_recovery_codes")
    shown = client.get(answer.url).content.decode()
    assert 'href="/riverside/audit/?kind=office"' in shown
    assert "Go on" in shown
    assert client.get(AUDIT).status_code == 200
    assert "after_second_factor" not in client.session
    assert "Go on" not in client.get(reverse("mfa_index")).content.decode()


def test_a_form_sent_without_one_changes_nothing_and_leads_back_to_its_page(mei, client_of):
    client = client_of(mei)
    referer = "http://testserver/riverside/offices/"
    answer = client.post("/riverside/offices/", {"email": "mei@example.org"}, headers={"referer": referer})
    assert answer.url == reverse("mfa_index")
    assert client.session["after_second_factor"] == "/riverside/offices/"


def test_who_holds_no_office_is_not_asked(coop, client_of):
    user = make_user("amara")
    make_member(coop, user=user, name="Amara Okafor")
    assert client_of(Actor.of(user, coop)).get("/riverside/me/").status_code == 200


def test_a_member_who_becomes_an_officer_is_asked_from_then_on(mei, coop, client_of):
    TOTP.activate(mei.user, generate_totp_secret())
    user = make_user("amara")
    make_member(coop, user=user, name="Amara Okafor")
    client = client_of(Actor.of(user, coop))
    assert client.get("/riverside/me/").status_code == 200
    offices.appoint(actor=mei, email=user.email, role="auditor", starts_on=date(2026, 1, 1), reason="Board")
    assert client.get("/riverside/me/").url == reverse("mfa_index")


def test_recovery_codes_alone_are_no_second_factor(mei):
    RecoveryCodes.activate(mei.user)
    assert web.needs_second_factor(mei)
    TOTP.activate(mei.user, generate_totp_secret())
    assert not web.needs_second_factor(mei)


@pytest.mark.parametrize("name", ["mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "account_email"])
def test_the_pages_that_lead_out_are_open_without_one(mei, client_of, name):
    assert client_of(mei).get(reverse(name)).status_code == 200


def test_the_door_of_somebody_with_one_co_op_leads_to_where_one_is_set_up(mei, client_of):
    answer = client_of(mei).get(reverse("door"), follow=True)
    assert [where for where, _code in answer.redirect_chain] == ["/riverside/", "/accounts/2fa/"]
    assert answer.status_code == 200


def test_an_app_once_used_is_asked_for_when_signing_in(mei):
    secret = generate_totp_secret()
    TOTP.activate(mei.user, secret)
    EmailAddress.objects.create(user=mei.user, email=mei.user.email, verified=True, primary=True)
    client = Client()
    answer = client.post("/accounts/login/", {"login": mei.user.email, "password": PASSWORD, "next": AUDIT})
    assert answer.url == reverse("mfa_authenticate")
    assert client.get(AUDIT).url.startswith("/accounts/login/")  # half signed in is not signed in
    answer = client.post(answer.url, {"code": code(secret)})
    assert answer.url == AUDIT
    again = Client()
    again.post("/accounts/login/", {"login": mei.user.email, "password": PASSWORD})
    assert again.post(reverse("mfa_authenticate"), {"code": code(secret)}).status_code == 200, "a code works once"


def test_the_apps_secret_is_not_in_the_table_and_another_key_opens_nothing(mei, settings):
    secret = generate_totp_secret()
    TOTP.activate(mei.user, secret)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        assert secret not in cursor.fetchone()[0]
    factor = Authenticator.objects.get().wrap()
    now = code(secret)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key altogether, long enough", [settings.SECRET_KEY]
    assert Authenticator.objects.get().wrap().validate_code(now)
    settings.SECRET_KEY_FALLBACKS = []
    assert not factor.validate_code(now)


# --- the way back ----------------------------------------------------------------------------------------------------


def test_when_a_lost_factor_is_taken_away_whoever_found_the_device_is_shut_out(mei, lena, jonas, client_of):
    for each in (mei, lena, jonas):
        TOTP.activate(each.user, generate_totp_secret())
    thief = client_of(jonas)
    assert thief.get("/riverside/audit/").status_code == 200
    _token, secret = tokens.make(actor=jonas, name="Telephone", reads_only=False, days=90)
    assert UserSession.objects.filter(user=jonas.user).count() == 1
    reset = offices.ask_factor_reset(actor=mei, email=jonas.user.email, reason="He came to the shop.")
    for vouching in (mei, jonas):
        with pytest.raises(Refused, match="second person"):
            offices.confirm_factor_reset(actor=vouching, reset=reset)
    offices.confirm_factor_reset(actor=lena, reset=reset)
    assert thief.get("/riverside/audit/").url.startswith("/accounts/login/")
    assert tokens.find(secret) is None
    assert not Authenticator.objects.filter(user=jonas.user).exists()
    event = AuditEvent.objects.get(kind="factor.reset")
    facts = {"sessions": 1, "tokens": 1, "asked_by": mei.name, "confirmed_by": lena.name}
    assert facts.items() <= event.payload.body.items()
