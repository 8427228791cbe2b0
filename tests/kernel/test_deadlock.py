"""Two acts that wait for each other: the database undoes one whole, and its person is told in a sentence."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection, connections, transaction

from coop.kernel.errors import RefusedMiddleware
from coop.kernel.rest import problem_json

pytestmark = pytest.mark.django_db(transaction=True)
SENTENCE = "Somebody else was changing the same at this moment, so yours was not done."


@pytest.fixture
def deadlock() -> OperationalError:
    """One that the database has ended: each of two holds what the other asks for."""
    both = Barrier(2, timeout=10)

    def act(first: int, second: int) -> Exception | None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(7999, %s)", [first])
                both.wait()
                cursor.execute("SELECT pg_advisory_xact_lock(7999, %s)", [second])
        except OperationalError as ended:
            return ended
        finally:
            connections.close_all()
        return None

    with ThreadPoolExecutor(2) as pool:
        (ended,) = filter(None, pool.map(act, (1, 2), (2, 1)))
    return ended


def test_a_page_and_the_api_say_so(rf, deadlock):
    request = rf.post("/")
    request.user = AnonymousUser()
    page = RefusedMiddleware(lambda asked: None).process_exception(request, deadlock)
    assert page.status_code == 409
    assert SENTENCE in page.content.decode()
    answer = problem_json(deadlock, {})
    assert (answer.status_code, answer.data["code"]) == (409, "busy")
    assert SENTENCE in json.dumps(answer.data)


def test_another_fault_of_the_database_is_no_refusal(rf):
    lost = OperationalError("server closed the connection unexpectedly")
    assert RefusedMiddleware(lambda asked: None).process_exception(rf.post("/"), lost) is None
    assert problem_json(lost, {}) is None
