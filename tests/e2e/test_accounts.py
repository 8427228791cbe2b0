"""A login as a person makes and guards it, in Chromium: each page clean for axe and for the strict policy."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from coop.kernel.models import User
from tests.browser import assert_clean, assert_clean_in_every_light
from tests.e2e.logins import app_shows, code_in, h1, last_letter, press, put_key, show_who, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_limits", "through_the_outbox"),
]
NEW = "four plain words here"
AUDIT = re.compile(r"^[^?]*/riverside/audit/$")  # not the sign-in page that leads there


# --- a login ---------------------------------------------------------------------------------------------------------


def test_somebody_makes_a_login_and_shows_that_the_address_is_theirs(browse, coop):
    page = browse("/accounts/signup/?next=/accounts/sessions/")
    page.fill("#id_email", "Noor@Example.org")
    page.fill("#id_password1", "short")
    press(page, "Make my login")
    assert "too short: at least 10 characters" in page.locator("main").inner_text()
    assert_clean(page)
    page.fill("#id_password1", NEW)
    press(page, "Make my login")
    assert h1(page) == "Enter the code from your e-mail"
    assert_clean(page)
    letter = last_letter("noor@example.org")
    assert letter.subject == "Please confirm your e-mail address"
    page.fill("#id_code", "ZZZ-ZZZ")
    press(page, "Go on")
    assert "This is not the code" in page.locator("main").inner_text()
    assert_clean(page)
    page.fill("#id_code", code_in(letter).lower())
    press(page, "Go on")
    assert page.url.endswith("/accounts/sessions/")
    assert User.objects.get().email == "noor@example.org"
    assert EmailAddress.objects.get().verified
    assert_clean(page)


def test_a_mistyped_address_is_put_right_and_a_lost_code_sent_again(browse, coop, fresh_limits):
    page = browse("/accounts/signup/")
    page.fill("#id_email", "noor@exmaple.org")
    page.fill("#id_password1", NEW)
    press(page, "Make my login")
    page.get_by_text("That is not my address").click()
    page.locator("details #id_email, details input[type=email]").first.fill("noor@example.org")
    press(page, "Send the code there")
    letter = last_letter("noor@example.org")
    assert letter is not None
    assert_clean(page)
    page.fill("#id_code", code_in(letter))
    press(page, "Go on")
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("noor@example.org", True)]


def test_signing_in_with_a_password_and_out_again(browse, secretary):
    page = browse("/riverside/audit/")
    assert page.url.endswith("/accounts/login/?next=/riverside/audit/")
    sign_in(page, "mei@example.org", "not this one")
    assert "do not go together" in page.locator("main").inner_text()
    assert_clean(page)
    sign_in(page, "MEI@example.org")
    assert page.url.endswith("/riverside/audit/")
    page.goto("/accounts/logout/")
    assert_clean(page)
    press(page, "Sign out")
    page.goto("/riverside/audit/")
    assert h1(page) == "Sign in"


def test_signing_in_by_code_without_a_password(browse, secretary):
    page = browse("/accounts/login/?next=/riverside/audit/")
    press(page, "Send me a code")
    page.fill("#id_email", "mei@example.org")
    press(page, "Send me a code")
    assert h1(page) == "Enter your sign-in code"
    assert_clean(page)
    letter = last_letter("mei@example.org")
    assert letter.subject == "Your sign-in code"
    page.fill("#id_code", code_in(letter))
    press(page, "Go on")
    assert page.url.endswith("/riverside/audit/")
    other = browse("/accounts/login/code/confirm/")
    assert "/accounts/login/" in other.url, "a code is good only in the browser that asked for it"


def test_three_wrong_codes_and_it_is_over(browse, secretary):
    page = browse("/accounts/login/code/")
    page.fill("#id_email", "mei@example.org")
    press(page, "Send me a code")
    for _try in range(3):
        page.fill("#id_code", "ZZZ-ZZZ")
        press(page, "Go on")
    assert not page.url.endswith("/confirm/")
    page.goto("/riverside/audit/")
    assert h1(page) == "Sign in"


def test_a_forgotten_password_is_replaced_by_the_link_and_the_letter_says_so(browse, secretary):
    page = browse("/accounts/password/reset/")
    page.fill("#id_email", "mei@example.org")
    press(page, "Send me the link")
    assert h1(page) == "Look into your e-mail."
    assert_clean(page)
    link = re.search(r"https?://\S+", last_letter("mei@example.org").text)[0]
    page.goto(link)
    assert h1(page) == "Choose a new password"
    page.fill("#id_password1", NEW)
    page.fill("#id_password2", NEW)
    press(page, "Change my password")
    assert last_letter("mei@example.org").subject == "Your password is changed"
    page.goto(link)
    assert h1(page) == "This link is no longer good."
    assert_clean(page)
    page.goto("/accounts/login/?next=/riverside/audit/")
    sign_in(page, "mei@example.org", NEW)
    assert page.url.endswith("/riverside/audit/")


# --- the second step -------------------------------------------------------------------------------------------------


def test_an_officer_sets_up_the_app_goes_on_and_signs_in_with_it(browse, secretary, settings):
    settings.OFFICERS_NEED_MFA = True
    page = browse("/accounts/login/?next=/riverside/audit/")
    sign_in(page, "mei@example.org")
    assert "acts only behind a second step" in page.locator("main").inner_text()
    assert_clean(page)
    press(page, "Set it up")
    show_who(page)
    assert h1(page) == "Set up your authenticator app"
    assert_clean(page)
    page.fill("#id_code", "000000")
    press(page, "Use this app from now on")
    assert "This is not the code" in page.locator("main").inner_text()
    secret = page.input_value("#authenticator_secret")
    page.fill("#id_code", app_shows(secret))
    press(page, "Use this app from now on")
    assert h1(page) == "You have 10 recovery codes left."
    assert_clean_in_every_light(page, "account-after-second-step")
    assert last_letter("mei@example.org").subject in (
        "An authenticator app guards your login",
        "You have new recovery codes",
    )
    codes = page.input_value("#recovery_codes").split()
    press(page, "Go on")
    assert page.url.endswith("/riverside/audit/")

    again = browse("/accounts/login/?next=/riverside/audit/")
    sign_in(again, "mei@example.org")
    assert h1(again) == "Now the second step"
    again.fill("#id_code", codes[0])
    press(again, "Sign in")
    assert again.url.endswith("/riverside/audit/")
    again.goto("/accounts/2fa/recovery-codes/")
    show_who(again)
    assert h1(again) == "You have 9 recovery codes left."
    assert codes[0] not in again.input_value("#recovery_codes").split()
    assert_clean(again)

    third = browse("/accounts/login/")
    sign_in(third, "mei@example.org")
    third.fill("#id_code", codes[0])
    press(third, "Sign in")
    assert "This is not the code" in third.locator("main").inner_text(), "a recovery code works once"
    third.fill("#id_code", app_shows(secret))
    press(third, "Sign in")
    assert "/accounts/" not in third.url


def test_a_passkey_is_an_officers_second_factor_and_signs_in_alone(browse, secretary, settings):
    settings.OFFICERS_NEED_MFA = True
    page = browse("/riverside/audit/", user=secretary.user, fresh=True)
    put_key(page)
    press(page, "Add a key")
    assert_clean(page)
    page.fill("#id_name", "This laptop")
    page.check("#id_passwordless")
    with page.expect_navigation():
        page.click("#mfa_webauthn_add")
    press(page, "Go on")
    assert page.url.endswith("/riverside/audit/")
    page.goto("/accounts/2fa/webauthn/")
    assert h1(page) == "1 key opens your login."
    assert_clean(page)
    page.context.clear_cookies()
    page.goto("/riverside/audit/")
    page.click("#passkey_login")
    page.wait_for_url(AUDIT)
    assert page.problems == []
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/riverside/audit/")
    sign_in(page, "mei@example.org")
    assert h1(page) == "Now the second step"
    page.click("#mfa_webauthn_authenticate")
    page.wait_for_url(AUDIT)
    assert page.problems == []


def test_taking_the_app_away_closes_the_desk_again(browse, secretary, settings):
    settings.OFFICERS_NEED_MFA = True
    TOTP.activate(secretary.user, generate_totp_secret())
    RecoveryCodes.activate(secretary.user)
    page = browse("/accounts/2fa/", user=secretary.user, fresh=True)
    press(page, "Stop using it")
    assert_clean(page)
    press(page, "Stop using it")
    assert not Authenticator.objects.exists(), "codes without a device to stand in for are gone too"
    assert last_letter("mei@example.org").subject == "Your authenticator app no longer counts"
    page.goto("/riverside/audit/")
    assert page.url.endswith("/accounts/2fa/")
