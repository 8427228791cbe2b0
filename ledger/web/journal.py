"""The journal: its entries, one entry line by line, entries by hand, and reversals."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import forms
from ledger.models import Account
from ledger.selectors import journal
from ledger.services.accounts import OF_MEMBERS
from ledger.services.entries import post_manual_entry
from ledger.services.posting import Line, reverse_entry
from ledger.services.shares import PAYMENT, reverse_payment

from .common import answer, own_entry, sent

LINES_BY_HAND = 8
PAGE = 50


@require_safe
@requires("ledger.read_books")
def entry_list(request: HttpRequest) -> HttpResponse:
    """Every entry, newest first, by number, words and days."""
    search = forms.JournalSearch(request.GET or None)
    chosen = search.cleaned_data if search.is_valid() else {}
    found = journal.entries(request.coop, q=chosen.get("q") or "", since=chosen.get("since"), until=chosen.get("until"))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    sums = journal.moved(rows)
    return render(
        request,
        "ledger/journal.html",
        {
            "search": search,
            "page": page,
            "rows": [(entry, sums.get(entry.pk, {})) for entry in rows],
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
        status=422 if search.errors else 200,
    )


@require_safe
@requires("ledger.read_books")
def entry_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry: every line with its account, who posted it and when, what it reverses or was reversed by."""
    entry = own_entry(request, pk)
    page = journal.lines_of(entry, page=request.GET.get("page"))
    return render(
        request,
        "ledger/entry.html",
        {
            "entry": entry,
            "page": page,
            "lines": [
                (line, line.amount if line.amount > 0 else None, -line.amount if line.amount < 0 else None)
                for line in page
            ],
            "sums": journal.moved([entry]).get(entry.pk, {}),
            "reversed_by": getattr(entry, "reversed_by", None),
            "may_reverse": rules.may(request.actor, "ledger.keep_books") and _is_reversible(entry),
        },
    )


def _is_reversible(entry) -> bool:
    taken_back = getattr(entry, "reversed_by", None) is not None
    return entry.kind in ("manual", PAYMENT) and entry.batch == 0 and not taken_back


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def entry_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an entry back by its mirror; a share payment in the register as well."""
    entry = own_entry(request, pk)
    form = forms.ReasonForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        reverse = reverse_payment if entry.kind == PAYMENT else reverse_entry
        reversal = reverse(actor=request.actor, entry=entry, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:entry", pk=reversal.pk))

    return answer(request, form, act, "ledger/entry_reverse.html", {"entry": entry})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def entry_add(request: HttpRequest) -> HttpResponse:
    """An entry by hand: what for, and lines of debit and credit that add up."""
    accounts = Account.objects.filter(coop=request.coop, membership=None, is_open=True).exclude(purpose__in=OF_MEMBERS)
    lines_of = formset_factory(forms.EntryLineForm, extra=LINES_BY_HAND, max_num=LINES_BY_HAND)
    given = {"coop": request.coop, "accounts": accounts.order_by("code")}
    form = forms.EntryForm(sent(request), coop=request.coop)
    lines = lines_of(sent(request), form_kwargs=given, prefix="line")
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        try:
            entry = post_manual_entry(actor=request.actor, lines=_lines(lines), **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            return redirect(path(request.coop, "ledger:entry", pk=entry.pk))
    faults = _faults(lines) if lines.is_bound else []
    return render(
        request,
        "ledger/entry_add.html",
        {"form": form, "lines": lines, "faults": faults},
        status=422 if form.errors or faults else 200,
    )


def _faults(formset) -> list[str]:
    said = [(n, [fault for each in line.errors.values() for fault in each]) for n, line in enumerate(formset, start=1)]
    return [_("Line %(n)s: %(fault)s") % {"n": n, "fault": " ".join(faults)} for n, faults in said if faults]


def _lines(formset) -> list[Line]:
    return [
        Line(each.cleaned_data["account"], each.cleaned_data["signed"])
        for each in formset
        if each.cleaned_data.get("signed")
    ]
