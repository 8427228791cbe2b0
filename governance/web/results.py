"""Results: who is elected and why, every stage, the files, another rule to compare with; and resolutions."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_of

from .. import documents, selectors, services
from ..forms import SearchForm
from ..models import Count, OtherRule, Question
from ..resolutions import quorum_said
from ..selectors import secret as known
from ..services import files
from .released import get_released


@require_safe
@requires("governance.see_results")
def result(request: HttpRequest, pk: int) -> HttpResponse:
    ballot = get_released(request, pk)
    if not ballot.has_result:
        context = {"ballot": ballot, "today": clock.today(request.coop)}
        return render(request, "governance/result_coming.html", context)
    outcomes = [selectors.outcome(count.question, count.result) for count in selectors.counts_of(ballot)]
    elections = [each for each in outcomes if not each.question.is_motion]
    part = selectors.participation(ballot)
    context = {
        "ballot": ballot,
        "outcomes": outcomes,
        "heading": " ".join(each.sentence for each in elections) or outcomes[0].sentence,
        "lead": [each.sentence for each in outcomes if each.question.is_motion and elections],
        "part": part,
        "quorums": [
            (test, quorum_said(test)) for each in outcomes for test in each.result.tests if test.name == "quorum"
        ],
        "quota": next((each for each in elections if each.result.quota is not None), None),
        "kinds": files.kinds_of,
        "files": [(each, files.kinds_of(each.question), services.other_methods(each.question)) for each in outcomes],
        "opening": known.opening(ballot),
        "signed": selectors.certifications(ballot),
        "bundle": known.bundle(ballot) if ballot.is_secret else None,
        "how_published": _how_published(ballot),
        "my_vote": selectors.current_vote(ballot, selectors.standing(ballot, membership_of(request.actor)).entry),
    }
    return render(request, "governance/result.html", context)


def _how_published(ballot) -> str:
    found = known.opening(ballot)
    return known.how_published(found.together) if found else ""


def get_count(request: HttpRequest, pk: int, question: int) -> Count:
    ballot = get_released(request, pk)
    if not ballot.has_result:
        raise Http404
    rows = Count.objects.filter(ballot=ballot).select_related("question", "ballot__roll")
    found = get_object_or_404(rows, question=question)
    found.question.ballot = found.ballot
    return found


@require_safe
@requires("governance.see_results")
def download(request: HttpRequest, pk: int, question: int, kind: str) -> HttpResponseBase:
    """A count as a file; its papers bear no names."""
    count = get_count(request, pk, question)
    if kind not in files.kinds_of(count.question):
        raise Http404
    content_type, name = files.KINDS[kind]
    headers = {"Content-Disposition": f'attachment; filename="{request.coop.slug}-{count.question_id}-{name}"'}
    if kind == "json":
        return JsonResponse(files.facts(count), headers=headers, json_dumps_params={"ensure_ascii": False})
    if kind == "pdf":
        return HttpResponse(documents.result_pdf(count), content_type=content_type, headers=headers)
    write = {"blt": files.papers_blt, "csv": files.papers_csv, "stages": files.stages_csv}[kind]
    return StreamingHttpResponse(write(count), content_type=content_type, headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.see_results")
def compare(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """What another rule would have said of the same papers: asked for here, and never the result."""
    count = get_count(request, pk, question)
    asked, error = count.question, ""
    if request.method == "POST":
        try:
            job = services.ask_other_rule(
                actor=request.actor, question=asked, method=request.POST.get("method", "")[:30]
            )
        except Refused as refused:
            error = refused.message
        else:
            if job is not None:
                return redirect(path(request.coop, "job", pk=job.pk))
            return redirect(path(request.coop, "governance:compare", pk=pk, question=question))
    real = selectors.outcome(asked, count.result)
    known = {each.method: each for each in OtherRule.objects.filter(question=asked)}
    others = [(Question.Method(m), known.get(m)) for m in services.other_methods(asked)]
    context = {
        "ballot": count.ballot,
        "question": asked,
        "real": real,
        "others": [
            (method, selectors.outcome(asked, other.result) if other else None, _differs(real, other))
            for method, other in others
        ],
        "error": error,
    }
    return render(request, "governance/compare.html", context, status=422 if error else 200)


def _differs(real: selectors.Outcome, other: OtherRule | None) -> str:
    """Who would be in or out by the other rule, in a sentence."""
    if other is None:
        return ""
    theirs = set(selectors.outcome(real.question, other.result).elected)
    fewer = len(set(real.elected) - theirs)
    if theirs == set(real.elected):
        return ""
    return ngettext("%s other person would be elected.", "%s other people would be elected.", fewer or 1) % (fewer or 1)


@require_safe
@requires("governance.see_results")
def resolutions(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.GET or None)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    page = Paginator(selectors.resolutions(request.actor, words), 25).get_page(request.GET.get("page"))
    frame = "base_desk.html" if request.actor.is_officer else "base_member.html"
    return render(request, "governance/resolutions.html", {"page": page, "form": form, "words": words, "frame": frame})


@require_safe
@requires("governance.see_results")
def resolution(request: HttpRequest, pk: int) -> HttpResponse:
    found = selectors.resolution(request.coop, pk)
    frame = "base_desk.html" if request.actor.is_officer else "base_member.html"
    return render(request, "governance/resolution.html", {"resolution": found, "frame": frame})
