"""Shares: the register, one member's holding, payments one by one and from a file, classes of shares."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, money, rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import forms
from ledger.dues_words import claims_said, why
from ledger.models import ShareClass
from ledger.selectors import charging, queue
from ledger.selectors.certificates import certificates_of
from ledger.selectors.dues import owed_by, unpaid
from ledger.selectors.journal import member_accounts
from ledger.selectors.shares import events_of, holding_of, reconciliation, share_register
from ledger.services import payment_import
from ledger.services import shares as services

from .common import answer, own_member, sent

PAGE = 50


@require_safe
@requires("ledger.read_shares")
def register(request: HttpRequest) -> HttpResponse:
    """Who holds what as at a day, subscribed and paid up apart, and whether the capital account says the same."""
    today = clock.today(request.coop)
    search = forms.ShareSearch(request.GET or None, initial={"on": today})
    chosen = search.cleaned_data if search.is_valid() else {}
    on = chosen.get("on") or today
    lines = share_register(request.coop, on, search=chosen.get("q") or "")
    page = Paginator(lines, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "ledger/shares.html",
        {
            "search": search,
            "on": on,
            "page": page,
            "count": len(lines),
            "shares": sum(line.shares for line in lines),
            "subscribed": sum(line.subscribed for line in lines),
            "paid_up": sum(line.paid_up for line in lines),
            "owing": sum(line.owing for line in lines),
            "agreement": reconciliation(request.coop, on),
            "classes": list(ShareClass.objects.filter(coop=request.coop)),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
            "searched": bool(chosen.get("q")),
        },
        status=422 if search.errors else 200,
    )


@require_safe
@requires("ledger.read_shares")
def holding(request: HttpRequest, number: int) -> HttpResponse:
    """One member's shares: what is held, what is owed, everything that happened, and the accounts behind it."""
    membership = own_member(request, number)
    today = clock.today(request.coop)
    owed = owed_by(membership, today)
    return render(
        request,
        "ledger/holding.html",
        {
            "membership": membership,
            "holding": holding_of(membership),
            "owed": owed,
            "charges": [(each, why(each)) for each in charging.charges_to(membership)],
            "others": [each for each in claims_said(owed.claims) if not each[1].charge],
            "reliefs": list(charging.reliefs_of(membership)),
            "events": events_of(membership),
            "redemptions": queue.of_member(membership),
            "certificates": certificates_of(membership),
            "accounts": [(each, each.shown(each.held or 0)) for each in member_accounts(membership)],
            "keeps": rules.may(request.actor, "ledger.keep_books"),
            "reads": rules.may(request.actor, "ledger.read_books"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def subscribe(request: HttpRequest, number: int) -> HttpResponse:
    membership = own_member(request, number)
    form = forms.SubscribeForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        services.subscribe(actor=request.actor, membership=membership, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:holding", number=number))

    return answer(request, form, act, "ledger/subscribe.html", {"membership": membership})


@require_safe
@requires("ledger.read_shares")
def owing(request: HttpRequest) -> HttpResponse:
    """Everybody who still has something to pay, what is late of it, and the button to enter the payment."""
    debtors = unpaid(request.coop, clock.today(request.coop))
    page = Paginator(debtors, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "ledger/owing.html",
        {
            "page": page,
            "count": len(debtors),
            "late": sum(1 for each in debtors if each.owed.due),
            "due": sum(each.owed.due for each in debtors),
            "total": sum(each.owed.total for each in debtors),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def payment_add(request: HttpRequest) -> HttpResponse:
    """Enter a share payment. Sent twice, it is entered once."""
    coop = request.coop
    form = forms.PaymentForm(sent(request), coop=coop, initial=_owed_by_somebody(request))

    def act() -> HttpResponse:
        said = form.cleaned_data
        payment = services.record_payment(
            actor=request.actor,
            membership=said["member"],
            amount=said["amount"],
            on=said["on"],
            reference=said["reference"],
            key=said["key"],
            overpayment="keep" if said["keep"] else "refuse",
        )
        messages.success(request, _sentence(said["member"], payment))
        return redirect(path(coop, "ledger:holding", number=said["member"].number))

    return answer(request, form, act, "ledger/payment_add.html")


def _owed_by_somebody(request: HttpRequest) -> dict:
    """What the form begins with when it is opened from somebody's line: the member, and the next part owed."""
    number = request.GET.get("member", "")
    if not number.isdecimal() or len(number) > 18:
        return {}
    membership = own_member(request, int(number))
    owed = owed_by(membership, clock.today(request.coop))
    amount = owed.due or owed.next_part
    return {
        "member": membership.number,
        "amount": money.decimal_text(amount, request.coop.currency) if amount else "",
    }


def _sentence(membership, payment: services.Payment) -> str:
    currency = membership.coop.currency
    parts = []
    if payment.fee:
        parts.append(_("%(amount)s to the entry fee") % {"amount": money.format_minor(payment.fee, currency)})
    if payment.capital:
        parts.append(_("%(amount)s to shares") % {"amount": money.format_minor(payment.capital, currency)})
    if payment.kept:
        parts.append(_("%(amount)s kept as a credit") % {"amount": money.format_minor(payment.kept, currency)})
    sentence = _("Entry %(entry)s: %(parts)s.") % {"entry": payment.entry.pk, "parts": ", ".join(parts)}
    if payment.activated:
        sentence += " " + _("Member %(number)s is active now.") % {"number": membership.number}
    return sentence


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def payment_file(request: HttpRequest) -> HttpResponse:
    """Enter many payments from a CSV file: all, or none and every reason."""
    form = forms.PaymentFileForm(sent(request), request.FILES or None, coop=request.coop)
    problems: list[str] = []

    def act() -> HttpResponse:
        said = form.cleaned_data
        try:
            done = payment_import.import_payments(
                actor=request.actor,
                data=said["file"].read(),
                file_name=said["file"].name,
                total=said["total"],
                overpayment="keep" if said["keep"] else "refuse",
            )
        except payment_import.FileRefused as refused:
            problems.extend(refused.problems if len(refused.problems) > 1 else ())
            raise
        messages.success(request, _imported(request, done))
        return redirect(path(request.coop, "ledger:shares"))

    return answer(request, form, act, "ledger/payment_file.html", {"problems": problems})


def _imported(request: HttpRequest, done: payment_import.Imported) -> str:
    total = money.format_minor(done.total, request.coop.currency)
    if not done.payments:
        known = {"n": done.known, "total": total}
        return _("Nothing new: these %(n)s payments (%(total)s) were entered before.") % known
    return _("%(n)s payments entered, %(total)s in all; %(active)s members became active.") % {
        "n": done.payments,
        "total": total,
        "active": done.activated,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def share_class_add(request: HttpRequest) -> HttpResponse:
    first = not ShareClass.objects.filter(coop=request.coop).exists()
    form = forms.ShareClassForm(sent(request), coop=request.coop, initial={"is_default": first})

    def act() -> HttpResponse:
        said = form.cleaned_data
        services.create_share_class(
            actor=request.actor,
            name=said["name"],
            par=said["par"],
            is_default=said["is_default"] or None,
            on_call=said["on_call"],
        )
        return redirect(path(request.coop, "ledger:shares"))

    return answer(request, form, act, "ledger/share_class_add.html")
