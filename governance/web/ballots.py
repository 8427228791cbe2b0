"""A ballot's life at the returning officer's desk: what is missing, release, turnout."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires

from .. import selectors, services
from ..forms import BallotForm, VoterSearchForm, changes_of
from ..models import Ballot, PaperBatch
from ..resolutions import in_words
from ..selectors import secret as known
from ..selectors import urn as urns
from .acts import attempt, status_of
from .paper import of_marks


def get_ballot(request: HttpRequest, pk: int) -> Ballot:
    ballot = get_object_or_404(Ballot.objects.visible_to(request.actor).select_related("meeting", "roll"), pk=pk)
    ballot.coop = request.coop
    if ballot.roll is not None:
        ballot.roll.coop = request.coop
    return ballot


@require_safe
@requires("governance.read_ballots")
def ballots(request: HttpRequest) -> HttpResponse:
    page = Paginator(selectors.ballots_for(request.actor), 25).get_page(request.GET.get("page"))
    now = clock.now()
    for each in page:
        each.now = each.phase(now)
    may_run = rules.may(request.actor, "governance.run_ballots")
    return render(request, "governance/ballots.html", {"page": page, "may_run": may_run})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def ballot_new(request: HttpRequest) -> HttpResponse:
    form = BallotForm(request.POST or None, coop=request.coop, initial={"meeting": request.GET.get("meeting")})
    made = attempt(request, form, lambda: services.create_ballot(actor=request.actor, **form.cleaned_data))
    if made is not None:
        return redirect(path(request.coop, "governance:ballot", pk=made.pk))
    return render(request, "governance/ballot_form.html", {"form": form}, status=status_of(form))


@require_safe
@requires("governance.read_ballots")
def ballot(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one ballot; a draft shows what is missing, a released one who took part and what came in."""
    found = get_ballot(request, pk)
    now = clock.now()
    found.now = found.phase(now)
    questions = selectors.with_questions(found)
    issues = selectors.issues_before_opening(found, now) if found.is_draft else []
    context = {
        "ballot": found,
        "questions": [(each, _kind_in_words(each)) for each in questions],
        "issues": [(issue, _where(request, found, issue.where)) for issue in issues],
        "ready": not any(not issue.warning for issue in issues),
        "voted": selectors.taken_part(found) if not found.is_draft else 0,
        "batches": PaperBatch.objects.filter(ballot=found).select_related("question", "imported_by", "undone_by"),
        "may_run": rules.may(request.actor, "governance.run_ballots"),
        "may_print": rules.may(request.actor, "governance.enter_papers"),
        "classes": known.classes_apart(questions),
        "may_certify": rules.may(request.actor, "governance.certify"),
        "may_see_votes": request.actor.holds("returning_officer", "auditor"),
        "today": clock.today(request.coop),
        "waits_for_urn": found.state == Ballot.State.CLOSED and urns.awaited(found),
        "stuck": known.why_stuck(found),
    }
    return render(request, "governance/ballot.html", context)


def _kind_in_words(question) -> list[str]:
    return in_words(question.resolution_type.conditions) if question.resolution_type else []


def _where(request: HttpRequest, ballot: Ballot, where: str) -> str:
    """The address at which an issue is put right."""
    name, _colon, pk = where.partition(":")
    if name == "question":
        return path(request.coop, "governance:question", pk=ballot.pk, question=int(pk))
    if name == "questions":
        return path(request.coop, "governance:election-new", pk=ballot.pk)
    if name == "objections" and ballot.roll is not None:
        return path(request.coop, "governance:roll-objections", pk=ballot.roll.pk)
    if name == "roll" and ballot.meeting is not None and not selectors.has_roll(ballot.meeting):
        return path(request.coop, "governance:freeze", pk=ballot.meeting.pk)
    return path(request.coop, "governance:ballot-change", pk=ballot.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def ballot_change(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_ballot(request, pk)
    initial = {name: getattr(found, name) for name in BallotForm.base_fields}
    form = BallotForm(request.POST or None, coop=request.coop, initial=initial)
    act = lambda: services.change_ballot(actor=request.actor, ballot=found, **changes_of(form, found))  # noqa: E731
    if attempt(request, form, act) is not None:
        return redirect(path(request.coop, "governance:ballot", pk=pk))
    context = {"form": form, "ballot": found}
    return render(request, "governance/ballot_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def ballot_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_ballot(request, pk)
    if request.method == "POST":
        services.delete_ballot(actor=request.actor, ballot=found)
        messages.success(request, _("The draft “%s” is gone.") % found.title)
        return redirect(path(request.coop, "governance:ballots"))
    return render(request, "governance/ballot_delete.html", {"ballot": found})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """From here on nothing that is put to the vote changes, so the page shows all of it once more."""
    found = get_ballot(request, pk)
    if not found.is_draft:
        return redirect(path(request.coop, "governance:ballot", pk=pk))
    error = ""
    if request.method == "POST":
        try:
            services.open_ballot(actor=request.actor, ballot=found)
        except Refused as refused:
            found.refresh_from_db(fields=["state"])
            if not found.is_draft:  # released in the same moment, by a second press or in another window
                return redirect(path(request.coop, "governance:ballot", pk=pk))
            error = refused.message
        else:
            messages.success(request, _("“%s” is released. It opens and closes by the clock.") % found.title)
            return redirect(path(request.coop, "governance:ballot", pk=pk))
    issues = selectors.issues_before_opening(found, clock.now())
    context = {
        "ballot": found,
        "parts": of_marks(selectors.with_questions(found), {}),
        "issues": [(issue, _where(request, found, issue.where)) for issue in issues],
        "ready": not any(not issue.warning for issue in issues),
        "error": error,
    }
    return render(request, "governance/release.html", context, status=422 if error else 200)


@require_safe
@requires("governance.read_ballots")
def turnout(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has voted; after the close the returning officer and the auditor also read how, for the record."""
    found = get_ballot(request, pk)
    if found.is_draft:
        return redirect(path(request.coop, "governance:ballot", pk=pk))
    form = VoterSearchForm(request.GET or None)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    if found.is_secret:
        page = Paginator(known.strike_offs(found, words), 50).get_page(request.GET.get("page"))
        return render(request, "governance/secret_turnout.html", {"ballot": found, "page": page, "form": form})
    page = Paginator(selectors.recorded_votes(found, words), 50).get_page(request.GET.get("page"))
    open_book = found.state != Ballot.State.OPEN and request.actor.holds("returning_officer", "auditor")
    if open_book:
        questions = selectors.with_questions(found)
        for vote in page:
            vote.parts = of_marks(questions, vote.marks)
    context = {"ballot": found, "page": page, "form": form, "open_book": open_book}
    return render(request, "governance/turnout.html", context)


@require_POST
@requires("governance.run_ballots")
def open_box(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again where the box of a closed ballot could not be opened."""
    job = services.ask_to_open(actor=request.actor, ballot=get_ballot(request, pk))
    return redirect(path(request.coop, "job", pk=job.pk))
