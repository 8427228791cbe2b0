"""Offices from–to, and the way back from a lost second factor."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.core.management.base import CommandError

from coop.kernel import audit, clock, offices
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, Mail, Office
from coop.kernel.tenancy import Actor, path
from tests.cast import make_officer, make_user


def test_the_secretary_gives_an_office_and_it_is_recorded(coop, mei):
    make_user("carol")
    office = offices.appoint(
        actor=mei, email="Carol@Example.org", role="treasurer", starts_on=date(2026, 1, 1), reason="board, 3 March"
    )
    assert Actor.of(office.user, coop).holds("treasurer")
    assert AuditEvent.objects.get(coop=coop).kind == "office.given"
    assert list(audit.verify(coop)) == []


def test_an_office_holds_from_its_first_day_to_its_last(coop, mei):
    carol = make_user("carol")
    today = clock.today(coop)
    Office.objects.create(coop=coop, user=carol, role="board", starts_on=today - timedelta(9), ends_on=today)
    Office.objects.create(coop=coop, user=carol, role="treasurer", starts_on=today + timedelta(1))
    Office.objects.create(
        coop=coop, user=carol, role="auditor", starts_on=date(2020, 1, 1), ends_on=today - timedelta(1)
    )
    assert Actor.of(carol, coop).offices == {"board"}


@pytest.mark.parametrize("who", ["lena", "samir", "nadia"])
def test_others_give_no_office(request, coop, who):
    actor = request.getfixturevalue(who)
    with pytest.raises(NotAllowed):
        offices.appoint(actor=actor, email="mei@example.org", role="board", starts_on=date(2026, 1, 1), reason="x")
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("email", "role", "code"),
    [("nobody@example.org", "board", "no_login"), ("mei@example.org", "secretary", "held_already")],
)
def test_what_is_refused(coop, mei, email, role, code):
    with pytest.raises(Refused) as refused:
        offices.appoint(actor=mei, email=email, role=role, starts_on=date(2026, 1, 1), reason="x")
    assert refused.value.code == code
    assert refused.value.field == "email"


def test_the_last_secretary_stays_until_another_is_there(coop, mei, jonas):
    office = mei.user.offices.get()
    with pytest.raises(Refused, match="Appoint another secretary"):
        offices.end(actor=mei, office=office, ends_on=clock.today(coop))
    make_officer(coop, "carol", "secretary")
    offices.end(actor=mei, office=office, ends_on=clock.today(coop))
    with pytest.raises(Refused, match="ended already"):
        offices.end(actor=jonas, office=office, ends_on=clock.today(coop))


@pytest.fixture
def locked_out(lena):
    Authenticator.objects.create(user=lena.user, type=Authenticator.Type.TOTP, data={"secret": "lost"})
    return lena


def test_two_people_take_a_lost_factor_away_and_the_officer_is_told(coop, mei, jonas, locked_out):
    reset = offices.ask_factor_reset(actor=mei, email="lena@example.org", reason="She came to the shop.")
    with pytest.raises(Refused, match="second person"):
        offices.confirm_factor_reset(actor=mei, reset=reset)
    with pytest.raises(Refused, match="second person"):
        offices.confirm_factor_reset(actor=locked_out, reset=reset)
    assert Authenticator.objects.exists()
    offices.confirm_factor_reset(actor=jonas, reset=reset)
    assert not Authenticator.objects.exists()
    assert Mail.objects.get().to == "lena@example.org"
    assert list(AuditEvent.objects.values_list("kind", flat=True)) == ["factor.reset_asked", "factor.reset"]
    with pytest.raises(Refused, match="already"):
        offices.confirm_factor_reset(actor=jonas, reset=reset)


def test_nobody_asks_for_themselves(coop, locked_out):
    with pytest.raises(Refused, match="for yourself"):
        offices.ask_factor_reset(actor=locked_out, email="lena@example.org", reason="It is me.")


def test_the_operator_helps_the_last_officer_before_two_witnesses(coop, locked_out, capsys):
    command = ("reset_second_factor", "lena@example.org", "--coop=riverside", "--reason=lost phone", "--witness=Ada")
    with pytest.raises(CommandError, match="Two different people") as once:
        call_command(*command)
    assert once.value.returncode == 2
    call_command(*command, "--witness=Bo")
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.get(coop=coop).payload.body["witnesses"] == ["Ada", "Bo"]


def test_an_officer_without_second_factor_is_led_to_set_one_up(coop, mei, client_of, settings):
    settings.OFFICERS_NEED_MFA = True
    response = client_of(mei).get(path(coop, "offices"))
    assert response.status_code == 302
    assert response.url == "/accounts/2fa/"


def test_ending_an_office_asks_to_sign_in_again(coop, mei, jonas, client):
    client.force_login(jonas.user, backend="django.contrib.auth.backends.ModelBackend")  # long ago
    response = client.get(path(coop, "office-end", pk=mei.user.offices.get().pk))
    assert response.status_code == 302
    assert response.url.startswith("/accounts/reauthenticate/")


def test_the_page_says_what_was_wrong_and_keeps_what_was_typed(coop, mei, client_of):
    response = client_of(mei).post(
        path(coop, "offices"),
        {"email": "nobody@example.org", "role": "board", "starts_on": "2026-01-01", "reason": "board, 3 March"},
    )
    assert response.status_code == 422
    assert "Nobody signs in with nobody@example.org yet." in response.content.decode()
    assert "board, 3 March" in response.content.decode()
