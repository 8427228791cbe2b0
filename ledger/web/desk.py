"""The treasurer's desk: what needs doing today, and how the money stands."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop.kernel import charts, clock, money, rules
from coop.kernel.web import requires
from ledger.models import Account, Period
from ledger.selectors import balances
from ledger.selectors.bank import waiting_count
from ledger.selectors.dues import unpaid
from ledger.selectors.journal import entries, moved
from ledger.selectors.shares import holdings, reconciliation

from .second_person import waits_for

SHOWN = 5
MONTHS = 12


@require_safe
@requires("ledger.read_books")
def desk(request: HttpRequest) -> HttpResponse:
    """Late payments, who was admitted and has not paid, years to close; cash and capital over twelve months."""
    coop, today = request.coop, clock.today(request.coop)
    debtors = unpaid(coop, today)
    late = sorted((d for d in debtors if d.owed.due), key=lambda d: (-d.owed.due, d.membership.number))
    waiting = [d for d in debtors if d.membership.state == "admitted" and not d.owed.due]
    held = holdings(coop, today)
    latest = list(entries(coop).order_by("-id")[:SHOWN])
    return render(
        request,
        "ledger/desk.html",
        {
            "today": today,
            "has_chart": Account.objects.filter(coop=coop).exists(),
            "late": late[:SHOWN],
            "late_count": len(late),
            "late_total": sum(d.owed.due for d in late),
            "dues": sum(d.owed.dues for d in debtors),
            "waiting": waiting[:SHOWN],
            "waiting_count": len(waiting),
            "to_close": _to_close(coop, today),
            "bank_count": waiting_count(coop),
            "second": waits_for(request.actor),
            "agreement": reconciliation(coop, today),
            "cash": sum(line.shown for line in balances.chart(coop, today) if line.purpose in ("bank", "cash")),
            "holders": sum(1 for each in held.values() if each.paid_up),
            "owing": sum(each.owing for each in held.values()),
            "latest": _with_sums(latest),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
            "cash_chart": _chart(coop, today, "bank", _("Money in the bank")),
            "capital_chart": _chart(coop, today, "share_capital", _("Paid-up share capital"), credit=True),
        },
    )


def _with_sums(found):
    sums = moved(found)
    return [(entry, sums.get(entry.pk, {})) for entry in found]


def _to_close(coop, today: date) -> Period | None:
    return Period.objects.filter(coop=coop, closed_at=None, ends__lt=today).order_by("starts").first()


def _chart(coop, today: date, purpose: str, title: str, *, credit: bool = False) -> charts.Drawing | None:
    ends = month_ends(today, MONTHS)
    amounts = [-amount if credit else amount for amount in balances.by_month(coop, purpose, ends)]
    if not any(amounts):
        return None
    words = [money.format_minor(amount, coop.currency) for amount in amounts]
    return charts.series(
        title=title,
        desc=_("%(first)s on %(then)s, %(last)s on %(now)s.")
        % {
            "first": words[0],
            "then": date_format(ends[0], "j F Y"),
            "last": words[-1],
            "now": date_format(ends[-1], "j F Y"),
        },
        points=[
            charts.Point(x=(day - ends[0]).days, value=amount, text=text, when=date_format(day, "j M Y"))
            for day, amount, text in zip(ends, amounts, words, strict=True)
        ],
        head=(_("Day"), _("Amount")),
    )


def month_ends(today: date, count: int) -> list[date]:
    """The last days of the months before this one, oldest first, and today."""
    ends = [today]
    for _month in range(count - 1):
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    return ends[::-1]
