"""Rolls published for objection: the member's line and objections, and the returning officer's rulings."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_of

from .. import services
from ..forms import ObjectionForm, ObjectionForMemberForm, PublishRollForm, RulingForm
from ..models import Objection, Roll, RollPublication
from ..selectors import objections as known
from .acts import attempt, status_of


def get_roll(request: HttpRequest, pk: int) -> Roll:
    rows = Roll.objects.filter(coop=request.coop).frozen().select_related("meeting", "publication")
    found = get_object_or_404(rows, pk=pk)
    found.coop = request.coop
    return found


def _publication(roll: Roll) -> RollPublication | None:
    return getattr(roll, "publication", None)


@require_safe
@requires("governance.read_roll")
def at_roll(request: HttpRequest, pk: int) -> HttpResponse:
    """Until when the members can object, what they said, and what came of it."""
    roll = get_roll(request, pk)
    context = {
        "roll": roll,
        "publication": _publication(roll),
        "page": Paginator(known.objections(roll), 25).get_page(request.GET.get("page")),
        "corrections": known.corrections_of(roll),
        "may_run": rules.may(request.actor, "governance.run_ballots"),
        "now": clock.now(),
    }
    return render(request, "governance/roll_objections.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    roll = get_roll(request, pk)
    form = PublishRollForm(request.POST or None)
    act = lambda: services.publish_roll(actor=request.actor, roll=roll, **form.cleaned_data)  # noqa: E731
    lead = _("Every member can look up who may vote, and object. That is said once and is not changed.")
    return _desk_form(request, roll, form, act, _("Publish the roll for objection"), lead, _("Publish the roll"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    roll = get_roll(request, pk)
    form = ObjectionForMemberForm(request.POST or None)
    act = lambda: services.object_to_roll(actor=request.actor, roll=roll, **form.cleaned_data)  # noqa: E731
    lead = _("For a member who came or wrote. It counts like one made online.")
    return _desk_form(request, roll, form, act, _("Enter an objection"), lead, _("Enter the objection"))


def _desk_form(request: HttpRequest, roll: Roll, form, act, heading: str, lead: str, button: str) -> HttpResponse:
    if attempt(request, form, act) is not None:
        return redirect(path(request.coop, "governance:roll-objections", pk=roll.pk))
    context = {"roll": roll, "form": form, "heading": heading, "lead": lead, "act": button}
    return render(request, "governance/roll_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """One objection beside what the line says; here it is decided."""
    found = get_object_or_404(known.with_people(Objection.objects.filter(coop=request.coop)), pk=pk)
    form = RulingForm(request.POST or None)
    act = lambda: services.rule_on_objection(actor=request.actor, objection=found, **form.cleaned_data)  # noqa: E731
    if attempt(request, form, act) is not None:
        messages.success(request, _("It is decided, and the member is told."))
        return redirect(path(request.coop, "governance:roll-objections", pk=found.roll_id))
    context = {
        "objection": found,
        "ruling": getattr(found, "ruling", None),
        "line": known.line_of(found.roll, found.about),
        "form": form,
    }
    return render(request, "governance/objection.html", context, status=status_of(form))


@never_cache
@require_safe
@requires("governance.vote")
def published(request: HttpRequest) -> HttpResponse:
    """The rolls that lie open, or lay open, to the members."""
    page = Paginator(known.published_rolls(request.coop), 25).get_page(request.GET.get("page"))
    return render(request, "governance/published_rolls.html", {"page": page, "now": clock.now()})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.vote")
def mine(request: HttpRequest, pk: int) -> HttpResponse:
    """My line on a published roll and, while there is time, an objection to it or to another's."""
    roll = get_object_or_404(known.published_rolls(request.coop), roll_id=pk).roll
    roll.coop = request.coop
    form = ObjectionForm(request.POST or None)
    act = lambda: services.object_to_roll(actor=request.actor, roll=roll, **form.cleaned_data)  # noqa: E731
    if attempt(request, form, act) is not None:
        messages.success(request, _("Your objection is with the returning officer, who answers it with a reason."))
        return redirect(path(request.coop, "governance:my-roll", pk=pk))
    membership = membership_of(request.actor)
    context = {
        "roll": roll,
        "publication": roll.publication,
        "line": known.line_of(roll, membership),
        "objections": known.objections_of(roll, membership),
        "form": form,
        "open": clock.now() < roll.publication.until,
    }
    return render(request, "governance/my_roll.html", context, status=status_of(form))
