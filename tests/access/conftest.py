"""The populated co-op is built once for all of this folder's tests; each of them is rolled back to it."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from coop.kernel.tenancy import Actor
from tests.access.harness import World
from tests.cast import signed_in
from tests.standing import check_what_waits, rolled_back
from tests.world import make_world


class Logins:
    """The world's people, signed in before its savepoint and used by test after test: signing in costs much."""

    LAST = 120  # seconds, well within those for which a password just typed is believed

    def __init__(self) -> None:
        self.since = -1e9
        self.cookies: dict[int, str] = {}
        self.handler = Client().handler  # one for all: a new one would note at its first page that the login was seen

    def renew(self, world: World) -> None:
        if time.monotonic() - self.since > self.LAST:
            self.since = time.monotonic()
            for actor in filter(None, world.actors.values()):
                self.cookies[actor.user_id] = signed_in(actor.user).cookies[settings.SESSION_COOKIE_NAME].value

    def client(self, actor: Actor | None) -> Client:
        client = Client()
        client.handler = self.handler
        if actor is not None:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.cookies[actor.user_id]
        return client


@pytest.fixture(scope="package")
def built(django_db_setup, django_db_blocker):
    """The world inside a transaction that is never committed."""
    with django_db_blocker.unblock():
        with rolled_back():
            world = make_world()
            check_what_waits()
            yield world
        connection.close()


@pytest.fixture(scope="package")
def logins() -> Logins:
    return Logins()


@pytest.fixture
def world(built, logins, django_db_blocker):
    """The populated co-op; whatever a test does to it is undone after."""
    with django_db_blocker.unblock():
        logins.renew(built)
        with rolled_back():
            yield built


@pytest.fixture
def client_of(world, logins):
    """A browser-less client of one of the world's people, signed in; ``None`` is signed in as nobody."""
    return logins.client
