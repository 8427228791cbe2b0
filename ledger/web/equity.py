"""Paying back kept refunds on the desk: what is kept by year, a plan with every line, two people, and the posting."""

from __future__ import annotations

from functools import partial

from allauth.account.decorators import reauthentication_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import rules
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.models import EquityPlan
from ledger.payout_forms import EquityForm
from ledger.selectors import equity as selectors
from ledger.selectors.redeemed import filed_with
from ledger.services import equity as services
from ledger.web.common import answer, pressed, sent


def find(request: HttpRequest, pk: int) -> EquityPlan:
    """This co-op's payback, or a 404."""
    return get_object_or_404(selectors.plans(request.coop), pk=pk)


def _at(request: HttpRequest, pk: int) -> str:
    return path(request.coop, "ledger:equity-plan", pk=pk)


@require_safe
@requires("ledger.read_books")
def overview(request: HttpRequest) -> HttpResponse:
    """What is kept in members' names, year by year, and every payback so far."""
    held, members = selectors.held(request.coop)
    context = {
        "layers": selectors.layers(held),
        "total": sum(held.values()),
        "members": len(members),
        "page": Paginator(selectors.plans(request.coop), 25).get_page(request.GET.get("page")),
        "draws_up": rules.may(request.actor, "ledger.propose"),
    }
    return render(request, "ledger/equity.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.propose")
def new(request: HttpRequest) -> HttpResponse:
    """Work a payback out. It is looked at, and thrown away or approved by somebody else."""
    form = EquityForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        return redirect(_at(request, services.draw_up(actor=request.actor, **form.cleaned_data).pk))

    context = {
        "heading": _("Pay kept refunds back?"),
        "lead": _("You see every member’s line before anything is owed; a second officer approves it."),
        "button": _("Work it out"),
        "back": path(request.coop, "ledger:equity"),
    }
    return answer(request, form, act, "ledger/act.html", context)


@require_safe
@requires("ledger.read_books")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One payback: its years, its lines, what comes next."""
    plan = find(request, pk)
    job = Job.objects.filter(coop=request.coop, kind="ledger.post_payback", args__0=plan.pk).order_by("-pk").first()
    form = EquityForm(coop=request.coop)
    context = {
        "plan": plan,
        "job": job,
        "who": dict(form.fields["who"].choices)[plan.terms["who"]],
        "order": dict(form.fields["order"].choices)[plan.terms["order"]],
        "years": selectors.by_year(plan),
        "page": Paginator(selectors.lines(plan), 50).get_page(request.GET.get("page")),
        "may_approve": rules.may(request.actor, "ledger.approve", plan),
        "keeps": rules.may(request.actor, "ledger.keep_books"),
        "filed_with": filed_with(plan),
    }
    return render(request, "ledger/equity_plan.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.approve")
@reauthentication_required
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """The second officer, signed in afresh, approves exactly this."""
    plan = find(request, pk)
    rules.require(request.actor, "ledger.approve", plan)
    if request.method == "POST":
        act = partial(services.approve, actor=request.actor, plan=plan, seen=request.POST.get("seen", ""))
        return pressed(request, act, _at(request, pk), _("You approved payback %(number)s.") % {"number": plan.number})
    return render(request, "ledger/equity_approve.html", {"plan": plan, "years": selectors.by_year(plan)})


@require_POST
@requires("ledger.keep_books")
def post(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it posted."""
    act = partial(services.ask_to_post, actor=request.actor, plan=find(request, pk))
    return pressed(request, act, _at(request, pk))


@require_POST
@requires("ledger.propose")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw it away."""
    plan, because = find(request, pk), request.POST.get("because", "")
    act = partial(services.cancel, actor=request.actor, plan=plan, because=because)
    return pressed(request, act, _at(request, pk), _("The payback is thrown away; everything stays kept."))
