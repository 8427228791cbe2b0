"""Telling every member what a posted plan gave them: letters, and sheets for the printer."""

from __future__ import annotations

from datetime import date
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import documents
from ledger.models import SurplusPlan
from ledger.payout_forms import PostedForm
from ledger.selectors import notices as selectors
from ledger.selectors import statements
from ledger.services import allocation_notices as services
from ledger.web.common import pressed
from ledger.web.surplus import find


def _plan(request: HttpRequest, pk: int) -> SurplusPlan:
    plan = find(request, pk)
    if plan.entry_id is None:
        raise Http404
    return plan


@require_safe
@requires("ledger.read_books")
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """Who was told, who still has to be, and by when."""
    plan = _plan(request, pk)
    job = Job.objects.filter(coop=request.coop, kind="ledger.send_notices", args__0=plan.pk).order_by("-pk").first()
    return _page(request, plan, PostedForm(initial={"on": clock.today(request.coop)}), job)


def _page(request: HttpRequest, plan: SurplusPlan, form, job: Job | None, status: int = 200) -> HttpResponse:
    keeps = rules.may(request.actor, "ledger.keep_books") and plan.state == SurplusPlan.State.POSTED
    context = {"plan": plan, "told": selectors.told(plan), "job": job, "form": form, "keeps": keeps}
    due = plan.result["payment_due"] if plan.terms["settlement"]["notice"] == "qualified" else None
    context["due"] = date.fromisoformat(due) if due else None
    return render(request, "ledger/notices.html", context, status=status)


@require_POST
@requires("ledger.keep_books")
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the letters written."""
    plan = _plan(request, pk)
    act = partial(services.ask_to_send, actor=request.actor, plan=plan, site=request.build_absolute_uri("/"))
    return pressed(request, act, path(request.coop, "ledger:notices", pk=pk))


@require_safe
@requires("ledger.keep_books")
def sheets(request: HttpRequest, pk: int, part: int) -> HttpResponse:
    """A file for the printer: up to a hundred members whom only paper reaches, each with their address."""
    plan = _plan(request, pk)
    first = (part - 1) * selectors.SHEETS
    lines = list(selectors.on_paper(plan)[first : first + selectors.SHEETS]) if part > 0 else []
    if not lines:
        raise Http404
    where = selectors.addresses(lines, clock.today(request.coop))
    found = statements.of_lines(plan, lines)
    pdf = documents.addressed_pdf([(each, where[each.membership.pk]) for each in found])
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="notices-{plan.year.year}-{part}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
@requires("ledger.keep_books")
def posted(request: HttpRequest, pk: int) -> HttpResponse:
    """The printed notices are in the post."""
    plan, form = _plan(request, pk), PostedForm(request.POST)
    if form.is_valid():
        try:
            count = services.record_paper(actor=request.actor, plan=plan, on=form.cleaned_data["on"])
        except Refused as refused:
            refused.into(form)
        else:
            done = ngettext("One member was told on paper.", "%(n)s members were told on paper.", count)
            messages.success(request, done % {"n": count})
            return redirect(path(request.coop, "ledger:notices", pk=pk))
    return _page(request, plan, form, None, status=422)
