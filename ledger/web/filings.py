"""What is filed about a posted plan: the records of Form 1099-PATR."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from coop.kernel import audit, clock
from coop.kernel.web import requires
from ledger.exchange.patr_fire import Organisation, fire_file, read_taxpayers
from ledger.filing_forms import FireForm
from ledger.web.common import answer
from ledger.web.surplus import find


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def fire(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the FIRE file: the payer's data and the taxpayer numbers are brought along and not kept."""
    plan = find(request, pk)
    posting = request.method == "POST"
    form = FireForm(
        request.POST if posting else None,
        request.FILES if posting else None,
        initial={"year": (plan.posted_at or clock.now()).year, "name": request.coop.name, "email": request.coop.email},
    )

    def act() -> HttpResponse:
        said = dict(form.cleaned_data)
        year, test, file = said.pop("year"), said.pop("test"), said.pop("taxpayers")
        taxpayers = read_taxpayers(file.read(), file.name) if file else {}
        made = fire_file(plan, Organisation(**said), taxpayers, year=year, on=clock.today(request.coop), test=test)
        audit.record(
            actor=request.actor, kind="ledger.fire_made", subject=f"surplus-plan:{plan.pk}", returns=made.returns
        )
        found = HttpResponse(made.content, content_type="text/plain; charset=us-ascii")
        found["Content-Disposition"] = f'attachment; filename="{request.coop.slug}-{plan.year}-1099-patr.txt"'
        found["Cache-Control"] = "private, no-store"
        return found

    dollars = request.coop.currency == "USD" and plan.state == plan.State.POSTED
    return answer(request, form, act, "ledger/plan_fire.html", {"plan": plan, "dollars": dollars})
