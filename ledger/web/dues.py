"""Dues: what the by-laws ask, a month looked at and charged, members let off, and what is not asked for any more."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.money import decimal_text
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.dues_forms import ChargeForm, DuesRuleForm, LetOffForm, MonthForm, WaiveForm
from ledger.dues_words import period_said, why
from ledger.models import DuesCharge
from ledger.selectors import charging
from ledger.services import dues as services

from .common import answer, own_member, sent

PAGE = 50


@require_safe
@requires("ledger.read_books")
def overview(request: HttpRequest) -> HttpResponse:
    """What each class pays by which by-laws, what is still open, and every month that was charged."""
    coop = request.coop
    found = {
        "rules": list(charging.rules_of(coop)),
        "page": Paginator(charging.runs(coop), PAGE).get_page(request.GET.get("page")),
        "open": charging.open_in_all(coop),
        "keeps": rules.may(request.actor, "ledger.keep_books"),
    }
    return render(request, "ledger/dues.html", found)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def rule_add(request: HttpRequest) -> HttpResponse:
    """Write down what a class pays under a version of the by-laws."""
    form = DuesRuleForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        services.set_dues(actor=request.actor, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:dues"))

    words = {
        "heading": _("Write down what a class pays"),
        "lead": _("Dues are the co-op’s income, not capital. What stands here stands as long as these by-laws do."),
        "button": _("Write it down"),
        "back": path(request.coop, "ledger:dues"),
    }
    return answer(request, form, act, "ledger/act.html", words)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def charge(request: HttpRequest) -> HttpResponse:
    """Look at what a month would charge whom, and why; then have exactly that charged."""
    coop, today = request.coop, clock.today(request.coop)
    form = MonthForm(request.GET if "month" in request.GET else {"month": f"{today:%Y-%m}"}, coop=coop)
    month = form.cleaned_data["month"] if form.is_valid() else today
    status = 422 if form.errors else 200
    if request.method == "POST":
        asked, status = ChargeForm(request.POST, coop=coop), 422
        if asked.is_valid():
            month = asked.cleaned_data["month"]
            try:
                job = services.ask_to_charge(actor=request.actor, **asked.cleaned_data)
                return redirect(path(coop, "job", pk=job.pk))
            except Refused as refused:
                messages.error(request, refused.message)
    proposal = charging.propose(coop, month, on=today)
    page = Paginator(proposal.lines, PAGE).get_page(request.GET.get("page"))
    found = {
        "form": form,
        "proposal": proposal,
        "page": page,
        "charges": [(each, why(each)) for each in page],
        "month": proposal.month,
    }
    return render(request, "ledger/dues_charge.html", found, status=status)


@require_safe
@requires("ledger.read_books")
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """What a month charged, line by line."""
    found = get_object_or_404(charging.runs(request.coop), pk=pk)
    page = Paginator(charging.charges(found), PAGE).get_page(request.GET.get("page"))
    context = {
        "run": found,
        "page": page,
        "charges": [(each, why(each)) for each in page],
        "keeps": rules.may(request.actor, "ledger.keep_books"),
    }
    return render(request, "ledger/dues_run.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a charge, or a part of it, go."""
    own = DuesCharge.objects.filter(coop=request.coop).select_related(
        "membership__party", "membership__coop", "rule__member_class", "relief"
    )
    found = get_object_or_404(own, pk=pk)
    left = found.amount - sum(each.amount for each in charging.waivers_of(found))
    start = {"amount": decimal_text(left, request.coop.currency)}
    form = WaiveForm(sent(request), coop=request.coop, initial=start)
    back = path(request.coop, "ledger:holding", number=found.membership.number)

    def act() -> HttpResponse:
        services.waive_dues(actor=request.actor, charge=found, **form.cleaned_data)
        messages.success(request, _("It is not asked for any more."))
        return redirect(back)

    said = {"name": found.membership.party.name, "period": period_said(found)}
    words = {
        "heading": _("Waive the dues of %(name)s, %(period)s") % said,
        "lead": _("%(why)s What was paid of it already becomes the member’s credit.") % {"why": why(found)},
        "button": _("Waive it"),
        "back": back,
    }
    return answer(request, form, act, "ledger/act.html", words)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def let_off(request: HttpRequest, number: int) -> HttpResponse:
    """Let a member off their dues from a day on, or ask less, or the full dues again."""
    membership = own_member(request, number)
    form = LetOffForm(sent(request), coop=request.coop)
    back = path(request.coop, "ledger:holding", number=number)

    def act() -> HttpResponse:
        services.let_off(actor=request.actor, membership=membership, **form.cleaned_data)
        return redirect(back)

    words = {
        "heading": _("What %(name)s pays in dues") % {"name": membership.party.name},
        "lead": _("It counts for periods that begin from that day on. What is charged already is waived by itself."),
        "button": _("Keep it"),
        "back": back,
    }
    return answer(request, form, act, "ledger/act.html", words)
