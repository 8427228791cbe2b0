"""Opening the books: two files in, one entry out; and taken back as long as nothing was built on it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import forms
from ledger.services import opening
from ledger.services.payment_import import FileRefused

from .common import answer, sent


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def open_books(request: HttpRequest) -> HttpResponse:
    """Bring in where another program's books ended: all of it, or every line that is wrong."""
    there = opening.opening_of(request.coop)
    if there is not None and request.method != "POST":
        return render(request, "ledger/opening_done.html", {"entry": there})
    form = forms.OpeningForm(sent(request), request.FILES or None, coop=request.coop)
    problems: list[str] = []

    def act() -> HttpResponse:
        said = form.cleaned_data
        members = said["members"]
        try:
            done = opening.open_books(
                actor=request.actor,
                on=said["on"],
                trial=said["trial"].read(),
                trial_name=said["trial"].name,
                members=members.read() if members else None,
                members_name=members.name if members else "",
            )
        except FileRefused as refused:
            problems.extend(refused.problems)
            raise
        words = ngettext(
            "The books are open, with the money of one member.",
            "The books are open, with the money of %(n)s members.",
            done.members,
        )
        messages.success(request, words % {"n": done.members})
        return redirect(path(request.coop, "ledger:entry", pk=done.entry.pk))

    return answer(request, form, act, "ledger/opening.html", {"problems": problems})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def take_back(request: HttpRequest) -> HttpResponse:
    """Take the opening back by its mirror, with the reason."""
    form = forms.ReasonForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        said = form.cleaned_data
        reversal = opening.take_back_opening(actor=request.actor, on=said["on"], because=said["because"])
        return redirect(path(request.coop, "ledger:entry", pk=reversal.pk))

    words = {
        "heading": _("Take the opening balances back"),
        "lead": _("Books and register of shares begin at nothing again. It works as long as no share was moved since."),
        "button": _("Take them back"),
        "back": path(request.coop, "ledger:opening"),
    }
    return answer(request, form, act, "ledger/act.html", words)
