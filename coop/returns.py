"""Statutory lists of members: the register's lines and the ledger's holdings, put together here."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.web import requires
from ledger.selectors.shares import holdings
from members import services
from members.exchange.packs import PACKS
from members.forms import ExportForm
from members.models import AccessLog
from members.selectors.days import end_of


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.export_register")
def returns(request: HttpRequest) -> HttpResponse:
    """Choose a list, say for whom and why, and get it; below, every list that has left the house."""
    today = clock.today(request.coop)
    form = ExportForm(request.coop, request.POST or None, initial={"as_at": today, "pack": _usual(request.coop)})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        known = end_of(said["known"] or today, request.coop)
        try:
            export = services.export_register(
                actor=request.actor, holdings=holdings(request.coop, said["as_at"], known), **said
            )
        except Refused as refused:
            refused.into(form)
        else:
            answer = HttpResponse(export.content, content_type=export.content_type)
            answer["Content-Disposition"] = f'attachment; filename="{export.name}"'
            return answer
    left = AccessLog.objects.filter(coop=request.coop, what=AccessLog.What.EXPORT).select_related("actor")
    page = Paginator(left, 30).get_page(request.GET.get("page"))
    context = {"form": form, "page": page}
    return render(request, "members/returns.html", context, status=422 if form.errors else 200)


def _usual(coop) -> str:
    """The full list of the co-op's own law, where there is one."""
    country = coop.law.partition("-")[0]
    return next((key for key in PACKS if key.startswith(country)), next(iter(PACKS)))
