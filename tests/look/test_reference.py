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


@pytest.mark.parametrize("width", WIDTHS)
def test_a_job_asks_again_by_itself_under_the_strict_policy(browse, width):
    page = browse("/ui/", width=width)
    for _ in range(2):  # a second time only if the answer took the first one's place
        with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true") as heard:
            pass
        assert heard.value.status == 200
    assert page.locator("#job-1").inner_text().startswith("Posting 389 refunds")
    assert page.problems == []


def test_a_dialog_opens_and_closes_without_script(browse):
    page = browse("/ui/", width=390)
    page.click("button[popovertarget=refuse]")
    assert page.locator("#refuse").is_visible()
    keep(page, "dialog")
    assert_clean(page)
    page.click("#refuse footer button")
    assert not page.locator("#refuse").is_visible()
