"""Expulsion, step by step: the board's side and the member's."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import AppealDecisionForm, AppealForm, DropForm, HearingForm, OpenCaseForm, PaperAppealForm
from members.models import AccessLog, ExpulsionCase
from members.selectors import cases
from members.selectors.story import story

from .desk import find
from .mine import own

State = ExpulsionCase.State
# act: (form, service, the step it is possible at)
ACTS: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "hear": (HearingForm, services.record_hearing, (State.OPEN,)),
    "expel": (DropForm, services.expel, (State.HEARD,)),
    "drop": (DropForm, services.drop_case, (State.OPEN, State.HEARD)),
    "appeal": (PaperAppealForm, services.appeal, (State.EXPELLED,)),
    "decide": (AppealDecisionForm, services.decide_appeal, (State.APPEALED,)),
}


@require_safe
@requires("members.read_register")
def listing(request: HttpRequest) -> HttpResponse:
    """Every case, the open ones first."""
    page = Paginator(cases.cases(request.coop).order_by("outcome", "-id"), 50).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="cases")
    rows = [(each, cases.due_on(each)) for each in page]
    return render(request, "members/cases.html", {"page": page, "rows": rows, "today": clock.today(request.coop)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.decide")
def create(request: HttpRequest, number: int) -> HttpResponse:
    """The board opens a case."""
    membership = find(request, number)
    form = OpenCaseForm(request.POST or None, initial={"on": clock.today(request.coop)})
    if request.method == "POST" and form.is_valid():
        try:
            case = services.open_case(actor=request.actor, membership=membership, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("The case is open, and %s was written to.") % membership.party)
            return redirect(path(request.coop, "members:case", pk=case.pk))
    context = {"form": form, "membership": membership}
    return render(request, "members/case_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.read_register")
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: its steps, what was said, and the next step."""
    case = get_object_or_404(cases.cases(request.coop), pk=pk)
    act = request.POST.get("act") or request.GET.get("act", "")
    possible = [name for name, (_form, _service, at) in ACTS.items() if case.state in at]
    chosen = act if act in possible else next(iter(possible), "")
    decides = rules.may(request.actor, "members.decide")
    form = None
    if chosen and decides:
        form_class, service, _at = ACTS[chosen]
        form = form_class(request.POST or None, initial={"on": clock.today(request.coop)})
    if request.method == "POST":
        rules.require(request.actor, "members.decide", case.membership)
        if form is None or chosen != act:
            raise Refused("wrong_step", _("That step is not the next one of this case."))
        if form.is_valid():
            try:
                service(actor=request.actor, case=case, **form.cleaned_data)
            except Refused as refused:
                refused.into(form)
            else:
                messages.success(request, _("Written down, and %s was written to.") % case.membership.party)
                return redirect(path(request.coop, "members:case", pk=pk))
    if request.method == "GET":
        party = case.membership.party
        services.looked_at(actor=request.actor, what=AccessLog.What.MEMBER, party=party, subject=f"case {case.pk}")
    context = {
        "case": case,
        "membership": case.membership,
        "form": form,
        "act": chosen,
        "other_acts": [name for name in possible if name != chosen] if decides else [],
        "step": cases.step_of(case),
        "due": cases.due_on(case),
        "story": story(case.membership, with_contact=False),
        "today": clock.today(request.coop),
    }
    return render(request, "members/case.html", context, status=422 if form is not None and form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.see_self")
def mine(request: HttpRequest) -> HttpResponse:
    """The case about me: where it stands, what was said, and my appeal."""
    membership = own(request)
    membership.coop = request.coop
    case = cases.case_of(membership)
    if case is None:
        raise Http404
    today = clock.today(request.coop)
    can_appeal = case.state == State.EXPELLED and case.appeal_by is not None and today <= case.appeal_by
    form = AppealForm(request.POST or None) if can_appeal else None
    if request.method == "POST":
        if form is None:
            raise Refused("too_late", _("An appeal is not possible now."))
        if form.is_valid():
            services.appeal(actor=request.actor, case=case, on=today, **form.cleaned_data)
            messages.success(request, _("Your appeal is in. Nothing ends until it is decided."))
            return redirect(path(request.coop, "members:my-case"))
    context = {
        "case": case,
        "membership": membership,
        "form": form,
        "step": cases.step_of(case),
        "story": story(membership, with_contact=False),
        "today": today,
    }
    return render(request, "members/my_case.html", context, status=422 if form is not None and form.errors else 200)
