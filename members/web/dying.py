"""A member has died: written down, the heirs named, or taken back where it was a mistake."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import DeathForm
from members.forms.dying import HeirForm, TakeBackForm
from members.selectors import after_death

from .desk import find, link_of


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def record_death(request: HttpRequest, number: int) -> HttpResponse:
    """A member has died."""
    membership = find(request, number)
    form = DeathForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_death(actor=request.actor, party=membership.party, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("Written down. Nothing is sent to this member any more."))
            return redirect(path(request.coop, "members:detail", number=number))
    context = {"form": form, "membership": membership}
    return render(request, "members/record_death.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def name_heir(request: HttpRequest, number: int) -> HttpResponse:
    """Who inherits from a member who has died, or stands for those who do."""
    membership = find(request, number)
    form = HeirForm(request.coop, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.name_heir(actor=request.actor, deceased=membership.party, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("%s is on the register as an heir.") % made.subject)
            return redirect(path(request.coop, "members:detail", number=number))
    context = {"form": form, "membership": membership, "heirs": after_death.heirs_of(membership.party)}
    return render(request, "members/heir.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """The member lives: what comes back, what does not, or why it cannot be taken back; then the act."""
    membership = find(request, number)
    party = membership.party
    form = TakeBackForm(request.POST or None)
    meanwhile = after_death.not_by_itself(party)
    if request.method == "POST" and form.is_valid():
        try:
            services.take_back_death(actor=request.actor, party=party, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("The death is taken back, and %s was written to.") % party)
            return redirect(path(request.coop, "members:detail", number=number))
    context = {
        "form": form,
        "membership": membership,
        "final": list(after_death.final_steps(party)) if party.died_on else [],
        "meanwhile": [(each, link_of(request, each)) for each in meanwhile],
    }
    return render(request, "members/take_back_death.html", context, status=422 if form.errors else 200)
