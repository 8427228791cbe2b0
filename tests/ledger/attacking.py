"""Many attacks: each statement by itself, as the application's role and as the owner, and nothing comes of any."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg2
import pytest

from tests.ledger import conftest

BOTH = ("app", "owner")  # the application has no grant or meets a trigger; the owner has every grant and meets triggers


def all_refused(statements: Iterable, pattern: str = ".", roles: Iterable[str] = BOTH) -> None:
    """Every statement is refused with a sentence that matches, and together they leave every table as it was.

    A statement is SQL, or a tuple of several that make one transaction.
    """
    before = conftest.snapshot()
    for role in roles:
        with conftest.raw(role) as connection, connection.cursor() as cursor:
            for statement in statements:
                try:
                    with pytest.raises(psycopg2.Error, match=pattern):
                        for each in (statement,) if isinstance(statement, str) else statement:
                            cursor.execute(each)
                        connection.commit()
                except BaseException as failure:
                    raise AssertionError(f"as {role}: {statement}") from failure
                connection.rollback()
    assert conftest.snapshot() == before
