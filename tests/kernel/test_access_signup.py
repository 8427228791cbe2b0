"""Signing up with an address that has a login here: neither the words nor the work of the answer tell."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from tests.cast import make_user

pytestmark = pytest.mark.usefixtures("fresh_limits")


@pytest.mark.django_db
def test_a_known_address_costs_a_hash_as_a_new_one_does(monkeypatch, mailoutbox):
    from allauth.account.models import EmailAddress

    known = make_user("amara")
    EmailAddress.objects.create(user=known, email=known.email, verified=True, primary=True)
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *said: hashed.append(said[0]) or encode(*said))
    work, answers = [], []
    for email in (known.email, "nobody.yet@example.org"):
        hashed.clear()
        answer = Client().post("/accounts/signup/", {"email": email, "password1": "long-enough-for-anybody"})
        work.append(len(hashed))
        answers.append((answer.status_code, answer.url))
        assert len(mailoutbox) == len(work)
    assert answers[0] == answers[1]
    assert work == [1, 1]
