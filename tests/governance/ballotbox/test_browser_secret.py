"""A secret vote in real Chromium on a phone: by keyboard, over a bad line, with the lid closed half-way, checked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from coop.kernel import clock
from coop.kernel.models import Cooperative
from governance import services
from governance.models import OpenedPaper, Resolution, StrikeOff
from governance.selectors import papers_of
from tests.browser import assert_clean, assert_clean_in_every_light, session_cookie
from tests.governance.factories import make_meeting, make_organisation, make_roll, make_voter, question
from tests.governance.test_proxies import given, take_proxies

from .voter import finish, make_secret_ballot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = 40_000  # milliseconds: on a busy machine


@pytest.fixture
def ballot(coop):
    amara = make_voter(coop, "amara")
    made = make_secret_ballot(coop, roll=make_roll(coop, voters=5), lasts=timedelta(days=2))
    made.amara = amara
    return made


def ready(page):
    page.wait_for_selector("#voting[data-ready]")
    return page


def press(page, name: str) -> None:
    """A button, by keyboard alone."""
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def mark(page) -> None:
    page.get_by_label("Rank for Priya Raman").select_option("1")
    page.get_by_label("Rank for Nadia Brandt").select_option("2")
    page.get_by_role("radio", name="For", exact=True).check()


def arrived(page) -> str:
    page.wait_for_selector("#done:not([hidden])", timeout=LONG)
    return page.locator("#done [data-receipt]").text_content().replace(" ", "")


def address(ballot, tail: str = "") -> str:
    return f"/riverside/votes/{ballot.pk}/{tail}"


def test_voting_in_secret_by_keyboard_on_a_phone(ballot, visit):
    Cooperative.objects.update(address="Mill Lane 19\n12345 Riverside")
    page = visit("/riverside/votes/", ballot.amara.user)
    page.get_by_role("link", name="Vote now").click()
    ready(page)
    assert_clean_in_every_light(page, "secret-vote")
    assert page.locator("#voting form").count() == 0, "a secret ballot is never a form"
    assert ballot.manifest_hash[:8] in page.locator("#voting aside .hash").text_content().replace(" ", "")

    page.get_by_label("Rank for Priya Raman").select_option("1")
    page.get_by_label("Rank for Jonas Weber").select_option("1")
    press(page, "Review my paper")
    assert "give each a number of their own" in page.locator("[data-error]:not([hidden])").inner_text()
    page.get_by_label("Rank for Jonas Weber").select_option("2")
    press(page, "Show them in the order of my numbers")
    press(page, "Rank Tomas Hale next")
    press(page, "Move Tomas Hale up")
    names = page.locator("ol.ranked strong").all_inner_texts()
    assert names == ["Priya Raman", "Tomas Hale", "Jonas Weber"]
    page.get_by_role("radio", name="Against", exact=True).focus()
    page.keyboard.press("Space")
    press(page, "Review my paper")
    over = page.locator("#read-over").inner_text()
    assert over.index("Priya Raman") < over.index("Tomas Hale") < over.index("Jonas Weber")
    assert "Against" in over
    assert_clean_in_every_light(page, "secret-review")
    assert not StrikeOff.objects.exists(), "no credential before the moment of casting"

    press(page, "Cast my ballot")
    receipt = arrived(page)
    assert [2000 <= wait <= 8000 for wait in page.evaluate("waits")] == [True], "the box knows no one by the time"
    assert_clean_in_every_light(page, "secret-receipt")
    assert page.evaluate("document.activeElement.id") == "done-h"
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Save receipt").click()
    saved = Path(waiting.value.path()).read_text()
    site = page.url.partition("/riverside/")[0]
    assert saved.splitlines()[0] == "Receipt of a paper in a secret ballot. It names no choices, on purpose."
    assert f"Co-operative: {ballot.coop.name}" in saved
    assert "\nMill Lane 19\n12345 Riverside\n" in saved
    assert f"Its pages: {site}/riverside/" in saved
    assert f"Ballot: {ballot.title}" in saved
    assert f"rules and roll: {ballot.manifest_hash}" in saved
    assert f"among those counted here: {site}{address(ballot, 'check/')}" in saved
    assert saved.endswith(f"Receipt, in full: {receipt}\n")

    page.get_by_role("link", name="Check").click()
    page.wait_for_selector("#checking[data-ready]", timeout=LONG)
    assert "is in the box" in page.locator("#answer").inner_text()
    assert_clean_in_every_light(page, "secret-check")

    finish(ballot)
    page.reload()
    page.wait_for_selector("#checking[data-ready]", timeout=LONG)
    assert "among those that were counted" in page.locator("#answer").inner_text()
    assert_clean_in_every_light(page, "secret-counted")
    assert OpenedPaper.objects.get().receipt == receipt
    assert papers_of(question(ballot)) == {(2, 3, 1): 1}
    assert Resolution.objects.get().votes["against"] == 1
    kept = page.evaluate("Object.values(localStorage).join('')")
    assert "seed" not in kept
    assert "nonce" not in kept
    page.get_by_role("button", name="Forget it here").click()
    page.wait_for_selector("#nothing:visible")
    assert page.evaluate("localStorage.length") == 0
    assert page.problems == []


def test_every_step_can_be_taken_again_over_a_bad_line(ballot, visit):
    page = ready(visit(address(ballot), ballot.amara.user))
    mark(page)
    page.route("**/credential/", lambda route: route.abort())
    press(page, "Review my paper")
    press(page, "Cast my ballot")
    page.wait_for_selector("#again:not([hidden])", timeout=LONG)
    assert "Nothing is lost" in page.locator("#trouble").inner_text()
    assert_clean(page)
    page.unroute("**/credential/")

    # The server signs, but its answer never arrives.
    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/credential/", lose)
    press(page, "Try again")
    page.wait_for_selector("#again:not([hidden])", timeout=LONG)
    assert StrikeOff.objects.count() == 1
    page.unroute("**/credential/")

    # The box takes the paper, but its answer never arrives.
    page.route("**/box/**", lose)
    press(page, "Try again")
    page.wait_for_selector("#again:not([hidden])", timeout=LONG)
    page.unroute("**/box/**")
    press(page, "Try again")
    receipt = arrived(page)
    assert StrikeOff.objects.count() == 1
    finish(ballot)
    assert OpenedPaper.objects.get().receipt == receipt


def test_a_lid_closed_between_credential_and_cast_loses_nothing(ballot, visit):
    page = ready(visit(address(ballot), ballot.amara.user))
    context = page.context
    mark(page)
    page.route("**/box/**", lambda route: route.abort())
    press(page, "Review my paper")
    press(page, "Cast my ballot")
    page.wait_for_selector("#again:not([hidden])", timeout=LONG)
    assert StrikeOff.objects.count() == 1
    page.close()  # and the browser with it; what it remembers stays

    page = ready(visit(address(ballot), context=context))
    assert page.locator("#resume").is_visible()
    assert page.get_by_label("Rank for Priya Raman").input_value() == "1"
    assert_clean_in_every_light(page, "secret-resume")
    press(page, "Go on casting it")
    receipt = arrived(page)

    # Changed before the close: the new paper replaces the old one.
    press(page, "Change")
    page.get_by_role("radio", name="Abstain").check()
    press(page, "Review my paper")
    press(page, "Cast my ballot")
    gone = "old => !document.querySelector('#done').hidden && "
    gone += "document.querySelector('#done [data-receipt]').textContent.replaceAll(' ', '') !== old"
    page.wait_for_function(gone, arg=receipt, timeout=LONG)
    changed = arrived(page)
    finish(ballot)
    assert OpenedPaper.objects.get().receipt == changed != receipt


def test_another_device_goes_on_with_the_recovery_code_and_not_without(ballot, visit):
    page = ready(visit(address(ballot), ballot.amara.user))
    mark(page)
    press(page, "Review my paper")
    code = page.locator("#recovery").text_content()
    page.route("**/box/**", lambda route: route.abort())
    press(page, "Cast my ballot")
    page.wait_for_selector("#again:not([hidden])", timeout=LONG)

    other = ready(visit(address(ballot), ballot.amara.user))
    assert other.locator("#recover").is_visible()
    mark(other)
    press(other, "Review my paper")
    press(other, "Cast my ballot")
    other.wait_for_selector("#again:not([hidden])", timeout=LONG)
    assert "recovery code" in other.locator("#trouble").inner_text()
    assert_clean(other)

    third = ready(visit(address(ballot), ballot.amara.user))
    third.get_by_label("Recovery code").fill("not a code")
    press(third, "Use this code")
    assert "not a recovery code" in third.locator("#trouble").inner_text()
    third.get_by_label("Recovery code").fill(code.lower())
    press(third, "Use this code")
    mark(third)
    press(third, "Review my paper")
    press(third, "Cast my ballot")
    receipt = arrived(third)
    finish(ballot)
    assert OpenedPaper.objects.get().receipt == receipt
    assert StrikeOff.objects.count() == 1


def test_a_credential_is_asked_for_only_by_somebody_who_has_just_shown_who_they_are(ballot, visit):

    page = visit(address(ballot), ballot.amara.user)
    page.context.clear_cookies()
    page.context.add_cookies([session_cookie(page.url, ballot.amara.user)])
    page.goto(address(ballot))
    ready(page)
    mark(page)
    press(page, "Review my paper")
    press(page, "Cast my ballot")
    page.wait_for_selector("#sure:visible", timeout=LONG)
    assert not StrikeOff.objects.exists()
    page.locator("#sure").click()
    page.wait_for_url("**/accounts/**")
    assert "/accounts/reauthenticate/" in page.url


def test_the_page_reads_at_twice_the_size_and_with_the_names_a_screen_reader_says(ballot, visit):
    page = ready(visit(address(ballot), ballot.amara.user, width=640))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    tree = page.locator("#voting").aria_snapshot()
    for said in ("Rank for Priya Raman", "Rank Priya Raman next", 'radio "For"', "Review my paper", "Question 1"):
        assert said in tree, said


def test_a_closed_ballot_says_so_and_without_javascript_the_page_says_why(ballot, chromium, house, visit):

    context = chromium.new_context(base_url=house.url, java_script_enabled=False)
    context.add_cookies([session_cookie(house.url, ballot.amara.user)])
    page = context.new_page()
    page.goto(address(ballot))
    assert "needs JavaScript" in page.content()
    context.close()
    page = ready(visit(address(ballot), ballot.amara.user))
    mark(page)
    press(page, "Review my paper")
    with clock.at(ballot.closes_at):
        services.close_due()
    press(page, "Cast my ballot")
    page.wait_for_selector("#again:not([hidden])", timeout=LONG)
    assert "too late" in page.locator("#trouble").inner_text()
    assert not StrikeOff.objects.exists()


def test_who_holds_a_proxy_casts_two_papers_in_one_browser(coop, visit):
    ruth, amara = make_voter(coop, "ruth"), make_voter(coop, "amara")
    meeting = make_meeting(coop)
    take_proxies(meeting)
    made = make_secret_ballot(coop, roll=make_roll(coop, voters=4, meeting=meeting), lasts=timedelta(days=2))
    proxy = given(meeting, amara, ruth)
    page, receipts = visit(address(made), ruth.user), []
    for place in ("", f"?for={proxy.pk}"):
        page.goto(address(made, place))
        ready(page)
        mark(page)
        press(page, "Review my paper")
        press(page, "Cast my ballot")
        receipts.append(arrived(page))
        page.get_by_role("link", name="Check").click()
        page.wait_for_selector("#checking[data-ready]", timeout=LONG)
        assert "is in the box" in page.locator("#answer").inner_text()
    assert {each.proxy_id for each in StrikeOff.objects.all()} == {None, proxy.pk}
    finish(made)
    assert set(OpenedPaper.objects.values_list("receipt", flat=True)) == set(receipts)
    assert page.problems == []


def test_a_member_organisation_casts_a_paper_for_each_vote_and_checks_them_all(coop, visit):
    mill = make_organisation(coop, "mill", votes=3)
    for _ in range(4):
        make_organisation(coop, votes=3)
    made = make_secret_ballot(coop, roll=make_roll(coop, voters=2), lasts=timedelta(days=2))
    page = ready(visit(address(made), mill.party.account))
    mark(page)
    press(page, "Review my paper")
    # The line breaks after the first paper: what is left is kept, and goes on where it stopped.
    sent = []
    page.route("**/box/**", lambda route: (sent.append(1), route.continue_() if len(sent) == 1 else route.abort()))
    press(page, "Cast my ballot")
    page.wait_for_selector("#again:not([hidden])", timeout=LONG)
    page.unroute("**/box/**")
    page.reload()
    ready(page)
    assert StrikeOff.objects.get().units == 3
    press(page, "Go on casting it")
    page.wait_for_selector("#done:not([hidden])", timeout=LONG)
    assert len(page.evaluate("waits")) == 1, "the first goes on at once, the other comes apart in time"
    receipts = {text.replace(" ", "") for text in page.locator("#done [data-receipt]").all_text_contents()}
    assert len(receipts) == page.locator("#done [data-code]").count() == 3
    assert_clean_in_every_light(page, "secret-receipts-of-a-federation")
    page.get_by_role("link", name="Check").click()
    page.wait_for_selector("#checking[data-ready]", timeout=LONG)
    assert "All your papers are in the box" in page.locator("#answer").inner_text()
    finish(made)
    page.reload()
    page.wait_for_selector("#checking[data-ready]", timeout=LONG)
    assert "All your papers are among those that were counted" in page.locator("#answer").inner_text()
    assert set(OpenedPaper.objects.values_list("receipt", flat=True)) == receipts
    assert Resolution.objects.get().votes["for"] == 3
