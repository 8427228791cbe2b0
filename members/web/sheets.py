"""Board sheets: many applications, one resolution."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import DecisionForm, SheetForm
from members.models import BoardSheet
from members.selectors import joining

from .applications import find as find_application


def find(request: HttpRequest, pk: int) -> BoardSheet:
    """This co-op's sheet, or a 404."""
    return get_object_or_404(BoardSheet.objects.filter(coop=request.coop).select_related("recorded_by"), pk=pk)


@require_safe
@requires("members.read_register")
def listing(request: HttpRequest) -> HttpResponse:
    """Sheets in preparation and decided."""
    page = Paginator(joining.sheets(request.coop).order_by("-meeting_on", "-id"), 30).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "today": clock.today(request.coop),
        "keeps": rules.may(request.actor, "members.keep_register"),
    }
    return render(request, "members/sheets.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def create(request: HttpRequest) -> HttpResponse:
    """A new sheet out of the applications that wait."""
    waiting = joining.waiting(request.coop)
    chosen = request.GET.getlist("applications") or [str(each.pk) for each in waiting]
    form = SheetForm(
        waiting, request.POST or None, initial={"meeting_on": clock.today(request.coop), "applications": chosen}
    )
    if request.method == "POST":
        try:
            sheet = services.create_sheet(actor=request.actor, **form.cleaned_data) if form.is_valid() else None
        except Refused as refused:
            sheet = None
            refused.into(form)
        sheet = sheet or _sheet_of_all(request)
        if sheet is not None:
            return redirect(path(request.coop, "members:sheet", pk=sheet.pk))
    context = {"form": form, "waiting": waiting}
    return render(request, "members/sheet_new.html", context, status=422 if form.errors else 200)


def _sheet_of_all(request: HttpRequest) -> BoardSheet | None:
    """The sheet on which everybody chosen is already, as they are when the button is pressed twice."""
    chosen = {int(key) for key in request.POST.getlist("applications") if key.isdecimal() and len(key) < 19}
    on = dict(joining.applications(request.coop).filter(pk__in=chosen).values_list("pk", "sheet"))
    if set(on) != chosen or len(set(on.values())) != 1:
        return None
    return BoardSheet.objects.filter(coop=request.coop, pk=next(iter(on.values()))).first()


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.read_register")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet: to be decided while it is in preparation, to be read once it is decided."""
    sheet = find(request, pk)
    applications = list(joining.applications(request.coop).filter(sheet=sheet).order_by("pk"))
    may_decide = rules.may(request.actor, "members.decide", sheet)
    form = None
    if sheet.state == BoardSheet.State.DRAFT and may_decide:
        first = {f"verdict_{each.pk}": services.ADMIT for each in applications}
        day = min(sheet.meeting_on, clock.today(request.coop))
        form = DecisionForm(applications, request.POST or None, initial={**first, "on": day})
    if request.method == "POST":
        rules.require(request.actor, "members.decide", sheet)
        if form is None:
            raise Refused("sheet_decided", _("This sheet has been decided; a decision is not changed, only followed."))
        if form.is_valid() and _record(request, sheet, form):
            return redirect(path(request.coop, "members:sheet", pk=pk))
    unsettled = joining.unsettled(applications) if form is not None else {}
    context = {
        "sheet": sheet,
        "unsettled": [(each, unsettled[each.pk]) for each in applications if each.pk in unsettled],
        "applications": applications,
        "form": form,
        "waiting": joining.waiting(request.coop) if form is not None else [],
        "keeps": rules.may(request.actor, "members.keep_register"),
        "today": clock.today(request.coop),
    }
    return render(request, "members/sheet.html", context, status=422 if form is not None and form.errors else 200)


def _record(request: HttpRequest, sheet: BoardSheet, form: DecisionForm) -> bool:
    said = form.cleaned_data
    try:
        services.decide_sheet(
            actor=request.actor,
            sheet=sheet,
            decisions=form.decisions(),
            resolution=said["resolution"],
            on=said["on"],
        )
    except Refused as refused:
        refused.into(form)
        return False
    admitted = sum(each.verdict == services.ADMIT for each in form.decisions().values())
    messages.success(
        request,
        ngettext("%s member was admitted and written to.", "%s members were admitted and written to.", admitted)
        % admitted,
    )
    return True


@require_POST
@requires("members.keep_register")
def put(request: HttpRequest, pk: int) -> HttpResponse:
    """Put waiting applications on a sheet in preparation."""
    sheet = find(request, pk)
    chosen = [key for key in request.POST.getlist("applications") if key.isdecimal() and len(key) < 19]
    put_on = services.put_on_sheet(
        actor=request.actor, sheet=sheet, applications=joining.waiting(request.coop).filter(pk__in=chosen)
    )
    messages.success(request, ngettext("%s more is on the sheet.", "%s more are on the sheet.", put_on) % put_on)
    return redirect(path(request.coop, "members:sheet", pk=pk))


@require_POST
@requires("members.keep_register")
def take_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one application off its sheet."""
    application = find_application(request, pk)
    sheet = application.sheet_id
    services.take_off_sheet(actor=request.actor, application=application)
    if sheet is None:
        return redirect(path(request.coop, "members:application", pk=pk))
    return redirect(path(request.coop, "members:sheet", pk=sheet))
