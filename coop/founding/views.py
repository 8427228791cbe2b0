"""The first-run wizard, three pages kept in the session until the last, and the co-op's settings."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coop.kernel import audit
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import path
from coop.kernel.web import public, requires

from .forms import CoopForm, OfficesForm, RulesForm, SettingsForm
from .service import Founding, Kind, found

KEPT = "founding"
STEPS = (CoopForm, RulesForm, OfficesForm)


def may_found(request: HttpRequest) -> bool:
    """On a new installation that is only tried out, whoever comes first; otherwise the platform's staff."""
    return request.user.is_staff or (settings.DEBUG and not Cooperative.objects.exists())


@require_http_methods(["GET", "HEAD", "POST"])
@public
def wizard(request: HttpRequest) -> HttpResponse:
    if not may_found(request):
        raise Http404
    kept = request.session.get(KEPT, {})
    wanted = request.GET.get("step", "")
    step = min(int(wanted), len(kept)) if wanted.isdecimal() and len(wanted) < 3 else 0
    form = _form(request, step, kept)
    if request.method == "POST" and form.is_valid():
        if step < len(STEPS) - 1:
            request.session[KEPT] = {**kept, str(step): _plain(request.POST)}
            return redirect(f"{reverse('found')}?step={step + 1}")
        try:
            coop = _found(kept, form)
        except Refused as refused:
            refused.into(form)
        else:
            request.session.pop(KEPT, None)
            messages.success(request, _("%(coop)s is founded. Sign in with your e-mail.") % {"coop": coop.name})
            return redirect(path(coop, "home"))
    return render(
        request,
        "coop/found.html",
        {"form": form, "step": step + 1, "back": f"?step={step - 1}" if step else ""},
        status=422 if form.errors else 200,
    )


def _plain(posted) -> dict[str, str]:
    return {name: value for name, value in posted.items() if name != "csrfmiddlewaretoken"}


def _form(request: HttpRequest, step: int, kept: dict):
    data = (request.POST, request.FILES) if request.method == "POST" else (kept.get(str(step)), None)
    options = {"currency": kept["0"].get("currency", "EUR")} if STEPS[step] is RulesForm else {}
    if step == 2 and request.user.is_authenticated:
        options["initial"] = {"founder_email": request.user.email, "founder_name": request.user.name}
    return STEPS[step](*data, **options)


def _found(kept: dict, offices: OfficesForm) -> Cooperative:
    coop = CoopForm(kept["0"])
    agreed = RulesForm(kept["1"], currency=kept["0"].get("currency", "EUR"))
    if not coop.is_valid() or not agreed.is_valid():
        raise Refused("stale", _("Something on an earlier page no longer holds; please go back and look."))
    rules, people = agreed.cleaned_data, offices.cleaned_data
    kind = Kind(
        name=rules["class_name"],
        eligibility=rules["eligibility"],
        minimum_shares=rules["minimum_shares"],
        instalments=rules["instalments"],
        entry_fee=rules["entry_fee"],
    )
    return found(
        founding=Founding(
            **coop.cleaned_data,
            founder_email=people["founder_email"],
            founder_name=people["founder_name"],
            chart=rules["chart"],
            bylaws_text=rules["bylaws_text"],
            adopted_on=rules["adopted_on"],
            share_price=rules["share_price"],
            induction=rules["induction"],
            kinds=(kind,),
            officers=offices.officers(),
        ),
        logo=people["logo"] or None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("kernel.settle")
def settings_page(request: HttpRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, request.FILES or None, instance=request.coop)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            coop = form.save()
            audit.record(
                actor=request.actor,
                kind="coop.settings_changed",
                subject=f"coop:{coop.slug}",
                changed=form.changed_data,
            )
        messages.success(request, _("Kept."))
        return redirect(path(request.coop, "settings"))
    return render(request, "coop/settings.html", {"form": form}, status=422 if form.errors else 200)
