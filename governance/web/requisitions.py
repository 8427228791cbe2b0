"""Members ask for a meeting: on their phone, and the answer at the desk."""

from __future__ import annotations

from dataclasses import asdict

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_of

from .. import selectors, services
from ..forms_requisitions import AnswerForm, RequisitionForm, RequisitionRuleForm
from ..selectors import requisitions as known
from .acts import attempt, status_of

ACTS = {"support": services.support_requisition, "withdraw": services.withdraw_requisition}


def _coming(request: HttpRequest):
    return selectors.meetings(request.actor).filter(starts_at__gt=clock.now()).order_by("starts_at")


@never_cache
@require_safe
@requires("governance.see_results")
def requisitions(request: HttpRequest) -> HttpResponse:
    page = Paginator(known.requisitions(request.actor), 25).get_page(request.GET.get("page"))
    may_call = rules.may(request.actor, "governance.call_meetings")
    context = {"page": page, "share": known.rule_of(request.coop), "may_call": may_call}
    return render(request, "governance/requisitions.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.vote")
def begin(request: HttpRequest) -> HttpResponse:
    form = RequisitionForm(request.POST or None, coming=_coming(request))
    made = attempt(request, form, lambda: services.begin_requisition(actor=request.actor, **form.cleaned_data))
    if made is not None:
        return redirect(path(request.coop, "governance:requisition", pk=made.pk))
    return render(request, "governance/requisition_form.html", {"form": form}, status=status_of(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.see_results")
def requisition(request: HttpRequest, pk: int) -> HttpResponse:
    """What is asked for, the arithmetic, how many stand behind it; a member's own act on it."""
    found, error = get_object_or_404(known.requisitions(request.actor), pk=pk), ""
    if request.method == "POST":
        act = ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise Http404
        try:
            act(actor=request.actor, requisition=found)
            return redirect(path(request.coop, "governance:requisition", pk=pk))
        except Refused as refused:
            error = refused.message
    mine = membership_of(request.actor)
    context = {
        "requisition": found,
        "threshold": known.threshold_in_words(found),
        "missing": max(0, found.needed - found.supporters),
        "is_mine": mine is not None and mine.pk == found.begun_by_id,
        "supported": mine is not None and found.supports.filter(membership=mine).exists(),
        "is_member": mine is not None,
        "may_call": rules.may(request.actor, "governance.call_meetings"),
        "error": error,
    }
    return render(request, "governance/requisition.html", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """By which meeting it is answered; the clock stops."""
    found = get_object_or_404(known.requisitions(request.actor), pk=pk)
    form = AnswerForm(request.POST or None, coming=_coming(request))
    act = lambda: services.answer_requisition(  # noqa: E731
        actor=request.actor, requisition=found, **form.cleaned_data
    )
    if attempt(request, form, act) is not None:
        return redirect(path(request.coop, "governance:requisition", pk=pk))
    context = {"form": form, "requisition": found}
    return render(request, "governance/requisition_answer.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def rule(request: HttpRequest) -> HttpResponse:
    """What the by-laws say, filled in with what holds now."""
    share = known.rule_of(request.coop)
    form = RequisitionRuleForm(request.POST or None, initial=asdict(share) if share else {})
    act = lambda: services.set_requisition_rule(actor=request.actor, **form.cleaned_data)  # noqa: E731
    if attempt(request, form, act) is not None:
        return redirect(path(request.coop, "governance:requisitions"))
    return render(request, "governance/requisition_rule.html", {"form": form}, status=status_of(form))
