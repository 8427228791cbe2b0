"""Households and who casts their vote."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import HouseholdForm
from members.models import AccessLog, Household, Membership

from .desk import find


def _rows(request: HttpRequest):
    living = Membership.objects.select_related("party", "member_class").order_by("number")
    return (
        Household.objects.filter(coop=request.coop).prefetch_related(Prefetch("memberships", living)).order_by("name")
    )


@require_safe
@requires("members.read_register")
def listing(request: HttpRequest) -> HttpResponse:
    """Households, who belongs to each, and who votes for it."""
    page = Paginator(_rows(request), 50).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="households")
    context = {"page": page, "keeps": rules.may(request.actor, "members.keep_register")}
    return render(request, "members/households.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def create(request: HttpRequest) -> HttpResponse:
    """Write down that members live together."""
    form = HouseholdForm(request.coop, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.form_household(actor=request.actor, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("The household is written down."))
            return redirect(path(request.coop, "members:households"))
    return render(request, "members/household_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@requires("members.keep_register")
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Another of them casts the household's vote."""
    household = get_object_or_404(Household.objects.filter(coop=request.coop), pk=pk)
    number = request.POST.get("number", "")
    to = find(request, int(number)) if number.isdecimal() and len(number) < 19 else None
    if to is None:
        raise Refused("member_unknown", _("Say which member of the household votes for it."))
    services.move_vote(actor=request.actor, household=household, to=to)
    messages.success(request, _("%s casts the vote of this household from now on.") % to.party)
    return redirect(path(request.coop, "members:households"))


@require_POST
@requires("members.keep_register")
def move_out(request: HttpRequest, number: int) -> HttpResponse:
    """A member moves out."""
    membership = services.leave_household(actor=request.actor, membership=find(request, number))
    messages.success(request, _("%s moved out.") % membership.party)
    return redirect(path(request.coop, "members:households"))
