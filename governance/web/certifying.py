"""The page on which an officer signs a counted ballot's result, having just shown who they are."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coop.kernel.tenancy import path
from coop.kernel.web import requires

from .. import selectors, services
from ..forms import CertifyForm
from ..selectors import secret as known
from .acts import attempt, status_of
from .ballots import get_ballot


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.certify")
@reauthentication_required
def certify(request: HttpRequest, pk: int) -> HttpResponse:
    """What is signed, who has signed, and the officer's own signature."""
    ballot = get_ballot(request, pk)
    if not ballot.has_result:
        return redirect(path(request.coop, "governance:ballot", pk=pk))
    signed, digest = selectors.certifications(ballot), services.digest_of(ballot)
    form = CertifyForm(request.POST or None, initial={"seen": digest})
    act = lambda: services.certify(actor=request.actor, ballot=ballot, **form.cleaned_data)  # noqa: E731
    if attempt(request, form, act) is not None:
        ballot.refresh_from_db(fields=["state"])
        if ballot.state == ballot.State.CERTIFIED:
            messages.success(request, _("“%s” is certified. Others may rely on it now.") % ballot.title)
        else:
            messages.success(request, _("You have signed. One more officer, somebody else, makes it stand."))
        return redirect(path(request.coop, "governance:certify", pk=pk))
    context = {
        "ballot": ballot,
        "form": form,
        "signed": signed,
        "digest": digest,
        "mine": any(each.signed_by_id == request.actor.user_id for each in signed),
        "outcomes": [selectors.outcome(count.question, count.result) for count in selectors.counts_of(ballot)],
        "part": selectors.participation(ballot),
        "opening": known.opening(ballot),
    }
    return render(request, "governance/certify.html", context, status=status_of(form))
