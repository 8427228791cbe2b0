"""Putting questions on a draft ballot."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from coop.kernel.tenancy import path
from coop.kernel.web import requires

from .. import services
from ..forms import ElectionForm, MotionForm
from ..models import Ballot, Question, ResolutionType
from .acts import attempt, status_of
from .ballots import get_ballot


def get_question(request: HttpRequest, pk: int, question: int) -> Question:
    found = Question.objects.filter(ballot__in=Ballot.objects.visible_to(request.actor), ballot_id=pk)
    return get_object_or_404(
        found.select_related("ballot", "resolution_type", "nomination_call").prefetch_related("options"), pk=question
    )


def _election(form: ElectionForm) -> tuple[dict, list[dict]]:
    values = dict(form.cleaned_data)
    return values, values.pop("candidates")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def election_new(request: HttpRequest, pk: int) -> HttpResponse:
    ballot = get_ballot(request, pk)
    form = ElectionForm(request.POST or None)

    def act() -> Question:
        values, options = _election(form)
        return services.add_question(actor=request.actor, ballot=ballot, options=options, **values)

    return _answer(request, ballot, form, attempt(request, form, act), election=True)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def motion_new(request: HttpRequest, pk: int) -> HttpResponse:
    ballot = get_ballot(request, pk)
    if request.method == "POST" and not ResolutionType.objects.filter(coop=request.coop).exists():
        services.standard_resolution_types(actor=request.actor)
    form = MotionForm(request.POST or None, coop=request.coop)
    act = lambda: services.add_question(  # noqa: E731
        actor=request.actor, ballot=ballot, method=Question.Method.MOTION, **form.cleaned_data
    )
    return _answer(request, ballot, form, attempt(request, form, act))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def question(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """Change a question of a draft."""
    found = get_question(request, pk, question)
    initial = {name: getattr(found, name) for name in ("title", "text", "method", "seats", "resolution_type")}
    if found.is_motion:
        motion = MotionForm(request.POST or None, coop=request.coop, initial=initial)
        act = lambda: services.change_question(  # noqa: E731
            actor=request.actor, question=found, **motion.cleaned_data
        )
        return _answer(request, found.ballot, motion, attempt(request, motion, act), found)
    lines = [" | ".join(filter(None, (each.name, each.statement))) for each in found.options.all()]
    form = ElectionForm(request.POST or None, initial={**initial, "candidates": "\n".join(lines)})

    nominated = hasattr(found, "nomination_call")
    if nominated:  # who stands comes from the nominations
        del form.fields["candidates"]

    def change() -> Question:
        if nominated:
            return services.change_question(actor=request.actor, question=found, **form.cleaned_data)
        values, options = _election(form)
        return services.change_election(actor=request.actor, question=found, options=options, **values)

    return _answer(request, found.ballot, form, attempt(request, form, change), found, election=True)


def _answer(request, ballot: Ballot, form, made, found: Question | None = None, election: bool = False):
    if made is not None:
        return redirect(path(request.coop, "governance:ballot", pk=ballot.pk))
    context = {"ballot": ballot, "form": form, "question": found, "election": election}
    return render(request, "governance/question_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def move(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    found = get_question(request, pk, question)
    if request.method == "POST":
        services.move_question(actor=request.actor, question=found, up=request.POST.get("to") == "up")
    return redirect(path(request.coop, "governance:ballot", pk=pk) + "#questions")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def remove(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    found = get_question(request, pk, question)
    if request.method == "POST":
        services.remove_question(actor=request.actor, question=found)
    return redirect(path(request.coop, "governance:ballot", pk=pk) + "#questions")
