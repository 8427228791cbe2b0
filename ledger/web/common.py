"""What the ledger's pages share: getters that find only the co-op's own rows, and the answer to a form."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from ledger.models import Account, Entry, Period
from members.models import Membership


def own_account(request: HttpRequest, pk: int) -> Account:
    found = Account.objects.filter(coop=request.coop).select_related("parent", "membership")
    return get_object_or_404(found, pk=pk)


def own_entry(request: HttpRequest, pk: int) -> Entry:
    found = Entry.objects.filter(coop=request.coop)
    found = found.select_related("actor", "period", "reverses", "reversed_by", "sealed")
    return get_object_or_404(found, pk=pk)


def own_period(request: HttpRequest, pk: int) -> Period:
    return get_object_or_404(Period, coop=request.coop, pk=pk)


def own_member(request: HttpRequest, number: int) -> Membership:
    found = Membership.objects.filter(coop=request.coop).select_related("party", "member_class", "coop")
    return get_object_or_404(found, number=number)


def refuse_file_without_days(request: HttpRequest, search) -> None:
    """A page shows what was wrong with the days it was asked for; a file of other days would pass for the right one."""
    if "as" in request.GET and search.errors:
        raise Refused("days", next(iter(search.errors.values()))[0])


def sent(request: HttpRequest):
    """What a form is bound to: the posted values, even none at all, or nothing on a GET."""
    return request.POST if request.method == "POST" else None


def answer(
    request: HttpRequest, form, act: Callable[[], HttpResponse], template: str, context: dict | None = None
) -> HttpResponse:
    """Run the act of a valid form and give its answer; show the form again, with what is wrong, otherwise (422)."""
    if request.method == "POST" and form.is_valid():
        try:
            return act()
        except Refused as refused:
            refused.into(form)
    return render(request, template, {"form": form, **(context or {})}, status=422 if form.errors else 200)


def pressed(request: HttpRequest, act: Callable[[], object], then: str, done: str = "") -> HttpResponse:
    """Run the act behind a bare button and go to ``then``, saying there what was refused, or ``done``.

    An act that hands its work to the worker returns the job, and the job's page is where to go.
    """
    try:
        found = act()
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(then)
    if isinstance(found, Job):
        return redirect(path(request.coop, "job", pk=found.pk))
    if done:
        messages.success(request, done)
    return redirect(then)


def bank_file(packed: bytes | memoryview, name: str, content_type: str) -> HttpResponse:
    """A file with members' accounts in it, to be saved by whoever asked and kept by nothing in between."""
    found = HttpResponse(zlib.decompress(packed), content_type=content_type)
    found["Content-Disposition"] = f'attachment; filename="{name}"'
    found["Cache-Control"] = "private, no-store"
    return found
