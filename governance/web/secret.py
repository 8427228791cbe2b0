"""A member's secret vote: the page the browser votes from, the credential it takes, and what can be checked."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, RawPostDataException
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_of

from .. import selectors, services
from ..ballotbox import bundle as bundles
from ..digests import canonical
from ..models import Ballot, Bundle
from ..selectors import secret as known
from . import paper
from .released import get_released, held_proxy

LONGEST = 64 * 1024  # bytes of a request: as many blinded tokens as anybody has, and room


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pages of one voter's secret paper lie, and the frame they stand in: a member's, or behind a letter."""

    frame: str
    vote: str
    manifest: str
    credential: str
    check: str
    receipts: str
    promises: str

    @property
    def by_letter(self) -> bool:
        return self.frame == "base_public.html"


def places_of(request: HttpRequest, ballot: Ballot) -> Places:
    """The addresses of somebody signed in, for themselves or by the proxy the page is about."""
    names = ("vote", "manifest", "credential", "check", "receipts", "promises")
    found = {name: path(request.coop, f"governance:{name}", pk=ballot.pk) for name in names}
    if getattr(ballot, "by_proxy", None) is not None:
        found |= {name: f"{found[name]}?for={ballot.by_proxy.pk}" for name in ("credential", "check")}
    frame = "base_member.html"
    return Places(frame=frame, **found)


def page(request: HttpRequest, ballot: Ballot, mine: selectors.Standing, places: Places | None = None) -> HttpResponse:
    """The paper of an open secret ballot. It is no form: the browser reads it, seals it, and only then sends it."""
    struck = known.struck(ballot, mine.entry)
    parts = paper.blank_paper(selectors.with_questions(ballot))
    for part in parts:
        part.left_blank = True  # "no answer" is marked until another is
    context = {
        "ballot": ballot,
        "mine": mine,
        "places": places or places_of(request, ballot),
        "parts": parts,
        "struck": struck,
        "on_paper": struck is not None and struck.channel != "online",
        "group": known.group_of(ballot.manifest, mine.entry),
        "box": f"/box/{ballot.pk}/",
        "find": f"/box/{ballot.pk}/find/",
        "others": [] if places else selectors.held_for(ballot, membership_of(request.actor)),
        "voted": sum(known.struck_off(ballot).values()),
        "how_published": known.how_published(ballot.manifest["secret"]["together"]),
    }
    return render(request, "governance/secret_vote.html", context)


def get_secret(request: HttpRequest, pk: int) -> Ballot:
    found = get_released(request, pk)
    if not found.is_secret:
        raise Http404
    return found


@never_cache
@require_POST
@requires("governance.vote")
def credential(request: HttpRequest, pk: int) -> JsonResponse:
    """Sign blinded tokens, for somebody who has just shown who they are. JSON in and out."""
    ballot = get_secret(request, pk)
    if not did_recently_reauthenticate(request):
        back = path(request.coop, "governance:vote", pk=pk) + _for(request)
        said = {"code": "reauthenticate", "message": _("Show once more that it is you, then go on.")}
        return JsonResponse(
            said | {"url": f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"}, status=401
        )

    def sign(blinded: list[bytes]) -> services.Issued:
        proxy = held_proxy(request)
        return services.issue_credential(actor=request.actor, ballot=ballot, blinded=blinded, proxy=proxy)

    return signed(request, sign)


def signed(request: HttpRequest, sign: Callable[[list[bytes]], services.Issued]) -> JsonResponse:
    """The answer to a browser that sent its blinded tokens: the blind signatures, or why there are none."""
    try:
        issued = sign(_blinded(request))  # read before anything looks for a form in the body
    except Refused as refused:
        return JsonResponse({"code": refused.code, "message": refused.message}, status=refused.status)
    signatures = [base64.b64encode(each).decode() for each in issued.signatures]
    return JsonResponse({"signatures": signatures, "credential": issued.credential})


def _for(request: HttpRequest) -> str:
    """The part of an address that says for whom, where that is somebody else."""
    return f"?for={request.GET['for']}" if "for" in request.GET else ""


def _blinded(request: HttpRequest) -> list[bytes]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST:
        raise Refused("too_large", _("This is longer than blinded tokens can be."), status=413)
    try:
        said = json.loads(request.body)["blinded"]
        if not isinstance(said, list):
            raise TypeError("a list of blinded tokens")
        return [base64.b64decode(each, validate=True) for each in said]
    # A form with files in it was read before us, in search of its pass.
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error, RawPostDataException) as broken:
        raise Refused("blinded", _("This is not a blinded token.")) from broken


@require_safe
@requires("governance.see_results")
def manifest(request: HttpRequest, pk: int) -> HttpResponse:
    """What was put to the vote, to the byte that was hashed."""
    return manifest_of(get_secret(request, pk))


def manifest_of(ballot: Ballot) -> HttpResponse:
    return HttpResponse(canonical(ballot.manifest), content_type="application/json")


@never_cache
@require_safe
@requires("governance.see_results")
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Find one's own paper: in the box before the close, among the receipts after it. The browser does the looking."""
    ballot = get_secret(request, pk)
    ballot.by_proxy = held_proxy(request)
    mine, _none = selectors.voting_as(ballot, membership_of(request.actor), ballot.by_proxy)
    return checking(request, ballot, mine, places_of(request, ballot))


def checking(request: HttpRequest, ballot: Ballot, mine: selectors.Standing, places: Places) -> HttpResponse:
    """The page whose script looks for the paper this browser cast."""
    may = mine.entry is not None and mine.may
    context = {
        "ballot": ballot,
        "mine": mine,
        "places": places,
        "who": mine.entry.number if mine.entry else 0,
        "group": known.group_of(ballot.manifest, mine.entry) if may else 0,
        "votes": mine.entry.votes if mine.entry else 1,
        "find": f"/box/{ballot.pk}/find/",
        "opening": known.opening(ballot),
        "how_published": known.how_published(ballot.manifest["secret"]["together"]),
    }
    return render(request, "governance/secret_check.html", context)


@require_safe
@requires("governance.see_results")
def receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """Every receipt of an opened box, sorted; whole, so that asking for it says nothing about whose one is."""
    return receipts_of(get_secret(request, pk))


def receipts_of(ballot: Ballot) -> HttpResponse:
    if known.opening(ballot) is None:
        raise Http404
    return HttpResponse(bundles.receipts(known.receipts(ballot)), content_type="text/plain; charset=ascii")


@require_safe
@requires("governance.see_results")
def bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """The bundle anyone recounts from, as it was made."""
    ballot = get_secret(request, pk)
    found = Bundle.objects.filter(ballot=ballot).first()
    if found is None:
        raise Http404
    name = f"{request.coop.slug}-{ballot.pk}-ballot.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": f'"{found.sha256}"'}
    return HttpResponse(bytes(found.content), content_type="application/zip", headers=headers)


@require_safe
@requires("governance.see_results")
def verifier(request: HttpRequest, pk: int) -> HttpResponse:
    """The stand-alone verifier, a zipapp."""
    get_secret(request, pk)
    headers = {"Content-Disposition": 'attachment; filename="verify.pyz"'}
    return HttpResponse(bundles.verifier(), content_type="application/octet-stream", headers=headers)


@require_safe
@requires("governance.see_results")
def promises(request: HttpRequest, pk: int) -> HttpResponse:
    """How a secret ballot keeps its secret, and where that ends."""
    ballot = get_secret(request, pk)
    places = places_of(request, ballot)
    return promising(request, ballot, replace(places, frame="base_desk.html") if request.actor.is_officer else places)


def promising(request: HttpRequest, ballot: Ballot, places: Places) -> HttpResponse:
    """The page that says what is promised of this ballot and what is not."""
    context = {
        "ballot": ballot,
        "places": places,
        "board": known.board(ballot),
        "least": ballot.manifest["secret"]["least"],
    }
    return render(request, "governance/secret_promises.html", context)
