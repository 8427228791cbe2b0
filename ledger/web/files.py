"""Reports as files to keep: CSV for a spreadsheet, PDF for paper."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

from coop.kernel import clock, money
from ledger.documents import report_pdf
from ledger.exchange.journal_export import safe


def decimals(currency: str, *amounts: int) -> list[str]:
    """Minor units as plain decimal numbers."""
    return [money.decimal_text(amount, currency) for amount in amounts]


def pdf_file(name: str, data: dict[str, Any]) -> HttpResponse:
    """A sheet of ``report_words`` as a PDF to keep."""
    return _file(report_pdf(data, clock.now()), f"{name}.pdf", "application/pdf")


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """A table as CSV. The first two cells are text somebody chose; a spreadsheet must not compute them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([*map(safe, row[:2]), *row[2:]] for row in rows)
    return _file(out.getvalue().encode(), f"{name}.csv", "text/csv; charset=utf-8")


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
