"""Members' equity, and the reports as CSV and as PDF: the same figures as the page."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.urls import reverse

from coop.kernel.tenancy import Actor
from ledger.models import Account, ShareClass
from ledger.selectors.equity_report import IN, OUT, equity_by_part, holders
from ledger.services.accounts import member_account
from ledger.services.shares import reverse_payment
from tests.cast import make_user
from tests.members.factories import make_member

from .factories import make_books, make_entry, make_payment, make_shareholder

pytestmark = pytest.mark.django_db
ON = date(2026, 6, 30)


@pytest.fixture
def amara(coop):
    return Actor.of(make_user("amara"), coop)


@pytest.fixture
def books(coop, amara):
    """Shares paid in 2025 and 2026, one payment taken back, refunds kept for 2024."""
    make_books(coop)
    first = make_shareholder(coop, name="Ada", user=amara.user, on=date(2025, 3, 1))
    second = make_member(coop, name="Ben", on=date(2026, 2, 1), active=False)
    make_payment(second, 11_000, on=date(2026, 2, 1))
    wrong = make_payment(second, 5_000, on=date(2026, 3, 1))
    reverse_payment(actor=Actor.system(coop), entry=wrong.entry, on=date(2026, 3, 2), because="somebody else's")
    kept = member_account(first, "retained_equity", year=2024)
    make_entry(coop, "statutory_reserve", kept, 1_234, on=date(2025, 5, 1), kind="distribution")
    return first


def url(coop, name, query="", **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs}) + query


def table(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_members_equity_by_class_and_year_adds_up_to_the_books(books, coop):
    part = f"class-{ShareClass.objects.get(coop=coop).pk}"
    found = equity_by_part(coop, date(2026, 1, 1), ON)
    assert [(x.part, x.opening, x.changes.get(IN, 0), x.changes.get(OUT, 0), x.closing) for x in found.lines] == [
        (part, 25_000, 15_000, -5_000, 35_000),
        ("year-2024", 1_234, 0, 0, 1_234),
    ]
    assert [(x.number, x.name, x.amount) for x in holders(coop, part, ON)] == [(1, "Ada", 25_000), (2, "Ben", 10_000)]
    assert sum(x.amount for x in holders(coop, part, date(2025, 12, 31))) == 25_000


def test_the_page_leads_to_the_members_and_to_their_lines(books, coop, client_of, lena, django_assert_num_queries):
    desk = client_of(lena)
    page = desk.get(url(coop, "members-equity", "?on=2026-06-30"))
    assert "€362.34" in page.content.decode().split("</h1>")[0]
    part = url(coop, "members-equity-part", "?on=2026-06-30", part="year-2024")
    assert part in page.content.decode()
    inner = desk.get(part).content.decode()
    kept = Account.objects.get(coop=coop, membership=books, purpose="retained_equity")
    assert "€12.34" in inner.split("</h1>")[0]
    assert url(coop, "account", pk=kept.pk) in inner
    assert desk.get(url(coop, "members-equity-part", part="year-1999")).status_code == 404
    rows = table(desk.get(url(coop, "members-equity", "?on=2026-06-30&as=csv")))
    assert [(row["opening"], row["in"], row["out"], row["closing"]) for row in rows] == [
        ("250.00", "150.00", "-50.00", "350.00"),
        ("12.34", "0.00", "0.00", "12.34"),
    ]


@pytest.mark.parametrize("rows", [1, 3])
def test_a_literal_number_of_questions(books, coop, client_of, lena, rows, bare_frame, django_assert_num_queries):
    for n in range(rows):
        make_payment(make_member(coop, name=f"M{n}", on=date(2026, 2, 1), active=False), 6_000, on=date(2026, 2, 1))
    desk = client_of(lena)
    part = holders(coop, f"class-{ShareClass.objects.get(coop=coop).pk}", ON)
    assert len(part) == 2 + rows
    url_of_part = url(coop, "members-equity-part", "?on=2026-06-30", part=f"class-{ShareClass.objects.get().pk}")
    desk.get(url_of_part)
    with django_assert_num_queries(8):  # one of them notes that the treasurer looked
        desk.get(url_of_part)
    with django_assert_num_queries(7):
        desk.get(url(coop, "members-equity", "?on=2026-06-30"))


@pytest.mark.parametrize("name", ["trial-balance", "balance-sheet", "income-statement", "members-equity"])
def test_every_report_is_a_pdf_for_screen_readers(books, coop, client_of, lena, name):
    answer = client_of(lena).get(url(coop, name, "?on=2026-06-30&as=pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in answer.content or b"StructTreeRoot" in answer.content


def test_an_accounts_statement_as_files(books, coop, client_of, lena, monkeypatch):
    desk = client_of(lena)
    bank = Account.objects.get(coop=coop, purpose="bank")
    rows = table(desk.get(url(coop, "account", "?until=2026-02-28&as=csv", pk=bank.pk)))
    assert [(row["amount"], row["balance"]) for row in rows] == [("260.00", "260.00"), ("110.00", "370.00")]
    assert desk.get(url(coop, "account", "?as=pdf", pk=bank.pk)).content.startswith(b"%PDF")
    monkeypatch.setattr("ledger.web.accounts.MOST_ON_PAPER", 2)
    answer = desk.get(url(coop, "account", "?as=pdf", pk=bank.pk))
    assert answer.status_code == 422
    assert "choose fewer days" in answer.content.decode()


def test_a_member_reads_every_own_line_and_nobody_elses(books, coop, client_of, amara, lena):
    rows = table(client_of(amara).get(url(coop, "my-lines", "?as=csv")))
    assert [(row["account"], row["amount"], row["balance"]) for row in rows] == [
        ("Refunds kept as your capital, 2024", "12.34", "12.34"),
        ("Your shares", "250.00", "250.00"),
    ]
    assert client_of(amara).get(url(coop, "my-lines")).content.startswith(b"%PDF")
    assert client_of(amara).get(url(coop, "member-statement", number=2)).status_code == 403
    assert client_of(lena).get(url(coop, "member-statement", number=2)).content.startswith(b"%PDF")


def test_a_formula_in_a_text_is_not_computed(books, coop, client_of, lena):
    bank = Account.objects.get(coop=coop, purpose="bank")
    make_entry(coop, bank, "dues", 5, on=date(2026, 3, 1), memo="=1+1")
    page = client_of(lena).get(url(coop, "account", "?as=csv", pk=bank.pk)).content.decode()
    assert "'=1+1" in page
