"""The secretary's side of what is taught: courses, sessions, who came, who asks for what and who lacks it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms.courses import (
    ApplicantCompletionForm,
    CompletionForm,
    CourseForm,
    MemberNumberForm,
    ReasonForm,
    RequireForm,
    SessionForm,
)
from members.models import AccessLog, Completion, Course, CourseRequirement, CourseSession, Enrolment
from members.selectors import learning

from .applications import find as find_application

PER_PAGE = 50


def _course(request: HttpRequest, pk: int) -> Course:
    course = get_object_or_404(Course, coop=request.coop, pk=pk)
    course.coop = request.coop
    return course


def _session(request: HttpRequest, pk: int) -> CourseSession:
    return get_object_or_404(learning.sessions(request.coop), pk=pk)


def _at(request: HttpRequest, course_id: int) -> HttpResponse:
    return redirect(path(request.coop, "members:course", pk=course_id))


def _ask(request: HttpRequest, form, act, words: dict, back: str) -> HttpResponse:
    """A page with one form: ``act(cleaned_data)`` does it, then it leads back."""
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            return redirect(back)
    context = {"form": form, "words": words, "back": back}
    return render(request, "members/course_ask.html", context, status=422 if form.errors else 200)


@require_safe
@requires("members.read_register")
def listing(request: HttpRequest) -> HttpResponse:
    """Every course, when it is held next, and how many people lack one that is asked of them."""
    now, today = clock.now(), clock.today(request.coop)
    closed = request.GET.get("tab") == "closed"
    page = Paginator(learning.courses(request.coop, closed=closed), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "closed": closed,
        "coming": learning.to_come(request.coop, now)[:10],
        "to_mark": learning.to_mark(request.coop, now)[:10],
        "lacking": learning.Lacking(request.coop, today).count(),
        "keeps": rules.may(request.actor, "members.keep_register"),
    }
    return render(request, "members/courses.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def create(request: HttpRequest) -> HttpResponse:
    """A new course."""
    words = {
        "heading": _("What will people learn?"),
        "means": _("A course has sessions to come to, a checklist to work through, or both."),
        "act": _("Offer this course"),
    }
    form = CourseForm(request.POST or None, initial={"needs_session": True})
    back = path(request.coop, "members:courses")
    return _ask(request, form, lambda said: services.save_course(actor=request.actor, **said), words, back)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The course described anew."""
    course = _course(request, pk)
    words = {
        "heading": _("Change “%s”") % course.name,
        "means": _("What was completed stays completed, with the last day it had."),
        "act": _("Keep it like this"),
    }
    form = CourseForm(request.POST or None, initial=CourseForm.known(course))
    back = path(request.coop, "members:course", pk=pk)
    return _ask(
        request, form, lambda said: services.save_course(actor=request.actor, course=course, **said), words, back
    )


@require_safe
@requires("members.read_register")
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One course: its sessions, who asks for it, and who lacks it or has done it."""
    course, today, now = _course(request, pk), clock.today(request.coop), clock.now()
    done = request.GET.get("tab") == "done"
    rows: Any = (
        Completion.objects.filter(course=course).select_related("party", "application", "recorded_by")
        if done
        else learning.Lacking(request.coop, today, course=course)
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject=f"course {course.pk}")
    context = {
        "course": course,
        "steps": course.steps.filter(dropped_at=None),
        "sessions": learning.sessions(request.coop).filter(course=course).order_by("-starts_at")[:20],
        "asked": course.requirements.select_related("member_class").order_by("-starts_on", "-id"),
        "done": done,
        "page": page,
        "today": today,
        "now": now,
        "keeps": rules.may(request.actor, "members.keep_register"),
    }
    return render(request, "members/course.html", context)


@require_POST
@requires("members.keep_register")
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Not offered any more."""
    course = services.close_course(actor=request.actor, course=_course(request, pk))
    messages.success(request, _("“%s” is not offered any more; what was completed stays.") % course)
    return redirect(path(request.coop, "members:courses"))


@require_safe
@requires("members.read_register")
def lacking(request: HttpRequest) -> HttpResponse:
    """Who lacks what, the most urgent first."""
    today = clock.today(request.coop)
    rows: Any = learning.Lacking(request.coop, today)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="courses lacking")
    return render(request, "members/lacking.html", {"page": page, "today": today})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def require(request: HttpRequest, pk: int) -> HttpResponse:
    """A class or an office asks for it."""
    course = _course(request, pk)
    words = {
        "heading": _("Who has to do “%s”?") % course.name,
        "means": _("Whoever is late appears in the inbox; before admission or office it is refused until it is done."),
        "act": _("Ask for it"),
    }
    form = RequireForm(request.coop, request.POST or None, initial={"starts_on": clock.today(request.coop)})
    back = path(request.coop, "members:course", pk=pk)
    return _ask(
        request, form, lambda said: services.require_course(actor=request.actor, course=course, **said), words, back
    )


@require_POST
@requires("members.keep_register")
def end_requirement(request: HttpRequest, pk: int) -> HttpResponse:
    """Today is the last day on which it is asked for."""
    asked = get_object_or_404(CourseRequirement, coop=request.coop, pk=pk)
    today = clock.today(request.coop)
    services.end_requirement(actor=request.actor, requirement=asked, on=max(today, asked.starts_on))
    messages.success(request, _("It is asked for no longer than that."))
    return _at(request, asked.course_id)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has done the course, here or elsewhere."""
    course = _course(request, pk)
    words = {
        "heading": _("Who has done “%s”?") % course.name,
        "means": _("For what was done elsewhere, or before it was kept here. Say what you saw."),
        "act": _("Write it down"),
    }
    form = CompletionForm(request.coop, request.POST or None, initial={"on": clock.today(request.coop)})

    def act(said: dict) -> None:
        membership = said.pop("number")
        services.record_completion(actor=request.actor, course=course, learner=membership.party, **said)

    back = path(request.coop, "members:course", pk=pk) + "?tab=done"
    return _ask(request, form, act, words, back)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def record_for_applicant(request: HttpRequest, pk: int, application: int) -> HttpResponse:
    """An applicant has done what is asked for before admission; nobody but the secretary can write that down."""
    course, applicant = _course(request, pk), find_application(request, application)
    names = {"who": applicant.full_name, "course": course.name}
    words = {
        "heading": _("Has %(who)s done “%(course)s”?") % names,
        "means": _("With it the body can admit them, also where the course has a checklist. Say what you saw."),
        "act": _("Write it down"),
    }
    form = ApplicantCompletionForm(request.POST or None, initial={"on": clock.today(request.coop)})

    def act(said: dict) -> None:
        services.record_completion(actor=request.actor, course=course, learner=applicant, **said)

    return _ask(request, form, act, words, path(request.coop, "members:application", pk=application))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def strike(request: HttpRequest, pk: int) -> HttpResponse:
    """A completion that was not so."""
    rows = Completion.objects.select_related("course", "party", "application")
    made = get_object_or_404(rows, coop=request.coop, pk=pk)
    who = made.learner
    words = {
        "heading": _("%(who)s has not done “%(course)s”?") % {"who": who, "course": made.course.name},
        "means": _("The line stays, struck out, with the reason you give."),
        "act": _("Strike it out"),
    }
    form = ReasonForm(request.POST or None)
    back = path(request.coop, "members:course", pk=made.course_id) + "?tab=done"
    return _ask(request, form, lambda said: services.strike(actor=request.actor, completion=made, **said), words, back)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The course is held on a day."""
    course = _course(request, pk)
    words = {
        "heading": _("When is “%s” held?") % course.name,
        "means": _("Members see it on their page and sign up there; each is written to with time and place."),
        "act": _("Plan it"),
    }
    form = SessionForm(request.POST or None)
    back = path(request.coop, "members:course", pk=pk)
    return _ask(
        request, form, lambda said: services.plan_session(actor=request.actor, course=course, **said), words, back
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.read_register")
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """One session: who signed up, and afterwards who came."""
    held = _session(request, pk)
    keeps = rules.may(request.actor, "members.keep_register")
    rows = held.enrolments.exclude(state="withdrawn").select_related("party", "application").order_by("pk")
    page = Paginator(rows, 200).get_page(request.GET.get("page"))
    if request.method == "POST":
        rules.require(request.actor, "members.keep_register")
        _mark(request, held, list(page))
        return redirect(path(request.coop, "members:session", pk=pk))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject=f"session {held.pk}")
    telling = Job.objects.filter(coop=request.coop, kind="members.tell_session", args__0=held.pk)
    context = {
        "session": held,
        "page": page,
        "keeps": keeps,
        "is_over": held.starts_at <= clock.now(),
        "add_form": MemberNumberForm(request.coop),
        "cancel_form": ReasonForm(),
        "unmarked": held.enrolments.filter(state="enrolled").count(),
        "job": telling.select_related("coop").first(),
    }
    return render(request, "members/session.html", context)


def _mark(request: HttpRequest, held: CourseSession, shown: list[Enrolment]) -> None:
    said = {each.pk: request.POST.get(f"came_{each.pk}", "") for each in shown}
    came = {pk: answer == "yes" for pk, answer in said.items() if answer in ("yes", "no")}
    done = services.mark(actor=request.actor, session=held, came=came)
    sentence = ngettext("One person has completed the course.", "%s people have completed the course.", done)
    messages.success(request, sentence % done if done > 1 else sentence) if done else messages.success(
        request, _("Written down.")
    )


@require_POST
@requires("members.keep_register")
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """The secretary signs somebody up, or writes down who came without having signed up."""
    held, form = _session(request, pk), MemberNumberForm(request.coop, request.POST)
    if not form.is_valid():
        raise Refused("member_unknown", " ".join(map(str, form.errors.get("number", []))), "number")
    party = form.cleaned_data["number"].party
    services.sign_up(actor=request.actor, session=held, learner=party)
    messages.success(request, _("%s is on the list.") % party)
    return redirect(path(request.coop, "members:session", pk=pk))


@require_POST
@requires("members.keep_register")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """It does not take place."""
    held, form = _session(request, pk), ReasonForm(request.POST)
    if not form.is_valid():
        raise Refused("reason_missing", _("Say why; whoever signed up is told."), "because")
    services.cancel_session(actor=request.actor, session=held, **form.cleaned_data)
    messages.success(request, _("Cancelled, and everybody who had signed up is told."))
    return _at(request, held.course_id)
