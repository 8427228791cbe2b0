"""The journal: its entries, one entry line by line, entries by hand, and reversals."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db import transaction
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
from ledger.entry_forms import ManualEntryForm
from ledger.models import Account, Entry, EntryDraft
from ledger.selectors import journal, manual
from ledger.services.accounts import OF_MEMBERS
from ledger.services.entries import draft_entry, post_manual_entry
from ledger.services.entry_documents import attach
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
            "waiting": manual.waiting_drafts(request.coop),
            "limit": manual.limit_of(request.coop),
            "sets_limit": rules.may(request.actor, "ledger.set_limit"),
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
    by_hand = entry.kind == "manual"
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
            "draft": getattr(entry, "draft", None) if by_hand else None,
            "documents": manual.documents_of(entry) if by_hand else [],
            "may_attach": by_hand and rules.may(request.actor, "ledger.keep_books"),
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
    form = ManualEntryForm(sent(request), request.FILES or None, coop=request.coop)
    lines = lines_of(sent(request), form_kwargs=given, prefix="line")
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        try:
            made = _written(request, form, _lines(lines))
        except Refused as refused:
            refused.into(form)
        else:
            name = "ledger:entry" if isinstance(made, Entry) else "ledger:entry-draft"
            return redirect(path(request.coop, name, pk=made.pk))
    faults = _faults(lines) if lines.is_bound else []
    return render(
        request,
        "ledger/entry_add.html",
        {"form": form, "lines": lines, "faults": faults, "limit": manual.limit_of(request.coop)},
        status=422 if form.errors or faults else 200,
    )


@transaction.atomic
def _written(request: HttpRequest, form: ManualEntryForm, lines: list[Line]) -> Entry | EntryDraft:
    """The entry, or above the limit the draft of it, with its paper: both or neither."""
    said = dict(form.cleaned_data)
    file = said.pop("document")
    write = draft_entry if manual.takes_two(request.coop, lines) else post_manual_entry
    made = write(actor=request.actor, lines=lines, **said)
    if file:
        attach(actor=request.actor, to=made, name=file.name, data=file.read())
    return made


def _faults(formset) -> list[str]:
    said = [(n, [fault for each in line.errors.values() for fault in each]) for n, line in enumerate(formset, start=1)]
    return [_("Line %(n)s: %(fault)s") % {"n": n, "fault": " ".join(faults)} for n, faults in said if faults]


def _lines(formset) -> list[Line]:
    return [
        Line(each.cleaned_data["account"], each.cleaned_data["signed"])
        for each in formset
        if each.cleaned_data.get("signed")
    ]
