"""schemathesis over the API's own description: whatever is sent, the answer is never our fault."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator

import pytest
import schemathesis
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings

ROLES = ("secretary", "treasurer", "returning_officer", "member")  # those who can do most
SOAK = bool(os.environ.get("ROCHDALE_SOAK"))
EXAMPLES = 32 if SOAK else len(ROLES)  # of each operation, the roles sending them by turns


def _operations() -> list:
    raw = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    return [each.ok() for each in schemathesis.openapi.from_dict(raw).get_all_operations()]


@pytest.mark.timeout(3000 if SOAK else 600)
def test_nothing_sent_makes_a_server_error(world, client_of):
    """Every operation; the path names our co-op, the rest is drawn."""
    clients = [client_of(world.actors[role]) for role in ROLES]
    for client in clients:
        client.raise_request_exception = False
    broken: list[str] = []
    operations = _operations()
    for operation in operations:
        _draw(operation, itertools.cycle(clients), world, broken)
    assert broken == []
    assert operations


def _draw(operation, clients: Iterator[Client], world, broken: list[str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(case=operation.as_strategy())
    def send(case):
        case.path_parameters = {**(case.path_parameters or {}), "coop": world.coop.slug}
        kwargs = case.as_transport_kwargs(base_url="http://testserver")
        body = kwargs.get("json", kwargs.get("data"))
        response = next(clients).generic(
            kwargs["method"],
            kwargs["url"].removeprefix("http://testserver"),
            json.dumps(body) if body is not None and not isinstance(body, bytes | str) else body or "",
            content_type="application/json",
            query_params=kwargs.get("params") or None,
        )
        if response.status_code >= 500:
            broken.append(f"{kwargs['method']} {kwargs['url']} {str(body)[:200]} → {response.status_code}")

    send()
