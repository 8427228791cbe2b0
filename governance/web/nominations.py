"""Nominations on a member's phone and at the returning officer's desk."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_of

from .. import services
from ..documents_nominations import nomination_form_pdf
from ..forms import ReasonForm
from ..forms_nominations import CallForm, NominateForm, PaperNominationForm, StandForm
from ..models import Nomination, NominationCall, Question
from ..selectors import nominations as known
from .acts import attempt, status_of
from .questions import get_question


def _call(request: HttpRequest, pk: int) -> NominationCall:
    rows = NominationCall.objects.filter(coop=request.coop).select_related("question__ballot__meeting", "coop")
    return get_object_or_404(rows, pk=pk)


def _call_of(question: Question) -> NominationCall:
    rows = NominationCall.objects.select_related("question__ballot__meeting", "coop")
    return get_object_or_404(rows, question=question)


def _nomination(request: HttpRequest, pk: int) -> Nomination:
    rows = Nomination.objects.visible_to(request.actor, membership_of(request.actor)).with_people()
    found = get_object_or_404(rows.select_related("call__coop", "call__question__ballot__meeting"), pk=pk)
    found.where = known.where_it_stands(found.call, found)
    return found


def _listed(call: NominationCall, request: HttpRequest) -> list[Nomination]:
    rows = known.nominations_of(call, request.actor, membership_of(request.actor))
    for each in rows:
        each.where, each.stands = known.where_it_stands(call, each), known.enough(call, each)
    return rows


@never_cache
@require_safe
@requires("governance.see_results")
def nominations(request: HttpRequest) -> HttpResponse:
    """Every call whose ballot is still to come or open, the next to close first."""
    now = clock.now()
    calls = known.calls_for(request.actor)
    for each in calls:
        each.now = each.phase(now)
    return render(request, "governance/nominations.html", {"calls": calls, "today": clock.today(request.coop)})


@never_cache
@require_safe
@requires("governance.see_results")
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """One call: its rule, may I stand, who has been put forward."""
    found, mine = _call(request, pk), membership_of(request.actor)
    rows = _listed(found, request)
    context = {
        "call": found,
        "phase": found.phase(clock.now()),
        "rule": known.rule_in_words(found),
        "i_stand": mine is not None and any(each.open and each.nominee_id == mine.pk for each in rows),
        "can": known.eligibility(found, mine) if mine else None,
        "rows": rows,
    }
    return render(request, "governance/nomination_call.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.vote")
def nominate(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody forward, or oneself (``?me``: the form is filled in)."""
    found, mine = _call(request, pk), membership_of(request.actor)
    initial = {"number": mine.number, "name": str(mine.party)} if mine and "me" in request.GET else {}
    form = NominateForm(request.POST or None, initial=initial)
    act = lambda: services.nominate(actor=request.actor, call=found, **form.cleaned_data)  # noqa: E731
    made = attempt(request, form, act)
    if made is not None:
        if mine and made.nominee_id == mine.pk:
            return redirect(path(request.coop, "governance:stand", pk=made.pk))
        messages.success(request, _("%s has been asked, and stands once they accept.") % made.nominee.party)
        return redirect(path(request.coop, "governance:nomination-call", pk=pk))
    context = {"form": form, "call": found, "oneself": bool(initial)}
    return render(request, "governance/nominate.html", context, status=status_of(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.see_results")
def nomination(request: HttpRequest, pk: int) -> HttpResponse:
    """Who stands, what they say, who seconds them; a member's own act on it."""
    found, mine = _nomination(request, pk), membership_of(request.actor)
    error = ""
    if request.method == "POST":
        try:
            _act(request, found)
            return redirect(path(request.coop, "governance:nomination", pk=pk))
        except Refused as refused:
            error = refused.message
    now, seconds = clock.now(), known.seconders_of(found)
    open_now = found.call.phase(now) == "open" and found.open
    of_mine = mine is not None and mine.pk in (found.nominee_id, found.proposer_id)
    context = {
        "nomination": found,
        "call": found.call,
        "seconds": seconds,
        "open_now": open_now,
        "is_me": mine is not None and mine.pk == found.nominee_id,
        "seconded_by_me": mine is not None and any(each.membership_id == mine.pk for each in seconds),
        "may_second": open_now and mine is not None and not of_mine and found.accepted_at is not None,
        "may_step_back": found.open and found.call.question.ballot.is_draft,
        "error": error,
    }
    return render(request, "governance/nomination.html", context, status=422 if error else 200)


def _act(request: HttpRequest, found: Nomination) -> None:
    act = {"second": services.second_nomination, "step_back": services.step_back}.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    act(actor=request.actor, nomination=found)
    done = _("You second %s.") if act is services.second_nomination else _("%s does not stand any more.")
    messages.success(request, done % found.nominee.party)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.vote")
def stand(request: HttpRequest, pk: int) -> HttpResponse:
    """The nominee accepts, and says who they are; only theirs to open."""
    found, mine = _nomination(request, pk), membership_of(request.actor)
    if mine is None or found.nominee_id != mine.pk:
        raise Http404
    names = ("sentence", "statement", "photo_alt", "declared")
    form = StandForm(
        request.POST or None,
        request.FILES or None,
        call=found.call,
        has_photo=found.has_photo,
        initial={name: getattr(found, name) for name in names},
    )
    act = lambda: services.accept_nomination(  # noqa: E731
        actor=request.actor, nomination=found, **form.cleaned_data
    )
    if attempt(request, form, act) is not None:
        messages.success(request, _("You stand. You can change what you say until the call closes."))
        return redirect(path(request.coop, "governance:nomination", pk=pk))
    context = {"form": form, "nomination": found, "call": found.call, "can": known.eligibility(found.call, mine)}
    return render(request, "governance/stand.html", context, status=status_of(form))


@require_safe
@requires("governance.see_results")
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet to print, fill in by hand and have signed, for who has no login."""
    found = _call(request, pk)
    response = HttpResponse(nomination_form_pdf(found), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="nomination-{found.pk}.pdf"'
    return response


@require_safe
@requires("governance.see_results")
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Nomination.objects.visible_to(request.actor, membership_of(request.actor)).filter(photo__isnull=False)
    found = get_object_or_404(rows, pk=pk)
    response = HttpResponse(bytes(found.photo), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=300"
    return response


# --- the desk --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def call_new(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """The by-laws' rule, filled in as the co-op's last call had it."""
    found = get_question(request, pk, question)
    last = NominationCall.objects.filter(coop=request.coop).order_by("-pk").first()
    current = getattr(found, "nomination_call", None) or last
    initial = {name: getattr(current, name) for name in CallForm.base_fields} if current else {}
    form = CallForm(request.POST or None, coop=request.coop, initial=initial)
    act = lambda: services.call_nominations(actor=request.actor, question=found, **form.cleaned_data)  # noqa: E731
    if attempt(request, form, act) is not None:
        return redirect(path(request.coop, "governance:call-desk", pk=pk, question=question))
    context = {"form": form, "question": found}
    return render(request, "governance/call_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.read_ballots")
def call_desk(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """The returning officer's list; sending the form settles it."""
    asked = get_question(request, pk, question)
    found = _call_of(asked)
    error, may_run = "", rules.may(request.actor, "governance.run_ballots")
    if request.method == "POST":
        rules.require(request.actor, "governance.run_ballots", found)
        try:
            services.settle_nominations(actor=request.actor, call=found)
            messages.success(request, _("Settled: the paper is written."))
            return redirect(path(request.coop, "governance:call-desk", pk=pk, question=question))
        except Refused as refused:
            error = refused.message
    listed = _listed(found, request)
    context = {
        "call": found,
        "question": asked,
        "phase": found.phase(clock.now()),
        "rule": known.rule_in_words(found),
        "rows": listed,
        "standing": sum(each.stands for each in listed),
        "may_run": may_run,
        "is_draft": asked.ballot.is_draft,
        "error": error,
    }
    return render(request, "governance/call_desk.html", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def strike_out(request: HttpRequest, pk: int, question: int, nomination: int) -> HttpResponse:
    rows = Nomination.objects.filter(coop=request.coop, call__question_id=question, call__question__ballot_id=pk)
    found = get_object_or_404(rows.open().with_people(), pk=nomination)
    form = ReasonForm(request.POST or None)
    act = lambda: services.strike_out_nomination(  # noqa: E731
        actor=request.actor, nomination=found, **form.cleaned_data
    )
    if attempt(request, form, act) is not None:
        return redirect(path(request.coop, "governance:call-desk", pk=pk, question=question))
    context = {"form": form, "nomination": found}
    return render(request, "governance/nomination_end.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def signed(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """A nomination that came on paper."""
    asked = get_question(request, pk, question)
    found = get_object_or_404(
        NominationCall.objects.select_related("question__ballot__meeting", "coop"), question=asked
    )
    form = PaperNominationForm(request.POST or None, call=found)
    act = lambda: services.record_paper_nomination(actor=request.actor, call=found, **form.cleaned_data)  # noqa: E731
    made = attempt(request, form, act)
    if made is not None:
        messages.success(request, _("%s stands, as the sheet says.") % made.nominee.party)
        return redirect(path(request.coop, "governance:call-desk", pk=pk, question=question))
    context = {"form": form, "question": asked, "rule": known.rule_in_words(found)}
    return render(request, "governance/nomination_signed.html", context, status=status_of(form))
