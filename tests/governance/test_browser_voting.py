"""A member votes on a phone without JavaScript: number selects, up and down, review, receipt, change; and prints it."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from governance.models import RecordedVote
from governance.selectors import papers_of
from tests.browser import axe, session_cookie, sideways
from tests.governance.factories import make_ballot, make_roll, make_voter, question

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BOARD = ("Nadia Brandt", "Jonas Weber", "Priya Raman", "Tomas Hale", "Ines Carvalho")


@pytest.fixture
def phone(chromium, live_server):
    """A phone with scripts switched off."""
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="en-GB"
    )
    yield context
    context.close()


def keep(page, name):
    if folder := os.environ.get("ROCHDALE_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def press(page, name):
    """Press the button and wait for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def by_key(page, name):
    """The same without a mouse."""
    page.get_by_role("button", name=name).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_voting_on_a_phone_without_javascript(coop, phone, live_server):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop), board=BOARD, seats=3, lasts=timedelta(days=3))
    board, motion = question(ballot), question(ballot, "motion")
    phone.add_cookies([session_cookie(live_server.url, amara.user)])
    page = phone.new_page()
    page.goto("/riverside/votes/")
    page.get_by_role("link", name="Vote now").click()

    # By number: two of them, and one too often.
    page.get_by_label("Rank for Priya Raman").select_option("1")
    page.get_by_label("Rank for Tomas Hale").select_option("1")
    page.get_by_role("radio", name="Against", exact=True).check()
    press(page, "Review my paper")
    assert page.get_by_role("alert").inner_text().strip() == (
        "You gave the number 1 to Priya Raman and to Tomas Hale; give each a number of their own."
    )
    assert page.get_by_role("radio", name="Against", exact=True).is_checked()

    # By buttons: the order closes up, and a third comes in and goes up.
    press(page, "Show them in the order of my numbers")
    press(page, "Rank Nadia Brandt next")
    press(page, "Move Nadia Brandt up")
    ranked = page.get_by_role("list", name="Candidates you have ranked", exact=True)
    assert [each.split("\n")[0] for each in ranked.locator("strong").all_inner_texts()] == [
        "Priya Raman",
        "Nadia Brandt",
        "Tomas Hale",
    ]
    assert page.get_by_role("button", name="Move Priya Raman up").is_disabled()
    assert page.get_by_label("Rank for Nadia Brandt").input_value() == "2"
    assert sideways(page) == 0
    keep(page, "vote-marked")

    press(page, "Review my paper")
    assert "Recorded ballot: your name is kept with your choices" in page.inner_text("main")
    keep(page, "vote-review")
    assert not RecordedVote.objects.exists()
    press(page, "Back to the paper")
    assert page.get_by_label("Rank for Tomas Hale").input_value() == "3"
    press(page, "Review my paper")
    press(page, "Cast my ballot")
    assert page.get_by_role("heading", level=1).inner_text() == "Your vote is recorded."
    vote = RecordedVote.objects.get()
    assert vote.marks == {str(board.pk): [2, 0, 3], str(motion.pk): [1]}
    assert vote.code in page.inner_text("article")
    keep(page, "vote-receipt")

    # Changed until the close.
    page.get_by_role("link", name="Change", exact=True).click()
    assert page.get_by_role("radio", name="Against", exact=True).is_checked()
    page.get_by_role("radio", name="For", exact=True).check()
    press(page, "Review my paper")
    assert "It replaces the paper you cast before" in page.inner_text("main")
    press(page, "Cast my ballot")
    assert papers_of(motion) == {(0,): 1}
    assert RecordedVote.objects.count() == 2


def test_the_enter_key_moves_nobody(coop, browse):
    """The first submit of a form is what Enter presses; here it only stays on the page."""
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop), board=BOARD)
    page = browse(f"/riverside/votes/{ballot.pk}/", width=390, user=amara.user)
    page.get_by_label("Rank for Jonas Weber").select_option("1")
    page.get_by_role("radio", name="Against", exact=True).check()
    with page.expect_navigation():
        page.get_by_role("radio", name="Against", exact=True).press("Enter")
    assert page.get_by_label("Rank for Jonas Weber").input_value() == "1"
    assert page.get_by_role("radio", name="Against", exact=True).is_checked()
    assert not RecordedVote.objects.exists()
    assert axe(page) == []


def test_voting_by_keyboard_alone(coop, browse):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop), board=BOARD, motion="")
    page = browse(f"/riverside/votes/{ballot.pk}/", user=amara.user)
    by_key(page, "Rank Nadia Brandt next")
    by_key(page, "Rank Priya Raman next")
    # The moved candidate keeps the focus, so the next key goes on from there.
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move Priya Raman up"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    by_key(page, "Review my paper")
    by_key(page, "Cast my ballot")
    assert list(RecordedVote.objects.get().marks.values()) == [[2, 0]]


def test_the_receipt_fits_one_sheet_of_paper(coop, browse):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop), board=BOARD)
    page = browse(f"/riverside/votes/{ballot.pk}/", user=amara.user)
    press(page, "Rank Nadia Brandt next")
    press(page, "Review my paper")
    press(page, "Cast my ballot")
    printed = page.pdf(format="A4")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page/") == 1 or printed.count(b"/Count 1") >= 1
