"""The returning officer's voting letters: printed once, spoiled and made again with a reason."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires

from .. import services
from ..forms_letters import AgainForm, SpoilForm
from ..models import Ballot
from ..selectors import letters as known
from .acts import attempt, status_of
from .urn import get_secret_ballot

SHOWN = 200


@never_cache
@require_safe
@requires("governance.read_ballots")
def voting_letters(request: HttpRequest, pk: int) -> HttpResponse:
    """Who still needs a letter, the print runs, and what was spoiled and why."""
    return _desk(request, get_secret_ballot(request, pk))


def _desk(request: HttpRequest, ballot: Ballot, error: str = "", status: int = 200) -> HttpResponse:
    waiting = list(known.without_letter(ballot))
    lives = known.addresses(request.coop.pk, clock.today(request.coop)) if waiting else {}
    context = {
        "ballot": ballot,
        "error": error,
        "waiting": len(waiting),
        "homeless": [each for each in waiting if not lives.get(each.membership.party_id)][:SHOWN],
        "runs": known.runs(ballot),
        "spoiled": list(known.spoiled(ballot)[:SHOWN]),
        "takes": ballot.phase(clock.now()) in ("announced", "open"),
        "may_run": rules.may(request.actor, "governance.run_ballots"),
        "at_once": services.LETTERS_AT_ONCE,
    }
    return render(request, "governance/voting_letters.html", context, status=status)


@never_cache
@require_POST
@requires("governance.run_ballots")
@reauthentication_required
def make(request: HttpRequest, pk: int) -> HttpResponse:
    """A print run as one file. It comes once: the codes are kept nowhere."""
    ballot = get_secret_ballot(request, pk)
    try:
        printed = services.make_voting_letters(actor=request.actor, ballot=ballot, address=_typed_at(request))
    except Refused as refused:
        return _desk(request, ballot, refused.message, refused.status)
    return _file(ballot, printed)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
@reauthentication_required
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter for one member, the one before it spoiled."""
    ballot = get_secret_ballot(request, pk)
    form = AgainForm(request.POST or None, initial={"number": request.GET.get("number")})
    said = {"actor": request.actor, "ballot": ballot, "address": _typed_at(request)}
    printed = attempt(request, form, lambda: services.reissue_voting_letter(**said, **form.cleaned_data))
    if printed is not None:
        return _file(ballot, printed)
    return render(
        request, "governance/voting_letter_again.html", {"ballot": ballot, "form": form}, status=status_of(form)
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def spoil(request: HttpRequest, pk: int) -> HttpResponse:
    """Kill the unused codes of a print run, or of one member's letter."""
    ballot = get_secret_ballot(request, pk)
    form = SpoilForm(request.POST or None, initial={"batch": request.GET.get("run")})
    said = {"actor": request.actor, "ballot": ballot}
    spoiled = attempt(request, form, lambda: services.spoil_voting_letters(**said, **form.cleaned_data))
    if spoiled is not None:
        text = ngettext("One letter is spoiled; its code opens nothing now.", "%s letters are spoiled.", spoiled)
        messages.success(request, text % spoiled if spoiled > 1 else text)
        return redirect(path(request.coop, "governance:voting-letters", pk=pk))
    context = {"ballot": ballot, "form": form}
    return render(request, "governance/voting_letters_spoil.html", context, status=status_of(form))


def _typed_at(request: HttpRequest) -> str:
    return request.build_absolute_uri(path(request.coop, "governance:letter"))


def _file(ballot: Ballot, printed: services.Printed) -> HttpResponse:
    name = _("voting-letters") + f"-{ballot.pk}-{printed.batch}.pdf"
    response = HttpResponse(printed.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
