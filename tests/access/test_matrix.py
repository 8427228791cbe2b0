"""Who may come in where: the literal tables of ``cases_*.py`` against the running code."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.access.harness import ROLES, Case, all_cases, ask, every_url_name, nothing

CASES = all_cases()


def test_every_address_has_a_case():
    assert sorted(set(every_url_name()) - {case.name for case in CASES}) == []


def test_no_case_names_an_address_that_is_gone():
    assert sorted({case.name for case in CASES if case.inside} - set(every_url_name())) == []


def _is_refusal(case: Case, response, role: str) -> bool:
    if response.status_code in (401, 403, 404):
        return True
    return response.status_code == 302 and response.url.startswith(reverse("account_login"))


def _expected(case: Case, role: str) -> tuple[int, ...]:
    """How a role that may not come in is turned away."""
    if not case.inside and not (case.login and role == "anonymous"):
        return (case.denied,)
    if role == "anonymous":
        return (401, 403) if case.api else (302,)
    if role in ("outsider", "other"):
        return (404,)
    if role == "former":  # the page is not for them, or the row on it is somebody else's
        return (403, 404)
    return (case.denied,)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_who_may_come_in(world, client_of, case: Case):
    wrong = []
    for role in ROLES:
        client = client_of(world.actors[role])
        response = ask(client, case, case.url(world), world)
        refused = _is_refusal(case, response, role)
        if role in case.allowed:
            if refused or response.status_code >= 500:
                wrong.append(f"{role} should come in, got {response.status_code}")
        elif not refused or response.status_code not in _expected(case, role):
            wrong.append(f"{role} should be turned away with {_expected(case, role)}, got {response.status_code}")
    assert wrong == []


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.inside and case.row and case.kwargs is not nothing],
    ids=lambda case: case.id,
)
def test_another_coops_rows_are_not_there(world, client_of, case: Case):
    """Olga holds every office of her own co-op; ours is not to be found through her addresses."""
    response = ask(client_of(world.olga), case, case.url(world, coop=world.other_coop), world)
    assert response.status_code in (404, 403)
    if response.status_code == 403:
        assert not world.olga.holds(*case.allowed)
