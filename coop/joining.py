"""The public joining page: eligibility comes from the register, cost from the ledger, before anybody types a letter."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from coop.kernel import clock
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import path
from coop.kernel.web import public
from ledger.selectors.dues import par_value
from members.forms import ApplicationForm
from members.models import ClassTerms
from members.selectors import eligibility
from members.selectors.learning import before_admissions


@dataclass(frozen=True)
class Offer:
    """What joining one class costs, in minor units: ``capital`` is the member's own, ``terms.entry_fee`` is not."""

    terms: ClassTerms
    par: int

    @property
    def capital(self) -> int:
        return self.par * self.terms.minimum_shares

    @property
    def total(self) -> int:
        return self.capital + self.terms.entry_fee

    @property
    def part(self) -> int:
        """One instalment; the last one is what is left."""
        return -(-self.capital // self.terms.instalments)


def offers(coop: Cooperative) -> list[Offer]:
    """The classes open to the public with their cost; none while there is no class of shares."""
    par = par_value(coop)
    return [Offer(terms, par) for terms in eligibility(coop)] if par else []


@require_http_methods(["GET", "HEAD", "POST"])
@public
def join(request: HttpRequest) -> HttpResponse:
    """Who may join, what it costs, what happens then; and the form, last."""
    found = offers(request.coop)
    price = found[0].par if found else None
    form = ApplicationForm(request.coop, request.POST or None, request=request, share_price=price)
    if request.method == "POST" and form.is_valid():
        application = form.save()
        if application is not None:
            return redirect(path(request.coop, "members:applied", reference=application.reference))
    first = before_admissions(request.coop, clock.today(request.coop)).order_by("pk") if found else ()
    context = {"offers": found, "form": form, "terms": found[0].terms if found else None, "courses": first}
    return render(request, "coop/join.html", context, status=422 if form.errors else 200)
