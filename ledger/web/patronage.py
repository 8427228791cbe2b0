"""The year's business comes in: files, their preview, corrections."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.exchange import patronage_csv
from ledger.models import PatronageImport, PatronageYear
from ledger.patronage_forms import ReassignForm
from ledger.selectors import patronage as selectors
from ledger.services import patronage as services
from ledger.services import patronage_jobs, patronage_reassigning
from ledger.surplus_forms import CorrectionForm, ImportForm, ReasonForm
from ledger.units import Measure, Unit
from ledger.web.common import answer, sent
from members.selectors import membership_by_number

State = PatronageImport.State


def find_import(request: HttpRequest, pk: int) -> PatronageImport:
    """This co-op's import, or a 404."""
    return get_object_or_404(selectors.imports(request.coop).select_related("replaces"), pk=pk)


def find_year(request: HttpRequest, year: int) -> PatronageYear:
    """This co-op's year, or a 404."""
    return get_object_or_404(selectors.years(request.coop), year=year)


@require_safe
@requires("ledger.read_books")
def listing(request: HttpRequest) -> HttpResponse:
    """Every file of a year with what it brought, the year's pools, and the corrections."""
    years = list(selectors.years(request.coop)[:10])
    year = _chosen(request, years)
    found = selectors.imports(request.coop).filter(year=year) if year else selectors.imports(request.coop).none()
    page = Paginator(found, 25).get_page(request.GET.get("page"))
    pools = selectors.pools(year) if year else []
    corrections = list(selectors.corrections(year)[:50]) if year else []
    return render(
        request,
        "ledger/patronage.html",
        {
            "tabs": [(each.year, f"?year={each.year}", each == year) for each in years],
            "year": year,
            "page": page,
            "rows": [(each, Measure(each.unit, request.coop.currency).said(each.total)) for each in page],
            "pools": [_pool_row(request, pool) for pool in pools],
            "planned": year is not None and year.plans.exclude(state="void").exists(),
            "corrections": [_correction_row(request, row) for row in corrections],
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
    )


def _chosen(request: HttpRequest, years: list[PatronageYear]) -> PatronageYear | None:
    wanted = request.GET.get("year", "")
    return next((each for each in years if str(each.year) == wanted), years[0] if years else None)


def _pool_row(request: HttpRequest, pool: selectors.PoolTotal) -> dict:
    measure = Measure(pool.unit, request.coop.currency)
    return {"pool": pool, "total": measure.said(pool.total), "outside": measure.said(pool.outside)}


def _correction_row(request: HttpRequest, row) -> dict:
    said = Measure(row.unit, request.coop.currency).said(row.quantity)
    return {"row": row, "said": f"+{said}" if row.quantity > 0 else said}


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def new(request: HttpRequest) -> HttpResponse:
    """Choose a file. It is read at once, and nothing counts before the preview is agreed to."""
    years = selectors.years_to_record(request.coop, clock.today(request.coop))
    recorded = selectors.imports(request.coop).filter(state=State.RECORDED)[:50]
    form = ImportForm(
        request.POST or None,
        request.FILES or None,
        years=[(each.year, _year_label(each)) for each in years],
        recorded=[(each.pk, f"{each.year} · {each}") for each in recorded],
        initial=_begin_with(request, years),
    )
    if request.method == "POST" and form.is_valid():
        try:
            checked, _job = _check(request, form)
        except Refused as refused:
            refused.into(form)
        else:
            return redirect(path(request.coop, "ledger:patronage-import", pk=checked.pk))
    return render(request, "ledger/patronage_new.html", {"form": form}, status=422 if form.errors else 200)


def _year_label(year: selectors.Recordable) -> str:
    first, last = date_format(year.starts_on, "j F Y"), date_format(year.ends_on, "j F Y")
    said = {"year": year.year, "from": first, "to": last, "plan": year.plan}
    if year.plan:
        return _("%(year)s: its plan %(plan)s stands, nothing can be added") % said
    if year.is_running:
        return _("%(year)s: %(from)s to %(to)s, still running") % said
    return _("%(year)s: %(from)s to %(to)s") % said


def _begin_with(request: HttpRequest, years: list[selectors.Recordable]) -> dict:
    """The form as it is most likely wanted: for the year that was looked at or the last one that can take a file;
    after a file with wrong lines (``?after=``) as that one was sent."""
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        before = find_import(request, int(after))
        said = {"year": before.year.year, "pool": before.pool, "unit": before.unit, "replaces": before.replaces_id}
        return said | {f"{name}_column": heading for name, heading in patronage_csv.not_known(before.reading).items()}
    wanted = request.GET.get("year", "")
    open_ended = [each.year for each in years if not each.plan and not each.is_running]
    usual = open_ended[0] if open_ended else years[0].year
    return {"year": int(wanted) if wanted in {str(each.year) for each in years} else usual}


def _check(request: HttpRequest, form: ImportForm) -> tuple[PatronageImport, Job | None]:
    said, file = form.cleaned_data, form.cleaned_data["file"]
    services.check_size(file.size, file.name)
    replaces = said.get("replaces")
    return patronage_jobs.take_file(
        actor=request.actor,
        year=said["year"],
        pool=said["pool"],
        unit=said["unit"],
        file_name=file.name,
        data=file.read(),
        columns=form.columns,
        replaces=find_import(request, replaces) if replaces else None,
    )


@require_safe
@requires("ledger.read_books")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file says: totals, its largest lines, what is wrong with it; and the one thing to do now."""
    found = find_import(request, pk)
    measure = Measure(found.unit, request.coop.currency)
    preview = services.preview(actor=request.actor, patronage_import=found)
    sold = selectors.sold_to_members(found.year) if found.unit == Unit.MONEY else 0
    return render(
        request,
        "ledger/patronage_import.html",
        {
            "import": found,
            "job": _job(found),
            "total": measure.said(found.total),
            "outside": measure.said(found.outside),
            "lines": [(row, measure.said(row.quantity)) for row in preview.lines],
            "pools": [(name, count, measure.said(total)) for name, count, total in preview.pools],
            "overlap": preview.overlap,
            "elsewhere": preview.elsewhere,
            "sold": measure.said(sold) if sold else "",
            "delimiter": services.DELIMITERS.get(found.reading.get("delimiter", ""), ""),
            "more_problems": found.problem_count - len(found.problems),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
            "undo": ReasonForm(),
        },
    )


def _job(found: PatronageImport) -> Job | None:
    """What the worker does with a large file, or did last."""
    if found.size <= patronage_jobs.AT_ONCE or found.state not in (State.READING, State.CHECKED, State.DISCARDED):
        return None
    kinds = ("ledger.read_patronage", "ledger.record_patronage")
    job = Job.objects.filter(coop=found.coop_id, kind__in=kinds, args=[found.pk]).order_by("-pk").first()
    return job if job is not None and (not job.is_over or job.state == Job.State.FAILED) else None


@require_POST
@requires("ledger.keep_books")
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to the preview."""
    found = find_import(request, pk)
    try:
        found, job = patronage_jobs.record(actor=request.actor, patronage_import=found)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(path(request.coop, "ledger:patronage-import", pk=pk))
    if job is not None:
        return redirect(path(request.coop, "ledger:patronage-import", pk=pk))
    messages.success(request, _("“%(file)s” is recorded.") % {"file": found})
    return redirect(f"{path(request.coop, 'ledger:patronage')}?year={found.year}")


@require_POST
@requires("ledger.keep_books")
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a checked file away."""
    found = services.discard_import(actor=request.actor, patronage_import=find_import(request, pk))
    messages.success(request, _("“%(file)s” is thrown away; it never counted.") % {"file": found})
    return redirect(f"{path(request.coop, 'ledger:patronage')}?year={found.year}")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a recorded file back, with a reason."""
    found = find_import(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.undo_import(actor=request.actor, patronage_import=found, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("“%(file)s” no longer counts.") % {"file": found})
            return redirect(f"{path(request.coop, 'ledger:patronage')}?year={found.year}")
    total = Measure(found.unit, request.coop.currency).said(found.total)
    context = {"import": found, "form": form, "total": total}
    return render(request, "ledger/patronage_undo.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def correct(request: HttpRequest, year: int) -> HttpResponse:
    """Set one member's figure right by a new row."""
    found = find_year(request, year)
    pools = selectors.pools(found)
    if not pools:
        raise Http404
    form = CorrectionForm(request.POST or None, pools=pools, currency=request.coop.currency)
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        membership = membership_by_number(request.coop, said.pop("number"))
        try:
            if membership is None:
                raise Refused("no_member", _("No member has this number."), "number")
            services.correct(actor=request.actor, membership=membership, year=year, **said)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("Member %(number)s is corrected.") % {"number": membership.number_text})
            return redirect(f"{path(request.coop, 'ledger:patronage')}?year={year}")
    context = {"year": found, "form": form}
    return render(request, "ledger/patronage_correct.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def reassign(request: HttpRequest, year: int) -> HttpResponse:
    """Move business from the number it was rung up under to those whose it is."""
    found = find_year(request, year)
    pools = selectors.pools(found)
    if not pools:
        raise Http404
    form = ReassignForm(sent(request), pools=pools, currency=request.coop.currency)

    def act() -> HttpResponse:
        said = dict(form.cleaned_data)
        membership = membership_by_number(request.coop, said.pop("number"))
        if membership is None:
            raise Refused("no_member", _("No member has this number."), "number")
        patronage_reassigning.reassign(actor=request.actor, membership=membership, year=year, **said)
        messages.success(request, _("Member %(number)s’s business is moved.") % {"number": membership.number_text})
        return redirect(f"{path(request.coop, 'ledger:patronage')}?year={year}")

    context = {
        "heading": _("Whose business of %(year)s is it?") % {"year": year},
        "lead": _("A company’s purchases can belong to its persons. New lines move them; the pool’s total stays."),
        "button": _("Move it"),
        "back": path(request.coop, "ledger:patronage"),
    }
    return answer(request, form, act, "ledger/act.html", context)
