"""Proxies: what a member gives and holds, and the desk's list, rule and signed forms."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_of

from .. import selectors, services
from ..documents import proxy_form_pdf
from ..forms import PaperProxyForm, ProxyForm, ProxyRuleForm, StrikeOutForm
from ..models import Meeting, Proxy, ProxyRule
from .acts import attempt, status_of
from .meetings import get_meeting

ACTS = {"accept": services.accept_proxy, "decline": services.decline_proxy, "revoke": services.revoke_proxy}


@never_cache
@require_safe
@requires("governance.vote")
def proxies(request: HttpRequest) -> HttpResponse:
    """Every coming meeting that takes proxies: the one I gave, those I was asked to hold."""
    found = selectors.my_proxies(request.actor, membership_of(request.actor), clock.now())
    return render(request, "governance/proxies.html", {"meetings": found})


def _taking(request: HttpRequest, pk: int) -> Meeting:
    """A meeting of the co-op that takes proxies."""
    rows = selectors.meetings(request.actor).filter(proxy_rule__isnull=False).select_related("proxy_rule")
    found = get_object_or_404(rows, pk=pk)
    found.coop = request.coop
    return found


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.vote")
def give(request: HttpRequest, pk: int) -> HttpResponse:
    found = _taking(request, pk)
    form = ProxyForm(request.POST or None)
    act = lambda: services.give_proxy(actor=request.actor, meeting=found, **form.cleaned_data)  # noqa: E731
    made = attempt(request, form, act)
    if made is not None:
        text = _("%s has been asked, and votes for you once they accept.") % made.holder.party
        messages.success(request, text)
        return redirect(path(request.coop, "governance:proxies"))
    context = {"form": form, "meeting": found, "rule": found.proxy_rule}
    return render(request, "governance/proxy_give.html", context, status=status_of(form))


@require_POST
@requires("governance.vote")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept, decline or take back; what is not mine is not found."""
    me = membership_of(request.actor)
    rows = Proxy.objects.filter(coop=request.coop).of(me).with_people()
    found = get_object_or_404(rows, pk=pk)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    try:
        act(actor=request.actor, proxy=found)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect(path(request.coop, "governance:proxies"))


@require_safe
@requires("governance.see_results")
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The form to print, fill in by hand and sign."""
    found = _taking(request, pk)
    response = HttpResponse(proxy_form_pdf(found), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="proxy-{found.starts_at:%Y-%m-%d}.pdf"'
    return response


def _rule_of(found: Meeting) -> ProxyRule | None:
    return getattr(found, "proxy_rule", None)


@require_safe
@requires("governance.read_ballots")
def at_meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """The desk's list: who votes for whom at this meeting, and the rule."""
    found = get_meeting(request, pk)
    found.coop = request.coop
    page = Paginator(selectors.proxies_at(found), 50).get_page(request.GET.get("page"))
    context = {
        "meeting": found,
        "rule": _rule_of(found),
        "page": page,
        "standing": selectors.proxies_at(found).standing().count(),
        "may_call": rules.may(request.actor, "governance.call_meetings"),
    }
    return render(request, "governance/meeting_proxies.html", context)


def _desk_form(request: HttpRequest, found: Meeting, form, act, heading: str, lead: str, button: str) -> HttpResponse:
    """A form at the desk that comes back to the list of proxies."""
    if attempt(request, form, act) is not None:
        return redirect(path(request.coop, "governance:meeting-proxies", pk=found.pk))
    context = {"meeting": found, "form": form, "heading": heading, "lead": lead, "act": button}
    return render(request, "governance/proxy_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_meeting(request, pk)
    current = _rule_of(found)
    initial = {name: getattr(current, name) for name in ProxyRuleForm.base_fields} if current else {}
    form = ProxyRuleForm(request.POST or None, initial=initial)
    return _desk_form(
        request,
        found,
        form,
        lambda: services.set_proxy_rule(actor=request.actor, meeting=found, **form.cleaned_data),
        _("How this meeting takes proxies"),
        _("As the by-laws say. From the first proxy on, the rule stands."),
        _("Set the rule"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def signed(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_meeting(request, pk)
    form = PaperProxyForm(request.POST or None)
    return _desk_form(
        request,
        found,
        form,
        lambda: services.record_paper_proxy(actor=request.actor, meeting=found, **form.cleaned_data),
        _("Enter a signed form"),
        _("Signed by both, it stands at once. Both are told by e-mail."),
        _("Enter the proxy"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def strike_out(request: HttpRequest, pk: int, proxy: int) -> HttpResponse:
    found = get_meeting(request, pk)
    row = get_object_or_404(selectors.proxies_at(found).open(), pk=proxy)
    form = StrikeOutForm(request.POST or None)
    return _desk_form(
        request,
        found,
        form,
        lambda: services.strike_out_proxy(actor=request.actor, proxy=row, **form.cleaned_data),
        _("End the proxy of %s?") % row.principal.party,
        _("What was cast by it before stands. Both are told by e-mail."),
        _("End the proxy"),
    )
