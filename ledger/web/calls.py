"""Calls on shares: the board calls and takes back; the treasurer gives notice and enters what was forfeited."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.call_forms import CallForm, ForfeitForm
from ledger.forms import RefuseForm
from ledger.models import ShareCall, ShareCallLine
from ledger.selectors import calls as selectors
from ledger.services import calls as services

from .common import answer, pressed, sent

PAGE = 50


def own_call(request: HttpRequest, pk: int) -> ShareCall:
    return get_object_or_404(selectors.calls(request.coop), pk=pk)


def own_line(request: HttpRequest, pk: int) -> ShareCallLine:
    found = ShareCallLine.objects.filter(coop=request.coop)
    return get_object_or_404(found.select_related("call__share_class", "membership__party", "membership__coop"), pk=pk)


@require_safe
@requires("ledger.read_shares")
def call_list(request: HttpRequest) -> HttpResponse:
    """Every call, the newest first."""
    page = Paginator(selectors.calls(request.coop), PAGE).get_page(request.GET.get("page"))
    found = {
        "page": page,
        "on_call": list(selectors.classes_on_call(request.coop)),
        "calls": rules.may(request.actor, "ledger.call_shares"),
        "keeps": rules.may(request.actor, "ledger.keep_books"),
    }
    return render(request, "ledger/calls.html", found)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.call_shares")
def new(request: HttpRequest) -> HttpResponse:
    """The board calls."""
    form = CallForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        site = request.build_absolute_uri(path(request.coop, "ledger:money"))
        made = services.call_shares(actor=request.actor, site=site, **form.cleaned_data)
        messages.success(request, _("%(n)s members get a letter.") % {"n": made.count})
        letters = Job.objects.filter(coop=request.coop, kind="ledger.tell_of_call", args__0=made.pk).latest("pk")
        return redirect(path(request.coop, "job", pk=letters.pk))

    words = {
        "heading": _("Call for a part of the shares"),
        "lead": _("Everybody with shares of the class that are not called yet owes this from the day it is due."),
        "button": _("Call, and tell the members"),
        "back": path(request.coop, "ledger:calls"),
    }
    return answer(request, form, act, "ledger/act.html", words)


@require_safe
@requires("ledger.read_shares")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One call, line by line: asked, paid, late."""
    call, today = own_call(request, pk), clock.today(request.coop)
    rows = selectors.asked(call, list(selectors.lines(call)), today)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    found = {
        "call": call,
        "page": page,
        "today": today,
        "open": sum(each.open for each in rows),
        "paid": sum(each.paid for each in rows),
        "late": sum(each.is_late for each in rows),
        "calls": rules.may(request.actor, "ledger.call_shares"),
        "keeps": rules.may(request.actor, "ledger.keep_books"),
    }
    return render(request, "ledger/call.html", found)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.call_shares")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The board takes a call back."""
    call = own_call(request, pk)
    form = RefuseForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        services.withdraw_call(actor=request.actor, call=call, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:call", pk=pk))

    words = {
        "heading": _("Take call %(number)s back") % {"number": call.number},
        "lead": _("What it asked waits for another call. What was paid stays paid."),
        "button": _("Take it back"),
        "back": path(request.coop, "ledger:call", pk=pk),
    }
    return answer(request, form, act, "ledger/act.html", words)


@require_POST
@requires("ledger.keep_books")
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The last letter to somebody who is late."""
    line = own_line(request, pk)
    site = request.build_absolute_uri(path(request.coop, "ledger:money"))
    give = partial(services.give_notice, actor=request.actor, line=line, site=site)
    return pressed(request, give, path(request.coop, "ledger:call", pk=line.call_id), _("The letter is on its way."))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def forfeit(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter that shares were forfeited."""
    line = own_line(request, pk)
    back = path(request.coop, "ledger:call", pk=line.call_id)
    form = ForfeitForm(sent(request), coop=request.coop, initial={"shares": services.unpaid_shares(line)})

    def act() -> HttpResponse:
        services.forfeit(actor=request.actor, line=line, **form.cleaned_data)
        return redirect(back)

    words = {
        "heading": _("Shares of %(name)s are forfeited") % {"name": line.membership.party.name},
        "lead": _("They go to the co-op, with what was paid on them. It cannot be taken back."),
        "button": _("Enter the forfeiture"),
        "back": back,
    }
    return answer(request, form, act, "ledger/act.html", words)
