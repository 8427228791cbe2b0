"""Whole lists: kept under a name, written to, taken away as a file."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms.bulk import ActForm, BasisForm, SaveFilterForm, WriteForm
from members.models import AccessLog, BulkLetter
from members.selectors import bulk
from members.selectors.acts import Act, Planned, planned
from members.services.bulk import KEYS

from .desk import asked_for


def _query(params: QueryDict) -> str:
    return urlencode({key: params[key] for key in KEYS if params.get(key)})


def _list(request: HttpRequest) -> str:
    query = _query(request.GET)
    return path(request.coop, "members:list") + (f"?{query}" if query else "")


@require_POST
@requires("members.read_register")
def save_filter(request: HttpRequest) -> HttpResponse:
    """Keep what the list is filtered by, under a name."""
    form = SaveFilterForm(request.POST)
    if not form.is_valid():
        raise Refused("name_missing", _("Give the filter a name of at most 80 characters."), "name")
    saved = services.save_filter(actor=request.actor, query=request.GET.dict(), **form.cleaned_data)
    messages.success(request, _("Kept as “%s”.") % saved)
    return redirect(_list(request))


@require_POST
@requires("members.read_register")
def remove_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a saved filter away."""
    saved = get_object_or_404(bulk.filters(request.actor, removed=True), pk=pk)
    services.remove_filter(actor=request.actor, saved=saved)
    messages.success(request, _("The filter is gone; the members stay."))
    return redirect(path(request.coop, "members:list"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def write(request: HttpRequest) -> HttpResponse:
    """A letter to everybody on the list: written, looked at, sent."""
    found, _asked = asked_for(request.coop, request.GET, clock.today(request.coop))
    form = WriteForm(request.POST or None, initial={"about": BulkLetter.About.BUSINESS})
    planned = None
    if request.method == "POST" and form.is_valid():
        planned = bulk.mailing(found, form.cleaned_data["about"])
        if request.POST.get("act") == "send":
            said = {"digest": request.POST.get("digest", ""), "key": request.POST.get("key", "")[:64]}
            try:
                letter = services.write_to(actor=request.actor, found=found, **form.cleaned_data, **said)
            except Refused as refused:
                refused.into(form)
            else:
                return redirect(path(request.coop, "members:written", pk=letter.pk))
        else:
            rows = len(planned.recipients)
            services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=rows, subject="letter to many")
    context = {
        "form": form,
        "planned": planned,
        "going": len(planned.recipients) - len(planned.left_out) if planned else 0,
        "count": found.count(),
        "key": uuid.uuid4().hex,
        "back": _list(request),
    }
    return render(request, "members/write.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def act(request: HttpRequest) -> HttpResponse:
    """One act for everybody on the list: chosen, looked at, done to all of them or to nobody."""
    found, _asked = asked_for(request.coop, request.GET, clock.today(request.coop))
    form = ActForm(request.coop, request.POST or None)
    plan = None
    if request.method == "POST" and form.is_valid():
        try:
            plan = _act(request, found, form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        if plan is not None and request.POST.get("do") == "now":
            sentence = ngettext("Done, for one member.", "Done, for %s members.", len(plan.doing))
            messages.success(request, sentence % len(plan.doing) if len(plan.doing) != 1 else sentence)
            session = form.cleaned_data.get("session")
            if session is not None and form.cleaned_data["act"] == Act.ENROL:  # its page says how far the letters are
                return redirect(path(request.coop, "members:session", pk=session.pk))
            return redirect(_list(request))
    context = {"form": form, "planned": plan, "count": found.count(), "back": _list(request)}
    return render(request, "members/act.html", context, status=422 if form.errors else 200)


def _act(request: HttpRequest, found, said: dict) -> Planned:
    """What would be done; or, where it was looked at, what was."""
    if request.POST.get("do") == "now":
        return services.act_on_all(actor=request.actor, found=found, digest=request.POST.get("digest", ""), **said)
    said["tag"] = services.check_act(request.actor, **said)
    plan = planned(found, **said)
    rows = len(plan.doing) + len(plan.left_out)
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=rows, subject="act on many")
    return plan


@require_safe
@requires("members.keep_register")
def written(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter to many: how far it is, who got it how, who did not and why."""
    letters = BulkLetter.objects.filter(coop=request.coop).select_related("made_by")
    letter = get_object_or_404(letters, pk=pk)
    job = Job.objects.filter(coop=request.coop, kind="members.write_to_many", args=[letter.pk]).select_related("coop")
    counts = letter.lines.aggregate(
        by_mail=Count("pk", filter=Q(how="mail")),
        on_paper=Count("pk", filter=Q(how="paper")),
        left_out=Count("pk", filter=Q(how="left_out")),
        done=Count("pk", filter=Q(done_at__isnull=False)),
    )
    lines = letter.lines.select_related("membership__party").order_by("-how", "membership__number")
    page = Paginator(lines, 50).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject=f"letter {letter.pk}")
    context = {"letter": letter, "job": job.exclude(state="done").first(), "counts": counts, "page": page}
    return render(request, "members/written.html", context)


@require_POST
@requires("members.export_register")
def export(request: HttpRequest) -> HttpResponse:
    """The list as a file."""
    form = BasisForm(request.POST)
    if not form.is_valid():
        raise Refused("basis_missing", _("Say what the list is for."), "basis")
    today = clock.today(request.coop)
    found, _asked = asked_for(request.coop, request.GET, today)
    data = services.export_list(actor=request.actor, found=found, **form.cleaned_data)
    answer = HttpResponse(data, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{request.coop.slug}-members-{today.isoformat()}.csv"'
    return answer
