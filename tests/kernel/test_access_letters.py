"""What allauth writes to people goes through the outbox, in our words, and codes are not kept."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coop.kernel import outbox
from coop.kernel.models import Mail, User
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.usefixtures("fresh_limits")
EVERY_LETTER = [
    "account/email/account_already_exists",
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/email_deleted",
    "account/email/login_code",
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_reset_code",
    "account/email/password_reset_key",
    "account/email/password_set",
    "account/email/unknown_account",
    "mfa/email/recovery_codes_generated",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
]


@pytest.fixture(autouse=True)
def through_the_outbox(settings):
    settings.EMAIL_BACKEND = "coop.kernel.outbox.OutboxBackend"


@pytest.fixture
def amara(db) -> User:
    user = make_user("amara")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.mark.parametrize("prefix", EVERY_LETTER)
def test_every_letter_is_ours(prefix):
    facts = {
        "timestamp": timezone.now(),
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "code": "K7F-3QW",
        "password_reset_url": "https://coop.example/x",
        "signup_url": "https://coop.example/y",
        "from_email": "a&b@example.org",
        "to_email": "c@example.org",
        "deleted_email": "a&b@example.org",
    }
    subject = render_to_string(f"{prefix}_subject.txt", facts).strip()
    text = render_to_string(f"{prefix}_message.txt", facts)
    assert subject.endswith(tuple("abcdefghijklmnopqrstuvwxyz"))
    assert subject != subject.title(), "headline capitals are not our voice"
    for theirs in ("Hello from", "Thank you for using", "You're receiving", "Two-Factor", "example.com"):
        assert theirs not in text
    assert "&amp;" not in text
    assert "Sent by Rochdale for your co-op." in text
    if "It was done on" in text:
        assert "(UTC) from 192.0.2.7, with Firefox" in text


def test_a_new_key_is_told_to_whoever_had_the_login_before(amara, client):
    client.force_login(amara, backend="django.contrib.auth.backends.ModelBackend")
    said = {"oldpassword": PASSWORD, "password1": "five plain words in a row", "password2": "five plain words in a row"}
    client.post(reverse("account_change_password"), said)
    mail = Mail.objects.get()
    assert (mail.to, mail.subject) == ("amara@example.org", "Your password is changed")


def test_a_code_is_in_the_letter_until_it_is_sent_and_nowhere_after(amara, client, settings, monkeypatch):
    settings.MAIL_TRANSPORT = "smtp"
    client.post(reverse("account_request_login_code"), {"email": amara.email})
    mail = Mail.objects.get()
    assert mail.kind == outbox.SECURITY
    assert re.search(r"^    \S{6,9}$", mail.text, re.M)
    handed = []
    monkeypatch.setattr(outbox, "_hand_over", lambda letter: handed.append(letter.text))
    outbox.send_waiting()
    mail.refresh_from_db()
    assert mail.state == "sent"
    assert "Enter this code" in handed[0]
    assert (mail.text, mail.html) == ("", "")


def test_a_letter_given_up_keeps_no_code_either(amara, client, settings, monkeypatch):
    settings.MAIL_TRANSPORT = "smtp"
    client.post(reverse("account_request_login_code"), {"email": amara.email})

    def refused(letter):
        raise OSError("no route")

    monkeypatch.setattr(outbox, "_hand_over", refused)
    Mail.objects.update(attempts=outbox.MAX_ATTEMPTS - 1)
    outbox.send_waiting()
    mail = Mail.objects.get()
    assert (mail.state, mail.text) == ("failed", "")


def test_staff_reads_the_outbox_but_no_code_and_only_behind_a_second_factor(amara, settings):
    settings.MAIL_TRANSPORT, settings.OFFICERS_NEED_MFA = "smtp", True
    Client().post(reverse("account_request_login_code"), {"email": amara.email})
    plain = outbox.put(to="amara@example.org", subject="Notice", text="The meeting is on Friday.")
    staff = User.objects.create_user("ops@example.org", PASSWORD, is_staff=True)
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("outbox")).status_code == 404
    TOTP.activate(staff, generate_totp_secret())
    assert client.get(reverse("outbox")).status_code == 200
    assert "Friday" in client.get(reverse("outbox-mail", kwargs={"pk": plain.pk})).content.decode()
    letter = Mail.objects.get(kind=outbox.SECURITY)
    page = client.get(reverse("outbox-mail", kwargs={"pk": letter.pk})).content.decode()
    assert re.search(r"^    (\S{6,9})$", letter.text, re.M)[1] not in page
    assert "shown to nobody else" in page


def test_nobody_learns_from_us_who_has_a_login(amara):
    """Asked for a code or a new password, known and unknown addresses get the same page; only the letter differs."""
    for name in ("account_request_login_code", "account_reset_password"):
        pages = []
        for email in ("amara@example.org", "nobody@example.org"):
            answer = Client().post(reverse(name), {"email": email})
            pages.append((answer.status_code, answer.url))
        assert pages[0] == pages[1]
    assert set(Mail.objects.filter(to="nobody@example.org").values_list("subject", flat=True)) == {
        "There is no login for this address"
    }


def test_signing_up_with_an_address_that_is_taken_looks_like_any_other(amara):
    answers = []
    for email in ("amara@example.org", "new@example.org"):
        answer = Client().post(reverse("account_signup"), {"email": email, "password1": "four plain words here"})
        answers.append((answer.status_code, answer.url))
    assert answers[0] == answers[1]
    assert Mail.objects.get(to="amara@example.org").subject == "You have a login already"
    assert Mail.objects.get(to="new@example.org").subject == "Please confirm your e-mail address"
