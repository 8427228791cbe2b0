"""Debian's Chromium for the tests: pages in a given light and width, what they did wrong, and axe.

``browse("/ui/", scheme="dark", width=390, user=amara)`` opens a page against the live server and returns a Playwright
page that remembers console errors, refused content (CSP), requests to other hosts and answers of 500 and above.
``assert_clean(page)`` looks at all of them, at axe, and at sideways scroll, and names what it found.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from tests.beside import missing
from tests.cast import show_who_it_is

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
SCHEMES = ("light", "dark")
WIDTHS = (390, 1280)
OF_COLOUR = ("color-contrast", "link-in-text-block")  # what the dark, which changes nothing but colours, can break
# A window brings two pages for its address line, a process each, where nobody types: a third of what a visitor costs.
# The last such switch wins, so what Playwright leaves out to keep pages as they are is named here once more.
WITHOUT = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "AimEnabled", "LensOverlay", "MediaRouter", "OptimizationHints"),
    *("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "NetworkTimeServiceQuerying", "PreconnectToSearch"),
    *("PaintHolding", "ThirdPartyStoragePartitioning", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "DestroyProfileOnBrowserClose"),
)
AXE_SCRIPT = Axe().axe_script


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the whole run. Missing, it skips on a desk and fails where CI=true."""
    if not CHROMIUM.exists():
        missing(f"{CHROMIUM} is not installed; browser tests need Debian's chromium package.")
    with sync_playwright() as playwright:
        without = f"--disable-features={','.join(WITHOUT)}"
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", without]
        )
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium: Browser, live_server) -> Iterator[Callable[..., Page]]:
    """Opens pages of the live server: ``browse(path, scheme="light", width=1280, user=None, fresh=False, page=None)``.

    Each call without ``page`` is a new visitor with their own cookies. ``user`` is signed in through a session;
    ``fresh`` says they have just shown who they are, so that pages asking for it again open.
    """
    contexts = []

    def open_page(
        path: str, scheme: str = "light", width: int = 1280, user=None, fresh: bool = False, page: Page | None = None
    ) -> Page:
        if page is None:
            context = chromium.new_context(
                base_url=live_server.url,
                color_scheme=scheme,
                viewport={"width": width, "height": 900},
                reduced_motion="reduce",
                locale="en-GB",
                timezone_id="Europe/Berlin",
            )
            contexts.append(context)
            if user is not None:
                context.add_cookies([session_cookie(live_server.url, user, fresh)])
            page = context.new_page()
            listen(page, live_server.url)
        page.goto(path, wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()


def session_cookie(url: str, user, fresh: bool = False) -> dict:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    if fresh:
        show_who_it_is(client, user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


def listen(page: Page, origin: str) -> None:
    """Write down on ``page.problems`` whatever it does that no page of ours may do."""
    problems: list[str] = []
    page.problems = problems  # type: ignore[attr-defined]
    home = urlsplit(origin).netloc

    def asked(request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != home:
            problems.append(f"asked another host for {request.url}")

    def said(message) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            problems.append(f"console: {message.text}")

    def answered(response) -> None:
        if response.status >= 500 or (response.status == 404 and "/static/" in response.url):
            problems.append(f"{response.status} from {response.url}")

    page.on("request", asked)
    page.on("console", said)
    page.on("response", answered)
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))


def axe(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe 4 finds on the page as it stands, one line a node; ``rules`` names some where not all are meant."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], "preload": False} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("options => axe.run(options).then(result => result.violations)", options)
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"]
    ]


def sideways(page: Page) -> int:
    """By how many pixels the page scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def assert_clean(page: Page) -> None:
    """No axe violation, nothing refused by the policy, no other host, no server error, no sideways scroll."""
    found = [*page.problems, *axe(page)]  # type: ignore[attr-defined]
    if over := sideways(page):
        found.append(f"scrolls {over}px sideways at {page.viewport_size['width']}px")
    assert not found, f"{page.url}\n  " + "\n  ".join(found)


def in_every_light(page: Page, name: str = "") -> list[str]:
    """What is wrong with a page in light and dark at 390 and 1280 px, loaded once; no problem is an empty list.

    ``name`` keeps a picture of each where ROCHDALE_PICTURES asks for them.
    """
    was, problems = page.viewport_size, []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = axe(page, OF_COLOUR if scheme == "dark" else ())
            problems += [f"{scheme} at {width}px: {line}" for line in found]
            if name:
                keep(page, f"{name}-{scheme}-{width}")
        if over := sideways(page):
            problems.append(f"scrolls {over}px sideways at {width}px")
    page.set_viewport_size(was)
    return [*problems, *page.problems]  # type: ignore[attr-defined]


def assert_clean_in_every_light(page: Page, name: str = "") -> None:
    """``in_every_light`` finds nothing, and nothing scrolls sideways at 320 px."""
    was = page.viewport_size
    found = in_every_light(page, name)
    assert not found, f"{page.url}\n  " + "\n  ".join(found)
    page.set_viewport_size({"width": 320, "height": 640})
    assert sideways(page) == 0, f"{page.url} scrolls {sideways(page)}px sideways at 320px"
    page.set_viewport_size(was)


def keep(page: Page, name: str) -> None:
    """Keep a picture for human eyes when ROCHDALE_PICTURES names a folder."""
    if folder := os.environ.get("ROCHDALE_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        seen = page.viewport_size
        tall = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({**seen, "height": max(seen["height"], tall)})  # else a fixed bar lies across the middle
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
        page.set_viewport_size(seen)
