"""Entries by hand above the limit: drafts, the second person's approval, the board's limit; and papers of entries."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.entry_forms import DocumentForm, EntryLimitForm, RefuseDraftForm
from ledger.models import EntryDocument, EntryDraft
from ledger.selectors import manual
from ledger.services import entries
from ledger.services.entry_documents import attach

from .common import answer, own_entry, sent


def own_draft(request: HttpRequest, pk: int) -> EntryDraft:
    return get_object_or_404(manual.drafts(request.coop), pk=pk)


@require_safe
@requires("ledger.read_books")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One draft: its lines, its papers, and whose turn it is."""
    return _shown(request, own_draft(request, pk))


def _shown(request: HttpRequest, draft: EntryDraft, *, status: int = 200, **forms) -> HttpResponse:
    waits = draft.state == EntryDraft.State.DRAFT
    keeps = rules.may(request.actor, "ledger.keep_books")
    lines = list(draft.lines.select_related("account").order_by("n"))
    return render(
        request,
        "ledger/entry_draft.html",
        {
            "draft": draft,
            "lines": [(line, max(line.amount, 0) or None, max(-line.amount, 0) or None) for line in lines],
            "moved": sum(line.amount for line in lines if line.amount > 0),
            "documents": manual.documents_of(draft),
            "limit": manual.limit_of(request.coop),
            "may_approve": waits and rules.may(request.actor, "ledger.approve_entry", draft),
            "may_refuse": waits and (keeps or rules.may(request.actor, "ledger.approve_entry")),
            "may_attach": waits and keeps,
            "document_form": forms.get("document_form") or DocumentForm(coop=request.coop),
            "refuse_form": forms.get("refuse_form") or RefuseDraftForm(coop=request.coop),
        },
        status=status,
    )


@require_POST
@requires("ledger.approve_entry")
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person posts exactly what they saw."""
    draft = own_draft(request, pk)
    entry = entries.approve_draft(actor=request.actor, draft=draft, seen=request.POST.get("seen", ""))
    messages.success(request, _("Approved and posted as entry %(n)s.") % {"n": entry.pk})
    return redirect(path(request.coop, "ledger:entry", pk=entry.pk))


@require_POST
@requires("ledger.keep_books", "ledger.approve_entry")
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a draft up, with the reason."""
    draft = own_draft(request, pk)
    form = RefuseDraftForm(request.POST, coop=request.coop)
    if not form.is_valid():
        return _shown(request, draft, status=422, refuse_form=form)
    entries.refuse_draft(actor=request.actor, draft=draft, **form.cleaned_data)
    return redirect(path(request.coop, "ledger:entry-draft", pk=pk))


@require_POST
@requires("ledger.keep_books")
def draft_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a paper with a draft."""
    draft = own_draft(request, pk)
    form = DocumentForm(request.POST, request.FILES, coop=request.coop)
    if form.is_valid():
        try:
            _kept(request, draft, form)
            return redirect(path(request.coop, "ledger:entry-draft", pk=pk))
        except Refused as refused:
            refused.into(form)
    return _shown(request, draft, status=422, document_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def entry_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a paper with an entry by hand that is posted already."""
    entry = own_entry(request, pk)
    back = path(request.coop, "ledger:entry", pk=pk)
    form = DocumentForm(sent(request), request.FILES or None, coop=request.coop)

    def act() -> HttpResponse:
        _kept(request, entry, form)
        return redirect(back)

    words = {
        "heading": _("Keep a paper with entry %(n)s") % {"n": entry.pk},
        "lead": _("It is kept as it comes and never changed or removed."),
        "button": _("Keep it"),
        "back": back,
    }
    return answer(request, form, act, "ledger/act.html", words)


def _kept(request: HttpRequest, to, form: DocumentForm) -> None:
    file = form.cleaned_data["document"]
    attach(actor=request.actor, to=to, name=file.name, data=file.read())


@require_safe
@requires("ledger.read_books")
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """A paper, as a file to keep; it is never shown inside one of our pages."""
    found = get_object_or_404(EntryDocument, coop=request.coop, pk=pk)
    response = HttpResponse(bytes(found.content), content_type=found.media_type)
    response["Content-Disposition"] = content_disposition_header(True, found.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.set_limit")
def limit(request: HttpRequest) -> HttpResponse:
    """The board says up to what amount one officer posts by hand alone."""
    form = EntryLimitForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        entries.set_entry_limit(actor=request.actor, **form.cleaned_data)
        messages.success(request, _("The limit counts from now on; what is posted stays."))
        return redirect(path(request.coop, "ledger:journal"))

    words = {
        "heading": _("How much may one officer post alone?"),
        "lead": _("An entry by hand above this waits until somebody else has approved it. The database sees to it."),
        "button": _("Set the limit"),
        "back": path(request.coop, "ledger:journal"),
    }
    return answer(request, form, act, "ledger/act.html", words)
