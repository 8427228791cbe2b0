"""A member's votes: the list, the paper, the review, the receipt."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_of

from .. import selectors, services
from ..models import Ballot, Proxy, RecordedVote
from . import paper, secret
from .released import get_released, held_proxy


@never_cache
@require_safe
@requires("governance.vote")
def votes(request: HttpRequest) -> HttpResponse:
    """Every ballot of the co-op, those that wait for me first."""
    now = clock.now()
    found = selectors.my_ballots(request.actor, membership_of(request.actor), now)
    context = {
        "open": [each for each in found if each.now == "open"],
        "coming": [each for each in found if each.now == "announced"],
        "past": [each for each in found if each.now not in ("open", "announced")],
        "today": clock.today(request.coop),
    }
    return render(request, "governance/votes.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.vote")
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper. Each button is a submit: up and down, back, review, cast; nothing is kept before it is cast."""
    ballot = get_released(request, pk)
    proxy = ballot.by_proxy = held_proxy(request)
    mine, current = selectors.voting_as(ballot, membership_of(request.actor), proxy)
    if ballot.now != "open" or not mine.may:
        return _not_now(request, ballot, mine, current)
    if ballot.is_secret:
        return secret.page(request, ballot, mine)
    questions = selectors.with_questions(ballot)
    if request.method != "POST":
        return _paper(request, ballot, mine, current, paper.of_marks(questions, current.marks if current else {}))
    parts = paper.of_post(questions, request.POST)
    if act := request.POST.get("move"):
        paper.move(parts, act)
        return _paper(request, ballot, mine, current, parts)
    if request.POST.get("act") not in ("review", "cast"):
        return _paper(request, ballot, mine, current, parts)
    try:
        marks = paper.marks_of(parts)
        if request.POST["act"] == "review":
            return _review(request, ballot, mine, current, parts)
        replacing = _replacing(request, current)
        services.cast_recorded(actor=request.actor, ballot=ballot, marks=marks, replacing=replacing, proxy=proxy)
    except Refused as refused:
        error = "" if paper.show_error(parts, refused) else refused.message
        return _paper(request, ballot, mine, current, parts, error=error, status=refused.status)
    return redirect(path(request.coop, "governance:receipt", pk=pk) + (f"?for={proxy.pk}" if proxy else ""))


def _others(request: HttpRequest, ballot: Ballot) -> list[Proxy]:
    """The other members this one votes for in the ballot."""
    held = selectors.held_for(ballot, membership_of(request.actor))
    return [each for each in held if ballot.by_proxy is None or each.pk != ballot.by_proxy.pk]


def _replacing(request: HttpRequest, current: RecordedVote | None) -> int | None:
    """Which paper the page believed to be current when it was drawn."""
    said = request.POST.get("replacing", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


def _paper(request, ballot, mine, current, parts, error: str = "", status: int = 200) -> HttpResponse:
    wrong = bool(error) or any(part.error for part in parts)
    context = {
        "ballot": ballot,
        "mine": mine,
        "current": current,
        "cast_parts": paper.of_marks([part.question for part in parts], current.marks) if current else [],
        "parts": parts,
        "error": error,
        "replacing": request.POST.get("replacing", "") if request.method == "POST" else (current.pk if current else ""),
        "voted": selectors.taken_part(ballot),
        "others": _others(request, ballot),
    }
    if error and request.method == "POST":
        context["replacing"] = current.pk if current else ""  # it has been shown now
    return render(request, "governance/vote.html", context, status=max(status, 422) if wrong else status)


def _review(request, ballot, mine, current, parts) -> HttpResponse:
    paper_fields = [pair for part in parts for pair in part.fields]
    context = {
        "ballot": ballot,
        "mine": mine,
        "current": current,
        "parts": parts,
        "fields": paper_fields,
        "replacing": request.POST.get("replacing", ""),
        "all_blank": all(part.blank for part in parts),
    }
    return render(request, "governance/review.html", context)


def _not_now(request, ballot, mine, current) -> HttpResponse:
    """The page of a ballot one cannot vote in now: why, and what there is instead. A paper sent is refused."""
    if request.method != "POST" and ballot.has_result:
        return redirect(path(request.coop, "governance:result", pk=ballot.pk))
    context = {"ballot": ballot, "mine": mine, "current": current, "error": "", "others": _others(request, ballot)}
    if request.method != "POST":
        return render(request, "governance/vote_closed.html", context)
    refused = services.why_not_now(ballot, mine, clock.now())
    if refused is None:  # it opened between two looks at the clock
        return redirect(path(request.coop, "governance:vote", pk=ballot.pk))
    context["error"] = refused.message
    return render(request, "governance/vote_closed.html", context, status=refused.status)


@never_cache
@require_safe
@requires("governance.vote")
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """What was recorded, to keep or to print."""
    ballot = get_released(request, pk)
    if ballot.is_secret:  # its receipt lies in the voter's browser
        return redirect(path(request.coop, "governance:check", pk=pk))
    proxy = ballot.by_proxy = held_proxy(request)
    mine, current = selectors.voting_as(ballot, membership_of(request.actor), proxy)
    if current is None:
        return redirect(path(request.coop, "governance:vote", pk=pk))
    context = {
        "ballot": ballot,
        "vote": current,
        "entry": mine.entry,
        "parts": paper.of_marks(selectors.with_questions(ballot), current.marks),
        "others": _others(request, ballot),
        "may_change": mine.may,
    }
    return render(request, "governance/receipt.html", context)
