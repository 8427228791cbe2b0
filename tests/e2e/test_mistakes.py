"""Wrong files, chosen in the browser as a new user would: one clear sentence each, and nothing half-done."""

from __future__ import annotations

import pytest

from coop.kernel.models import AuditEvent, Job
from governance.models import PaperBatch, PaperPack, RecordedVote
from ledger.models import Entry, PatronageImport, PatronageRecord, Posting, ShareEvent
from members.models import Membership
from tests.e2e.people import Person
from tests.governance.factories import make_ballot, make_roll, question
from tests.ledger.factories import make_books
from tests.members.factories import make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))
WORKBOOK = b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(200))
COUNTED = (
    AuditEvent,
    Entry,
    Job,
    Membership,
    PaperBatch,
    PaperPack,
    PatronageRecord,
    Posting,
    RecordedVote,
    ShareEvent,
)

# What is in the file, and the sentence about the file as a whole.
NO_TABLE = [
    (b"", "“till.csv” is empty."),
    (PNG, "“till.csv” is a picture, not a CSV file; save the table as CSV and try again."),
    (bytes(range(256)) * 10, "“till.csv” is not a text file."),
    (WORKBOOK, "“till.csv” is an Excel or OpenDocument workbook, not a CSV file"),
    (b"colour;weight\nred;5\n", "“till.csv” has the columns “colour”, “weight”; it needs one for the member number"),
    (b"member;purchases\n", "“till.csv” has a heading and no lines below it."),
]
# The line below the heading and a good line, and the sentence about it.
WRONG_LINES = [
    ("1;20.00", "Line 3: member 1 stands on line 2 already; add the two up or remove one."),
    ("4711;20.00", "Line 3: no member has the number 4711."),
    ("2;-20.00", "Line 3: -20.00 is negative; take returns off before, or correct the figure afterwards."),
    ("2;=B2*2", "Line 3 holds a formula (“=B2*2”); save the file with values only."),
    ("2;=HYPERLINK(A1)", "Line 3 holds a formula (“=HYPERLINK(A1)”); save the file with values only."),
    ("2;twenty", "Line 3: “twenty” is not an amount of money."),
]
WRONG_PAYMENTS = [
    (b"", "This file is empty."),
    (PNG, "“bank.csv” is a picture, not a CSV file"),
    (b"colour;weight\nred;5\n", "needs the columns date, member and amount; it has colour, weight."),
    (b"date;member;amount\n2026-03-02;4711;5.00\n", "Line 2: there is no member 4711."),
    (b"date;member;amount\n2026-03-02;1;-5.00\n", "Line 2: a payment is more than nothing."),
    (b"date;member;amount\n2026-03-02;1;=2+3\n", "Line 2: “=2+3” is not an amount of money."),
    (b"date;member;amount\n2026-03-02;1;4.00\n", "adds up to €4.00, and you expected €5.00"),
]
NAMES = '"Nadia Brandt"\n"Jonas Weber"\n"Priya Raman"\n"Tomas Hale"\n"Seats on the board"\n'
BROKEN_BLT = [
    ("", "empty"),
    (PNG, "The file cannot be read"),
    ("member;purchases\n1;5\n", "The file cannot be read: line 1: a BLT file begins with two numbers"),
    ("4 2\n1 1 2 0\n", "The file cannot be read"),
    ("4 2\n1 1 1 0\n0\n" + NAMES, "The file cannot be read: line 2"),
    ("4 2\n-3 1 0\n0\n" + NAMES, "The file cannot be read: line 2"),
    ("4 3\n1 1 2 0\n0\n" + NAMES, "The file fills 3 seats, the ballot 2."),
    ("4 2\n1 1 2 0\n0\n" + NAMES.replace("Priya", "Prya"), "The file names “Prya Raman”, not on the ballot"),
    ("4 2\n0\n" + NAMES, "The file holds no papers."),
]


def rows() -> dict[str, int]:
    """How much there is of everything a file could leave half-done."""
    return {model.__name__: model.objects.count() for model in COUNTED}


@pytest.fixture
def visitor(chromium, live_server):
    """Somebody signed in, with a browser of their own."""
    made: list[Person] = []

    def make(actor) -> Person:
        made.append(Person(chromium, live_server.url, actor.name))
        return made[-1].is_signed_in_as(actor.user, fresh=True)

    yield make
    for each in made:
        each.found_nothing_wrong()
        each.context.close()


@pytest.fixture
def two_members(coop):
    """Members 1 and 2, who owe for their shares."""
    make_books(coop)
    return [make_member(coop, name=name, active=False) for name in ("Ada Byron", "Mary Lee")]


def test_what_is_no_table_of_purchases(coop, lena, two_members, visitor):
    treasurer, before = visitor(lena), rows()
    for content, sentence in NO_TABLE:
        treasurer.open("/riverside/ledger/patronage/new/").attach("till.csv", content).press("Read the file")
        treasurer.sees("Please look at this again.", sentence)
        assert (treasurer.status, rows()) == (422, before), sentence
    assert not PatronageImport.objects.exists()


def test_fifty_megabytes(coop, lena, two_members, visitor, tmp_path):
    treasurer, before = visitor(lena), rows()
    large = tmp_path / "till.csv"
    large.write_bytes(b"member;purchases\n" + b"1;1.00\n" * 7_500_000)
    treasurer.open("/riverside/ledger/patronage/new/").main.locator("input[name=file]").set_input_files(large)
    treasurer.press("Read the file")
    treasurer.sees("“till.csv” has 53 MB, and 32 MB is the most taken at once; split it by month.")
    assert (treasurer.status, rows()) == (422, before)
    assert not PatronageImport.objects.exists()


def test_lines_that_cannot_be_taken(coop, lena, two_members, visitor):
    """The page shows which; the good line beside it is not recorded either."""
    treasurer, before = visitor(lena), rows()
    for line, sentence in WRONG_LINES:
        content = f"member;purchases\n1;10.00\n{line}\n".encode()
        treasurer.open("/riverside/ledger/patronage/new/").attach("till.csv", content).press("Read the file")
        treasurer.sees("One line cannot be taken", "Nothing was recorded.", sentence)
        assert treasurer.main.get_by_role("button", name="Record it").count() == 0
        assert rows() == before, sentence
    assert set(PatronageImport.objects.values_list("state", flat=True)) == {PatronageImport.State.CHECKED}


def test_wrong_files_of_payments(coop, lena, two_members, visitor):
    treasurer, before = visitor(lena), rows()
    for content, sentence in WRONG_PAYMENTS:
        treasurer.open("/riverside/ledger/payments/file/").attach("bank.csv", content)
        treasurer.fill(total="5.00").press("Enter the payments").sees("Please look at this again.", sentence)
        assert (treasurer.status, rows()) == (422, before), sentence


def test_broken_blt(coop, samir, visitor):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=9))
    officer, before = visitor(samir), rows()
    for content, sentence in BROKEN_BLT:
        officer.open(f"/riverside/ballots/{ballot.pk}/papers/{question(ballot).pk}/")
        officer.attach("papers.blt", content if isinstance(content, bytes) else content.encode(), kind="text/plain")
        officer.press("Bring them in").sees("Please look at this again.", sentence)
        assert (officer.status, rows()) == (422, before), sentence
    officer.attach("papers.blt", f"4 2\n3 1 2 0\n0\n{NAMES}".encode(), kind="text/plain")
    officer.press("Bring them in").sees("3 papers of papers.blt are in")
    assert PaperBatch.objects.count() == 1
