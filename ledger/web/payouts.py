"""Pay-outs on the desk: what is owed, drawing a run up, letting it go, its file, and payments that came back."""

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
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.models import PayoutFile, PayoutRun, Way
from ledger.payout_forms import PayingAccountForm, ReturnForm, RunForm, ways
from ledger.selectors import choices
from ledger.selectors import payouts as selectors
from ledger.services import payout_details, payouts
from ledger.web.common import answer, bank_file, pressed, sent

State = PayoutRun.State
TYPES = {Way.SEPA: "application/xml", Way.NACHA: "text/plain", Way.CHEQUE: "text/csv"}


def find(request: HttpRequest, pk: int) -> PayoutRun:
    """This co-op's run, or a 404."""
    return get_object_or_404(selectors.runs(request.coop), pk=pk)


def _at(request: HttpRequest, run: PayoutRun) -> str:
    return path(request.coop, "ledger:payout", pk=run.pk)


@require_safe
@requires("ledger.read_books")
def listing(request: HttpRequest) -> HttpResponse:
    """What members are owed, the runs so far, and the account that pays."""
    page = Paginator(selectors.runs(request.coop), 25).get_page(request.GET.get("page"))
    way = ways(request.coop)[0][0]
    return render(
        request,
        "ledger/payouts.html",
        {
            "page": page,
            "standing": selectors.standing(request.coop),
            "under_way": selectors.under_way(request.coop),
            "way": way,
            "paying": None if way == Way.CHEQUE else selectors.paying_account(request.coop, way),
            "waits_for": choices.waiting(request.coop),
            "needs_account": way != Way.CHEQUE,
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def new(request: HttpRequest) -> HttpResponse:
    """Draw a run up over everything owed. Nothing leaves before somebody else releases it."""
    form = RunForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        run = payouts.prepare(actor=request.actor, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:payout", pk=run.pk))

    return answer(request, form, act, "ledger/payout_new.html", {"standing": selectors.standing(request.coop)})


@require_safe
@requires("ledger.read_books")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: what goes out, who is not paid and why, who has to do what now."""
    run = find(request, pk)
    words = " ".join(request.GET.get("q", "").split())[:80]
    job = Job.objects.filter(coop=request.coop, kind="ledger.post_payout", args__0=run.pk).order_by("-pk").first()
    return render(
        request,
        "ledger/payout.html",
        {
            "run": run,
            "job": job,
            "words": words,
            "page": Paginator(selectors.lines(run, words), 50).get_page(request.GET.get("page")),
            "waiting": selectors.held_by_reason(run),
            "renamed": selectors.renamed_since(run) if run.state == State.DRAFT else [],
            "keeps": rules.may(request.actor, "ledger.keep_books"),
            "may_release": rules.may(request.actor, "ledger.release", run),
            "has_file": bool(run.count) and PayoutFile.objects.filter(run=run).exists(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.release")
@reauthentication_required
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person, signed in afresh: look at it, then let exactly this go."""
    run = find(request, pk)
    rules.require(request.actor, "ledger.release", run)
    if request.method == "POST":
        seen = request.POST.get("seen", "")
        return pressed(request, partial(payouts.release, actor=request.actor, run=run, seen=seen), _at(request, run))
    renamed = selectors.renamed_since(run) if run.state == State.DRAFT else []
    context = {"run": run, "waiting": selectors.held_by_reason(run), "renamed": renamed}
    return render(request, "ledger/payout_release.html", context)


@require_POST
@requires("ledger.keep_books")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a run away that nobody released."""
    run, because = find(request, pk), request.POST.get("because", "")
    done = _("Pay-out %(number)s is thrown away; everything stays owed.") % {"number": run.number}
    return pressed(
        request, partial(payouts.cancel, actor=request.actor, run=run, because=because), _at(request, run), done
    )


@require_safe
@requires("ledger.keep_books")
@reauthentication_required
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file for the bank, once two people have let it go."""
    run = find(request, pk)
    kept = PayoutFile.objects.filter(run=run).first()
    if kept is None or run.state not in (State.RELEASED, State.PAID):
        raise Http404
    return bank_file(kept.content, run.file_name, TYPES[Way(run.way)])


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def came_back(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Record that the bank gave a payment back."""
    run = find(request, pk)
    line = get_object_or_404(selectors.lines(run), number=number, amount__gt=0)
    form = ReturnForm(sent(request), initial={"on": clock.today(request.coop)})

    def act() -> HttpResponse:
        payouts.record_return(actor=request.actor, line=line, **form.cleaned_data)
        messages.success(request, _("The co-op owes member %(number)s again.") % {"number": number})
        return redirect(path(request.coop, "ledger:payout", pk=run.pk))

    return answer(request, form, act, "ledger/payout_return.html", {"run": run, "line": line})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
@reauthentication_required
def paying_account(request: HttpRequest) -> HttpResponse:
    """Say which account the co-op pays from."""
    way = ways(request.coop)[0][0]
    if way == Way.CHEQUE:
        raise Http404
    known = selectors.paying_account(request.coop, way)
    form = PayingAccountForm(sent(request), way=way, initial={"holder": known.holder if known else request.coop.name})

    def act() -> HttpResponse:
        payout_details.record_paying_account(actor=request.actor, way=way, **form.cleaned_data)
        messages.success(request, _("Pay-outs go from this account now."))
        return redirect(path(request.coop, "ledger:payouts"))

    return answer(request, form, act, "ledger/paying_account.html", {"known": known})
