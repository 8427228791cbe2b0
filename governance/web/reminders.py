"""Reminding who has not voted, and a member's word that they want no reminders."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_of

from .. import services
from ..selectors import reminders as known
from .ballots import get_ballot


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """How many have not voted, the reminders so far, and the button."""
    ballot = get_ballot(request, pk)
    if ballot.is_draft:
        raise Http404
    error = ""
    if request.method == "POST":
        try:
            made = services.remind(actor=request.actor, ballot=ballot)
        except Refused as refused:
            error = refused.message
        else:
            text = ngettext("One reminder is being written.", "%s reminders are being written.", made.waiting)
            messages.success(request, text % made.waiting if made.waiting > 1 else text)
            return redirect(path(request.coop, "governance:remind", pk=pk))
    sent = list(known.reminders(ballot))
    context = {
        "ballot": ballot,
        "waiting": known.waiting(ballot).count(),
        "sent": sent,
        "open": ballot.phase(clock.now()) == "open",
        "today": any(each.day == clock.today(request.coop) for each in sent),
        "error": error,
    }
    return render(request, "governance/remind.html", context, status=422 if error else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.vote")
def mine(request: HttpRequest) -> HttpResponse:
    """Two states and one button."""
    if request.method == "POST":
        wanted = services.choose_reminders(actor=request.actor, wanted=request.POST.get("wanted") == "yes")
        said = _("You will be reminded of votes.") if wanted else _("You will not be reminded of votes.")
        messages.success(request, said)
        return redirect(path(request.coop, "governance:my-reminders"))
    wanted = known.wants_reminders(membership_of(request.actor))
    return render(request, "governance/my_reminders.html", {"wanted": wanted})
