"""When a session was last seen: noted at once where it is new, and then not at every request."""

from __future__ import annotations

import time

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection

from coop.kernel.accounts import SeenMiddleware

PAGE = "/riverside/audit/"
WRITES = ('INSERT INTO "usersessions_usersession"', 'UPDATE "usersessions_usersession"')


@pytest.fixture
def knock(client_of, mei):
    """One request; how many times it wrote down that the session was seen."""
    client = client_of(mei)

    def ask(browser: str = "Phone") -> int:
        with connection.execute_wrapper(count):
            count.seen = 0
            assert client.get(PAGE, headers={"user-agent": browser}).status_code == 200
        return count.seen

    def count(execute, sql, params, many, context):
        count.seen += sql.startswith(WRITES)
        return execute(sql, params, many, context)

    return ask


def test_only_what_is_new_is_written(knock, mei, monkeypatch):
    assert [knock(), knock(), knock("Tablet"), knock("Tablet")] == [1, 0, 1, 0]
    assert UserSession.objects.get(user=mei.user).user_agent == "Tablet"
    later = time.monotonic() + SeenMiddleware.MINUTE
    monkeypatch.setattr("coop.kernel.accounts.time.monotonic", lambda: later)
    assert knock("Tablet") == 1


def test_it_keeps_no_more_in_mind_than_it_says(knock, monkeypatch):
    monkeypatch.setattr(SeenMiddleware, "MOST", 1)
    assert [knock(), knock("Tablet"), knock("Tablet"), knock()] == [1, 1, 0, 1]
