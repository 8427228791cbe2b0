"""One released ballot of the request's co-op, with where it stands by the clock."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from coop.kernel import clock

from ..models import Ballot


def get_released(request: HttpRequest, pk: int) -> Ballot:
    rows = Ballot.objects.filter(coop=request.coop).released().select_related("meeting", "roll")
    found = get_object_or_404(rows, pk=pk)
    found.coop = request.coop
    found.now = found.phase(clock.now())
    return found
