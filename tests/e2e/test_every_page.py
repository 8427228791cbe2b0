"""Every page of the access matrix in Chromium: phone and desk, light and dark, axe, policy, no sideways scroll."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.access.harness import Case, case_modules
from tests.browser import WIDTHS, in_every_light
from tests.world import make_world

pytestmark = pytest.mark.browser
AT_ONCE = 30  # pages, more or less, so that the processes of a run share them
MODULES = {module.__name__.rpartition("_")[2]: module for module in case_modules()}


def looked_at(module) -> list[Case]:
    return [case for case in module.CASES if case.html and case.method == "get" and not case.api]


def parts() -> list[tuple[str, int, int]]:
    """(app, number of the part, how many parts)."""
    many = {app: max(1, round(len(looked_at(module)) / AT_ONCE)) for app, module in sorted(MODULES.items())}
    return [(app, part, of) for app, of in many.items() for part in range(of)]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """One world for all pages a process looks at: looking changes nothing that another page shows."""
    with django_db_blocker.unblock(), django_db_setup.left_standing():
        yield make_world()


@pytest.mark.parametrize(("app", "part", "of"), parts())
@pytest.mark.timeout(900)
def test_pages_are_clean(world, browse, app, part, of):
    pages: dict[str, Page] = {}  # one visitor a role, whose browser keeps styles and pictures from page to page
    found = [
        line
        for case in looked_at(MODULES[app])[part::of]
        for role in case.seen_by
        for line in _look(world, browse, pages, case, role)
    ]
    assert not found, "\n".join(found)


def _look(world, browse, pages: dict[str, Page], case: Case, role: str) -> list[str]:
    """One page as one role sees it, loaded once, then looked at in both widths and both lights."""
    actor, page = world.actors[role], pages.get(role)
    if page is not None:
        page.problems.clear()
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page = browse(case.url(world), width=WIDTHS[0], user=actor and actor.user, fresh=True, page=page)
    pages[role] = page
    words = re.findall(r"[a-z0-9]+", f"{case.name} {case.query}".lower())
    name = "-".join([*words, *([role] if len(case.seen_by) > 1 else [])])
    problems = in_every_light(page, name)
    if case.url(world).partition("?")[0] not in page.url:
        problems.append(f"led to {page.url}")
    return [f"{case.name} as {role}: {line}" for line in problems]
