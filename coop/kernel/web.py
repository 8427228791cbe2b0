"""What stands above every view: who may come in.

``@requires("members.keep_register")`` names the predicate before the body. Nobody signed in is sent to sign in;
somebody the co-op does not know gets a 404, as if it were not there; a member or officer without the right a 403.
``@public`` says out loud that everybody may. Both leave ``access`` on the view, from which the access matrix is made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from . import rules

PUBLIC = "public"


def public(view: Callable) -> Callable:
    """Everybody may open this page, signed in or not."""
    view.access = (PUBLIC,)  # type: ignore[attr-defined]
    return view


def requires(*predicates: str) -> Callable:
    """Only actors for whom one of the predicates holds may open this page."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            return refusal(request, predicates) or view(request, *args, **kwargs)

        guarded.access = predicates  # type: ignore[attr-defined]
        return guarded

    return decorate


def refusal(request: HttpRequest, predicates: tuple[str, ...]) -> HttpResponse | None:
    """The answer for somebody who may not come in, or None."""
    actor = request.actor
    if actor is None:
        return redirect_to_login(request.get_full_path())
    if not rules.may(actor, "kernel.belongs") and "kernel.signed_in" not in predicates:
        raise Http404
    if not any(rules.may(actor, name) for name in predicates):
        raise PermissionDenied
    if needs_second_factor(actor):
        return redirect("mfa_index")
    return None


def needs_second_factor(actor) -> bool:
    """An officer may act only behind a second factor, outside the demo."""
    return settings.OFFICERS_NEED_MFA and actor.is_officer and not is_mfa_enabled(actor.user)
