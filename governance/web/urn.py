"""The urn of a secret ballot: papers handed out, read by clerks one by one, reconciled and settled."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coop.kernel import clock, rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires

from .. import selectors, services
from ..forms_urn import HandOutForm, SettleForm, SheetForm
from ..models import Ballot
from ..selectors import letters
from ..selectors import secret as known
from ..selectors import urn as urns
from .acts import attempt, status_of
from .ballots import get_ballot


def get_secret_ballot(request: HttpRequest, pk: int) -> Ballot:
    """A released secret ballot; 404 otherwise."""
    ballot = get_ballot(request, pk)
    if not ballot.is_secret or ballot.is_draft:
        raise Http404
    return ballot


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def hand_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Strike a member off the roll for a paper, at the door or before it goes into the post."""
    ballot = get_secret_ballot(request, pk)
    form = HandOutForm(request.POST or None)
    act = lambda: services.hand_out_paper(actor=request.actor, ballot=ballot, **form.cleaned_data)  # noqa: E731
    struck = attempt(request, form, act)
    if struck is not None:
        text = ngettext(
            "%(name)s is struck off and gets a paper.", "%(name)s is struck off and gets %(n)s papers.", struck.units
        )
        messages.success(request, text % {"name": struck.entry.name, "n": struck.units})
        return redirect(path(request.coop, "governance:hand-out", pk=pk))
    context = {
        "ballot": ballot,
        "form": form,
        "handed": urns.handed_out(ballot),
        "phase": ballot.phase(clock.now()),
        "classes": known.classes_apart(selectors.with_questions(ballot)),
    }
    return render(request, "governance/hand_out.html", context, status=status_of(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.read_ballots")
def urn(request: HttpRequest, pk: int) -> HttpResponse:
    """Roll, struck off by channel, papers out of box and urn, and what does not agree; here the urn is settled."""
    ballot = get_secret_ballot(request, pk)
    form = SettleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        rules.require(request.actor, "governance.run_ballots", ballot)
    act = lambda: services.settle_urn(actor=request.actor, ballot=ballot, **form.cleaned_data)  # noqa: E731
    if attempt(request, form, act) is not None:
        messages.success(request, _("The urn is settled. Box and urn are counted together now."))
        return redirect(path(request.coop, "governance:urn", pk=pk))
    struck, read = known.issued(ballot), urns.readings(ballot)
    handed = struck["paper"] + struck["post"]
    context = {
        "ballot": ballot,
        "form": form,
        "struck": struck,
        "by_letter": letters.used(ballot),
        "handed": handed,
        "left": ballot.voters.votes - sum(struck.values()),
        "opening": known.opening(ballot),
        "settled": urns.settled(ballot),
        "read": len(read),
        "once": [each.sheet for each in read if each.hands == 1],
        "differ": [each.sheet for each in read if each.hands == 2 and not each.agreed],
        "unread": handed - len(read),
        "is_closed": ballot.state == Ballot.State.CLOSED,
        "may_run": rules.may(request.actor, "governance.run_ballots"),
        "may_enter": rules.may(request.actor, "governance.enter_papers"),
    }
    return render(request, "governance/urn.html", context, status=status_of(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.enter_papers")
def urn_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """One clerk types what one paper says. What another clerk typed is shown nowhere."""
    ballot = get_secret_ballot(request, pk)
    questions = selectors.with_questions(ballot)
    form = SheetForm(request.POST or None, questions=questions, classes=known.classes_apart(questions))
    act = lambda: services.enter_paper(actor=request.actor, ballot=ballot, **form.said())  # noqa: E731
    entered = attempt(request, form, act)
    if entered is not None:
        messages.success(request, _("Paper %s is entered.") % entered.sheet)
        return redirect(path(request.coop, "governance:urn-sheet", pk=pk))
    context = {
        "ballot": ballot,
        "form": form,
        "questions": questions,
        "handed": urns.handed_out(ballot),
        "takes": ballot.state == Ballot.State.CLOSED and urns.settled(ballot) is None,
    }
    return render(request, "governance/urn_sheet.html", context, status=status_of(form))
