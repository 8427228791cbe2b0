"""Who stands for a member: representative, guardian, joint holder."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import StandInForm
from members.models import Relationship

from .desk import find


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def name(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody stands for this member from a day on."""
    membership = find(request, number)
    party = membership.party
    party.coop = request.coop
    form = StandInForm(party, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.name_stand_in(actor=request.actor, party=party, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("Written down. The membership and its vote stay where they are."))
            return redirect(path(request.coop, "members:detail", number=number))
    context = {"form": form, "membership": membership}
    return render(request, "members/stand_in.html", context, status=422 if form.errors else 200)


@require_POST
@requires("members.keep_register")
def end(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Today is the last day on which somebody stands for this member."""
    membership = find(request, number)
    rows = Relationship.objects.filter(coop=request.coop, object_id=membership.party_id)
    relationship = get_object_or_404(rows, pk=pk)
    services.end_stand_in(actor=request.actor, relationship=relationship, on=clock.today(request.coop))
    messages.success(request, _("Ended today."))
    return redirect(path(request.coop, "members:detail", number=number))
