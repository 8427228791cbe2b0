"""Where a member's money goes: the member's own page, and the treasurer's for what came on paper."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.payout_forms import DetailsForm
from ledger.selectors import payouts as selectors
from ledger.services import payout_details, payout_requests
from ledger.web.common import answer, own_member, sent
from members import services as members
from members.models import ChangeRequest, Membership
from members.selectors import membership_of, rights
from members.services.requesting import DAYS


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def of_member(request: HttpRequest, number: int) -> HttpResponse:
    """Enter a member's bank account as they gave it on paper."""
    membership = own_member(request, number)
    back, party = path(request.coop, "ledger:holding", number=number), membership.party
    known = selectors.details_of(membership)
    form = DetailsForm(sent(request), coop=request.coop, initial=_begin(known, party))

    def act() -> HttpResponse:
        payout_details.record_details(actor=request.actor, membership=membership, **form.cleaned_data)
        messages.success(request, _("Money goes there from the next pay-out on; the member is told."))
        run = selectors.on_its_way(party)
        if run is not None and run.state == run.State.DRAFT:
            messages.warning(request, _("%s goes to the account before; throw it away and draw up another.") % run)
        return redirect(back)

    waiting = rights.open_request(party, ChangeRequest.Kind.BANK)
    context = {"membership": membership, "known": known, "waiting": waiting, "back": back}
    return answer(request, form, act, "ledger/payout_details.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.see_self")
@reauthentication_required
def mine(request: HttpRequest) -> HttpResponse:
    """A member says where their money goes, or whoever stands for one; another account than before is looked at."""
    membership, others = _acted_for(request)
    party, here = membership.party, request.get_full_path()
    waiting = rights.open_request(party, ChangeRequest.Kind.BANK)
    if request.method == "POST" and request.POST.get("act") == "withdraw":
        return _withdraw(request, waiting, here)
    known = selectors.known_of(party)
    details = next((each.details for each in known if each.details), None)
    form = DetailsForm(sent(request), coop=request.coop, initial=_begin(details, party))

    def act() -> HttpResponse:
        asked = payout_requests.name_account(actor=request.actor, party=party, **form.cleaned_data)
        if asked is None:
            messages.success(request, _("Money goes there from the next pay-out on. We wrote to you about it."))
            return redirect(back)
        day = date_format(asked.due_on, "j F Y")
        messages.success(request, _("Asked. The secretary answers by %s; we wrote to you about it.") % day)
        return redirect(here)

    back = path(request.coop, "ledger:money")
    context = {
        "membership": membership,
        "others": others,
        "known": details,
        "until_now": payout_requests.known(party),
        "came_back": any(each.came_back for each in known),
        "waiting": waiting,
        "asked_for": payout_requests.masked(waiting.said) if waiting else "",
        "run": selectors.on_its_way(party),
        "days": DAYS[ChangeRequest.Kind.BANK],
        "back": back,
    }
    return answer(request, form, act, "ledger/payout_mine.html", context)


def _begin(known, party) -> dict:
    return {"way": known.way, "holder": known.holder} if known else {"holder": party.name}


def _acted_for(request: HttpRequest) -> tuple[Membership, list[Membership]]:
    """The membership the page is about, by ``?member=``, and one of every other party somebody acts for; or a 404."""
    parties = rights.parties_of(request.actor)
    found = Membership.objects.filter(coop=request.coop, party__in=parties).select_related("party__coop")
    newest = {each.party_id: each for each in found.order_by("number")}  # the newest of each party
    chosen = membership_of(request.actor)
    if number := request.GET.get("member", ""):
        chosen = next((each for each in newest.values() if str(each.number) == number), None)
    if chosen is None or chosen.party_id not in newest:
        raise Http404
    return newest.pop(chosen.party_id), list(newest.values())


def _withdraw(request: HttpRequest, waiting: ChangeRequest | None, here: str) -> HttpResponse:
    try:
        if waiting is None:
            raise Refused("answered", _("There is no request any more; it was answered or taken back meanwhile."))
        members.withdraw_change(actor=request.actor, request=waiting)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("Taken back. Your money goes where it went."))
    return redirect(here)
