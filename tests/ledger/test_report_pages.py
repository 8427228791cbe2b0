"""Reports as pages and files: the figures, as at a day, before and after closing."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.urls import reverse

from ledger.models import Account, Period
from ledger.services.closing import close_period

from .factories import make_books, make_entry, make_shareholder

pytestmark = pytest.mark.django_db


def url(coop, name, **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})


@pytest.fixture
def desk(client_of, lena, coop):
    make_books(coop)
    wages = Account.objects.get(coop=coop, code="6000")
    for year, dues, pay in ((2024, 900, 400), (2025, 1000, 300), (2026, 50, 80)):
        make_entry(coop, "bank", "dues", dues * 100, on=date(year, 3, 1))
        make_entry(coop, wages, "bank", pay * 100, on=date(year, 4, 1))
    make_shareholder(coop, on=date(2026, 3, 1))
    return client_of(lena)


def table(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_the_trial_balance_is_equal_and_leads_to_the_lines(desk, coop):
    page = desk.get(url(coop, "trial-balance") + "?on=2025-12-31").content.decode()
    assert "Debits and credits are equal" in page
    assert page.count("€1,900.00") == 3  # the dues of two years, and both columns
    rows = table(desk.get(url(coop, "trial-balance") + "?on=2025-12-31&as=csv"))
    assert {row["account"]: row["credit"] for row in rows if row["credit"] != "0.00"} == {"4810": "1900.00"}
    assert sum(float(row["debit"]) for row in rows) == 1900
    assert desk.get(url(coop, "account-by-code", code="4810")).url.endswith(
        f"/ledger/accounts/{Account.objects.get(coop=coop, code='4810').pk}/"
    )
    assert desk.get(url(coop, "account-by-code", code="nothing")).status_code == 404
    assert desk.get(url(coop, "trial-balance") + "?on=soon").status_code == 422


def test_income_of_the_year_beside_the_year_before_also_after_closing(desk, coop, lena):
    before = desk.get(url(coop, "income-statement") + "?on=2025-12-31").content.decode()
    assert "A surplus of" in before
    for figure in ("€1,000.00", "€300.00", "€700.00", "€900.00", "€500.00"):
        assert figure in before
    for year in (2024, 2025):
        close_period(actor=lena, period=Period.objects.get(coop=coop, name=str(year)))
    assert _figures(desk.get(url(coop, "income-statement") + "?on=2025-12-31&as=csv")) == {
        "4810": ("1000.00", "900.00"),
        "6000": ("300.00", "400.00"),
    }


def _figures(response) -> dict:
    return {row[0]: (row[3], row[4]) for row in csv.reader(io.StringIO(response.content.decode())) if row[0].isdigit()}


def test_the_balance_sheet_adds_up_before_and_after_closing(desk, coop, lena):
    open_ = desk.get(url(coop, "balance-sheet") + "?on=2026-12-31").context["found"]
    assert open_.difference == open_.difference_before == 0
    assert (open_.assets.total, open_.result, open_.result_before) == (143_000, 118_000, 120_000)
    for year in (2024, 2025):
        close_period(actor=lena, period=Period.objects.get(coop=coop, name=str(year)))
    response = desk.get(url(coop, "balance-sheet") + "?on=2026-12-31")
    closed = response.context["found"]
    assert closed.difference == closed.difference_before == 0
    assert (closed.assets.total, closed.result, closed.result_before) == (143_000, -2000, 0)
    assert "The co-op has" in response.content.decode()
    figures = _figures(desk.get(url(coop, "balance-sheet") + "?on=2026-12-31&as=csv"))
    assert figures["3400"] == ("1200.00", "1200.00")
    assert figures["3000"] == ("250.00", "0.00")


def test_a_loss_is_a_loss(desk, coop):
    response = desk.get(url(coop, "income-statement") + "?on=2026-05-01")
    assert response.context["found"].result == 5000 - 8000 + 1000  # with the entry fee of the new member
    assert "The year so far: " in response.content.decode()


def test_the_journal_leaves_as_a_file(desk, coop):
    for fmt, ending in (("hledger", "journal"), ("ledger", "ledger"), ("beancount", "beancount"), ("csv", "csv")):
        response = desk.get(url(coop, "export", fmt=fmt))
        assert response["Content-Disposition"] == f'attachment; filename="riverside.{ending}"'
        assert b"".join(response.streaming_content).count(b"made for a test") >= 6


def test_a_code_that_would_break_an_address_is_refused(desk, coop):
    for code in ("a/b", "", " ", "-x", "x" * 21, "ü"):
        answer = desk.post(url(coop, "account-add"), {"code": code, "name": "x", "kind": "asset"})
        assert answer.status_code == 422, code
