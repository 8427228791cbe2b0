"""Who guesses is stopped, whichever process they knock at: limits are counted in the shared cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings as live
from django.db import connection
from django.test import Client
from django.urls import reverse

from coop.kernel.models import Mail, User
from tests.cast import PASSWORD, make_user
from tests.knock import knocks

pytestmark = pytest.mark.usefixtures("fresh_limits")
LOGIN = "/accounts/login/"


def knock(email: str, password: str, times: int) -> list[str]:
    """Try to sign in from a process of its own, which takes seconds to begin."""
    database = connection.settings_dict["NAME"]
    prefix = live.CACHES["default"]["KEY_PREFIX"]
    command = [sys.executable, "-m", "tests.knock", database, prefix, email, password, str(times)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=live.BASE_DIR, env=os.environ)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


@pytest.fixture
def amara(transactional_db) -> User:
    user = make_user("amara")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def test_five_wrong_passwords_stop_the_login_in_every_process(amara):
    assert knocks(amara.email, PASSWORD, 1) == ["in"]
    assert knock(amara.email, "a wrong one", 3) == ["wrong"] * 3
    assert knocks(amara.email, "a wrong one", 3) == ["wrong", "wrong", "stopped"]
    assert knock(amara.email, PASSWORD, 1) == ["stopped"], "the right password does not open it either"
    answer = Client().post(LOGIN, {"login": amara.email, "password": PASSWORD})
    assert "Too many tries. Wait a few minutes, then try again." in answer.content.decode()


def test_one_address_is_stopped_over_all_logins_and_processes(amara):
    for number, tries in enumerate((knock, knocks)):
        assert tries(f"nobody{number}@example.org", "a wrong one", 5) == ["wrong"] * 5
    assert knocks("somebody@example.org", "a wrong one", 1) == ["stopped"]


def test_a_right_password_in_between_does_not_reset_the_count(amara):
    client = Client()
    for _try in range(4):
        client.post(LOGIN, {"login": amara.email, "password": "a wrong one"})
    assert Client().post(LOGIN, {"login": amara.email, "password": PASSWORD}).status_code == 302
    Client().post(LOGIN, {"login": amara.email, "password": "a wrong one"})
    answer = Client().post(LOGIN, {"login": amara.email, "password": "a wrong one"})
    assert "Too many tries" in answer.content.decode()


def test_the_visitors_address_is_what_our_own_proxy_saw_and_not_what_they_say(amara, settings):
    """With one proxy of ours in front, the last address in X-Forwarded-For counts; what stands before it is hearsay."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def guess(number: int, forwarded: str):
        said = {"login": f"nobody{number}@example.org", "password": "a wrong one"}
        return Client(headers={"x-forwarded-for": forwarded}).post(LOGIN, said).content.decode()

    pages = [guess(number, f"203.0.113.{number}, 198.51.100.7") for number in range(11)]
    assert "Too many tries" not in pages[9]
    assert "Too many tries" in pages[10]
    assert "Too many tries" not in guess(12, "198.51.100.8")


def test_without_a_proxy_of_ours_nobody_forwards_for_anybody(amara):
    for number in range(10):
        said = {"login": f"nobody{number}@example.org", "password": "a wrong one"}
        Client(headers={"x-forwarded-for": f"203.0.113.{number}"}).post(LOGIN, said)
    answer = Client(headers={"x-forwarded-for": "203.0.113.99"}).post(
        LOGIN, {"login": "x@example.org", "password": "y"}
    )
    assert "Too many tries" in answer.content.decode()


def test_codes_of_the_second_step_are_not_guessed(amara):
    TOTP.activate(amara, generate_totp_secret())
    client = Client()
    client.post(LOGIN, {"login": amara.email, "password": PASSWORD})
    pages = []
    for _try in range(7):
        answer = client.post(reverse("mfa_authenticate"), {"code": "000000"})
        pages.append(answer.content.decode() if answer.status_code == 200 else "out")
    assert "Too many tries" in pages[-1] or pages[-1] == "out"
    assert client.get(reverse("tokens")).status_code == 302


def test_nobody_floods_a_mailbox(amara, settings):
    settings.EMAIL_BACKEND = "coop.kernel.outbox.OutboxBackend"
    for _try in range(6):
        Client().post(reverse("account_request_login_code"), {"email": amara.email})
    assert Mail.objects.filter(to=amara.email).count() == 3
    for _try in range(8):
        Client().post(reverse("account_reset_password"), {"email": amara.email})
    assert Mail.objects.filter(to=amara.email).count() == 3 + 5


def test_too_many_is_a_page_that_says_what_to_do(amara):
    """Whoever opens new logins in a row is answered with 429 and our page."""
    answers = [
        Client().post(reverse("account_signup"), {"email": f"new{number}@example.org", "password1": "x"})
        for number in range(21)
    ]
    assert answers[-1].status_code == 429
    html = answers[-1].content.decode()
    assert re.search(r"<h1>That was too often in too short a time\.</h1>", html)
