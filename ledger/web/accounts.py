"""The chart of accounts: balances, drill-down to every line, and the treasurer's own accounts."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import forms, report_words
from ledger.models import Account
from ledger.selectors import balances, journal
from ledger.services import accounts as services

from .common import answer, own_account, refuse_file_without_days, sent
from .files import csv_file, decimals, pdf_file

PAGE = 50
MOST_ON_PAPER = 5_000
MOST_IN_FILE = 200_000


@require_safe
@requires("ledger.read_books")
def account_list(request: HttpRequest) -> HttpResponse:
    """Every general account by kind, with its balance as at a day."""
    today = clock.today(request.coop)
    search = forms.AsAtForm(request.GET or None, initial={"on": today})
    on = (search.cleaned_data["on"] if search.is_valid() else None) or today
    lines = balances.chart(request.coop, on)
    groups = [(label, [line for line in lines if line.kind == kind]) for kind, label in Account.Kind.choices]
    own = [line.amount for line in lines if line.currency == request.coop.currency]
    total = sum(own)
    summed = [(label, rows, sum(row.shown for row in rows)) for label, rows in groups if rows]
    return render(
        request,
        "ledger/accounts.html",
        {
            "search": search,
            "on": on,
            "groups": summed,
            "total": total,
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
        status=422 if search.errors else 200,
    )


class _Counted:
    """A page of a statement the database already cut: what ``ui/pages.html`` wants to know of it."""

    def __init__(self, number: int, count: int, size: int):
        self.paginator = Paginator(range(count), size)
        self.number = min(max(1, number), self.paginator.num_pages)
        self._page = self.paginator.page(self.number)

    def __getattr__(self, name):
        return getattr(self._page, name)


@require_safe
@requires("ledger.read_books")
def account_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An account's statement: what it held, every line, what it holds; and its members' accounts."""
    account = own_account(request, pk)
    search = forms.StatementSearch(request.GET or None)
    chosen = search.cleaned_data if search.is_valid() else {}
    since, until = chosen.get("since"), chosen.get("until")
    form = request.GET.get("as")
    if form in ("csv", "pdf"):
        refuse_file_without_days(request, search)
        return _statement_file(request, account, since, until, form)
    number = request.GET.get("page", "1")
    wanted = int(number) if number.isdecimal() and len(number) < 9 else 1
    statement = journal.account_statement(account, since=since, until=until, page=max(1, wanted), size=PAGE)
    return render(
        request,
        "ledger/account.html",
        {
            "account": account,
            "search": search,
            "since": since,
            "until": until or clock.today(request.coop),
            "statement": statement,
            "lines": [(line, account.shown(line.amount), account.shown(line.balance)) for line in statement.lines],
            "opening": account.shown(statement.opening),
            "closing": account.shown(statement.closing),
            "page": _Counted(wanted, statement.count, PAGE),
            "is_general": account.membership_id is None,
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
        status=422 if search.errors else 200,
    )


def _statement_file(request: HttpRequest, account: Account, since, until, form: str) -> HttpResponse:
    """The whole statement between the days as CSV, or as PDF where it is short enough to be read."""
    most = MOST_ON_PAPER if form == "pdf" else MOST_IN_FILE
    statement = journal.account_statement(account, since=since, until=until, size=most)
    if statement.count > most:
        raise Refused(
            "too_long",
            _("These are %(n)s lines, more than the %(most)s that fit; choose fewer days.")
            % {"n": statement.count, "most": most},
        )
    name = f"account-{account.code}"
    if form == "pdf":
        return pdf_file(name, report_words.account(request.coop, statement, since, until or clock.today(request.coop)))
    head = ["date", "what for", "entry", "member", "amount", "balance"]
    rows = [
        [
            str(line.on), line.memo or line.kind, str(line.entry_id), str(line.member or ""),
            *decimals(account.currency, account.shown(line.amount), account.shown(line.balance)),
        ]
        for line in statement.lines
    ]  # fmt: skip
    return csv_file(name, head, rows)


@require_safe
@requires("ledger.read_books")
def account_by_code(request: HttpRequest, code: str) -> HttpResponse:
    """From an account's code, as reports know it, to its lines."""
    found = get_object_or_404(Account, coop=request.coop, code=code)
    return redirect(path(request.coop, "ledger:account", pk=found.pk))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def account_add(request: HttpRequest) -> HttpResponse:
    form = forms.AccountForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        made = services.create_account(actor=request.actor, **form.cleaned_data)
        messages.success(request, _("Account %(account)s is there.") % {"account": made})
        return redirect(path(request.coop, "ledger:account", pk=made.pk))

    return answer(request, form, act, "ledger/account_add.html")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def account_change(request: HttpRequest, pk: int) -> HttpResponse:
    account = own_account(request, pk)
    form = forms.AccountChangeForm(
        sent(request), coop=request.coop, initial={"name": account.name, "is_open": account.is_open}
    )

    def act() -> HttpResponse:
        services.change_account(actor=request.actor, account=account, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:account", pk=account.pk))

    return answer(request, form, act, "ledger/account_change.html", {"account": account})
