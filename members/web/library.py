"""The by-laws, for everybody: nobody joins under rules they cannot read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from coop.kernel import clock
from coop.kernel.web import public
from members.models import ByLaws
from members.selectors import terms_in_force


@require_safe
@public
def bylaws(request: HttpRequest) -> HttpResponse:
    """Every version, and what each class means today."""
    today = clock.today(request.coop)
    versions = ByLaws.objects.filter(coop=request.coop).defer("text")
    in_force = next((each for each in versions if each.effective_on <= today), None)
    terms = sorted(terms_in_force(request.coop, today).values(), key=lambda each: each.member_class.position)
    context = {"versions": versions, "in_force": in_force, "terms": terms, "today": today}
    return render(request, "members/bylaws.html", context)


@require_safe
@public
def bylaws_text(request: HttpRequest, pk: int) -> HttpResponse:
    """The text of one version, with its hash."""
    found = get_object_or_404(ByLaws.objects.filter(coop=request.coop), pk=pk)
    return render(request, "members/bylaws_text.html", {"bylaws": found, "today": clock.today(request.coop)})
