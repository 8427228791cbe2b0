"""The three files other programs wrote, brought in with a browser: read off the page, compared with the files."""

from __future__ import annotations

import csv
import io
import re

import pytest

from members.models import ImportBatch
from tests.beside import needed
from tests.browser import assert_clean

from .factories import make_class
from .test_import import rows_of_the_register

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOME = "/riverside/register/imports/"
FILES = {
    "core-pos/custdata.csv": {"Lines": "1,000", "People": "999", "Members": "844", "Left out": "1"},
    "elefan/mocked_users.csv": {"Lines": "50", "People": "50", "Members": "50", "Left out": "0"},
    "elefan/mocked_users_semicolon.csv": {"Lines": "50", "People": "50", "Members": "50", "Left out": "0"},
}


def problems_by_the_file(data: bytes) -> dict[int, set[str]]:
    """Of CORE-POS custdata, read here on its own: what is to be said about which line."""
    lines = list(enumerate(csv.reader(io.StringIO(data.decode())), start=1))
    persons: dict[str, list[tuple[int, int]]] = {}
    for line, cells in lines:
        persons.setdefault(cells[0], []).append((int(cells[1]), line))
    found: dict[int, set[str]] = {}
    for line, cells in lines:
        said = found.setdefault(line, set())
        if not (cells[2].strip() or cells[3].strip()):
            said.add("This line has no name.")
        if min(persons[cells[0]]) == (int(cells[1]), line) and cells[1] != "1":
            said.add(f"Number {cells[0]} has no first person; person {cells[1]} holds it for now.")
        if cells[12] != "PC":
            said.add(f"The old program calls this “{cells[12]}”; it comes in as a member, so please look at it.")
    return {line: said for line, said in found.items() if said}


def problems_on_the_pages(page) -> dict[int, str]:
    """Every line the page lists as left out or with a remark, with its reasons, page after page."""
    found: dict[int, str] = {}
    while True:
        for line, why in page.locator("table tbody tr").evaluate_all(
            "rows => rows.map(row => [row.cells[0].textContent, row.cells[3].textContent])"
        ):
            found[int(line)] = why.strip()
        if not page.locator("a[rel=next]").count():
            return found
        page.locator("a[rel=next]").click()


def total(page, word: str) -> str:
    return page.locator(f"dt:text-is('{word}') + dd").first.inner_text().strip()


@pytest.mark.conformance
def test_custdata_and_both_elefan_files_come_in_through_the_browser(coop, mei, browse):
    make_class(coop)
    before = rows_of_the_register()
    page = browse(HOME, user=mei.user, fresh=True)
    for file, totals in FILES.items():
        path = needed("members", *file.split("/"))
        expected = problems_by_the_file(path.read_bytes()) if "custdata" in file else {}
        page.goto(HOME)
        page.locator("input[name=file]").set_input_files(path)
        page.get_by_role("button", name="Read the file").click()
        page.locator("input[name=admitted_on]").fill("2020-01-01")
        page.get_by_role("button", name="Check the lines").click()
        assert {word: total(page, word) for word in totals} == totals, file
        here = page.url
        shown = problems_on_the_pages(page)
        assert set(shown) == set(expected), file
        assert all(sentence in shown[line] for line, said in expected.items() for sentence in said), file

        page.goto(here)
        page.get_by_label("Members", exact=True).fill(totals["Members"].replace(",", ""))
        if page.locator("input[name=capital]").count():
            page.locator("input[name=capital]").fill(re.sub("[^0-9.]", "", total(page, "Paid-up capital")))
        page.get_by_role("button", name="Write it into the register").click()
        assert page.locator("h1").inner_text() == f"{totals['Members']} members came in"
        page.goto(HOME)
        page.locator("input[name=file]").set_input_files(path)
        page.get_by_role("button", name="Read the file").click()
        assert "is the same file as" in page.locator("form .error, [role=alert]").first.inner_text()
        page.goto(here)
        page.get_by_role("button", name="Undo this import").click()
        page.get_by_role("button", name="Yes, take it back out").click()
        assert page.locator("h1").inner_text() == "Taken back out of the register"
        assert rows_of_the_register() | {"ImportRow": 0} == before, file
    assert_clean(page)
    assert ImportBatch.objects.filter(state="undone").count() == len(FILES)
