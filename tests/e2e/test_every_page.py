"""Every page of the access matrix in Chromium: phone and desk, light and dark, axe, policy, no sideways scroll."""

from __future__ import annotations

import re

import pytest

from tests.access.harness import Case, case_modules
from tests.browser import SCHEMES, WIDTHS, axe, keep, sideways

pytestmark = pytest.mark.browser
PARTS = 2  # of each app's pages, so that two processes share them
MODULES = {module.__name__.rpartition("_")[2]: module for module in case_modules()}


def looked_at(module) -> list[Case]:
    return [case for case in module.CASES if case.html and case.method == "get" and not case.api]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("app", sorted(MODULES))
@pytest.mark.timeout(900)
def test_pages_are_clean(world, browse, app, part):
    found: list[str] = []
    for case in looked_at(MODULES[app])[part::PARTS]:
        for role in case.seen_by:
            found += _look(world, browse, case, role)
    assert not found, "\n".join(found)


def _look(world, browse, case: Case, role: str) -> list[str]:
    """One page as one role sees it, loaded once, then looked at in both widths and both lights."""
    actor = world.actors[role]
    page = browse(case.url(world), width=WIDTHS[0], user=actor and actor.user, fresh=True)
    words = re.findall(r"[a-z0-9]+", f"{case.name} {case.query}".lower())
    name = "-".join([*words, *([role] if len(case.seen_by) > 1 else [])])
    problems = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            problems += [f"{scheme} at {width}px: {line}" for line in axe(page)]
            keep(page, f"{name}-{scheme}-{width}")
        if over := sideways(page):
            problems.append(f"scrolls {over}px sideways at {width}px")
    if case.url(world).partition("?")[0] not in page.url:
        problems.append(f"led to {page.url}")
    problems += page.problems
    page.context.close()
    return [f"{case.name} as {role}: {line}" for line in problems]
