"""Letting a released ballot close later, with a reason everybody reads."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coop.kernel import clock
from coop.kernel.tenancy import path
from coop.kernel.web import requires

from .. import services
from ..forms import ExtendForm
from ..words import local
from .acts import attempt, status_of
from .ballots import get_ballot


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """The page says what will happen, because an extension is not taken back."""
    found = get_ballot(request, pk)
    if found.is_draft:
        raise Http404
    form = ExtendForm(request.POST or None, initial={"until": found.closes_at})
    act = lambda: services.extend_ballot(actor=request.actor, ballot=found, **form.cleaned_data)  # noqa: E731
    made = attempt(request, form, act)
    if made is not None:
        said = _("“%(title)s” now closes on %(until)s. Everybody who may vote is told.")
        messages.success(request, said % {"title": found.title, "until": local(made.until, request.coop)})
        return redirect(path(request.coop, "governance:ballot", pk=pk))
    found.now = found.phase(clock.now())
    return render(request, "governance/extend.html", {"ballot": found, "form": form}, status=status_of(form))
