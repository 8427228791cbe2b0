"""What stands above every view: who may come in, and where they are sent who may not yet.

``@requires("members.keep_register")`` names the predicate before the body. Nobody signed in is sent to sign in;
somebody the co-op does not know gets a 404, as if it were not there; a member, a former one or an officer without the
right a 403, for they know that it is; an officer without a second factor is sent to set one up. ``@public`` says out
loud that everybody may, ``@signed_in`` that any login may, on pages that belong to no co-op. All leave ``access`` on
the view, from which the access matrix is made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit, urlunsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from . import rules, tenancy

PUBLIC = "public"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Recovery codes only stand in for one of these; alone they are no second factor.
SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
AFTER_SECOND_FACTOR = "after_second_factor"  # in the session: where somebody was going when they were asked for one


def public(view: Callable) -> Callable:
    """Everybody may open this page, signed in or not."""
    view.access = (PUBLIC,)
    return view


def signed_in(view: Callable) -> Callable:
    """Any login may open this page; it belongs to no co-op."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        return view(request, *args, **kwargs)

    guarded.access = ("kernel.signed_in",)
    return guarded


def requires(*predicates: str) -> Callable:
    """Only actors for whom one of the predicates holds may open this page."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if "coop" in kwargs:  # allauth calls the view itself to go on with a form it had interrupted
                tenancy.enter(request, kwargs.pop("coop"))
            return refusal(request, predicates) or view(request, *args, **kwargs)

        guarded.access = predicates
        return guarded

    return decorate


def refusal(request: HttpRequest, predicates: tuple[str, ...]) -> HttpResponse | None:
    """The answer for somebody who may not come in, or None."""
    actor = request.actor
    if actor is None:
        return to_sign_in(request)
    if not rules.may(actor, "kernel.knows") and "kernel.signed_in" not in predicates:
        raise Http404
    if not any(rules.may(actor, name) for name in predicates):
        raise PermissionDenied
    if needs_second_factor(actor):
        return to_second_factor(request)
    request.session.pop(AFTER_SECOND_FACTOR, None)
    return None


# --- not yet: sign in, or set up a second factor, and come back ------------------------------------------------------


def needs_second_factor(actor) -> bool:
    """An officer may act only behind a second factor, outside the demo."""
    return actor.is_officer and lacks_second_factor(actor.user)


def lacks_second_factor(user) -> bool:
    """True where second factors are asked for and this login has none."""
    return settings.OFFICERS_NEED_MFA and not is_mfa_enabled(user, SECOND_FACTORS)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and from there back to the page they stood on."""
    if request.method not in SAFE_METHODS or getattr(request, "htmx", False):
        messages.warning(
            request, _("You were signed out in the meantime, so nothing was sent. Sign in, then do it once more.")
        )
    return redirect_to_login(standing_on(request))


def to_second_factor(request: HttpRequest, back: str = "") -> HttpResponse:
    """To the page where a second factor is set up, with the reason; the pages there lead on to where they were."""
    back = back if url_has_allowed_host_and_scheme(back, None) else standing_on(request)
    messages.warning(
        request,
        _("Whoever holds an office acts only behind a second step. Set one up here; then you go on to where you were."),
    )
    request.session[AFTER_SECOND_FACTOR] = back
    return redirect("mfa_index")


def standing_on(request: HttpRequest) -> str:
    """The address of the page somebody has before them: this one, or the one whose form or fragment this is.

    Never another host's: what cannot be trusted is left aside for the request's own path.
    """
    here = request.get_full_path()
    if getattr(request, "htmx", False):
        before = request.htmx.current_url or ""
    elif request.method not in SAFE_METHODS:
        before = request.headers.get("Referer", "")
    else:
        return here
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return here
    return urlunsplit(("", "", *urlsplit(before)[2:4], "")) or here
