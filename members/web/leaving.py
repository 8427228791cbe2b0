"""Leaving: what ends, when and why that day, before anybody confirms; and the way back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import NoticeForm
from members.selectors.leaving import arithmetic, notice_of, rule_for

from .desk import find
from .mine import own


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.is_member")
def leave(request: HttpRequest) -> HttpResponse:
    """My own notice: the arithmetic first, then one button."""
    membership = own(request)
    membership.coop = request.coop
    today = clock.today(request.coop)
    if request.method == "POST":
        services.give_notice(actor=request.actor, membership=membership, received_on=today)
        messages.success(request, _("Your notice is in. You can take it back on this page until your last day."))
        return redirect(path(request.coop, "members:leave"))
    worked_out = notice_of(membership, membership.notice_on or today)
    context = {
        "membership": membership,
        "notice": worked_out,
        "lines": arithmetic(worked_out),
        "rule": rule_for(membership, today),
        "today": today,
    }
    return render(request, "members/leave.html", context)


@require_POST
@requires("members.is_member")
def stay(request: HttpRequest) -> HttpResponse:
    """I take my notice back."""
    services.withdraw_notice(actor=request.actor, membership=own(request))
    messages.success(request, _("You stay. We are glad."))
    return redirect(path(request.coop, "members:me"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def record_notice(request: HttpRequest, number: int) -> HttpResponse:
    """The secretary writes down a notice that came on paper: which day it means, then the act."""
    membership = find(request, number)
    today = clock.today(request.coop)
    form = NoticeForm(request.POST or None, initial={"received_on": request.GET.get("received_on", today)})
    preview = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if request.POST.get("act") == "preview":
            preview = notice_of(membership, said["received_on"])
        else:
            try:
                services.give_notice(actor=request.actor, membership=membership, **said)
            except Refused as refused:
                refused.into(form)
            else:
                messages.success(request, _("The notice is written down, and %s was written to.") % membership.party)
                return redirect(path(request.coop, "members:detail", number=number))
    context = {"form": form, "membership": membership, "notice": preview}
    context["lines"] = arithmetic(preview) if preview else []
    return render(request, "members/record_notice.html", context, status=422 if form.errors else 200)


@require_POST
@requires("members.keep_register")
def record_stay(request: HttpRequest, number: int) -> HttpResponse:
    """The member told the secretary that they stay."""
    membership = find(request, number)
    services.withdraw_notice(actor=request.actor, membership=membership)
    messages.success(request, _("The notice is taken back."))
    return redirect(path(request.coop, "members:detail", number=number))
