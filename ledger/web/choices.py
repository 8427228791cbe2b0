"""Members' choices about their refunds: opened and carried out by the treasurer, chosen on the phone or on paper."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import rules
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.choice_forms import ChoiceForm, OfferForm
from ledger.models import RefundOffer, RefundOutcome, ShareClass
from ledger.selectors import choices as selectors
from ledger.services import choices as services
from ledger.web.common import answer, own_member, pressed, sent
from ledger.web.surplus import find
from members.models import Membership
from members.selectors import membership_of


def _at(request: HttpRequest, pk: int) -> str:
    return path(request.coop, "ledger:choices", pk=pk)


def _offer(request: HttpRequest, pk: int) -> RefundOffer:
    offer = selectors.of_plan(find(request, pk))
    if offer is None:
        raise Http404
    return offer


@require_safe
@requires("ledger.read_books")
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """What members of a posted plan may choose, how they chose, and what became of it."""
    plan = find(request, pk)
    if plan.entry_id is None:
        raise Http404
    offer = selectors.of_plan(plan)
    kind = "ledger.carry_out_choices"
    job = offer and Job.objects.filter(coop=request.coop, kind=kind, args__0=offer.pk).order_by("-pk").first()
    due = services.preview(offer) if offer and selectors.is_due(offer) else None
    found = selectors.outcomes(offer) if due is None and offer else due or []
    rows = Paginator(found, 50).get_page(request.GET.get("page"))
    if due is not None:
        selectors.name_members(list(rows))
    context = {
        "plan": plan,
        "offer": offer,
        "job": job,
        "page": rows,
        "due": None if due is None else _sums(due),
        "tally": selectors.tally(offer) if offer else None,
        "is_open": offer is not None and selectors.is_open(offer),
        "keeps": rules.may(request.actor, "ledger.keep_books"),
    }
    return render(request, "ledger/choices.html", context)


def _sums(due: list[RefundOutcome]) -> dict[str, int]:
    return {"donated": sum(each.donated for each in due), "capital": sum(each.capital for each in due)}


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the members choose."""
    plan = find(request, pk)
    classes = ShareClass.objects.filter(coop=request.coop, is_open=True, currency=request.coop.currency)
    begin = {"bylaws": (plan.terms.get("obligation") or {}).get("bylaws", "")}
    form = OfferForm(sent(request), classes=classes, initial=begin)

    def act() -> HttpResponse:
        services.open_offer(actor=request.actor, plan=plan, **form.cleaned_data)
        messages.success(request, _("The members may choose now; their statement leads them there."))
        return redirect(_at(request, plan.pk))

    context = {
        "heading": _("Let members choose?"),
        "lead": _(
            "Whoever says nothing is paid in cash. No pay-out is drawn up before the last day is over and the choices"
            " are carried out."
        ),
        "button": _("Let them choose"),
        "back": path(request.coop, "ledger:plan", pk=plan.pk),
    }
    return answer(request, form, act, "ledger/act.html", context)


@require_POST
@requires("ledger.keep_books")
def carry_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it done."""
    act = partial(services.ask_to_carry_out, actor=request.actor, offer=_offer(request, pk))
    return pressed(request, act, _at(request, pk))


@require_POST
@requires("ledger.keep_books")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the offer back; everybody is paid in cash."""
    offer, because = _offer(request, pk), request.POST.get("because", "")
    act = partial(services.withdraw, actor=request.actor, offer=offer, because=because)
    return pressed(request, act, _at(request, pk), _("The offer is withdrawn; everybody is paid in cash."))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def on_paper(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Enter what a member wrote."""
    offer, membership = _offer(request, pk), own_member(request, number)
    return _choose(request, offer, membership, path(request.coop, "ledger:choices", pk=pk), mine=False)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.act_on_own")
def mine(request: HttpRequest, year: int) -> HttpResponse:
    """The member's own choice, with the sum, until the day; after it, what became of it."""
    membership, offer = membership_of(request.actor), selectors.of_year(request.coop, year)
    if membership is None or offer is None:
        raise Http404
    return _choose(request, offer, membership, path(request.coop, "ledger:statement", year=year), mine=True)


def _choose(request: HttpRequest, offer: RefundOffer, membership: Membership, back: str, *, mine: bool) -> HttpResponse:
    limits = selectors.limits(offer, membership)
    if limits is None:
        raise Http404
    standing, begin = limits.standing, {}
    if standing.donated or standing.shares:
        begin = {"donated": standing.donated or None, "shares": standing.shares or None}
    form = ChoiceForm(sent(request), offer=offer, most_shares=limits.most_shares, par=limits.par, initial=begin)

    def act() -> HttpResponse:
        services.choose(actor=request.actor, offer=offer, membership=membership, **form.wish())
        messages.success(request, _("It is kept. Until the last day it can be changed as often as you like."))
        return redirect(request.path)

    context = {
        "offer": offer,
        "plan": offer.plan,
        "membership": membership,
        "limits": limits,
        "now": limits.now,
        "said": selectors.newest(offer, membership.pk),
        "outcome": selectors.outcome_of(offer.plan, membership.pk),
        "is_open": selectors.is_open(offer),
        "mine": mine,
        "back": back,
    }
    return answer(request, form, act, "ledger/choice.html", context)
