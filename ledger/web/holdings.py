"""Acts on a member's shares: transferred, given, released, given back and paid out; and certificates."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, money, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import documents, forms
from ledger.models import Certificate, Redemption, RedemptionLimit
from ledger.selectors import queue
from ledger.selectors.certificates import words
from ledger.services import certificates, holdings, redemption
from members.selectors import membership_of

from .common import answer, own_member, sent


def act_page(
    request: HttpRequest, form, act: Callable[[], HttpResponse], *, heading: str, lead: str, button: str, back: str
) -> HttpResponse:
    """One form, one act: what it is, what it means, the button that does it."""
    words_ = {"heading": heading, "lead": lead, "button": button, "back": back}
    return answer(request, form, act, "ledger/act.html", words_)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def transfer(request: HttpRequest, number: int) -> HttpResponse:
    giver = own_member(request, number)
    form = forms.TransferForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        said = form.cleaned_data
        entry = holdings.transfer(
            actor=request.actor,
            giver=giver,
            taker=said["member"],
            shares=said["shares"],
            on=said["on"],
            reason=said["because"],
            key=said["key"],
        )
        return redirect(path(request.coop, "ledger:entry", pk=entry.pk))

    return act_page(
        request,
        form,
        act,
        heading=_("Transfer shares of %(name)s") % {"name": giver.party.name},
        lead=_("Only fully paid shares move. Both members’ accounts change in one entry."),
        button=_("Transfer the shares"),
        back=path(request.coop, "ledger:holding", number=number),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def give(request: HttpRequest, number: int) -> HttpResponse:
    membership = own_member(request, number)
    form = forms.GiftForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        said = form.cleaned_data
        entry = holdings.give_to_coop(
            actor=request.actor,
            membership=membership,
            shares=said["shares"],
            on=said["on"],
            reason=said["because"],
            key=said["key"],
            forfeited=said["forfeited"],
        )
        return redirect(path(request.coop, "ledger:entry", pk=entry.pk))

    return act_page(
        request,
        form,
        act,
        heading=_("%(name)s gives shares to the co-op") % {"name": membership.party.name},
        lead=_("Capital of this member becomes income of the co-op. It cannot be taken back."),
        button=_("Enter the gift"),
        back=path(request.coop, "ledger:holding", number=number),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def release(request: HttpRequest, number: int) -> HttpResponse:
    membership = own_member(request, number)
    form = forms.SharesOutForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        said = form.cleaned_data
        holdings.release(
            actor=request.actor, membership=membership, shares=said["shares"], on=said["on"], reason=said["because"]
        )
        return redirect(path(request.coop, "ledger:holding", number=number))

    return act_page(
        request,
        form,
        act,
        heading=_("Release %(name)s from unpaid shares") % {"name": membership.party.name},
        lead=_("They were subscribed and not paid. No money moves."),
        button=_("Release the shares"),
        back=path(request.coop, "ledger:holding", number=number),
    )


# --- given back -------------------------------------------------------------------------------------------------------


@require_safe
@requires("ledger.read_shares")
def queue_page(request: HttpRequest) -> HttpResponse:
    """Who waits for shares to be paid back, how far the board's limit reaches, and what is to be paid."""
    coop, today = request.coop, clock.today(request.coop)
    waiting = queue.waiting(coop, today)
    to_pay = list(queue.to_pay(coop))
    return render(
        request,
        "ledger/queue.html",
        {
            "waiting": waiting,
            "asked": sum(each.amount for each in waiting),
            "to_pay": to_pay,
            "to_pay_sum": sum(each.amount for each in to_pay),
            "room": queue.room(coop, today),
            "limits": list(RedemptionLimit.objects.filter(coop=coop)[:10]),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
            "sets": rules.may(request.actor, "ledger.set_limit"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.set_limit")
def limit(request: HttpRequest) -> HttpResponse:
    today = clock.today(request.coop)
    first = {"starts": today.replace(month=1, day=1), "ends": today.replace(month=12, day=31)}
    form = forms.LimitForm(sent(request), coop=request.coop, initial=first)

    def act() -> HttpResponse:
        redemption.set_limit(actor=request.actor, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:queue"))

    return act_page(
        request,
        form,
        act,
        heading=_("How much share capital may be paid back"),
        lead=_("What the board lets go between two days. Another resolution for the same days adds to it."),
        button=_("Set the limit"),
        back=path(request.coop, "ledger:queue"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def ask_back(request: HttpRequest, number: int) -> HttpResponse:
    membership = own_member(request, number)
    form = forms.AskBackForMemberForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        said = form.cleaned_data
        redemption.ask_back(
            actor=request.actor,
            membership=membership,
            shares=said["shares"],
            on=said["on"],
            due_on=said["due_on"],
            reason=said["because"],
        )
        return redirect(path(request.coop, "ledger:queue"))

    return act_page(
        request,
        form,
        act,
        heading=_("%(name)s wants to give shares back") % {"name": membership.party.name},
        lead=_("The wish joins the queue. Nothing is posted before it is its turn."),
        button=_("Put it in the queue"),
        back=path(request.coop, "ledger:holding", number=number),
    )


def _own_redemption(request: HttpRequest, pk: int) -> Redemption:
    found = Redemption.objects.filter(coop=request.coop).select_related("membership__party", "membership__coop")
    return get_object_or_404(found, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    wish = _own_redemption(request, pk)
    form = forms.AcceptForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        done = redemption.accept(actor=request.actor, redemption=wish, **form.cleaned_data)
        amount = money.format_minor(done.amount, request.coop.currency)
        messages.success(request, _("%(amount)s left the share capital and is to be paid.") % {"amount": amount})
        return redirect(path(request.coop, "ledger:queue"))

    return act_page(
        request,
        form,
        act,
        heading=_("Take %(shares)s shares of %(name)s out of the capital")
        % {"shares": wish.shares, "name": wish.membership.party.name},
        lead=_("From that day on the co-op owes the member what was paid on them."),
        button=_("Take them out"),
        back=path(request.coop, "ledger:queue"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    wish = _own_redemption(request, pk)
    form = forms.RefuseForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        redemption.refuse(actor=request.actor, redemption=wish, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:queue"))

    return act_page(
        request,
        form,
        act,
        heading=_("Refuse the wish of %(name)s") % {"name": wish.membership.party.name},
        lead=_("The shares stay. The member reads your reason."),
        button=_("Refuse it"),
        back=path(request.coop, "ledger:queue"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def pay_out(request: HttpRequest, pk: int) -> HttpResponse:
    wish = _own_redemption(request, pk)
    form = forms.DayForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        redemption.pay_out(actor=request.actor, redemption=wish, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:queue"))

    amount = money.format_minor(wish.amount, request.coop.currency)
    return act_page(
        request,
        form,
        act,
        heading=_("%(amount)s was paid to %(name)s") % {"amount": amount, "name": wish.membership.party.name},
        lead=_("Enter it once the money has left the bank."),
        button=_("Enter the payment"),
        back=path(request.coop, "ledger:queue"),
    )


# --- the member -------------------------------------------------------------------------------------------------------


def _me(request: HttpRequest):
    membership = membership_of(request.actor)
    if membership is None:
        raise Http404
    return membership


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.act_on_own")
def my_ask_back(request: HttpRequest) -> HttpResponse:
    """I want to give shares back: it joins the queue, and I can take it back while it waits."""
    membership = _me(request)
    form = forms.AskBackForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        said = form.cleaned_data
        redemption.ask_back(
            actor=request.actor,
            membership=membership,
            shares=said["shares"],
            on=clock.today(request.coop),
            reason=said["because"],
        )
        return redirect(path(request.coop, "ledger:money"))

    back = path(request.coop, "ledger:money")
    return answer(request, form, act, "ledger/my_ask_back.html", {"back": back})


@require_POST
@requires("ledger.act_on_own")
def my_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    membership = _me(request)
    wish = get_object_or_404(Redemption.objects.filter(coop=request.coop, membership=membership), pk=pk)
    try:
        redemption.withdraw_request(actor=request.actor, redemption=wish)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect(path(request.coop, "ledger:money"))


# --- certificates -----------------------------------------------------------------------------------------------------


@require_POST
@requires("ledger.keep_books")
def certify(request: HttpRequest, number: int) -> HttpResponse:
    """Issue a certificate over what is fully paid, or come back to the one that says it already."""
    membership = own_member(request, number)
    try:
        made = certificates.issue_certificate(actor=request.actor, membership=membership, on=clock.today(request.coop))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("Certificate %(number)s is there.") % {"number": made.number})
    return redirect(path(request.coop, "ledger:holding", number=number))


@require_safe
@requires("ledger.read_shares", "ledger.see_own")
def certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """A certificate as PDF; a member gets only their own."""
    found = Certificate.objects.filter(coop=request.coop).select_related(
        "coop", "membership__party", "share_class", "replaced_by"
    )
    if not rules.may(request.actor, "ledger.read_shares"):
        found = found.filter(membership=_me(request))
    one = get_object_or_404(found, pk=pk)
    response = HttpResponse(documents.certificate_pdf(words(one), one.recorded_at), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="certificate-{one.number:04d}.pdf"'
    return response
