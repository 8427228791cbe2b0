"""Plans for the surplus: side by side, line by line, and every step from draft to posted."""

from __future__ import annotations

import re
from functools import partial

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from governance.selectors import resolution
from ledger.exchange import plan_files
from ledger.exchange.patr_csv import patr_csv
from ledger.models import PatronageYear, SurplusPlan
from ledger.selectors import choices, patronage, plan_warnings
from ledger.selectors import plan_reading as reading
from ledger.selectors import surplus as selectors
from ledger.services import surplus as services
from ledger.surplus_forms import PlanForms, ReasonForm, ResolutionForm, SeenForm
from ledger.web import surplus_charts as charts
from ledger.web.common import pressed
from ledger.web.surplus_steps import due_now, motion, steps

State = SurplusPlan.State
AT_ONCE = 3  # plans side by side; more would not fit a page
ORDER = [State.POSTED, State.APPROVED, State.RESOLVED, State.PROPOSED, State.DRAFT, State.VOID]


def find(request: HttpRequest, pk: int) -> SurplusPlan:
    """This co-op's plan, or a 404."""
    return get_object_or_404(selectors.plans(request.coop).select_related("coop"), pk=pk)


def to_plan(request: HttpRequest, plan: SurplusPlan) -> HttpResponseRedirect:
    return redirect(path(request.coop, "ledger:plan", pk=plan.pk))


# --- reading ----------------------------------------------------------------------------------------------------------


@require_safe
@requires("ledger.read_plans")
def years(request: HttpRequest) -> HttpResponse:
    """Straight to the latest year; where there is none, what has to come first."""
    latest = patronage.latest_year(request.coop)
    if latest is not None:
        return redirect(path(request.coop, "ledger:surplus-year", year=latest))
    return render(request, "ledger/surplus_none.html", {"keeps": rules.may(request.actor, "ledger.keep_books")})


@require_safe
@requires("ledger.read_plans")
def year(request: HttpRequest, year: int) -> HttpResponse:
    """A year's plans side by side."""
    found = get_object_or_404(patronage.years(request.coop), year=year)
    plans = list(selectors.plans(request.coop).filter(year=found).select_related("coop"))
    standing = [plan for plan in plans if plan.state != State.VOID]
    chosen = min(standing, key=lambda plan: ORDER.index(State(plan.state)), default=None)
    live = side_by_side(standing, chosen, request.GET.getlist("plan"))
    pools = patronage.pools(found)
    codes = plan_warnings.purpose_codes(request.coop)
    warned = [plan_warnings.warnings(plan, codes) for plan in live]
    way = steps(chosen, request.actor) if chosen else []
    return render(
        request,
        "ledger/surplus_year.html",
        {
            "year": found,
            "years": [(each.year, each == found) for each in patronage.years(request.coop)[:6]],
            "plans": live,
            "standing": standing,
            "voided": [plan for plan in plans if plan.state == State.VOID],
            "chosen": chosen,
            "table": comparison(live, chosen, warned),
            "warned": [(plan, each) for plan, mine in zip(live, warned, strict=True) for each in mine],
            "steps": way,
            "next_step": due_now(way),
            "pools": pools,
            "figures": reading.year_figures(found, pools),
            "draws_up": rules.may(request.actor, "ledger.propose"),
        },
    )


def side_by_side(plans: list[SurplusPlan], chosen: SurplusPlan | None, wanted: list[str]) -> list[SurplusPlan]:
    """Up to three plans to compare: those asked for by letter, else the one furthest on and the latest drafts."""
    picked = [plan for plan in plans if plan.letter in wanted][:AT_ONCE]
    if picked or len(plans) <= AT_ONCE:
        return picked or plans
    others = [plan for plan in plans if plan != chosen][-(AT_ONCE - 1) :]
    return [plan for plan in plans if plan == chosen or plan in others]


def comparison(plans: list[SurplusPlan], chosen: SurplusPlan | None, warned: list[list]) -> dict:
    """The same lines in every plan, ready for the table."""
    parts = [reading.parts(plan) for plan in plans]
    return {
        "strips": [[(part.colour, max(part.amount, 0)) for part in mine] for mine in parts],
        "lines": reading.compare(plans),
        "sums": [plan.result["surplus"] for plan in plans],
        "hundred": [reading.refund_on_hundred(plan) for plan in plans],
        "middle": [plan.result["refunds"]["middle"] for plan in plans],
        "largest": [plan.result["refunds"]["largest"] for plan in plans],
        "bank": [reading.leaves_the_bank(plan) for plan in plans],
        "warnings": [sum(each.kind != "info" for each in mine) for mine in warned],
        "chosen": plans.index(chosen) if chosen in plans else None,
    }


@require_safe
@requires("ledger.read_plans")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan line by line: where the surplus goes and why, who gets how much, who has to do what next."""
    plan = find(request, pk)
    way, offer = steps(plan, request.actor), choices.of_plan(plan) if plan.state == State.POSTED else None
    return render(
        request,
        "ledger/plan.html",
        {
            "plan": plan,
            "result": plan.result,
            "lines": reading.waterfall(plan),
            "where": charts.where_it_goes(plan),
            "how_large": charts.how_large(plan),
            "odd_units": charts.odd_units(plan) if plan.result["pools"] else "",
            "largest": selectors.largest(plan),
            "warnings": [*plan_warnings.against_the_books(plan), *plan_warnings.warnings(plan)],
            "issues": selectors.issues_before_proposing(plan) if plan.is_draft else [],
            "bank": reading.leaves_the_bank(plan),
            "steps": way,
            "next_step": due_now(way),
            "choices_due": offer is not None and choices.is_due(offer),
            "job": _job(plan),
            "draws_up": rules.may(request.actor, "ledger.propose", plan),
            "approves": rules.may(request.actor, "ledger.approve", plan)
            and request.actor.user_id not in (plan.created_by_id, plan.proposed_by_id),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
            "voids": rules.may(request.actor, "ledger.void"),
            "resolution_form": _resolution_form(request, plan),
            "motion": motion(plan) if plan.state == State.PROPOSED else "",
            "back_form": ReasonForm(auto_id="back_%s"),
        },
    )


def _job(plan: SurplusPlan) -> Job | None:
    """The latest posting or voiding of this plan."""
    kinds = ["ledger.post_distribution", "ledger.void_distribution"]
    return (
        Job.objects.filter(coop=plan.coop_id, kind__in=kinds, args__0=plan.pk)
        .select_related("coop", "actor")
        .order_by("-id")
        .first()
    )


def _resolution_form(request: HttpRequest, plan: SurplusPlan) -> ResolutionForm | None:
    if plan.state != State.PROPOSED or not rules.may(request.actor, "ledger.propose", plan):
        return None
    return ResolutionForm(resolutions=selectors.free_resolutions(plan))


@require_safe
@requires("ledger.read_plans")
def lines(request: HttpRequest, pk: int) -> HttpResponse:
    """Every member's line, by number, searchable."""
    plan = find(request, pk)
    words = " ".join(request.GET.get("q", "").split())[:80]
    page = Paginator(selectors.members_with_lines(plan, words), 50).get_page(request.GET.get("page"))
    return render(request, "ledger/plan_lines.html", {"plan": plan, "page": page, "words": words})


@require_safe
@requires("ledger.read_plans")
def download(request: HttpRequest, pk: int, form: str) -> StreamingHttpResponse:
    """The plan for others to work out again: for ``manage.py allocate``, its lines, or the boxes of 1099-PATR."""
    plan = find(request, pk)
    writers = {"plan.json": (plan_files.plan_json, "application/json"), "lines.csv": (plan_files.lines_csv, "text/csv")}
    if plan.state == State.POSTED and request.coop.currency == "USD":
        writers["1099-patr.csv"] = (patr_csv, "text/csv")
    if form not in writers:
        raise Http404
    write, kind = writers[form]
    wanted = request.GET.get("year", "")
    said = {"year": int(wanted)} if form == "1099-patr.csv" and re.fullmatch("[0-9]{4}", wanted) else {}
    answer = StreamingHttpResponse(write(plan, **said), content_type=f"{kind}; charset=utf-8")
    answer.records = plan.line_count  # for the log of who looked
    name = f"{request.coop.slug}-{plan.year}-{plan.letter}-{form}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# --- drawing up -------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.propose")
def new(request: HttpRequest, year: int) -> HttpResponse:
    """A new plan: empty, prefilled by the law, or copied from another (``?copy=``)."""
    found = get_object_or_404(patronage.years(request.coop), year=year)
    title, terms = _start(request, found)
    forms, copied = _forms(request, found, title, terms), "copy" in request.GET
    if request.method == "POST" and forms.is_valid():
        try:
            plan = services.draw_up(actor=request.actor, year=year, title=forms.title, terms=forms.terms())
        except Refused as refused:
            refused.into(forms.plan)
        else:
            return to_plan(request, plan)
    context = {"year": found, "forms": forms, "figures": reading.year_figures(found)}
    if not copied and terms:
        context["books"] = terms["result"]
    return render(request, "ledger/plan_edit.html", context, status=422 if forms.has_errors else 200)


def _start(request: HttpRequest, found: PatronageYear) -> tuple[str, dict | None]:
    wanted = request.GET.get("copy", "")
    if wanted.isdecimal() and len(wanted) < 19:
        plan = find(request, int(wanted))
        return _("%(title)s, otherwise") % {"title": plan.title}, plan.terms
    return "", services.terms_to_begin_with(found)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.propose")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft; it is worked out again at once."""
    plan = find(request, pk)
    if not plan.is_draft:
        messages.error(request, _("Plan %(plan)s was proposed; it is no longer changed.") % {"plan": plan.letter})
        return to_plan(request, plan)
    forms = _forms(request, plan.year, plan.title, plan.terms)
    if request.method == "POST" and forms.is_valid():
        terms = forms.terms() | {key: plan.terms[key] for key in ("obligation",) if key in plan.terms}
        try:
            services.redraw(actor=request.actor, plan=plan, title=forms.title, terms=terms)
        except Refused as refused:
            refused.into(forms.plan)
        else:
            return to_plan(request, plan)
    context = {"year": plan.year, "plan": plan, "forms": forms, "figures": reading.year_figures(plan.year)}
    return render(request, "ledger/plan_edit.html", context, status=422 if forms.has_errors else 200)


def _forms(request: HttpRequest, found: PatronageYear, title: str, terms: dict | None) -> PlanForms:
    return PlanForms(
        request.POST if request.method == "POST" else None,
        currency=request.coop.currency,
        accounts=[(each.code, str(each)) for each in selectors.appropriation_accounts(request.coop)],
        pools=[(pool.pool, pool.label) for pool in patronage.pools(found)],
        title=title,
        terms=terms,
    )


# --- acts -------------------------------------------------------------------------------------------------------------


def _act(request: HttpRequest, plan: SurplusPlan, act, done: str = "", **said) -> HttpResponse:
    """One service call; its refusal is a sentence on the plan's page."""
    at = path(request.coop, "ledger:plan", pk=plan.pk)
    return pressed(request, partial(act, actor=request.actor, plan=plan, **said), at, done)


@require_POST
@requires("ledger.propose")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Work a draft out again on the year's figures as they are now."""
    plan = find(request, pk)
    done = _("Plan %(plan)s is worked out on today’s figures.") % {"plan": plan.letter}
    return _act(request, plan, services.redraw, done, title=plan.title, terms=plan.terms)


@require_POST
@requires("ledger.propose")
def throw_away(request: HttpRequest, pk: int) -> HttpResponse:
    plan = find(request, pk)
    try:
        services.throw_away(actor=request.actor, plan=plan)
    except Refused as refused:
        messages.error(request, refused.message)
        return to_plan(request, plan)
    messages.success(request, _("Plan %(plan)s is thrown away.") % {"plan": plan.letter})
    return redirect(path(request.coop, "ledger:surplus-year", year=plan.year.year))


@require_POST
@requires("ledger.propose")
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    plan = find(request, pk)
    done = _("Plan %(plan)s is before the members; it is no longer changed.") % {"plan": plan.letter}
    return _act(request, plan, services.propose, done)


@require_POST
@requires("ledger.propose")
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    plan = find(request, pk)
    done = _("Plan %(plan)s is a draft again.") % {"plan": plan.letter}
    return _act(request, plan, services.take_back, done, because=request.POST.get("because", ""))


@require_POST
@requires("ledger.propose")
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Join the plan to the members' resolution."""
    plan = find(request, pk)
    wanted = request.POST.get("resolution", "")
    if not wanted.isdecimal() or len(wanted) > 18:
        messages.error(request, _("Choose the resolution that carried this plan."))
        return to_plan(request, plan)
    carried = resolution(request.coop, int(wanted))
    done = _("Plan %(plan)s is carried by resolution %(number)s.") % {"plan": plan.letter, "number": carried.number}
    return _act(request, plan, services.link_resolution, done, resolution=carried)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.approve")
@reauthentication_required
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """The second pair of eyes, signed in afresh: read it, then approve exactly this."""
    plan = find(request, pk)
    rules.require(request.actor, "ledger.approve", plan)
    form = SeenForm(request.POST or None, initial={"seen": plan.hash})
    if request.method == "POST" and form.is_valid():
        done = _("You approved plan %(plan)s.") % {"plan": plan.letter}
        return _act(request, plan, services.approve, done, seen=form.cleaned_data["seen"])
    context = {"plan": plan, "form": form, "lines": reading.waterfall(plan)}
    return render(request, "ledger/plan_approve.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
@reauthentication_required
def post(request: HttpRequest, pk: int) -> HttpResponse:
    """Post it, signed in afresh. The job's page shows how far it is."""
    plan = find(request, pk)
    if request.method == "POST":
        return _act(request, plan, services.post)
    return render(request, "ledger/plan_post.html", {"plan": plan, "bank": reading.leaves_the_bank(plan)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.void")
@reauthentication_required
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a carried plan up, with a reason; a posted one by the mirror of its entry."""
    plan = find(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            job = services.void(actor=request.actor, plan=plan, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            if job is not None:
                return redirect(path(request.coop, "job", pk=job.pk))
            messages.success(request, _("Plan %(plan)s is void.") % {"plan": plan.letter})
            return to_plan(request, plan)
    context = {"plan": plan, "form": form, "obstacle": "" if form.errors else services.why_not_void(plan)}
    return render(request, "ledger/plan_void.html", context, status=422 if form.errors else 200)
