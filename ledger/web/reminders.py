"""Reminders to those who are late, to print and post: what is due, and the square a banking app reads."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from coop.kernel import clock
from coop.kernel.web import requires
from ledger.documents import reminders_pdf
from ledger.reminder_words import reminder
from ledger.selectors.dues import Debtor, unpaid

MOST = 500  # sheets in one file; the rest follow when these have paid


@require_safe
@requires("ledger.keep_books")
def of_everybody(request: HttpRequest) -> HttpResponse:
    """A sheet for everybody who is late, the longest number last."""
    return _paper(request, _late(request)[:MOST], "reminders")


@require_safe
@requires("ledger.keep_books")
def of_member(request: HttpRequest, number: int) -> HttpResponse:
    """The sheet of one member."""
    return _paper(request, [each for each in _late(request) if each.membership.number == number], f"reminder-{number}")


def _late(request: HttpRequest) -> list[Debtor]:
    return [each for each in unpaid(request.coop, clock.today(request.coop)) if each.owed.due]


def _paper(request: HttpRequest, found: list[Debtor], name: str) -> HttpResponse:
    if not found:
        raise Http404
    with override(request.coop.language):
        pdf = reminders_pdf([reminder(each, clock.today(request.coop)) for each in found], clock.now())
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
