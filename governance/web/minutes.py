"""Minutes: read by every member once both have signed; drawn, signed and added to at the desk."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
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

from .. import services
from ..documents_minutes import minutes_data, minutes_pdf
from ..forms_minutes import AddendumForm, AttendanceForm, MinutesForm, SignForm
from ..models import Minutes, MinutesAddendum
from ..models.minutes import NEEDED
from ..selectors import minutes as known
from .acts import attempt, status_of
from .meetings import get_meeting


def get_minutes(request: HttpRequest, pk: int) -> Minutes:
    """The minutes of the meeting ``pk``; a draft is not there for members."""
    found = get_object_or_404(known.minutes_for(request.actor).select_related("meeting__coop", "chair"), meeting_id=pk)
    return found


@require_safe
@requires("governance.see_results")
def minutes(request: HttpRequest) -> HttpResponse:
    page = Paginator(known.minutes_for(request.actor), 25).get_page(request.GET.get("page"))
    return render(request, "governance/minutes.html", {"page": page, "needed": NEEDED})


@never_cache
@require_safe
@requires("governance.see_results")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_minutes(request, pk)
    addenda = list(found.addenda.all())
    signed = known.signatures_of(found)
    under = {each.addendum_id for each in signed if each.signed_by_id == request.actor.user_id}
    signs = request.actor.user_id == found.chair_id or request.actor.holds("secretary")
    data = minutes_data(found)
    for each, shown in zip(addenda, data["addenda"], strict=True):
        shown |= {"pk": each.pk, "mine": each.pk in under, "full": len(shown["signed"]) == NEEDED}
    context = {
        "minutes": found,
        "data": data,
        "whole": found.signed == NEEDED,
        "begun": found.signed > 0,
        "may_sign": signs,
        "mine": None in under,
        "may_draw": rules.may(request.actor, "governance.call_meetings"),
        "waits": known.not_certified(found.meeting) if request.actor.is_officer else [],
    }
    return render(request, "governance/minutes_one.html", context)


@require_safe
@requires("governance.see_results")
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_minutes(request, pk)
    response = HttpResponse(minutes_pdf(found), content_type="application/pdf")
    name = f"minutes-{found.meeting.starts_at:%Y-%m-%d}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _form(request: HttpRequest, form, act, back: str, **more) -> HttpResponse:
    """A desk form about a meeting's minutes."""
    if attempt(request, form, act) is not None:
        return redirect(back)
    context = {"form": form, "back": back, **more}
    return render(request, "governance/minutes_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def attendance(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_meeting(request, pk)
    there = known.attendance_of(found)
    initial = {
        "room": " ".join(str(each.membership.number) for each in there if not each.online),
        "online": " ".join(str(each.membership.number) for each in there if each.online),
    }
    form = AttendanceForm(request.POST or None, initial=initial)
    return _form(
        request,
        form,
        lambda: services.record_attendance(actor=request.actor, meeting=found, **form.cleaned_data) or True,
        path(request.coop, "governance:meeting", pk=pk),
        over=found.title,
        heading=_("Who was there"),
        lead=_("The whole list each time, by member number, until somebody signs the minutes."),
        button=_("Keep the list"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_meeting(request, pk)
    before = Minutes.objects.filter(meeting=found).first()
    said = before.said if before else {}
    initial = {name: said.get(name, "") for name in ("course", "guests")}
    chairs = known.may_chair(request.coop, clock.today(request.coop))
    form = MinutesForm(
        request.POST or None, chairs=chairs, initial=initial | {"chair": before.chair_id if before else None}
    )
    return _form(
        request,
        form,
        lambda: services.draw_minutes(actor=request.actor, meeting=found, **form.cleaned_data),
        path(request.coop, "governance:minutes-one" if request.method == "POST" else "governance:meeting", pk=pk),
        over=found.title,
        heading=_("Draw the minutes"),
        lead=_("Agenda, attendance, proxies and results come in by themselves, as they are now."),
        button=_("Draw them"),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.certify")
@reauthentication_required
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The sum that is signed; ``?addendum=`` names one."""
    found = get_minutes(request, pk)
    wanted = request.POST.get("addendum") or request.GET.get("addendum") or ""
    addendum = get_object_or_404(found.addenda, pk=int(wanted)) if wanted.isdecimal() and len(wanted) < 16 else None
    kept = addendum or found
    form = SignForm(request.POST or None, initial={"seen": kept.sha256, "addendum": addendum and addendum.pk})
    act = lambda: services.sign_minutes(  # noqa: E731
        actor=request.actor, minutes=found, seen=form.cleaned_data["seen"], addendum=addendum
    )
    if attempt(request, form, act) is not None:
        messages.success(request, _("You have signed."))
        return redirect(path(request.coop, "governance:minutes-one", pk=pk))
    context = {"form": form, "minutes": found, "addendum": addendum, "digest": kept.sha256}
    return render(request, "governance/minutes_sign.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.certify")
def addendum(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_minutes(request, pk)
    form = AddendumForm(request.POST or None)

    def act() -> MinutesAddendum:
        return services.add_addendum(actor=request.actor, minutes=found, text=form.cleaned_data["text"])

    return _form(
        request,
        form,
        act,
        path(request.coop, "governance:minutes-one", pk=pk),
        over=found.meeting.title,
        heading=_("Put something right"),
        lead=_("The minutes stay as they were signed. Chair and secretary sign the addendum too."),
        button=_("Add it"),
    )
