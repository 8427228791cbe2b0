"""A member's shares and money, every line explained."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from coop.kernel import clock
from coop.kernel.web import requires
from ledger.dues_words import claims_said
from ledger.models import MemberFee
from ledger.selectors import queue, statements
from ledger.selectors.certificates import certificates_of
from ledger.selectors.dues import owed_by
from ledger.selectors.journal import member_accounts, member_lines
from ledger.selectors.paying import how_to_pay
from ledger.selectors.payouts import details_of
from ledger.selectors.shares import events_of, holding_of
from members.models import ChangeRequest
from members.selectors import membership_of, parting
from members.selectors.rights import open_request

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
# Why a line is there, by what the account is for and whether it grew.
EXPLAINED = {
    ("share_capital", True): _("You paid; this part of it went to your shares."),
    ("share_capital", False): _("Shares left your account."),
    ("retained_equity", True): _("The part of your refund the co-op keeps as your capital."),
    ("retained_equity", False): _("Capital from an earlier refund was paid out or used."),
    ("patronage_payable", True): _("The part of your refund that is paid to you."),
    ("patronage_payable", False): _("A refund was paid to you."),
    ("share_interest_payable", True): _("Interest on your paid-up shares."),
    ("share_interest_payable", False): _("Interest was paid to you."),
    ("redemption_payable", True): _("Shares you gave back, to be paid to you."),
    ("redemption_payable", False): _("Shares were paid back to you."),
    ("member_credit", True): _("You paid more than was owed; it is kept for you."),
    ("member_credit", False): _("What you had paid in advance was used."),
    ("member_receivable", True): _("Charged to you: dues, or what the co-op laid out for you."),
    ("member_receivable", False): _("You paid what was owed, or it was set off or waived."),
    ("roll_forward", True): _("Too little to pay out by itself; it is added to next year’s refund."),
    ("roll_forward", False): _("A small refund of an earlier year was added to this one."),
}
PAGE = 25


@require_safe
@requires("ledger.see_own")
def money_page(request: HttpRequest) -> HttpResponse:
    """What I own and owe, and every line of how it came about; after I left, what comes back to me and when."""
    membership = membership_of(request.actor)
    if membership is None:
        raise Http404
    today = clock.today(request.coop)
    owed = owed_by(membership, today)
    held = [(each, each.shown(each.held or 0)) for each in member_accounts(membership)]
    owned = [(each, shown) for each, shown in held if shown and each.purpose != "member_receivable"]
    page = Paginator(member_lines(membership), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "ledger/mine.html",
        {
            "membership": membership,
            "holding": holding_of(membership),
            "still_owed": parting.still_owed(membership, today) if request.actor.has_left else [],
            "owed": owed,
            "claims": claims_said(owed.claims),
            "pay": how_to_pay(membership, owed.due or owed.next_part) if owed.total else None,
            "events": events_of(membership),
            "redemptions": queue.of_member(membership),
            "certificates": certificates_of(membership),
            "owned": [(meaning(each), shown, each.currency) for each, shown in owned],
            "mine": sum(shown for each, shown in owned if each.currency == request.coop.currency),
            "page": page,
            "statements": statements.of_actor(request.actor),
            "payout_details": details_of(membership),
            "account_asked": open_request(membership.party, ChangeRequest.Kind.BANK),
            "fees": MemberFee.objects.filter(membership=membership),
            "lines": [_told(line) for line in page],
        },
    )


def _told(line) -> tuple:
    amount = line.account.shown(line.amount)
    why = EXPLAINED.get((line.account.purpose, amount > 0), "")
    if line.entry.reverses_id:
        why = _("Takes back entry %(entry)s, which was wrong.") % {"entry": line.entry.reverses_id}
    return line, meaning(line.account), why, amount


def meaning(account) -> str:
    """What an account of a member means to them, with its year where it has one."""
    words = str(MEANINGS.get(account.purpose, account.name))
    return f"{words}, {account.year}" if account.year else words
