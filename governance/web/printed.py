"""Papers of a ballot, to print."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from coop.kernel.web import requires

from .. import selectors
from ..documents_ballot import ballot_pdf
from ..selectors import secret as known
from .ballots import get_ballot


@require_safe
@requires("governance.enter_papers")
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """A released ballot's paper: ``?large`` in large print, ``?post`` with the declaration, ``?class=`` for a class."""
    ballot = get_ballot(request, pk)
    name = request.GET.get("class", "")
    if ballot.is_draft or name and name not in known.classes_apart(selectors.with_questions(ballot)):
        raise Http404
    large, posted = "large" in request.GET, "post" in request.GET
    pdf = ballot_pdf(ballot, class_name=name, large=large, posted=posted)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="ballot-{ballot.pk}.pdf"'
    return response
