"""Everything about a login as a person does it, in Chromium: each page clean for axe and for the strict policy."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from django.contrib.sessions.models import Session

from coop.kernel import tokens
from coop.kernel.models import ApiToken, Job, Mail, Office, User
from tests.browser import assert_clean, assert_clean_in_every_light
from tests.cast import PASSWORD, make_officer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_limits", "through_the_outbox"),
]
NEW = "four plain words here"


@pytest.fixture
def through_the_outbox(settings):
    settings.EMAIL_BACKEND = "coop.kernel.outbox.OutboxBackend"


def with_login(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def secretary(mei):
    with_login(mei.user)
    return mei


def last_letter(to: str) -> Mail:
    return Mail.objects.filter(to=to).order_by("-id").first()


def code_in(letter: Mail) -> str:
    return re.search(r"^    (\S+)$", letter.text, re.M)[1]


def app_shows(secret: str) -> str:
    return f"{hotp_value(secret, int(time.time()) // 30):06}"


def h1(page) -> str:
    return page.locator("h1").inner_text()


def press(page, words: str) -> None:
    """Press the button or link of these words in the page's own part, and wait for where it leads."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=words, exact=True).or_(
            page.locator("main").get_by_role("link", name=words, exact=True)
        ).first.click()


def sign_in(page, email: str, password: str = PASSWORD) -> None:
    page.fill("#id_login", email)
    page.fill("#id_password", password)
    press(page, "Sign in")


def show_who(page) -> None:
    """Asked again: the password, and on it goes."""
    assert h1(page) == "Is it still you?"
    page.fill("#id_password", PASSWORD)
    press(page, "It is me")


def put_key(page) -> None:
    """A make-believe key in the browser, over Chromium's own protocol."""
    chrome = page.context.new_cdp_session(page)
    chrome.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    chrome.send("WebAuthn.addVirtualAuthenticator", {"options": options})


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
    page.wait_for_url("**/riverside/audit/", wait_until="load")
    assert page.problems == []
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/riverside/audit/")
    sign_in(page, "mei@example.org")
    assert h1(page) == "Now the second step"
    page.click("#mfa_webauthn_authenticate")
    page.wait_for_url("**/riverside/audit/")
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


# --- sessions --------------------------------------------------------------------------------------------------------


def test_signing_out_everywhere_else(browse, secretary):
    lost = browse("/riverside/audit/", user=secretary.user)
    page = browse("/accounts/sessions/", user=secretary.user)
    assert h1(page) == "You are signed in at 2 places."
    assert_clean(page)
    press(page, "Sign out everywhere else")
    assert h1(page) == "You are signed in only here."
    lost.reload()
    assert h1(lost) == "Sign in"
    page.goto("/riverside/audit/")
    assert page.url.endswith("/riverside/audit/")


def test_asked_who_it_is_before_an_office_ends_and_then_it_has_ended(browse, secretary):
    office = make_officer(secretary.coop, "carol", "board").user.offices.get()
    page = browse("/riverside/offices/", user=secretary.user)
    page.locator(f"a[href='/riverside/offices/{office.pk}/end/']").click()
    assert h1(page) == "Is it still you?"
    assert_clean(page)
    page.fill("#id_password", "not it")
    press(page, "It is me")
    assert "This is not your password." in page.locator("main").inner_text()
    page.fill("#id_password", PASSWORD)
    press(page, "It is me")
    assert page.url.endswith(f"/offices/{office.pk}/end/")
    page.fill("#id_ends_on", "2026-12-31")
    press(page, "End the office")
    assert page.url.endswith("/riverside/offices/")
    office.refresh_from_db()
    assert office.ends_on == date(2026, 12, 31)


def test_asked_between_form_and_sending_what_was_written_is_kept(browse, secretary):
    office = make_officer(secretary.coop, "carol", "board").user.offices.get()
    page = browse(f"/riverside/offices/{office.pk}/end/", user=secretary.user, fresh=True)
    page.fill("#id_ends_on", "2026-11-30")
    session = Session.objects.get()
    facts = session.get_decoded()
    facts["account_authentication_methods"][0]["at"] -= 3600  # they went for lunch
    session.session_data = Session.objects.encode(facts)
    session.save()
    press(page, "End the office")
    show_who(page)
    assert page.url.endswith("/riverside/offices/")
    assert page.problems == []
    office.refresh_from_db()
    assert office.ends_on == date(2026, 11, 30)


def test_a_session_that_ends_over_a_form_leads_back_to_it_and_nothing_was_sent(browse, secretary):
    page = browse("/riverside/offices/", user=secretary.user)
    Session.objects.all().delete()
    page.fill("#id_email", "theo@example.org")
    page.fill("#id_reason", "Board, item 4")
    press(page, "Give the office")
    assert h1(page) == "Sign in"
    assert "You were signed out in the meantime, so nothing was sent." in page.locator("main").inner_text()
    assert_clean(page)
    sign_in(page, "mei@example.org")
    assert page.url.endswith("/riverside/offices/")
    assert Office.objects.count() == 1


def test_a_page_that_asks_again_by_itself_goes_to_sign_in_as_a_whole(browse, secretary):
    job = Job.objects.create(
        coop=secretary.coop, kind="test.wait", title="Waiting", total=3, state="running", actor=secretary.user
    )
    page = browse(f"/riverside/jobs/{job.pk}/", user=secretary.user)
    Session.objects.all().delete()
    page.wait_for_url(f"**/accounts/login/?next=/riverside/jobs/{job.pk}/")
    assert page.locator("main").count() == 1
    assert_clean(page)


def test_a_form_without_its_pass_is_a_page_with_a_way_on(browse, secretary):
    page = browse("/riverside/offices/", user=secretary.user)
    kept = [each for each in page.context.cookies() if each["name"] != "csrftoken"]
    page.context.clear_cookies()
    page.context.add_cookies(kept)
    page.fill("#id_email", "mei@example.org")
    page.fill("#id_reason", "Board, item 4")
    press(page, "Give the office")
    assert h1(page) == "This page was open too long."
    assert_clean_in_every_light(page, "error-403-csrf")
    press(page, "Open the page anew")
    assert page.url.endswith("/riverside/offices/")


# --- programs, and staff ---------------------------------------------------------------------------------------------


def test_a_token_is_made_copied_used_and_revoked(browse, secretary):
    page = browse("/accounts/tokens/", user=secretary.user)
    assert h1(page) == "No program can act for you."
    assert_clean(page)
    page.fill("#id_name", "Spreadsheet")
    press(page, "Make a token")
    show_who(page)
    assert h1(page) == "1 program can act for you."
    secret = page.input_value("#token")
    assert_clean_in_every_light(page, "tokens-made")
    token = ApiToken.objects.get()
    assert token.digest == tokens.digest(secret)
    stranger = browse("/")
    ask = stranger.request
    answer = ask.get("/api/v1/riverside/sheets/", headers={"Authorization": f"Token {secret}"})
    assert answer.status == 200
    assert "next" in answer.json()
    page.goto("/accounts/tokens/")
    assert secret not in page.content()
    assert_clean_in_every_light(page, "tokens")
    press(page, "Revoke Spreadsheet")
    assert h1(page) == "No program can act for you."
    answer = ask.get("/api/v1/riverside/sheets/", headers={"Authorization": f"Token {secret}"})
    assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")


def test_staff_signs_in_through_our_pages_and_the_admin_keeps_the_policy(browse, secretary, settings):
    settings.OFFICERS_NEED_MFA = True
    root = with_login(User.objects.create_superuser("root@example.org", PASSWORD))
    secret = generate_totp_secret()
    TOTP.activate(root, secret)
    page = browse("/admin/kernel/user/")
    assert h1(page) == "Sign in"
    sign_in(page, "root@example.org")
    page.fill("#id_code", app_shows(secret))
    press(page, "Sign in")
    assert page.url.endswith("/admin/kernel/user/")
    for path in (
        "/admin/",
        f"/admin/kernel/user/{root.pk}/change/",
        "/admin/kernel/auditevent/",
        "/admin/auth/group/add/",
    ):
        page.goto(path)
    assert page.problems == []
