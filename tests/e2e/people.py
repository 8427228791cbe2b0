"""People at their browsers: each in a window of their own, who read, fill in, press, and get letters.

Nothing here knows a service or a model: what a person does not see on a page does not exist for these tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import listen, session_cookie, sideways

DESK, PHONE = 1280, 390
CODE = re.compile(r"^[A-Z0-9]{3,}(?:-[A-Z0-9]{3,})*$", re.MULTILINE)
PATIENCE = 20_000  # milliseconds a page may take on a busy machine


def _is_post(response) -> bool:
    return response.request.method == "POST"


class Person:
    """Somebody with a browser. ``name`` is for failures only; ``width`` is that of their screen.

    ``status`` is the HTTP status of the page the last button or link led to.
    """

    def __init__(self, chromium: Browser, origin: str, name: str, *, email: str = "", width: int = DESK):
        self.name, self.email, self.origin = name, email, origin
        self.context = chromium.new_context(
            base_url=origin,
            viewport={"width": width, "height": 844 if width < 600 else 900},
            has_touch=width < 600,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Europe/Berlin",
            accept_downloads=True,
        )
        self.context.set_default_timeout(PATIENCE)
        self.status = 0
        self.page: Page = self.context.new_page()
        listen(self.page, origin)

    # --- going and reading ----------------------------------------------------------------------------------------

    def open(self, path: str) -> Person:
        """Type an address, or follow one from a letter."""
        self.page.goto(path, wait_until="load")
        return self

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    @property
    def heading(self) -> str:
        return self.main.locator("h1").inner_text()

    def sees(self, *sentences: str) -> Person:
        """Every one of them stands on the page; it may still be coming."""
        body = self.page.locator("body")
        for sentence in sentences:
            try:
                expect(body).to_contain_text(sentence, timeout=PATIENCE, use_inner_text=True)
            except AssertionError:
                said = " ".join(self.main.inner_text().split())[:1500]
                raise AssertionError(f"{self.name} at {self.page.url} does not see “{sentence}” in: {said}") from None
        return self

    def sees_one_of(self, *sentences: str) -> Person:
        """At least one of them stands on the page, when which depends on who came first."""
        either = re.compile("|".join(map(re.escape, sentences)))
        expect(self.main, f"{self.name} at {self.page.url}").to_contain_text(either, timeout=PATIENCE)
        return self

    def sees_not(self, *sentences: str) -> Person:
        for sentence in sentences:
            expect(self.page.locator("body"), f"{self.name} at {self.page.url}").not_to_contain_text(
                sentence, use_inner_text=True
            )
        return self

    def row(self, *words: str) -> Locator:
        """The one line of a table that holds all these words."""
        found = self.main.locator("tr")
        for word in words:
            found = found.filter(has_text=word)
        return found

    def waits_for(self, sentence: str, patience: float = 30) -> Person:
        """Look again every second, as people do, until it says so."""
        for _ in range(int(patience)):
            if sentence in " ".join(self.page.locator("body").inner_text().split()):
                return self
            self.page.wait_for_timeout(1000)
            self.page.reload(wait_until="load")
        return self.sees(sentence)

    # --- doing ----------------------------------------------------------------------------------------------------

    def fill(self, **fields: str) -> Person:
        """Write into fields by their name; an underscore pair stands for a hyphen."""
        for name, value in fields.items():
            self.main.locator(f"[name='{name.replace('__', '-')}']").fill(value)
        return self

    def choose(self, **fields: str) -> Person:
        """Choose from a list by the words on the option."""
        for name, label in fields.items():
            self.main.locator(f"select[name='{name.replace('__', '-')}']").select_option(label=label)
        return self

    def tick(self, label: str) -> Person:
        """Tick a box or a circle by the words beside it."""
        self.main.locator("input[type=radio], input[type=checkbox]").and_(self.main.get_by_label(label)).first.check()
        return self

    def unfold(self, words: str) -> Person:
        """Open the first closed part of the page with that heading."""
        self.main.locator("summary").filter(has_text=words).first.click()
        return self

    def attach(self, file_name: str, content: bytes, field: str = "file", kind: str = "text/csv") -> Person:
        """Choose a file from the disk."""
        self.main.locator(f"input[name='{field}']").set_input_files(
            {"name": file_name, "mimeType": kind, "buffer": content}
        )
        return self

    def press(self, words: str) -> Person:
        """Press a button, and see the page it leads to."""
        self._follow(self.main.get_by_role("button", name=words))
        return self

    def press_twice(self, words: str) -> Person:
        """Press a button as somebody does whose first press seems to do nothing: the form goes off twice, at once.

        Browsers drop the second of two quick clicks more often than not, so the first one is sent by script, as a
        second window's would be; the page of the second is what the person sees.
        """
        button = self.main.get_by_role("button", name=words).first
        with self.page.expect_response(_is_post) as first:
            button.evaluate(
                """button => {
                    window.firstPress = fetch(button.form.action, {
                        method: "POST", body: new FormData(button.form, button), redirect: "manual",
                    })
                }"""
            )
            self._follow(button)
        assert first.value.status < 500, first.value.url
        return self

    def follow(self, words: str, within: Locator | None = None) -> Person:
        """Follow a link."""
        self._follow((within or self.main).get_by_role("link", name=words))
        return self

    def _follow(self, target: Locator) -> None:
        with self.page.expect_navigation(wait_until="load", timeout=PATIENCE) as going:
            target.first.click()
        self.status = going.value.status if going.value else 0

    def download(self, words: str) -> tuple[str, bytes]:
        """Name and content of the file a link gives."""
        with self.page.expect_download() as waiting:
            self.main.get_by_role("link", name=words).first.click()
        file = waiting.value
        with open(file.path(), "rb") as content:
            return file.suggested_filename, content.read()

    # --- letters and logins ---------------------------------------------------------------------------------------

    def letter(self, subject: str, to: str = "") -> str:
        """The text of the newest letter to this person with that subject, read in a second tab."""
        with self.tab() as tab:
            for _ in range(20):
                tab.goto("/outbox/")
                line = tab.locator("main tr").filter(has_text=to or self.email).filter(has_text=subject).first
                if line.count():
                    line.get_by_role("link").first.click()
                    tab.wait_for_load_state("load")
                    return tab.locator("main").inner_text()
                tab.wait_for_timeout(500)
        raise AssertionError(f"No letter “{subject}” came to {to or self.email}.")

    @contextmanager
    def tab(self) -> Iterator[Page]:
        """A second tab of the same browser."""
        page = self.context.new_page()
        try:
            yield page
        finally:
            page.close()

    def code(self, subject: str) -> str:
        found = CODE.findall(self.letter(subject))
        assert found, f"no code in the letter to {self.email}"
        return found[-1]

    def is_signed_in_as(self, user, fresh: bool = False) -> Person:
        """As if they had come in by the door a while ago; ``fresh``: and just shown again who they are."""
        self.context.add_cookies([session_cookie(self.origin, user, fresh)])
        return self

    def signs_in(self) -> Person:
        """By a code sent to their address: nobody gave them a password."""
        self.open("/accounts/login/code/").fill(email=self.email).press("Send me a code")
        self.fill(code=self.code("code")).press("Go on")
        return self

    def signs_up(self, password: str) -> Person:
        """Makes a login and confirms the address by the code in the letter."""
        self.open("/accounts/signup/").fill(email=self.email, password1=password).press("Make my login")
        self.fill(code=self.code("confirm")).press("Go on")
        return self

    def chooses_a_password(self, password: str) -> Person:
        self.open("/accounts/password/set/").fill(password1=password, password2=password)
        return self.press("Keep this password")

    def shows_who_they_are(self, password: str) -> Person:
        """The page between a person and an act that needs to be certain."""
        self.sees("Is it still you?").fill(password=password)
        return self.press("It is me")

    # --- at the end -----------------------------------------------------------------------------------------------

    def found_nothing_wrong(self) -> None:
        """No script error, nothing the policy refused, no other host, no server error, no sideways scroll."""
        problems = [*self.page.problems]  # type: ignore[attr-defined]
        if over := sideways(self.page):
            problems.append(f"{self.page.url} scrolls {over}px sideways")
        assert not problems, f"{self.name}:\n  " + "\n  ".join(problems)
