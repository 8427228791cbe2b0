"""Reports on the books: trial balance, balance sheet, income statement, as pages and as CSV. And the journal out."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop.kernel import clock
from coop.kernel.web import requires
from ledger import forms, report_words
from ledger.exchange.journal_export import ENDINGS, FORMATS
from ledger.exchange.journal_rows import journal_export, one_snapshot
from ledger.reports import (
    AccountBalance,
    Section,
    balance_sheet,
    by_currency,
    income_statement,
    trial_balance,
)
from ledger.selectors.balances import account_balances
from ledger.selectors.equity_report import IN, OUT, equity_by_part, holders, part_names
from ledger.services.periods import fiscal_year

from .common import refuse_file_without_days
from .files import csv_file, decimals, pdf_file

PAGE = 100


@require_safe
@requires("ledger.read_books")
def trial(request: HttpRequest) -> HttpResponse:
    """Every account's balance as debit or credit; the columns must be equal."""
    search, on = _as_at(request)
    found = [trial_balance(rows) for rows in by_currency(account_balances(request.coop, on)).values()]
    if request.GET.get("as") == "csv":
        head = ["account", "name", "kind", "currency", "debit", "credit"]
        rows = [
            [line.code, line.name, line.kind, each.currency, *decimals(each.currency, line.debit, line.credit)]
            for each in found
            for line in each.lines
        ]
        return csv_file(f"trial-balance-{on}", head, rows)
    if request.GET.get("as") == "pdf":
        return pdf_file(f"trial-balance-{on}", report_words.trial(request.coop, on, found))
    return _page(request, "trial", search, {"on": on, "found": found})


@require_safe
@requires("ledger.read_books")
def sheet(request: HttpRequest) -> HttpResponse:
    """What is owned and to whom it belongs, beside the end of the year before."""
    search, on = _as_at(request)
    before = fiscal_year(request.coop, on)[0] - timedelta(days=1)
    own, then = (_own_currency(request.coop, account_balances(request.coop, day)) for day in (on, before))
    found = balance_sheet(own, then)
    sections = [(_("Assets"), found.assets), (_("Liabilities"), found.liabilities), (_("Equity"), found.equity)]
    if request.GET.get("as") == "csv":
        rows = _section_rows(request.coop, sections)
        rows.append(["", "Result not yet closed", "result", *decimals(request.coop.currency, found.result)])
        rows[-1] += decimals(request.coop.currency, found.result_before)
        return csv_file(f"balance-sheet-{on}", ["account", "name", "kind", str(on), str(before)], rows)
    if request.GET.get("as") == "pdf":
        return pdf_file(f"balance-sheet-{on}", report_words.sheet(request.coop, on, before, found))
    context = {
        "on": on,
        "before": before,
        "found": found,
        "sections": [(label, _filled(section)) for label, section in sections],
        "belongs": found.liabilities.total + found.equity.total + found.result,
        "belonged": found.liabilities.before + found.equity.before + found.result_before,
    }
    return _page(request, "sheet", search, context)


@require_safe
@requires("ledger.read_books")
def income(request: HttpRequest) -> HttpResponse:
    """Income less expense of the fiscal year up to the day, beside the same days of the year before."""
    search, on = _as_at(request)
    since = fiscal_year(request.coop, on)[0]
    before = _year_earlier(on)
    own = _own_currency(request.coop, account_balances(request.coop, on, since=since))
    then = _own_currency(
        request.coop, account_balances(request.coop, before, since=fiscal_year(request.coop, before)[0])
    )
    found = income_statement(own, then)
    sections = [(_("Income"), found.income), (_("Expense"), found.expense)]
    if request.GET.get("as") == "csv":
        rows = _section_rows(request.coop, sections)
        return csv_file(f"income-{on}", ["account", "name", "kind", f"{since}/{on}", "year before"], rows)
    if request.GET.get("as") == "pdf":
        return pdf_file(f"income-{on}", report_words.income(request.coop, since, on, found))
    context = {
        "on": on,
        "since": since,
        "found": found,
        "sections": [(label, _filled(section)) for label, section in sections],
    }
    return _page(request, "income", search, context)


@require_safe
@requires("ledger.read_books")
def equity(request: HttpRequest) -> HttpResponse:
    """What is members' own: share capital by class, kept refunds by year, from the start of the fiscal year."""
    coop = request.coop
    search, on = _as_at(request)
    since = fiscal_year(coop, on)[0]
    found, names = equity_by_part(coop, since, on), part_names(coop)
    if request.GET.get("as") == "csv":
        head = ["part", "name", "opening", "in", "out", "closing"]
        rows = [
            [line.part, names[line.part], *decimals(coop.currency, line.opening, *_moved(line), line.closing)]
            for line in found.lines
        ]
        return csv_file(f"members-equity-{on}", head, rows)
    if request.GET.get("as") == "pdf":
        return pdf_file(f"members-equity-{on}", report_words.equity(coop, since, on, found, names))
    lines = [(line, names[line.part], *_moved(line)) for line in found.lines]
    context = {"on": on, "since": since, "lines": lines, "total": found.total, "moved": _moved(found.total)}
    return _page(request, "equity", search, context)


def _moved(line) -> tuple[int, int]:
    return line.changes.get(IN, 0), line.changes.get(OUT, 0)


@require_safe
@requires("ledger.read_books")
def equity_part(request: HttpRequest, part: str) -> HttpResponse:
    """Who holds one class of shares or the kept refunds of one year; each leads to the lines."""
    search, on = _as_at(request)
    names = part_names(request.coop)
    if part not in names:
        raise Http404
    found = holders(request.coop, part, on)
    if request.GET.get("as") == "csv":
        rows = [[str(each.number), each.name, *decimals(request.coop.currency, each.amount)] for each in found]
        return csv_file(f"members-equity-{part}-{on}", ["member", "name", "amount"], rows)
    return render(
        request,
        "ledger/report_equity_part.html",
        {
            "search": search,
            "on": on,
            "name": names[part],
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "total": sum(each.amount for each in found),
        },
        status=422 if search.errors else 200,
    )


@require_safe
@requires("ledger.read_books")
def export_journal(request: HttpRequest, fmt: str) -> StreamingHttpResponse:
    """The whole journal as a file another program adds up again."""
    chunks = _in_one_snapshot(request.coop, fmt)
    kind = "text/csv" if fmt == "csv" else "text/plain"
    response = StreamingHttpResponse(chunks, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{request.coop.slug}.{ENDINGS[fmt]}"'
    return response


def _in_one_snapshot(coop, fmt: str):
    with one_snapshot():
        yield from FORMATS[fmt](journal_export(coop))


def _page(request: HttpRequest, name: str, search, context: dict) -> HttpResponse:
    status = 422 if search.errors else 200
    formats = [(fmt, {"csv": "CSV"}.get(fmt, fmt)) for fmt in FORMATS]
    return render(
        request,
        f"ledger/report_{name}.html",
        {"search": search, "tab": name, "formats": formats, **context},
        status=status,
    )


def _as_at(request: HttpRequest) -> tuple[forms.AsAtForm, date]:
    today = clock.today(request.coop)
    search = forms.AsAtForm(request.GET or None, initial={"on": today})
    refuse_file_without_days(request, search)
    return search, (search.cleaned_data.get("on") if search.is_valid() else None) or today


def _year_earlier(on: date) -> date:
    return on.replace(year=on.year - 1, day=28) if (on.month, on.day) == (2, 29) else on.replace(year=on.year - 1)


def _own_currency(coop, rows: list[AccountBalance]) -> list[AccountBalance]:
    return [row for row in rows if row.currency == coop.currency]


def _filled(section: Section) -> Section:
    lines = tuple(line for line in section.lines if line.amount or line.before)
    return Section(section.kind, lines, section.total, section.before)


def _section_rows(coop, sections) -> list[list[str]]:
    return [
        [line.code, line.name, section.kind, *decimals(coop.currency, line.amount, line.before)]
        for _label, section in sections
        for line in _filled(section).lines
    ]
