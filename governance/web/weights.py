"""How many votes each member organisation of a federation has."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coop.kernel import rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires

from .. import selectors, services
from ..forms_weights import WeightForm
from .acts import attempt, status_of


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.read_roll")
def weights(request: HttpRequest) -> HttpResponse:
    """Every weight that was written down, by member, the newest first; and, for the returning officer, the form."""
    form = WeightForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        rules.require(request.actor, "governance.run_ballots")
    made = attempt(request, form, lambda: services.set_weight(actor=request.actor, **form.cleaned_data))
    if made is not None:
        values = {"name": str(made.membership.party), "votes": made.votes}
        messages.success(request, _("%(name)s: %(votes)s votes.") % values)
        return redirect(path(request.coop, "governance:weights"))
    context = {
        "form": form,
        "page": Paginator(selectors.weights(request.coop), 50).get_page(request.GET.get("page")),
        "may_run": rules.may(request.actor, "governance.run_ballots"),
    }
    return render(request, "governance/weights.html", context, status=status_of(form))
