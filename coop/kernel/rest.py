"""The API's floor: the co-op from the path, the predicate from the view, every error as problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from rest_framework import exceptions, serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.views import exception_handler

from . import answers, rules, tenancy, web
from .errors import refusal_in


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 500


class BecauseSerializer(serializers.Serializer):
    """What an act that takes something back asks for."""

    because = serializers.CharField(max_length=300)


def only_known(shape: Any, said: Any) -> Any:
    """What a request says, if it names no field the operation does not take; else a 400 whose sentence names it.

    A field that is passed over in silence would be answered as if it had been heard.
    """
    fields = (shape() if isinstance(shape, type) else shape).fields
    if isinstance(said, Mapping):
        taken = {name: field for name, field in fields.items() if not field.read_only}
        unknown = [str(name) for name in said if name not in taken and name != "csrfmiddlewaretoken"]
        if unknown:
            sentence = ngettext(
                "There is no field %(unknown)s here; what can be said is %(taken)s.",
                "There are no fields %(unknown)s here; what can be said is %(taken)s.",
                len(unknown),
            )
            words = {"unknown": ", ".join(f"“{name[:60]}”" for name in unknown[:10]), "taken": ", ".join(taken)}
            raise exceptions.ValidationError({"non_field_errors": [sentence % words]})
        for name, field in taken.items():
            many = field.child if isinstance(field, serializers.ListSerializer) else None
            if isinstance(many or field, serializers.Serializer):
                held = said.get(name) if many else [said.get(name)]
                for each in held if isinstance(held, list) else []:
                    only_known(many or field, each)
    return said


class TokenScheme(OpenApiAuthenticationExtension):
    """How the API's description names the token."""

    target_class = "coop.kernel.rest_input.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix="Token")  # noqa: S106


class MayInCoop(BasePermission):
    """``requires`` on the view, or ``requires_by_method`` for one method, names the predicate, as on a page."""

    def has_permission(self, request, view) -> bool:
        actor = actor_of(request)
        names = getattr(view, "requires_by_method", {}).get(request.method, view.requires)
        if not rules.may(actor, "kernel.knows") and "kernel.signed_in" not in names:
            raise Http404
        if not any(rules.may(actor, name) for name in names):
            return False
        if web.needs_second_factor(actor):
            sentence = _("Whoever holds an office acts only behind a second factor. Set one up in the browser first.")
            raise exceptions.PermissionDenied(sentence, code="second_factor_needed")
        if request.method in getattr(view, "sure_by_method", ()) and not _is_sure(request):
            sentence = _("Show once more in the browser who you are, or use a token.")
            raise exceptions.PermissionDenied(sentence, code="reauthentication_needed")
        return True


def _is_sure(request) -> bool:
    """A token was made by somebody who had just shown who they are; a session must have been, lately."""
    return request.auth is not None or did_recently_reauthenticate(request._request)


def actor_of(request) -> tenancy.Actor:
    """The actor of an API request: the token's or the session's login in the co-op of the path."""
    plain = request._request
    if not request.user or not request.user.is_authenticated:
        raise exceptions.NotAuthenticated
    if plain.actor is None or plain.actor.user_id != request.user.pk:
        plain.actor = tenancy.Actor.of(request.user, plain.coop)
    return plain.actor


class CoopView:
    """Mixed into every API view below a co-op's path. Set ``requires``.

    ``sure_by_method`` names the methods of acts for which a page would ask again who it is: ``("POST",)``.
    """

    permission_classes: Sequence[Any] = (MayInCoop,)
    request: Any  # DRF's, with what CoopMiddleware put on the plain one
    requires: tuple[str, ...] = ("kernel.belongs",)
    sure_by_method: tuple[str, ...] = ()

    @property
    def coop(self):
        return self.request._request.coop

    @property
    def actor(self) -> tenancy.Actor:
        return actor_of(self.request)


def problem_json(exc, context) -> Response | None:
    """DRF's exception handler: one shape for all errors, with the sentence in ``detail``."""
    if refused := refusal_in(exc):
        return _problem(
            refused.status, refused.code, refused.message, {"field": refused.field} if refused.field else {}
        )
    exc = _in_words_of_the_api(exc)
    answer = exception_handler(exc, context)
    if answer is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        detail = "; ".join(_sentences(answer.data))
        problem = _problem(answer.status_code, "invalid", detail, {"errors": answer.data})
    else:
        problem = _problem(answer.status_code, *_code_and_sentence(exc), {})
    for name in answers.KEPT:
        if name in answer.headers:
            problem[name] = answer.headers[name]
    return problem


class TooLarge(exceptions.APIException):
    """413: more than we read into memory."""

    status_code = 413
    default_detail = "This is more than is taken at once."
    default_code = "too_large"


def _in_words_of_the_api(exc) -> Exception:
    """What Django and Python raise while a request is read, as DRF would have said it."""
    if isinstance(exc, Http404):
        return exceptions.NotFound(_("There is nothing at this address."))
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    return exc


def _code_and_sentence(exc) -> tuple[str, str]:
    wait = getattr(exc, "wait", None)
    if isinstance(exc, exceptions.Throttled) and wait is not None:
        return "throttled", _("That was too often. Try again in %(seconds)d seconds.") % {"seconds": wait}
    code = exc.get_codes() if isinstance(exc, exceptions.APIException) else "error"
    return code if isinstance(code, str) else "error", str(getattr(exc, "detail", exc))


def _problem(status: int, code: str, detail: str, more: dict) -> Response:
    body = answers.problem(status, code, detail, **more)
    return Response(body, status=status, content_type="application/problem+json")


def _sentences(data, where: str = "") -> list[str]:
    if isinstance(data, dict):
        return [line for key, value in data.items() for line in _sentences(value, f"{where}.{key}" if where else key)]
    if isinstance(data, list):
        return [line for value in data for line in _sentences(value, where)]
    return [f"{where}: {data}" if where and where != "non_field_errors" else str(data)]
