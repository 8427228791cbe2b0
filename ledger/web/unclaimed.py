"""Money owed to members that nobody claims: what there is, lists, letters, the booking, and giving back."""

from __future__ import annotations

import csv
import io
from functools import partial

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.models import UnclaimedList
from ledger.payout_forms import UnclaimedForm
from ledger.selectors import surplus
from ledger.selectors import unclaimed as selectors
from ledger.services import unclaimed as services
from ledger.surplus_forms import ReasonForm
from ledger.unclaimed_laws import law_of
from ledger.units import Measure, Unit
from ledger.web.common import answer, pressed, sent

RISKY = ("=", "+", "-", "@", "\t", "\r")


def find(request: HttpRequest, pk: int) -> UnclaimedList:
    """This co-op's list, or a 404."""
    return get_object_or_404(selectors.lists(request.coop), pk=pk)


@require_safe
@requires("ledger.read_books")
def overview(request: HttpRequest) -> HttpResponse:
    """What has been owed for so long that the law pack looks at it, and every list so far."""
    law = law_of(request.coop)
    found = selectors.dormant(request.coop, services.years_before(clock.today(request.coop), law.years))
    context = {
        "law": law,
        "count": len(found),
        "total": sum(each.total for each in found),
        "page": Paginator(selectors.lists(request.coop), 25).get_page(request.GET.get("page")),
        "keeps": rules.may(request.actor, "ledger.keep_books"),
    }
    return render(request, "ledger/unclaimed.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def new(request: HttpRequest) -> HttpResponse:
    """Draw a list up. Nobody is written to and nothing is booked by it."""
    law = law_of(request.coop)
    accounts = [(each.code, str(each)) for each in surplus.appropriation_accounts(request.coop)]
    form = UnclaimedForm(sent(request), accounts=accounts, law=law)

    def act() -> HttpResponse:
        made = services.draw_up(actor=request.actor, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:unclaimed-list", pk=made.pk))

    return answer(request, form, act, "ledger/unclaimed_new.html", {"law": law})


@require_safe
@requires("ledger.read_books")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One list: who is on it, what comes next."""
    found = find(request, pk)
    today = clock.today(request.coop)
    context = {
        "list": found,
        "page": Paginator(selectors.lines(found), 50).get_page(request.GET.get("page")),
        "keeps": rules.may(request.actor, "ledger.keep_books"),
        "may_release": rules.may(request.actor, "ledger.release", found),
        "may_book": found.book_from is not None and found.book_from <= today,
    }
    return render(request, "ledger/unclaimed_list.html", context)


def _at(request: HttpRequest, pk: int) -> str:
    return path(request.coop, "ledger:unclaimed-list", pk=pk)


@require_POST
@requires("ledger.keep_books")
def letters(request: HttpRequest, pk: int) -> HttpResponse:
    """Write to the members of the list."""
    link = request.build_absolute_uri(path(request.coop, "ledger:payout-mine"))
    try:
        count = services.send_letters(actor=request.actor, unclaimed=find(request, pk), link=link)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        done = ngettext("One letter is on its way.", "%(n)s letters are on their way.", count) % {"n": count}
        messages.success(request, done)
    return redirect(_at(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.release")
@reauthentication_required
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person, signed in afresh, books what is still unclaimed."""
    found = find(request, pk)
    rules.require(request.actor, "ledger.release", found)
    money = Measure(Unit.MONEY, request.coop.currency)
    form = Form(sent(request))

    def act() -> HttpResponse:
        done = services.book(actor=request.actor, unclaimed=found)
        messages.success(request, _("%(amount)s is booked.") % {"amount": money.said(done.booked_total)})
        return redirect(_at(request, pk))

    context = {
        "heading": _("Book %(amount)s as unclaimed?") % {"amount": money.said(found.total)},
        "lead": _("It goes to “%(account)s”. Who was paid or named an account since the letters is left out.")
        % {"account": found.goes_to.name},
        "button": _("Book it"),
        "back": path(request.coop, "ledger:unclaimed-list", pk=pk),
    }
    return answer(request, form, act, "ledger/act.html", context)


@require_POST
@requires("ledger.keep_books")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a list away."""
    unclaimed, because = find(request, pk), request.POST.get("because", "")
    act = partial(services.cancel, actor=request.actor, unclaimed=unclaimed, because=because)
    return pressed(request, act, _at(request, pk), _("The list is thrown away; everything stays owed."))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def give_back(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Somebody turned up after all."""
    found = find(request, pk)
    line = get_object_or_404(selectors.lines(found), number=number)
    form = ReasonForm(sent(request))

    def act() -> HttpResponse:
        services.give_back(actor=request.actor, line=line, **form.cleaned_data)
        messages.success(request, _("The co-op owes member %(number)s again.") % {"number": number})
        return redirect(_at(request, pk))

    said = Measure(Unit.MONEY, request.coop.currency).said(line.total)
    context = {
        "heading": _("Give %(amount)s back to %(name)s?") % {"amount": said, "name": line.membership.party.name},
        "lead": _("It is owed to the member again, and the next pay-out pays it."),
        "button": _("Give it back"),
        "back": path(request.coop, "ledger:unclaimed-list", pk=pk),
    }
    return answer(request, form, act, "ledger/act.html", context)


@require_safe
@requires("ledger.keep_books")
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The list with addresses: for letters on paper, and for the state where it asks for it.

    Sums below the law pack's limit are added up in one line without names.
    """
    found = find(request, pk)
    rows = list(selectors.lines(found))
    where, money = selectors.addresses(rows, clock.today(request.coop)), Measure(Unit.MONEY, request.coop.currency)
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow("member name street postcode place country since amount booked given-back".split())
    small = [row for row in rows if row.total < found.rule["listed_from"]]
    for row in rows:
        if row.total < found.rule["listed_from"]:
            continue
        address, name = where.get(row.membership.party_id), row.membership.party.name
        lives = [getattr(address, part, "") for part in ("street", "postcode", "place", "country")]
        cells = [f"'{cell}" if cell.startswith(RISKY) else cell for cell in (name, *lives)]
        given = "yes" if hasattr(row, "returned") else ""
        booked = "yes" if row.booked else ""
        out.writerow([row.number, *cells, row.since.isoformat(), money.plain(row.total), booked, given])
    if small:
        total = money.plain(sum(row.total for row in small))
        out.writerow(["", _("%(n)s smaller sums") % {"n": len(small)}, "", "", "", "", "", total, "", ""])
    out.writerow(["total", len(rows), "", "", "", "", "", money.plain(found.total), "", ""])
    made = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    made["Content-Disposition"] = f'attachment; filename="{request.coop.slug}-unclaimed-{found.number}.csv"'
    made["Cache-Control"] = "private, no-store"
    return made
