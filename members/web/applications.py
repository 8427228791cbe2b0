"""Applications: the list, one under review, one typed in from paper."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import PaperApplicationForm
from members.models import AccessLog, Application, ApplicationCheck, Party
from members.selectors import joining, learning
from members.selectors.people import terms_in_force

State = Application.State
TABS = {
    "waiting": [State.RECEIVED],
    "sheet": [State.ON_SHEET],
    "decided": [State.ADMITTED, State.REFUSED, State.WITHDRAWN],
}


def find(request: HttpRequest, pk: int) -> Application:
    """This co-op's application, or a 404."""
    return get_object_or_404(joining.applications(request.coop).select_related("party", "bylaws", "coop"), pk=pk)


@require_safe
@requires("members.read_register")
def listing(request: HttpRequest) -> HttpResponse:
    """Applications by state; those waiting come with a box each, to be put on a sheet."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "waiting"
    found = joining.applications(request.coop).filter(state__in=TABS[tab])
    found = found.order_by("-decided_on", "-id") if tab == "decided" else found.order_by("decide_by", "id")
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="applications")
    return render(
        request,
        "members/applications.html",
        {
            "page": page,
            "tab": tab,
            f"tab_{tab}": True,
            "counts": joining.counts(request.coop),
            "today": clock.today(request.coop),
            "keeps": rules.may(request.actor, "members.keep_register"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def on_paper(request: HttpRequest) -> HttpResponse:
    """Type in what came on paper."""
    form = PaperApplicationForm(request.coop, request.POST or None)
    if request.method == "POST" and form.is_valid():
        application = form.save()
        if application is not None:
            messages.success(request, _("The application of %s is in.") % application.full_name)
            return redirect(path(request.coop, "members:application", pk=application.pk))
    return render(request, "members/application_new.html", {"form": form}, status=422 if form.errors else 200)


def _checks(application: Application) -> list[tuple[str, str]]:
    """What is looked at before the board decides; the guardian's consent where one applied for a minor."""
    asked = ApplicationCheck.Code
    return [(code, str(label)) for code, label in asked.choices if code != asked.GUARDIAN or application.guardian]


@require_safe
@requires("members.read_register")
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: what was said, what was checked, who it might already be."""
    application = find(request, pk)
    today = clock.today(request.coop)
    done = {check.code: check for check in application.checks.select_related("done_by")}
    services.looked_at(
        actor=request.actor,
        what=AccessLog.What.APPLICATION,
        party=application.party,
        subject=f"application {application.pk}",
    )
    return render(
        request,
        "members/application.html",
        {
            "application": application,
            "checks": [(code, label, done.get(code)) for code, label in _checks(application)],
            "candidates": joining.duplicates(application) if application.is_open else [],
            "terms": terms_in_force(request.coop, application.received_on).get(application.member_class_id),
            "lacks": learning.before_admission(application, today) if application.is_open else [],
            "keeps": rules.may(request.actor, "members.keep_register"),
            "today": today,
        },
    )


@require_POST
@requires("members.keep_register")
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick or untick one check."""
    application = find(request, pk)
    done = request.POST.get("done") != "no"
    services.check(actor=request.actor, application=application, code=request.POST.get("code", ""), done=done)
    return redirect(path(request.coop, "members:application", pk=pk))


@require_POST
@requires("members.keep_register")
def match(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who the applicant is: somebody on record, or somebody new."""
    application = find(request, pk)
    asked = request.POST.get("party", "")
    party = None
    if asked:
        key = int(asked) if asked.isdecimal() and len(asked) < 19 else None
        party = get_object_or_404(Party.objects.filter(coop=request.coop), pk=key)
    services.match_party(actor=request.actor, application=application, party=party)
    messages.success(request, _("This is %s.") % party if party else _("This is somebody new."))
    return redirect(path(request.coop, "members:application", pk=pk))


@require_POST
@requires("members.keep_register")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The applicant took it back, and told the secretary."""
    application = services.withdraw(actor=request.actor, application=find(request, pk))
    messages.success(request, _("The application of %s is taken back.") % application.full_name)
    return redirect(path(request.coop, "members:applications"))
