"""The populated co-op is built once for all of this folder's tests; each of them is rolled back to it."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from tests.world import make_world


@pytest.fixture(scope="package")
def built(django_db_setup, django_db_blocker):
    """The world inside a transaction that is never committed."""
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            world = make_world()
            with connection.cursor() as cursor:  # else each test would check again, at its end, what waits from here
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            yield world
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)
            connection.close()


@pytest.fixture
def world(built, django_db_blocker):
    """The populated co-op; whatever a test does to it is undone after."""
    with django_db_blocker.unblock():
        savepoint = transaction.savepoint()
        yield built
        transaction.savepoint_rollback(savepoint)
        connection.needs_rollback = False
