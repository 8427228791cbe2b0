"""Joining, and a member's leaving, without a mouse: every step is reached with Tab and seen when it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page

from members.models import Application, Membership
from tests.ledger.factories import make_books

from .factories import make_class, make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST = 120  # presses of Tab on the way through a page


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is there; whoever looks sees that it is."""
    for _press in range(MOST):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            look = wanted.evaluate("e => { const s = getComputedStyle(e); return [s.outlineStyle, s.boxShadow] }")
            assert look != ["none", "none"], f"nothing shows that {wanted} has the focus"
            return
    raise AssertionError(f"{MOST} times Tab do not lead to {wanted} at {page.url}")


def write(page: Page, field: str, text: str) -> None:
    reach(page, page.locator(f"main [name={field}]"))
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def enter(page: Page, wanted: Locator, key: str = "Enter") -> None:
    """Reach it, press it, and see the page it leads to."""
    reach(page, wanted)
    with page.expect_navigation():
        page.keyboard.press(key)


def test_somebody_joins_by_keyboard_alone(coop, browse):
    make_books(coop)
    make_class(coop, minimum_age=0)
    page = browse("/riverside/join/")
    page.wait_for_timeout(2100)  # quicker than that is a machine
    for field, text in {
        "given_names": "Petra",
        "family_name": "Kern",
        "email": "petra@example.org",
        "street": "Mill Lane 7",
        "postcode": "12345",
        "place": "Riverside",
    }.items():
        write(page, field, text)
    reach(page, page.get_by_label("I have read the by-laws"))
    page.keyboard.press("Space")
    enter(page, page.get_by_role("button", name="Send my application"))
    assert "Your application is in." in page.locator("main").inner_text()
    assert Application.objects.get().full_name == "Petra Kern"


def test_the_secretary_finds_a_member_and_writes_down_their_leaving_by_keyboard_alone(coop, mei, browse):
    for name in ("Petra Kern", "Amir Okafor", "Jonas Weber"):
        make_member(coop, name=name)
    page = browse("/riverside/register/members/", user=mei.user, fresh=True)
    reach(page, page.get_by_role("searchbox").first)
    page.keyboard.type("kern")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    enter(page, page.locator("main").get_by_role("link", name="Petra Kern").first)
    enter(page, page.locator("main").get_by_role("link", name="Record notice").first)
    enter(page, page.get_by_role("button", name="Work out the last day"))
    enter(page, page.get_by_role("button", name="Write it down"))
    leaving = Membership.objects.get(party__name="Petra Kern")
    assert leaving.ends_on is not None
    assert f"the last day is {leaving.ends_on:%-d %B %Y}" in page.locator("main").inner_text()
