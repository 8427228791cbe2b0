"""The kernel's own pages: a job's progress, the audit trail, offices, the outbox."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import clock, forms, outbox, rules
from . import offices as services
from .errors import Refused
from .models import AuditEvent, FactorReset, Job, Mail, Office
from .tenancy import path
from .web import lacks_second_factor, requires


@require_safe
@requires("kernel.belongs")
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the work is. htmx asks for the progress part again until it is over."""
    found = get_object_or_404(Job.objects.filter(coop=request.coop).select_related("actor"), pk=pk)
    if not rules.may(request.actor, "kernel.see_job", found):
        raise Http404
    template = "ui/job.html" if request.htmx else "kernel/job.html"
    return render(request, template, {"job": found})


@require_safe
@requires("kernel.read_audit")
def audit_trail(request: HttpRequest) -> HttpResponse:
    events = AuditEvent.objects.filter(coop=request.coop).select_related("actor", "payload").order_by("-seq")
    kind = request.GET.get("kind", "").strip()
    if kind:
        events = events.filter(kind__startswith=kind)
    page = Paginator(events, 50).get_page(request.GET.get("page"))
    return render(request, "kernel/audit.html", {"page": page, "kind": kind})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("kernel.is_officer")
def offices(request: HttpRequest) -> HttpResponse:
    """Who holds which office. The secretary and the board give offices here."""
    today = clock.today(request.coop)
    may_appoint = rules.may(request.actor, "kernel.appoint")
    form = forms.AppointForm(request.POST or None, initial={"starts_on": today}) if may_appoint else None
    if request.method == "POST":
        rules.require(request.actor, "kernel.appoint")
        if form.is_valid():
            try:
                office = services.appoint(actor=request.actor, **form.cleaned_data)
            except Refused as refused:
                refused.into(form)
            else:
                messages.success(request, _("%(who)s, from %(day)s.") % {"who": office, "day": office.starts_on})
                return redirect(path(request.coop, "offices"))
    held = Office.objects.filter(coop=request.coop).select_related("user").order_by("role", "starts_on")
    return render(
        request,
        "kernel/offices.html",
        {
            "current": [each for each in held if each.ends_on is None or each.ends_on >= today],
            "past": [each for each in held if each.ends_on is not None and each.ends_on < today],
            "form": form,
        },
        status=422 if form is not None and form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("kernel.appoint")
@reauthentication_required
def end_office(request: HttpRequest, pk: int) -> HttpResponse:
    office = get_object_or_404(Office.objects.filter(coop=request.coop).select_related("user"), pk=pk)
    form = forms.EndOfficeForm(request.POST or None, initial={"ends_on": clock.today(request.coop)})
    if request.method == "POST" and form.is_valid():
        try:
            services.end(actor=request.actor, office=office, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            return redirect(path(request.coop, "offices"))
    return render(
        request, "kernel/office_end.html", {"office": office, "form": form}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("kernel.reset_factor")
def factor_resets(request: HttpRequest) -> HttpResponse:
    """Ask that a colleague's lost second factor be taken away, and confirm what others asked."""
    form = forms.FactorResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.ask_factor_reset(actor=request.actor, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("Asked. A second officer must confirm it."))
            return redirect(path(request.coop, "factor-resets"))
    asked = FactorReset.objects.filter(coop=request.coop).select_related("user", "asked_by", "confirmed_by")
    return render(
        request, "kernel/factor_resets.html", {"form": form, "resets": asked[:50]}, status=422 if form.errors else 200
    )


@require_POST
@requires("kernel.reset_factor")
@reauthentication_required
def confirm_factor_reset(request: HttpRequest, pk: int) -> HttpResponse:
    reset = get_object_or_404(FactorReset.objects.filter(coop=request.coop).select_related("user", "asked_by"), pk=pk)
    services.confirm_factor_reset(actor=request.actor, reset=reset)
    messages.success(request, _("Done. %(name)s was told by e-mail.") % {"name": reset.user})
    return redirect(path(request.coop, "factor-resets"))


def _readable_mail(request: HttpRequest):
    """In the demo everybody reads the outbox; elsewhere the platform's staff does, behind their second factor."""
    is_staff = request.user.is_staff and not lacks_second_factor(request.user)
    if settings.MAIL_TRANSPORT != "demo" and not is_staff:
        raise Http404
    return Mail.objects.select_related("coop")


@require_safe
def outbox_list(request: HttpRequest) -> HttpResponse:
    mails = _readable_mail(request).defer("text", "html")
    page = Paginator(mails.order_by("-id"), 30).get_page(request.GET.get("page"))
    return render(request, "kernel/outbox.html", {"page": page})


@require_safe
def outbox_mail(request: HttpRequest, pk: int) -> HttpResponse:
    mail = get_object_or_404(_readable_mail(request), pk=pk)
    if mail.kind == outbox.SECURITY and settings.MAIL_TRANSPORT != "demo":
        mail.text, mail.html = _("What this letter says opens a login, so it is shown to nobody else."), ""
    return render(request, "kernel/outbox_mail.html", {"mail": mail})
