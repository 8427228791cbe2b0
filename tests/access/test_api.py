"""Every operation of the API's description has its case, and answers with 2xx for somebody it is for."""

from __future__ import annotations

import pytest
from django.urls import resolve, reverse
from drf_spectacular.generators import SchemaGenerator

from tests.access.harness import Case, all_cases, ask

API = [case for case in all_cases() if case.api]


def operations() -> set[tuple[str, str]]:
    """(method, URL name) of everything the schema describes."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = set()
    for path, item in schema["paths"].items():
        sample = path
        for name in ("{coop}",):
            sample = sample.replace(name, "riverside")
        while "{" in sample:  # any value that the converters take
            start, end = sample.index("{"), sample.index("}")
            sample = sample[:start] + "1" + sample[end + 1 :]
        match = resolve(sample)
        found |= {(method, match.view_name) for method in item if method in ("get", "post", "put", "patch", "delete")}
    return found


def test_every_operation_has_a_case():
    assert sorted(operations() - {(case.method, case.name) for case in API}) == []


@pytest.mark.parametrize("case", API, ids=lambda case: case.id)
def test_the_operation_works_for_somebody_it_is_for(world, client_of, case: Case):
    answers = {}
    for role in sorted(case.allowed):
        client = client_of(world.actors[role])
        response = ask(client, case, case.url(world), world)
        answers[role] = (response.status_code, response.content[:200])
    assert any(200 <= status < 300 for status, _body in answers.values()), answers


def test_the_description_is_not_for_strangers(client_of, world):
    assert client_of(None).get(reverse("api-schema")).status_code in (401, 403)
    assert client_of(None).get(reverse("api-docs")).status_code in (302, 401, 403)
