"""One kind of refusal: a sentence for the person, a code for the program, a field for the form."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

DEADLOCK = "40P01"


class Refused(Exception):
    """A service will not do this, and says why.

    ``code`` is stable and machine-readable, ``message`` one sentence naming what and where, ``field`` the form field it
    belongs to, if any. It becomes a 422 page, an ``application/problem+json`` answer, or the error of a failed job.
    """

    def __init__(self, code: str, message: str, field: str | None = None, status: int = 422):
        super().__init__(str(message))
        self.code = code
        self.message = str(message)
        self.field = field
        self.status = status

    def into(self, form) -> None:
        """Show the refusal on a form: beside its field where the form has it, above the fields otherwise."""
        form.add_error(self.field if self.field in form.fields else None, self.message)


def refusal_in(exception: Exception) -> Refused | None:
    """What a person is told of an exception, if it is a refusal: one of ours, or the database's choice between two acts
    that wait for each other (SQLSTATE 40P01), of which it undoes one whole."""
    if isinstance(exception, OperationalError) and getattr(exception.__cause__, "pgcode", "") == DEADLOCK:
        sentence = _("Somebody else was changing the same at this moment, so yours was not done. Do it once more.")
        return Refused("busy", sentence, status=409)
    return exception if isinstance(exception, Refused) else None


class NotAllowed(PermissionDenied):
    """The actor's office does not carry this act (403)."""


class RefusedMiddleware:
    """A refusal no view caught becomes a page with its sentence."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        refused = refusal_in(exception)
        if refused is None:
            return None
        return render(request, "422.html", {"refused": refused}, status=refused.status)
