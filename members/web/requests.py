"""My data, what I agreed to, and changes that somebody looks at first; and the secretary who looks."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import AnswerForm, ConsentForm, NewNameForm
from members.models import AccessLog, ChangeRequest, Party
from members.selectors import dated, rights

Kind = ChangeRequest.Kind


def _me(request: HttpRequest) -> Party:
    return get_object_or_404(Party.objects.select_related("coop", "account"), coop=request.coop, account=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.see_own_data")
def data(request: HttpRequest) -> HttpResponse:
    """What the co-op holds about me, what I agreed to, and how I get it or have it erased."""
    party, today = _me(request), clock.today(request.coop)
    form = ConsentForm(rights.consents_of(party), request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = services.say_consent(actor=request.actor, party=party, answers=form.cleaned_data)
        messages.success(request, _("Written down.") if changed else _("Nothing was different."))
        return redirect(path(request.coop, "members:me-data"))
    context = {
        "party": party,
        "form": form,
        "requests": party.change_requests.order_by("-id")[:20],
        "open_kinds": set(party.change_requests.filter(state="open").values_list("kind", flat=True)),
        "kept_until": rights.name_kept_until(party, today),
    }
    return render(request, "members/me_data.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.see_own_data")
def name(request: HttpRequest) -> HttpResponse:
    """I have a new name."""
    party = _me(request)
    known = dated.name_of(party, clock.today(request.coop), or_later=True)
    fields = ("given_names", "family_name", "firm")
    form = NewNameForm(party, request.POST or None, initial={field: getattr(known, field, "") for field in fields})
    if request.method == "POST" and form.is_valid():
        try:
            asked = services.ask_change(actor=request.actor, party=party, kind=Kind.NAME, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(
                request, _("Asked. The secretary answers by %s; we wrote to you.") % date_format(asked.due_on, "j F Y")
            )
            return redirect(path(request.coop, "members:me-data"))
    words = {
        "heading": _("Tell us your new name"),
        "means": _("The register is a legal record, so the secretary looks at a document first."),
        "act": _("Ask for the change"),
    }
    return render(request, "members/me_ask.html", {"form": form, "words": words}, status=422 if form.errors else 200)


@require_POST
@requires("members.see_own_data")
def ask_erasure(request: HttpRequest) -> HttpResponse:
    """I want my data erased."""
    asked = services.ask_change(actor=request.actor, party=_me(request), kind=Kind.ERASURE)
    messages.success(request, _("Asked. The secretary answers by %s.") % date_format(asked.due_on, "j F Y"))
    return redirect(path(request.coop, "members:me-data"))


@require_POST
@requires("members.see_own_data")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """I do not want what I asked for any more; or whom I stand for does not."""
    mine = ChangeRequest.objects.filter(coop=request.coop, party__in=rights.parties_of(request.actor))
    asked = get_object_or_404(mine.select_related("party__coop"), pk=pk)
    try:
        services.withdraw_change(actor=request.actor, request=asked)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("Taken back; nothing changes."))
    return redirect(path(request.coop, "members:me-data"))


@require_safe
@requires("members.read_register")
def listing(request: HttpRequest) -> HttpResponse:
    """What members asked for, the most urgent first."""
    is_open = request.GET.get("tab") != "answered"
    found = ChangeRequest.objects.filter(coop=request.coop).select_related("party", "decided_by")
    found = found.filter(state="open") if is_open else found.exclude(state="open").order_by("-decided_at")
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="requests")
    context = {"page": page, "is_open": is_open, "today": clock.today(request.coop)}
    return render(request, "members/requests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Old beside new; then grant or refuse."""
    found = ChangeRequest.objects.select_related("party__coop", "asked_by", "decided_by")
    asked = get_object_or_404(found, pk=pk, coop=request.coop)
    party, today = asked.party, clock.today(request.coop)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        grant = request.POST.get("act") == "grant"
        try:
            services.decide_change(actor=request.actor, request=asked, grant=grant, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("Answered, and every address we know was written to."))
            return redirect(path(request.coop, "members:requests"))
    if request.method == "GET":
        services.looked_at(actor=request.actor, what=AccessLog.What.MEMBER, party=party, subject="request")
    before, after = services.before_and_after(asked)
    context = {
        "asked": asked,
        "party": party,
        "form": form,
        "before": before,
        "after": after,
        "membership": party.memberships.order_by("-number").first(),
        "today": today,
    }
    return render(request, "members/request.html", context, status=422 if form.errors else 200)
