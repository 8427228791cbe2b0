"""To the accountant and back: figures in by a file that is looked at first, the year's journal out and read again."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from coop.kernel.errors import Refused
from ledger.exchange import yearly_journal
from ledger.models import Account, Entry, EntryDraft, Period
from ledger.selectors.balances import balances, chart
from ledger.services.closing import close_period
from ledger.services.entries import set_entry_limit
from ledger.services.entry_documents import attach
from ledger.services.handover import BALANCES, BOOKINGS, compare, take_over

from .factories import make_books, make_entry, make_shareholder

pytestmark = pytest.mark.django_db
END = date(2025, 12, 31)


@pytest.fixture
def books(coop):
    """Dues and wages of 2025, and a member whose money is in the books."""
    make_books(coop)
    make_shareholder(coop, on=date(2025, 3, 1))
    make_entry(coop, "bank", "dues", 100_000, on=date(2025, 3, 1))
    make_entry(coop, Account.objects.get(coop=coop, code="6000"), "bank", 30_000, on=date(2025, 4, 1))
    return coop


def said(coop, **changes) -> bytes:
    """A trial balance of our books at the end of the year, with some accounts said otherwise (debit positive)."""
    held = {line.code: line.amount for line in chart(coop, END) if line.amount} | changes
    rows = [f"{code},{amount / 100:.2f}" for code, amount in sorted(held.items())]
    return "\n".join(["account,balance", *rows]).encode()


def file(data: bytes, how=BALANCES, on=END) -> dict:
    return {"on": on, "how": how, "data": data, "file_name": "2025.csv"}


def problems(lena, data, **more) -> str:
    found = compare(actor=lena, **file(data, **more))
    with pytest.raises(Refused):
        take_over(actor=lena, **file(data, **more))
    return " ".join(found.problems)


def test_the_books_end_where_the_accountants_do_and_only_once(books, coop, lena):
    wages = Account.objects.get(coop=coop, code="6000")
    depreciation, van = Account.objects.get(coop=coop, code="6200"), Account.objects.get(coop=coop, code="1000")
    data = said(coop, **{wages.code: 35_000, depreciation.code: 2_000, van.code: balances(coop, END)[van.pk] - 7_000})
    found = compare(actor=lena, **file(data))
    assert found.problems == []
    assert {row.code: row.change for row in found.changes} == {"6000": 5_000, "6200": 2_000, "1000": -7_000}
    assert found.result == 101_000 - 37_000  # dues, the joining fee; less both expenses
    before = Entry.objects.count()
    entry = take_over(actor=lena, **file(data))
    assert {line.code: line.amount for line in chart(coop, END) if line.code in ("6000", "6200")} == {
        "6000": 35_000,
        "6200": 2_000,
    }
    assert take_over(actor=lena, **file(data)) == entry
    assert Entry.objects.count() == before + 1
    assert compare(actor=lena, **file(data)).changes == []


def test_what_is_refused_says_why_and_changes_nothing(books, coop, lena):
    there = set(Entry.objects.values_list("pk", flat=True))
    assert "debits and credits differ by €0.01" in problems(lena, said(coop, **{"6000": 30_001}))
    capital = Account.objects.get(coop=coop, purpose="share_capital", membership=None)
    moved = said(coop, **{capital.code: -24_900, "1000": balances(coop, END)[_bank(coop).pk] - 100})
    assert "is members’ money" in problems(lena, moved)
    assert "is not in the file" in problems(lena, b"account,debit,credit\n6000,5.00,\n1000,,5.00")
    assert "there is no account 9999" in problems(lena, said(coop, **{"9999": 0}))
    assert "stands there twice" in problems(lena, said(coop) + b"\n6000,0.00")
    with pytest.raises(Refused, match="say already"):
        take_over(actor=lena, **file(said(coop)))
    with pytest.raises(Refused):
        compare(actor=lena, **file(b"\x00\x01"))
    assert set(Entry.objects.values_list("pk", flat=True)) == there


def _bank(coop) -> Account:
    return Account.objects.get(coop=coop, purpose="bank")


def test_an_open_year_before_is_closed_first_and_a_closed_one_takes_nothing(books, coop, lena):
    make_entry(coop, "bank", "dues", 700, on=date(2024, 3, 1))
    assert "Close 2024 first" in problems(lena, said(coop, **{"6000": 30_500, "1000": 0}))
    for year in ("2024", "2025"):
        close_period(actor=lena, period=Period.objects.get(coop=coop, name=year))
    with pytest.raises(Refused, match="are closed"):
        take_over(actor=lena, **file(b"account,debit,credit\n6000,5.00,\n1000,,5.00", how=BOOKINGS))


def test_bookings_are_posted_as_they_stand_and_above_the_limit_by_two(books, coop, lena, jonas):
    set_entry_limit(actor=jonas, amount=1000, resolution="Board 2026/9")
    small = take_over(actor=lena, **file(b"account,debit,credit\n6000,10.00,\n1000,,10.00", how=BOOKINGS))
    assert isinstance(small, Entry)
    large = file(b"account,debit,credit\n6000,10.01,\n1000,,10.01", how=BOOKINGS)
    draft = take_over(actor=lena, **large)
    assert isinstance(draft, EntryDraft)
    assert take_over(actor=lena, **large) == draft


def test_the_years_journal_is_read_again_and_a_missing_line_is_noticed(books, coop, lena, client_of):
    by_hand = make_entry(coop, "bank", "dues", 4_711, on=date(2025, 5, 1), memo="=1+1")
    attach(actor=lena, to=by_hand, name="slip.pdf", data=b"%PDF-1.7")
    period = Period.objects.get(coop=coop, name="2025")
    url = reverse("ledger:period-journal", kwargs={"coop": coop.slug, "pk": period.pk})
    text = b"".join(client_of(lena).get(url).streaming_content).decode()
    assert "slip.pdf" in text
    assert "'=1+1" in text
    moved = yearly_journal.read(text)["EUR"]
    kept = balances(coop, END)
    assert moved == {each.code: kept[each.pk] for each in Account.objects.filter(pk__in=kept)}
    rows = text.splitlines()
    for wrong in (rows[:-1], rows[:3] + rows[4:], [rows[0], rows[1].replace(",260.00,", ",260.01,"), *rows[2:]]):
        with pytest.raises(ValueError, match=r"totals|add up"):
            yearly_journal.read("\n".join(wrong))


def test_the_way_over_the_page(books, coop, lena, client_of):
    desk, url = client_of(lena), reverse("ledger:handover", kwargs={"coop": coop.slug})
    bookings = b"account,debit,credit\n6000,10.00,\n1000,,10.00"
    sent = {"on": "2025-12-31", "how": BOOKINGS, "file": SimpleUploadedFile("2025.csv", bookings)}
    before = Entry.objects.count()
    page = desk.post(url, sent)
    assert page.status_code == 200
    assert Entry.objects.count() == before
    again = {**page.context["again"], "on": "2025-12-31"}
    for bad in ("not base64!", again["packed"][:-8]):
        assert desk.post(url, {**again, "packed": bad, "post": "1"}).status_code == 422
    answer = desk.post(url, {**again, "post": "1"})
    assert answer.url == reverse("ledger:entry", kwargs={"coop": coop.slug, "pk": Entry.objects.latest("pk").pk})
    assert Entry.objects.count() == before + 1
    wrong = {**sent, "file": SimpleUploadedFile("x.csv", bookings + b"\n6200,1.00,")}
    assert "does not add up" in desk.post(url, wrong).content.decode()
