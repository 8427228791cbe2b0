"""Every part of the design, looked at in every light: markup that is accessible, quiet and stays on its page."""

import pytest

from tests.browser import SCHEMES, WIDTHS, assert_clean, keep, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


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


def test_in_production_only_staff_see_it(client, settings, django_user_model):
    settings.SHOW_REFERENCE = False
    assert client.get("/ui/").status_code == 404
    client.force_login(django_user_model.objects.create_user("staff@example.org", "x" * 12, is_staff=True))
    assert client.get("/ui/").status_code == 200
