"""Every part of the design, looked at in every light: markup that is accessible, quiet and stays on its page."""

import pytest

from tests.browser import SCHEMES, WIDTHS, assert_clean, keep, sideways

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.look.urls")]


@pytest.fixture(autouse=True)
def _shown(settings):
    settings.DEBUG = True


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_part_is_clean(browse, scheme, width):
    page = browse("/ui/", scheme=scheme, width=width)
    keep(page, f"reference-{scheme}-{width}")
    assert_clean(page)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    assert_clean(page)


def test_nothing_scrolls_sideways_on_the_smallest_phone(browse):
    page = browse("/ui/", width=320)
    assert sideways(page) == 0
