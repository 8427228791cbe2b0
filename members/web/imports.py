"""Bringing a register in from another program: file, columns, check, totals, and the way back."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.csv_table import check_size
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import ColumnsForm, TotalsForm, UploadForm
from members.models import ImportBatch, ImportRow

State = ImportBatch.State


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.read_register")
def listing(request: HttpRequest) -> HttpResponse:
    """Files brought in so far, and a place for the next one."""
    keeps = rules.may(request.actor, "members.keep_register")
    form = UploadForm(request.POST or None, request.FILES or None) if keeps else None
    if request.method == "POST":
        rules.require(request.actor, "members.keep_register")
        if form is not None and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                check_size(file.size, file.name)
                batch = services.read_file(actor=request.actor, file_name=file.name, data=file.read())
            except Refused as refused:
                refused.into(form)
            else:
                return redirect(path(request.coop, "members:import", pk=batch.pk))
    batches = ImportBatch.objects.filter(coop=request.coop).defer("content").select_related("created_by")
    page = Paginator(batches, 30).get_page(request.GET.get("page"))
    status = 422 if form is not None and form.errors else 200
    return render(request, "members/imports.html", {"page": page, "form": form}, status=status)


def find(request: HttpRequest, pk: int) -> ImportBatch:
    """This co-op's batch, or a 404."""
    batches = ImportBatch.objects.filter(coop=request.coop).defer("content").select_related("coop")
    return get_object_or_404(batches, pk=pk)


def _page(request: HttpRequest, batch: ImportBatch, *, columns=None, totals=None) -> HttpResponse:
    rows = ImportRow.objects.filter(batch=batch)
    shown = request.GET.get("show") if request.GET.get("show") in ImportRow.State.values else ""
    listed = rows.filter(state=shown) if shown else rows.exclude(state=ImportRow.State.READY)
    open_jobs = Job.objects.filter(
        coop=request.coop, kind__in=["members.check_import", "members.write_import"], args=[batch.pk]
    )
    keeps = rules.may(request.actor, "members.keep_register")
    is_open = batch.state in (State.READ, State.STAGED)
    forms = [each for each in (columns, totals) if each is not None]
    context = {
        "batch": batch,
        "page": Paginator(listed.defer("data"), 50).get_page(request.GET.get("page")),
        "shown": shown,
        f"show_{shown or 'all'}": True,
        "counts": dict(rows.values_list("state").annotate(n=Count("pk")).order_by()),
        "job": open_jobs.select_related("coop").exclude(state="done").first(),
        "columns": columns
        or (ColumnsForm(batch, initial={"admitted_on": clock.today(request.coop)}) if is_open else None),
        "totals": totals or (TotalsForm(batch) if batch.state == State.STAGED else None),
        "keeps": keeps,
    }
    return render(request, "members/import.html", context, status=422 if any(each.errors for each in forms) else 200)


@require_safe
@requires("members.read_register")
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: its columns, what is wrong with its lines, its totals, and what can be done now."""
    return _page(request, find(request, pk))


@require_POST
@requires("members.keep_register")
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Name the columns; the lines are checked again."""
    batch = find(request, pk)
    form = ColumnsForm(batch, request.POST)
    if form.is_valid():
        try:
            services.name_columns(actor=request.actor, batch=batch, mapping=form.mapping, options=form.options)
        except Refused as refused:
            refused.field = f"column_{refused.field}" if refused.field else None
            refused.into(form)
        else:
            return redirect(path(request.coop, "members:import", pk=pk))
    return _page(request, batch, columns=form)


@require_POST
@requires("members.keep_register")
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write it into the register, if the totals are right."""
    batch = find(request, pk)
    form = TotalsForm(batch, request.POST)
    if form.is_valid():
        try:
            services.commit_import(actor=request.actor, batch=batch, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            return redirect(path(request.coop, "members:import", pk=pk))
    return _page(request, batch, totals=form)


@require_POST
@requires("members.keep_register")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back out."""
    removed = services.undo_import(actor=request.actor, batch=find(request, pk))
    words = ngettext("%s membership was taken back out.", "%s memberships were taken back out.", removed)
    messages.success(request, words % removed)
    return redirect(path(request.coop, "members:import", pk=pk))


@require_POST
@requires("members.keep_register")
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw it away before it is in."""
    services.discard(actor=request.actor, batch=find(request, pk))
    messages.success(request, _("Thrown away. Nothing of it is kept."))
    return redirect(path(request.coop, "members:imports"))
