"""My courses: what I still need and have done, and the sessions I may come to; for applicants the sessions alone."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop.kernel import clock
from coop.kernel.tenancy import Actor, path
from coop.kernel.web import public, requires
from members import services
from members.models import CourseStep, Party
from members.selectors import learning

from .mine import by_reference, own


def _me(request: HttpRequest) -> Party:
    party = own(request).party
    party.coop = request.coop
    return party


@require_safe
@requires("members.is_member")
def mine(request: HttpRequest) -> HttpResponse:
    """What I still need first, then what there is to learn, then what I have done."""
    party, today = _me(request), clock.today(request.coop)
    courses = learning.my_courses(party, today, clock.now())
    context = {
        "party": party,
        "courses": courses,
        "needed": [each for each in courses if each.due is not None],
        "learned": learning.learned(party)[:50],
        "today": today,
    }
    return render(request, "members/me_courses.html", context)


@require_POST
@requires("members.is_member")
def seat(request: HttpRequest, pk: int) -> HttpResponse:
    """I come to a session, or (``act=leave``) do not come after all."""
    session = get_object_or_404(learning.sessions(request.coop), pk=pk)
    party = _me(request)
    if request.POST.get("act") == "leave":
        enrolment = get_object_or_404(session.enrolments, party=party)
        services.sign_off(actor=request.actor, enrolment=enrolment)
        messages.success(request, _("Your seat is free again."))
    else:
        services.sign_up(actor=request.actor, session=session, learner=party)
        messages.success(request, _("You have a seat; we wrote to you with time and place."))
    return redirect(path(request.coop, "members:me-courses"))


@require_POST
@requires("members.is_member")
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """I have done a line of a checklist, or not yet after all."""
    line = get_object_or_404(CourseStep.objects.select_related("course"), coop=request.coop, pk=pk)
    done = services.tick(actor=request.actor, step=line, learner=_me(request), done=request.POST.get("done") == "yes")
    if done is not None:
        messages.success(request, _("That was the last line: you have done “%s”.") % line.course)
    return redirect(path(request.coop, "members:me-courses"))


@require_POST
@public
def applicant_seat(request: HttpRequest, reference, pk: int) -> HttpResponse:
    """An applicant comes to a session, or does not come after all. The secret address says who it is."""
    application = by_reference(request, reference)
    session = get_object_or_404(learning.sessions(request.coop), pk=pk)
    actor = request.actor or Actor(user=None, coop=request.coop)
    if request.POST.get("act") == "leave":
        enrolment = session.enrolments.filter(application=application).first()
        if enrolment is None:
            raise Http404
        services.sign_off(actor=actor, enrolment=enrolment, reference=reference)
    else:
        services.sign_up(actor=actor, session=session, learner=application, reference=reference)
    return redirect(path(request.coop, "members:applied", reference=reference))
