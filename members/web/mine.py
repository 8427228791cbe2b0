"""A person's own pages: after applying, and as a member."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor, path
from coop.kernel.web import public, requires
from members import selectors, services
from members.forms import CodeForm, DetailsForm
from members.models import AccessLog, Application, Membership, Party
from members.selectors import cases, dated, learning, parting, rights
from members.selectors.story import story

from .desk import current_details


def own(request: HttpRequest) -> Membership:
    """The reader's own membership; ``members.see_self`` has let in nobody without one."""
    membership = selectors.membership_of(request.actor)
    if membership is None:
        raise Http404
    return membership


def by_reference(request: HttpRequest, reference) -> Application:
    """The application with that secret reference, or a 404."""
    applications = Application.objects.filter(coop=request.coop).select_related("member_class", "coop", "membership")
    return get_object_or_404(applications, reference=reference)


@require_safe
@public
def applied(request: HttpRequest, reference) -> HttpResponse:
    """What happens next, and by when. The address is known to the applicant alone; it shows no personal data."""
    application = by_reference(request, reference)
    terms = application.member_class.terms_on(application.received_on)
    is_late = application.is_open and application.decide_by < clock.today(request.coop)
    courses = learning.for_applicant(application, clock.today(request.coop), clock.now()) if application.is_open else []
    context = {"application": application, "terms": terms, "is_late": is_late, "courses": courses}
    return render(request, "members/applied.html", context)


@require_POST
@public
def withdraw(request: HttpRequest, reference) -> HttpResponse:
    """The applicant takes the application back."""
    application = by_reference(request, reference)
    actor = request.actor or Actor(user=None, coop=request.coop)
    services.withdraw(actor=actor, application=application, reference=reference)
    return redirect(path(request.coop, "members:applied", reference=reference))


@require_safe
@requires("members.see_self")
def me(request: HttpRequest) -> HttpResponse:
    """My membership in one sentence, whether I could vote and why, and how it all came about.

    Whoever has left reads instead what is still to be paid to them and when.
    """
    membership = own(request)
    membership.coop = request.coop
    today = clock.today(request.coop)
    has_left = request.actor.has_left
    return render(
        request,
        "members/me.html",
        {
            "membership": membership,
            "party": membership.party,
            "standing": membership.standing_on(today),
            "address": dated.address_of(membership.party, today),
            "vote": next(iter(selectors.roll_candidates(request.coop, today, membership=membership)), None),
            "still_owed": parting.still_owed(membership, today) if has_left else [],
            "story": story(membership),
            "lacks": [] if has_left else learning.Lacking(request.coop, today, party=membership.party)[0:10],
            "case": cases.case_of(membership),
            "acts_for": membership.party.account_id != request.actor.user_id,
            "today": today,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.see_self")
def details(request: HttpRequest) -> HttpResponse:
    """I change my address or how I am reached. Names are changed by the secretary."""
    party = own(request).party
    today = clock.today(request.coop)
    known = current_details(party, today)
    form = DetailsForm(request.POST or None, initial={name: known[name] for name in DetailsForm.base_fields})
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_details(actor=request.actor, party=party, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _said(request, party, changed))
            return redirect(path(request.coop, "members:me"))
    context = {"form": form, "party": party, "own_login": party.account_id == request.actor.user_id}
    return render(request, "members/me_details.html", context, status=422 if form.errors else 200)


def _said(request: HttpRequest, party: Party, changed: list[str]) -> str:
    """What was changed, and what was not: whoever gives a new address may think of the login."""
    if not changed:
        return _("Nothing was different.")
    login = request.actor.user.email
    if "email" in changed and party.account_id == request.actor.user_id:
        return _("Changed, from today on. You still sign in with %s; that is changed on the login’s own page.") % login
    return _("Changed, from today on.")


@require_safe
@requires("members.see_self")
def looked(request: HttpRequest) -> HttpResponse:
    """Who looked at my data."""
    party = own(request).party
    looks = AccessLog.objects.filter(coop=request.coop, about__in=rights.selves(party)).select_related("actor")
    page = Paginator(looks, 50).get_page(request.GET.get("page"))
    return render(request, "members/me_looked.html", {"page": page, "party": party})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("kernel.signed_in")
def claim(request: HttpRequest) -> HttpResponse:
    """Connect this login with the membership that has its e-mail address, or whose number and code one was sent."""
    if request.actor.is_member:
        return redirect(path(request.coop, "members:me"))
    refusal, form = None, CodeForm(request.POST if "code" in request.POST else None)
    if request.method == "POST" and form.is_bound is form.is_valid():
        try:
            if form.is_bound:
                services.claim_by_code(actor=request.actor, **form.cleaned_data)
            else:
                services.claim(actor=request.actor)
        except Refused as refused:
            refusal = refused
        else:
            return redirect(path(request.coop, "members:me" if request.actor.is_member else "home"))
    status = 422 if refusal or form.errors else 200
    return render(request, "members/claim.html", {"refusal": refusal, "form": form}, status=status)
