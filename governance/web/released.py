"""One released ballot of the request's co-op, with where it stands by the clock."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from coop.kernel import clock
from members.selectors import membership_of

from ..models import Ballot, Proxy


def get_released(request: HttpRequest, pk: int) -> Ballot:
    rows = Ballot.objects.filter(coop=request.coop).released().select_related("meeting", "roll")
    found = get_object_or_404(rows, pk=pk)
    found.coop = request.coop
    found.now = found.phase(clock.now())
    return found


def held_proxy(request: HttpRequest) -> Proxy | None:
    """The proxy the page is about, ``?for=`` its id; one that is not mine to vote by is not found."""
    said = request.POST.get("for") or request.GET.get("for") or ""
    if not said:
        return None
    if not said.isascii() or not said.isdigit() or len(said) > 18:
        raise Http404
    held = Proxy.objects.filter(coop=request.coop, holder=membership_of(request.actor)).with_people()
    return get_object_or_404(held, pk=int(said))
