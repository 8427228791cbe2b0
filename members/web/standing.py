"""Decisions of the board about one membership."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import StandingForm

from .desk import find


def _decision(request: HttpRequest, number: int, service, words: dict) -> HttpResponse:
    membership = find(request, number)
    form = StandingForm(request.POST or None, initial={"on": clock.today(request.coop)})
    if request.method == "POST" and form.is_valid():
        try:
            service(actor=request.actor, membership=membership, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, words["done"] % membership.party)
            return redirect(path(request.coop, "members:detail", number=number))
    context = {"form": form, "membership": membership, "words": words}
    return render(request, "members/standing.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.decide")
def suspend(request: HttpRequest, number: int) -> HttpResponse:
    """Record that the board suspended a member."""
    words = {
        "heading": _("Suspend a membership"),
        "means": _("The member stays on the register, and cannot vote until the board lifts the suspension."),
        "act": _("Suspend"),
        "done": _("%s is suspended."),
    }
    return _decision(request, number, services.suspend, words)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.decide")
def reinstate(request: HttpRequest, number: int) -> HttpResponse:
    """Record that the board lifted a suspension."""
    words = {
        "heading": _("Lift a suspension"),
        "means": _("The member is in good standing again, and may vote from the next record date."),
        "act": _("Lift the suspension"),
        "done": _("%s is in good standing again."),
    }
    return _decision(request, number, services.reinstate, words)
