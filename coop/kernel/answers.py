"""What is answered when something is not as it should be, whoever noticed it.

Below ``/api/`` every error is ``application/problem+json`` (RFC 9457), those that Django itself raises before any view
runs included. A fragment asked for by a script is never answered with a page to sign in: the browser is sent there.
"""

from __future__ import annotations

from http import HTTPStatus

from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from . import web

API = "/api/"
KEPT = ("Allow", "Retry-After", "WWW-Authenticate")
CODES = {400: "bad_request", 403: "permission_denied", 404: "not_found", 405: "method_not_allowed", 500: "error"}


def problem(status: int, code: str, detail: str, **more) -> dict:
    """The body of a problem: RFC 9457 §3.1, with our stable ``code`` beside the sentence in ``detail``."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }


class AnswersMiddleware:
    """One look at each answer on its way out."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(API):
            return _as_problem(response) if _is_bare_error(response) else response
        if response.status_code == 302 and request.headers.get("HX-Request") == "true":
            return _whole_page(response)
        if settings.DEMO and settings.DEBUG and response.status_code in (400, 404, 500):
            # Members try the demo too: Django's page for developers is not for them, the log has the traceback.
            return render(request, f"{response.status_code}.html", status=response.status_code)
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        """PostgreSQL keeps no NUL in a text: refused here once, as no view expects it in an address."""
        if "\0" not in request.path_info and "%00" not in request.META.get("QUERY_STRING", ""):
            return None
        if request.path_info.startswith(API):
            raise BadRequest("NUL in the address")
        return render(request, "400.html", {"nul": True}, status=400)


def _is_bare_error(response: HttpResponse) -> bool:
    if response.status_code < 400 or (settings.DEBUG and response.status_code >= 500):
        return False
    return "json" not in response.headers.get("Content-Type", "")


def _as_problem(response: HttpResponse) -> HttpResponse:
    sentences = {
        400: _("This request could not be understood."),
        404: _("There is nothing at this address."),
        500: _("Something broke on our side. It has been written down."),
    }
    status = response.status_code
    phrase = HTTPStatus(status).phrase
    body = problem(status, CODES.get(status, "error"), sentences.get(status, f"{phrase}."))
    answer = JsonResponse(body, status=status, content_type="application/problem+json")
    for name in KEPT:
        if name in response.headers:
            answer[name] = response.headers[name]
    return answer


def _whole_page(response: HttpResponse) -> HttpResponse:
    """To sign in, to show once more who one is, or to set up a second factor, the whole page goes there."""
    accounts = reverse("account_login").removesuffix("login/")
    if not response.headers["Location"].startswith(accounts):
        return response
    answer = HttpResponseClientRedirect(response.headers["Location"])
    answer.cookies = response.cookies
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The browser's pass for a form was not good: the page was open too long, or the form was sent twice."""
    if request.user.is_authenticated and request.path == reverse("account_login"):
        # Sent twice: the first time has signed them in, and with that the form's pass ended.
        return redirect(get_next_redirect_url(request) or "/")
    if getattr(request, "htmx", False):
        messages.warning(request, _("This page was open too long, so nothing was sent. Do it once more."))
        return HttpResponseClientRefresh()
    return render(request, "403_csrf.html", {"back": web.standing_on(request)}, status=403)
