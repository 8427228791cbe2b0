"""A world that stands: built once a module, in a transaction that is never committed; each test is undone to it.

What a module's tests share is made by fixtures of ``scope="module"`` that ask for ``standing``; ``db`` and everything
else stays as it is, and rolls back whatever a test does. Not for tests that commit (``transactional_db``, a live
server, threads): they wait in vain for what the module's transaction holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever happens within is undone at the end."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def check_what_waits() -> None:
    """Check deferred constraints now: else each test checks again, at its end, what was built before it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The module's transaction: what fixtures of its scope put into the database stays until the module ends."""
    with django_db_blocker.unblock():
        with rolled_back():
            yield
        connection.close()
