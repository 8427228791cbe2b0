"""Signing in, keys and codes: every page in our look, clean in every light, and working under the strict policy."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import get_user_model

from tests.browser import assert_clean_in_every_light

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "four unconnected plain words"


@pytest.fixture
def person(transactional_db):
    user = get_user_model().objects.create_user(email="noor@example.org", password=PASSWORD, name="Noor Haddad")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


# A key as Chromium's make-believe authenticator registered it at http://localhost.
KEY = {
    "name": "Blue key",
    "credential": {
        "id": "55_1klGWvEfjftwFRc9pOCNhX7z1hp-9pdEg07ysaWg",
        "rawId": "55_1klGWvEfjftwFRc9pOCNhX7z1hp-9pdEg07ysaWg",
        "type": "public-key",
        "response": {
            "transports": ["internal"],
            "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoienFzeFdxOVUyWS1fVktEY1RaOEpnNGVibHRP"
            "YW92b2g1SHJ3WXlvWXJHYyIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6NTk1MjkiLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
            "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFA"
            "AAAAQECAwQFBgcIAQIDBAUGBwgAIOef9ZJRlrxH437cBUXPaTgjYV-89YafvaXRINO8rGlopQECAyYgASFYICtWd0tVdFMn_7Zot5krNTv_"
            "AkWut9QsE1WybXct8AxDIlggV6CT5gXl4GMM0tHV-meT7_QSz_Z4zEvg30-e_xBTR7A",
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
        "authenticatorAttachment": "platform",
    },
}


@pytest.fixture
def guarded(person):
    """Somebody with an app, recovery codes and a key."""
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)
    Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=KEY)
    return person


@pytest.mark.parametrize(
    "path",
    [
        "login/",
        "signup/",
        "inactive/",
        "login/code/",
        "password/reset/",
        "password/reset/done/",
        "password/reset/key/1-bad/",
        "password/reset/key/done/",
        "confirm-email/bad/",
    ],
)
def test_pages_of_a_visitor(browse, path):
    page = browse(f"/accounts/{path}")
    assert page.locator("h1").count() == 1
    assert_clean_in_every_light(page, "account-" + path.strip("/").replace("/", "-"))


@pytest.mark.parametrize(
    "path",
    [
        "email/",
        "password/change/",
        "logout/",
        "reauthenticate/",
        "2fa/",
        "2fa/totp/activate/",
        "2fa/webauthn/add/",
        "sessions/",
    ],
)
def test_pages_of_somebody_signed_in(browse, person, path):
    if path == "email/":
        EmailAddress.objects.create(user=person, email="second@example.org", verified=False, primary=False)
    page = browse(f"/accounts/{path}", user=person, fresh=True)
    assert page.url.endswith(path), "sent elsewhere"
    assert page.locator("h1").count() == 1
    assert_clean_in_every_light(page, "account-" + path.strip("/").replace("/", "-"))


@pytest.mark.parametrize(
    "path",
    [
        "2fa/",
        "2fa/totp/deactivate/",
        "2fa/recovery-codes/",
        "2fa/recovery-codes/generate/",
        "2fa/webauthn/",
        "2fa/webauthn/keys/{key}/edit/",
        "2fa/webauthn/keys/{key}/remove/",
        "2fa/reauthenticate/",
        "2fa/webauthn/reauthenticate/",
    ],
)
def test_pages_of_somebody_with_a_second_step(browse, guarded, path):
    path = path.format(key=Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).pk)
    page = browse(f"/accounts/{path}", user=guarded, fresh=True)
    assert page.url.endswith(path), "sent elsewhere"
    assert page.locator("h1").count() == 1
    name = re.sub(r"\d+/", "", path).strip("/").replace("/", "-")
    assert_clean_in_every_light(page, f"account-guarded-{name}")


def test_what_is_wrong_is_said_at_the_head_and_beside_the_field(browse, person):
    page = browse("/accounts/login/")
    page.fill("#id_login", "noor@example.org")
    page.fill("#id_password", "wrong")
    page.click("main form.card button")
    assert page.locator("[data-errors]").is_visible()
    assert page.evaluate("document.activeElement.hasAttribute('data-errors')")
    assert_clean_in_every_light(page, "account-login-refused")


def test_a_code_from_an_e_mail_signs_in(browse, person, mailoutbox):
    page = browse("/accounts/login/code/")
    page.fill("#id_email", "noor@example.org")
    page.click("main form.card button")
    assert page.locator("h1").inner_text() == "Enter your sign-in code"
    assert_clean_in_every_light(page, "account-code")
    code = re.search(r"^    (\S+)$", mailoutbox[-1].body, re.M)[1]
    assert "Hello from" not in mailoutbox[-1].body
    page.fill("#id_code", code)
    page.click("main form.card button:has-text('Go on')")
    page.wait_for_url(lambda url: "/accounts/" not in url)


def test_the_second_step_asks_for_a_code_or_a_key(browse, guarded):
    page = browse("/accounts/login/")
    page.fill("#id_login", "noor@example.org")
    page.fill("#id_password", PASSWORD)
    page.click("main form.card button")
    assert page.locator("h1").inner_text() == "Now the second step"
    assert_clean_in_every_light(page, "account-second-step")
    page.fill("#id_code", "000000")
    page.click("main form.card button:has-text('Sign in')")
    assert page.locator("[data-errors]").is_visible()
    assert_clean_in_every_light(page)


def test_a_new_password_by_link(browse, person, mailoutbox):
    page = browse("/accounts/password/reset/")
    page.fill("#id_email", "noor@example.org")
    page.click("main form.card button")
    link = re.search(r"https?://\S+", mailoutbox[-1].body)[0]
    page.goto(link)
    assert page.locator("h1").inner_text() == "Choose a new password"
    assert_clean_in_every_light(page, "account-new-password")
    page.fill("#id_password1", "another set of plain words")
    page.fill("#id_password2", "another set of plain words")
    with page.expect_navigation():
        page.click("main form.card button:has-text('Change')")
    person.refresh_from_db()
    assert person.check_password("another set of plain words")


def test_an_address_is_removed_only_after_being_asked(browse, person):
    EmailAddress.objects.create(user=person, email="second@example.org", verified=True, primary=False)
    page = browse("/accounts/email/", user=person, fresh=True)
    page.check("input[value='second@example.org']")
    page.click("button[popovertarget=remove]")
    assert page.locator("#remove").is_visible()
    assert_clean_in_every_light(page, "account-email-dialog")
    with page.expect_navigation():
        page.click("#remove button[name=action_remove]")
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["noor@example.org"]


@pytest.fixture
def with_key():
    """Puts a make-believe key into the browser, over Chromium's own protocol."""

    def put(page, verified=True):
        chrome = page.context.new_cdp_session(page)
        chrome.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verified,
            "automaticPresenceSimulation": True,
        }
        chrome.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    return put


def test_a_passkey_is_added_and_then_signs_in_under_the_strict_policy(browse, person, with_key):
    page = browse("/accounts/2fa/webauthn/add/", user=person, fresh=True)
    with_key(page)
    page.fill("#id_name", "This laptop")
    page.check("#id_passwordless")
    with page.expect_navigation():
        page.click("#mfa_webauthn_add")
    key = Authenticator.objects.get(user=person, type=Authenticator.Type.WEBAUTHN)
    assert key.wrap().name == "This laptop"
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/accounts/sessions/")
    page.click("#passkey_login")
    page.wait_for_url("**/accounts/sessions/")
    assert page.problems == []


def test_a_browser_without_a_key_says_so_on_the_page(browse):
    page = browse("/accounts/login/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new DOMException('no')) }")
    page.click("#passkey_login")
    page.wait_for_selector("[data-passkey-error]:not([hidden])")
    assert "Your device gave no key." in page.locator("[data-passkey-error]").inner_text()
    assert_clean_in_every_light(page)
