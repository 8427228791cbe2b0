"""Periods: which are open, closing the oldest, opening the last one again; and the reports on them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import forms
from ledger.selectors import journal
from ledger.services.closing import close_up_to, reopen_period

from .common import answer, own_period, sent


@require_safe
@requires("ledger.read_books")
def period_list(request: HttpRequest) -> HttpResponse:
    """Every period with what happened to it, and the one that can be closed or opened again."""
    found = list(journal.periods(request.coop))
    today = clock.today(request.coop)
    over = [each for each in found if not each.is_closed and each.ends < today]
    return render(
        request,
        "ledger/periods.html",
        {
            "periods": found,
            "to_close": over[-1] if over else None,
            "all_to_close": over[0] if len(over) > 1 else None,
            "to_reopen": next((each for each in found if each.is_closed), None),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def period_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a period, and with it every earlier one that is still open: they stand on the page."""
    period = own_period(request, pk)
    form = forms.CloseForm(sent(request), coop=request.coop)
    together = list(journal.open_until(period))

    def act() -> HttpResponse:
        closed = close_up_to(actor=request.actor, period=period, **form.cleaned_data)
        names = ", ".join(each.name for each in closed)
        messages.success(request, _("The books of %(periods)s are closed.") % {"periods": names})
        return redirect(path(request.coop, "ledger:periods"))

    context = {"period": period, "together": together if len(together) > 1 else []}
    return answer(request, form, act, "ledger/period_close.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def period_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    period = own_period(request, pk)
    form = forms.ReopenForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        reopen_period(actor=request.actor, period=period, **form.cleaned_data)
        messages.success(request, _("The books of %(period)s are open again.") % {"period": period.name})
        return redirect(path(request.coop, "ledger:periods"))

    return answer(request, form, act, "ledger/period_reopen.html", {"period": period})
