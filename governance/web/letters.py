"""Voting with a letter: a page for everybody on which a code is typed, and behind it the paper, without a login.

The session remembers which letter was typed, not its code; every answer asks the database whether the letter stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import public

from .. import selectors, services
from ..forms_letters import LetterCodeForm
from ..models import Ballot, VotingLetter
from ..selectors import letters as known
from . import secret
from .acts import attempt

TYPED = "voting_letter"  # in the session: the co-op, the letter, and when its code was typed
FRESH = 2 * 3600  # seconds in which whoever typed a code may take the credential; then the code is typed again


@dataclass(frozen=True, slots=True)
class Typed:
    """The letter whose code was typed in this browser, its ballot as it stands now, and whether that was lately."""

    letter: VotingLetter
    ballot: Ballot
    fresh: bool


def _typed(request: HttpRequest) -> Typed | None:
    said = request.session.get(TYPED) or {}
    letter = known.standing(request.coop, said["letter"]) if said.get("coop") == request.coop.pk else None
    if letter is None:
        return None
    now = clock.now()
    ballot = letter.ballot
    ballot.coop, ballot.now, ballot.by_proxy = request.coop, ballot.phase(now), None
    return Typed(letter, ballot, 0 <= now.timestamp() - said["at"] < FRESH)


def places(coop) -> secret.Places:
    """The addresses behind a letter. None names a ballot: the letter does."""
    names = ("vote", "manifest", "credential", "check", "receipts", "promises")
    return secret.Places(frame="base_public.html", **{name: path(coop, f"governance:letter-{name}") for name in names})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def letter(request: HttpRequest) -> HttpResponse:
    """Type the code of a voting letter. A wrong one gets one sentence, whatever is wrong with it."""
    form = LetterCodeForm(request.POST or None)
    network = get_adapter(request).get_client_ip(request)
    said: dict = {}

    def act() -> VotingLetter | None:
        try:
            return services.open_by_code(coop=request.coop, typed=form.cleaned_data["code"], address=network)
        except Refused as refused:
            said["status"] = refused.status
            raise

    found = attempt(request, form, act)
    if found is not None:
        if not request.user.is_authenticated:
            request.session.cycle_key()
        request.session[TYPED] = {"coop": request.coop.pk, "letter": found.pk, "at": clock.now().timestamp()}
        return redirect(path(request.coop, "governance:letter-vote"))
    status = said.get("status", 422) if form.is_bound else 200
    return render(request, "governance/letter.html", {"form": form, "typed": _typed(request)}, status=status)


def _behind_a_code(view: Callable[[HttpRequest, Typed], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Open to whoever typed a code in this browser; everybody else comes to the page where it is typed."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        typed = _typed(request)
        return redirect(path(request.coop, "governance:letter")) if typed is None else view(request, typed)

    return public(never_cache(guarded))


@require_safe
@_behind_a_code
def vote(request: HttpRequest, typed: Typed) -> HttpResponse:
    """The paper of whoever typed a code: the same page, the same script and the same box as everybody's."""
    if typed.ballot.now != "open":
        return redirect(path(request.coop, "governance:letter-check"))
    mine, _none = selectors.voting_as(typed.ballot, typed.letter.entry.membership)
    if not mine.may:
        messages.warning(request, mine.sentence)
        return redirect(path(request.coop, "governance:letter"))
    return secret.page(request, typed.ballot, mine, places(request.coop))


@never_cache
@require_POST
@public
def credential(request: HttpRequest) -> JsonResponse:
    """Sign a blinded token for whoever has typed a code lately. JSON in and out."""
    typed = _typed(request)
    if typed is None or not typed.fresh:
        url = path(request.coop, "governance:letter")
        text = _("Type the code of your letter once more, then go on. Your marks wait here.")
        return JsonResponse({"code": "reauthenticate", "message": text, "url": url}, status=409)
    sign = services.issue_by_letter
    return secret.signed(request, lambda blinded: sign(coop=request.coop, letter=typed.letter, blinded=blinded))


@require_safe
@_behind_a_code
def manifest(request: HttpRequest, typed: Typed) -> HttpResponse:
    """What was put to the vote, to the byte that was hashed."""
    return secret.manifest_of(typed.ballot)


@require_safe
@_behind_a_code
def check(request: HttpRequest, typed: Typed) -> HttpResponse:
    """Find one's own paper, as long as this browser remembers that a code was typed."""
    mine, _none = selectors.voting_as(typed.ballot, typed.letter.entry.membership)
    return secret.checking(request, typed.ballot, mine, places(request.coop))


@require_safe
@_behind_a_code
def receipts(request: HttpRequest, typed: Typed) -> HttpResponse:
    """Every receipt of the opened box, whole and sorted."""
    return secret.receipts_of(typed.ballot)


@require_safe
@_behind_a_code
def promises(request: HttpRequest, typed: Typed) -> HttpResponse:
    """How a secret ballot keeps its secret, and where that ends."""
    return secret.promising(request, typed.ballot, places(request.coop))


@never_cache
@require_POST
@public
def forget(request: HttpRequest) -> HttpResponse:
    """This browser forgets that a code was typed in it; what the script keeps is forgotten on the check page."""
    request.session.pop(TYPED, None)
    messages.success(
        request, _("This browser has forgotten your letter. With the code you can come back until the close.")
    )
    return redirect(path(request.coop, "governance:letter"))
