"""Direct debits on the desk: mandates, collections two people let go, their file, and what came back."""

from __future__ import annotations

from functools import partial

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.debit_forms import CreditorForm, DebitReturnForm, DebitRunForm, MandateForm
from ledger.models import DebitFile, DebitRun, Mandate
from ledger.selectors import debits as selectors
from ledger.services import debits, mandates
from ledger.services.bank import name_creditor
from members.selectors import membership_of

from .common import answer, bank_file, pressed, sent

State = DebitRun.State
PAGE = 50


def find(request: HttpRequest, pk: int) -> DebitRun:
    """This co-op's collection, or a 404."""
    return get_object_or_404(selectors.runs(request.coop), pk=pk)


def _at(request: HttpRequest, run: DebitRun) -> str:
    return path(request.coop, "ledger:debit-run", pk=run.pk)


@require_safe
@requires("ledger.read_books")
def overview(request: HttpRequest) -> HttpResponse:
    """Collections so far, and what could be collected today."""
    found = selectors.collectable(request.coop, clock.today(request.coop))
    return render(
        request,
        "ledger/debits.html",
        {
            "page": Paginator(selectors.runs(request.coop), PAGE).get_page(request.GET.get("page")),
            "due": sum(each.amount for each in found),
            "members": len(found),
            "mandates": Mandate.objects.filter(coop=request.coop, revoked_at=None).count(),
            "creditor": selectors.creditor_account(request.coop),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def creditor(request: HttpRequest) -> HttpResponse:
    """Say by which identifier the co-op collects, and into which account."""
    form = CreditorForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        name_creditor(actor=request.actor, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:debits"))

    words = {
        "heading": _("Name the creditor identifier"),
        "lead": _("Whoever collects by direct debit is known to the banks by it. It stands in every mandate."),
        "button": _("Keep it"),
        "back": path(request.coop, "ledger:debits"),
    }
    return answer(request, form, act, "ledger/act.html", words)


@require_safe
@requires("ledger.read_books")
def mandate_list(request: HttpRequest) -> HttpResponse:
    """Every mandate, those that were revoked too."""
    page = Paginator(selectors.mandates(request.coop), PAGE).get_page(request.GET.get("page"))
    keeps = rules.may(request.actor, "ledger.keep_books")
    return render(request, "ledger/mandates.html", {"page": page, "keeps": keeps})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def mandate_add(request: HttpRequest) -> HttpResponse:
    """Record a mandate somebody signed."""
    form = MandateForm(sent(request), coop=request.coop, initial={"member": request.GET.get("member", "")[:18]})

    def act() -> HttpResponse:
        said = dict(form.cleaned_data)
        made = mandates.give_mandate(actor=request.actor, membership=said.pop("member"), **said)
        messages.success(request, _("Mandate %(reference)s counts from now on.") % {"reference": made.reference})
        return redirect(path(request.coop, "ledger:mandates"))

    words = {
        "heading": _("Record a direct debit mandate"),
        "lead": _("Only what the member signed; keep the paper for as long as you collect by it, and fourteen months."),
        "button": _("Record it"),
        "back": path(request.coop, "ledger:mandates"),
    }
    return answer(request, form, act, "ledger/act.html", words)


@require_POST
@requires("ledger.keep_books")
def mandate_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """The member took the mandate back."""
    return _revoke(request, get_object_or_404(Mandate, coop=request.coop, pk=pk), "ledger:mandates")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.see_own")
def mine(request: HttpRequest) -> HttpResponse:
    """My mandate, and the way to take it back."""
    membership = membership_of(request.actor)
    if membership is None:
        raise Http404
    mandate = selectors.mandate_of(membership)
    if request.method == "POST":
        if mandate is not None:
            return _revoke(request, mandate, "ledger:my-mandate")
        return redirect(path(request.coop, "ledger:my-mandate"))
    creditor = selectors.creditor_account(request.coop)
    return render(request, "ledger/my_mandate.html", {"mandate": mandate, "creditor": creditor})


def _revoke(request: HttpRequest, mandate: Mandate, then: str) -> HttpResponse:
    revoke = partial(mandates.revoke_mandate, actor=request.actor, mandate=mandate)
    return pressed(request, revoke, path(request.coop, then), _("Nothing is collected by this mandate any more."))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def new(request: HttpRequest) -> HttpResponse:
    """Draw a collection up over everything that will be due."""
    form = DebitRunForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        run = debits.prepare_debits(actor=request.actor, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:debit-run", pk=run.pk))

    words = {
        "heading": _("Draw up a collection"),
        "lead": _(
            "Everybody with a mandate who owes something due by then gets a line. Nothing is told or collected "
            "before somebody else has released it."
        ),
        "button": _("Draw it up"),
        "back": path(request.coop, "ledger:debits"),
    }
    return answer(request, form, act, "ledger/act.html", words)


@require_safe
@requires("ledger.read_books")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One collection: every line, and whose turn it is."""
    run = find(request, pk)
    return render(
        request,
        "ledger/debit_run.html",
        {
            "run": run,
            "page": Paginator(selectors.lines(run), PAGE).get_page(request.GET.get("page")),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
            "may_release": run.state == State.DRAFT and rules.may(request.actor, "ledger.release", run),
            "may_book": run.state == State.RELEASED and clock.today(request.coop) >= run.collect_on,
            "has_file": DebitFile.objects.filter(run=run).exists(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.release")
@reauthentication_required
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person, signed in afresh: look, then let exactly this go; members are told."""
    run = find(request, pk)
    rules.require(request.actor, "ledger.release", run)
    if request.method == "POST":
        site = request.build_absolute_uri(path(request.coop, "ledger:money"))
        seen = request.POST.get("seen", "")
        act = partial(debits.release_debits, actor=request.actor, run=run, seen=seen, site=site)
        return pressed(request, act, _at(request, run), _("Released; the members are told the day and the amount."))
    return render(request, "ledger/debit_release.html", {"run": run})


@require_POST
@requires("ledger.keep_books")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a collection away that was not booked."""
    run, because = find(request, pk), request.POST.get("because", "")
    return pressed(
        request, partial(debits.cancel_debits, actor=request.actor, run=run, because=because), _at(request, run)
    )


@require_POST
@requires("ledger.keep_books")
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """The bank has collected: enter every line."""
    run = find(request, pk)
    return pressed(request, partial(debits.ask_to_book, actor=request.actor, run=run), _at(request, run))


@require_safe
@requires("ledger.keep_books")
@reauthentication_required
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file for the bank, once two people have let it go."""
    run = find(request, pk)
    kept = DebitFile.objects.filter(run=run).first()
    if kept is None or run.state not in (State.RELEASED, State.BOOKED):
        raise Http404
    return bank_file(kept.content, run.file_name, "application/xml")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def came_back(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Record that the bank took a debit back."""
    run = find(request, pk)
    line = get_object_or_404(selectors.lines(run), number=number)
    form = DebitReturnForm(sent(request), coop=request.coop)
    back = path(request.coop, "ledger:debit-run", pk=run.pk)

    def act() -> HttpResponse:
        debits.record_debit_return(actor=request.actor, line=line, **form.cleaned_data)
        messages.success(request, _("Member %(number)s owes it again.") % {"number": number})
        return redirect(back)

    words = {
        "heading": _("A debit came back"),
        "lead": _("The payment is taken back in the books and in the register; the member owes it again."),
        "button": _("Record it"),
        "back": back,
    }
    return answer(request, form, act, "ledger/act.html", words)
