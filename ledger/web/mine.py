"""A member's shares and money, every line explained."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from coop.kernel import clock
from coop.kernel.web import requires
from ledger.selectors.dues import owed_by
from ledger.selectors.journal import member_accounts, member_lines
from ledger.selectors.shares import events_of, holding_of
from members.selectors import membership_of

MEANINGS = {
    "share_capital": _("Your shares"),
    "retained_equity": _("Refunds kept as your capital"),
    "patronage_payable": _("Refunds to be paid to you"),
    "share_interest_payable": _("Interest to be paid to you"),
    "redemption_payable": _("Shares to be paid back to you"),
    "member_credit": _("Paid in advance"),
    "member_receivable": _("You owe the co-op"),
    "roll_forward": _("Small refunds carried to next year"),
}
PAGE = 25


@require_safe
@requires("ledger.see_own")
def money_page(request: HttpRequest) -> HttpResponse:
    """What I own and owe, and every line of how it came about."""
    membership = membership_of(request.actor)
    if membership is None:
        raise Http404
    today = clock.today(request.coop)
    held = [(each, each.shown(each.held or 0)) for each in member_accounts(membership)]
    owned = [(each, shown) for each, shown in held if shown and each.purpose != "member_receivable"]
    page = Paginator(member_lines(membership), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "ledger/mine.html",
        {
            "membership": membership,
            "holding": holding_of(membership),
            "owed": owed_by(membership, today),
            "events": events_of(membership),
            "owned": [(meaning(each), shown, each.currency) for each, shown in owned],
            "mine": sum(shown for each, shown in owned if each.currency == request.coop.currency),
            "page": page,
            "lines": [(line, meaning(line.account), line.account.shown(line.amount)) for line in page],
        },
    )


def meaning(account) -> str:
    """What an account of a member means to them, with its year where it has one."""
    words = str(MEANINGS.get(account.purpose, account.name))
    return f"{words}, {account.year}" if account.year else words
