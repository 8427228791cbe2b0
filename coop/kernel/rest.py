"""The API's floor: the co-op from the path, the predicate from the view, every error as problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.views import exception_handler

from . import rules, tenancy, web
from .errors import Refused


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 500


class MayInCoop(BasePermission):
    """``requires`` on the view, or ``requires_by_action`` for one method, names the predicate, as on a page."""

    def has_permission(self, request, view) -> bool:
        actor = actor_of(request)
        names = getattr(view, "requires_by_method", {}).get(request.method, view.requires)
        if not rules.may(actor, "kernel.belongs") and "kernel.signed_in" not in names:
            raise Http404
        if web.needs_second_factor(actor):
            self.message = "Officers need a second factor; set one up in the browser first."
            return False
        return any(rules.may(actor, name) for name in names)


def actor_of(request) -> tenancy.Actor:
    """The actor of an API request: the token's or the session's login in the co-op of the path."""
    plain = request._request
    if not request.user or not request.user.is_authenticated:
        raise exceptions.NotAuthenticated
    if plain.actor is None or plain.actor.user_id != request.user.pk:
        plain.actor = tenancy.Actor.of(request.user, plain.coop)
    return plain.actor


class CoopView:
    """Mixed into every API view below a co-op's path. Set ``requires``."""

    permission_classes: Sequence[Any] = (MayInCoop,)
    request: Any  # DRF's, with what CoopMiddleware put on the plain one
    requires: tuple[str, ...] = ("kernel.belongs",)

    @property
    def coop(self):
        return self.request._request.coop

    @property
    def actor(self) -> tenancy.Actor:
        return actor_of(self.request)


def problem_json(exc, context) -> Response | None:
    """DRF's exception handler: one shape for all errors, with the sentence in ``detail``."""
    if isinstance(exc, Refused):
        return _problem(exc.status, exc.code, exc.message, {"field": exc.field} if exc.field else {})
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    answer = exception_handler(exc, context)
    if answer is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        detail = "; ".join(_sentences(answer.data))
        problem = _problem(answer.status_code, "invalid", detail, {"errors": answer.data})
    else:
        code = getattr(exc, "default_code", "error")
        detail = answer.data.get("detail", str(exc)) if isinstance(answer.data, dict) else str(exc)
        problem = _problem(answer.status_code, code, str(detail), {})
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in answer.headers:
            problem[name] = answer.headers[name]
    return problem


def _problem(status: int, code: str, detail: str, more: dict) -> Response:
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    return Response(body, status=status, content_type="application/problem+json")


def _sentences(data, where: str = "") -> list[str]:
    if isinstance(data, dict):
        return [line for key, value in data.items() for line in _sentences(value, f"{where}.{key}" if where else key)]
    if isinstance(data, list):
        return [line for value in data for line in _sentences(value, where)]
    return [f"{where}: {data}" if where and where != "non_field_errors" else str(data)]
