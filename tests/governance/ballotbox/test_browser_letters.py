"""A vote with a letter in real Chromium on a phone: from the square to the receipt, the lid closed between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance import services
from governance.models import OpenedPaper, StrikeOff
from tests.browser import assert_clean, assert_clean_in_every_light
from tests.governance.factories import make_roll

from .test_browser_secret import LONG, arrived, mark, press, ready
from .test_voting_letter_promises import codes_of
from .test_voting_letters import PAGE, without_mail
from .voter import finish, make_secret_ballot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_voting_with_a_letter_on_a_phone(coop, samir, visit, fresh_limits):
    (ruth,) = without_mail(coop, 1)
    ballot = make_secret_ballot(coop, roll=make_roll(coop, voters=5), lasts=timedelta(days=2))
    (code,) = codes_of(services.make_voting_letters(actor=samir, ballot=ballot, address=PAGE).pdf)
    page = visit(f"/riverside/letter/#{code}")  # as the camera opens it
    assert page.get_by_label("Code in the letter").input_value() == code
    assert code not in page.url
    assert_clean_in_every_light(page, "letter-code")
    page.get_by_label("Code in the letter").fill("wrng wrng wrng")
    press(page, "Go to my ballot paper")
    page.get_by_text("This code opens no ballot now").first.wait_for()
    assert_clean(page)
    page.problems.clear()  # the browser's own line about the 422
    page.get_by_label("Code in the letter").fill(code.lower().replace("-", " "))
    press(page, "Go to my ballot paper")
    ready(page)
    assert_clean_in_every_light(page, "letter-vote")
    assert page.locator("#voting form").count() == 0
    mark(page)
    page.route("**/box/**", lambda route: route.abort())
    press(page, "Review my paper")
    press(page, "Cast my ballot")
    page.wait_for_selector("#again:not([hidden])", timeout=LONG)
    assert StrikeOff.objects.get().letter.entry.number == ruth.number
    context = page.context
    page.close()

    page = ready(visit("/riverside/letter/paper/", context=context))
    press(page, "Go on casting it")
    receipt = arrived(page)
    page.get_by_role("link", name="Check").click()
    page.wait_for_selector("#checking[data-ready]", timeout=LONG)
    assert "is in the box" in page.locator("#answer").inner_text()
    assert_clean_in_every_light(page, "letter-check")
    finish(ballot)
    page.reload()
    page.wait_for_selector("#checking[data-ready]", timeout=LONG)
    assert "among those that were counted" in page.locator("#answer").inner_text()
    assert OpenedPaper.objects.get().receipt == receipt
    page.get_by_role("button", name="Forget my letter here").click()
    page.wait_for_url("**/riverside/letter/")
    assert page.problems == []
