"""Front doors and dashboards: the only code that reads all three apps."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from coop.kernel.models import Cooperative, Office
from coop.kernel.web import public


@require_safe
@public
def door(request: HttpRequest) -> HttpResponse:
    """The platform's own door: the co-ops of whoever is signed in, or all of them on a small install."""
    coops = Cooperative.objects.all()
    if not coops.exists():
        return redirect("found")
    mine = coops.none()
    if request.user.is_authenticated:
        mine = coops.filter(pk__in=Office.objects.filter(user=request.user).values("coop"))
    return render(request, "coop/door.html", {"mine": mine, "coops": coops[:50]})


@require_safe
@public
def front(request: HttpRequest) -> HttpResponse:
    """A co-op's front page: what it is, how to join, how to sign in."""
    return render(request, "coop/front.html")
