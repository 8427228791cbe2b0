"""Every line on one member's accounts as a paper or a table: for the treasurer, and for the member."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.web import requires
from ledger import report_words
from ledger.selectors.journal import member_lines
from members.models import Membership
from members.selectors import membership_of

from .common import own_member
from .files import csv_file, decimals, pdf_file
from .mine import meaning

MOST = 5_000


@require_safe
@requires("ledger.read_books")
def of_member(request: HttpRequest, number: int) -> HttpResponse:
    """A member's statement for the treasurer."""
    return _answer(request, own_member(request, number))


@require_safe
@requires("ledger.see_own")
def own(request: HttpRequest) -> HttpResponse:
    """My statement."""
    membership = membership_of(request.actor)
    if membership is None:
        raise Http404
    return _answer(request, membership)


def _answer(request: HttpRequest, membership: Membership) -> HttpResponse:
    accounts = _accounts(membership)
    name = f"statement-{membership.number}"
    if request.GET.get("as") == "csv":
        rows = [
            [of, words, str(on), str(entry), currency, *decimals(currency, amount, balance)]
            for of, currency, lines in accounts
            for on, words, entry, amount, balance in lines
        ]
        return csv_file(name, ["account", "what for", "date", "entry", "currency", "amount", "balance"], rows)
    return pdf_file(name, report_words.member(membership, clock.today(request.coop), accounts))


def _accounts(membership: Membership) -> list[tuple[str, str, list[tuple]]]:
    """The member's accounts, each with its lines in order and the balance after each; one query."""
    found: dict[tuple[str, str], list[tuple]] = {}
    lines = list(member_lines(membership).order_by("posted_on", "entry_id", "n")[: MOST + 1])
    if len(lines) > MOST:
        raise Refused("too_long", _("These are more than %(most)s lines; ask the co-op for them.") % {"most": MOST})
    for line in lines:
        of, amount = line.account, line.account.shown(line.amount)
        rows = found.setdefault((meaning(of), of.currency), [])
        before = rows[-1][4] if rows else 0
        words = line.memo or line.entry.memo or line.entry.kind
        rows.append((line.posted_on, words, line.entry_id, amount, before + amount))
    return [(of, currency, rows) for (of, currency), rows in sorted(found.items())]
