"""What people do with logins, in the browser: signing in, codes out of letters and apps, a make-believe key."""

from __future__ import annotations

import re
import time

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import hotp_value

from coop.kernel.models import Mail, User
from tests.cast import PASSWORD


def with_login(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


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
