"""Closing the books of a period, in order, and opening the last one again with a reason."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from ledger.models import Account, Entry, Period
from ledger.services import posting
from ledger.services.accounts import account

CLOSING = "closing"


@transaction.atomic
def close_period(*, actor, period: Period, reason: str = "") -> Entry | None:
    """Close the books of a period: income and expense go to the surplus of the year, and a checkpoint is written.

    Waits for entries on their way into the period, and they for it. Returns the closing entry, or None where there was
    neither income nor expense. Refuses a period that is closed or not over, and one with an earlier one still open.
    """
    rules.require(actor, "ledger.keep_books", period)
    if period.ends >= clock.today(actor.coop):
        raise Refused(
            "not_over",
            _("%(period)s ends on %(day)s; it is closed after that.")
            % {"period": period.name, "day": date_format(period.ends)},
        )
    if not _call("ledger_lock_period", period.pk):
        raise Refused("closed_already", _("%(period)s is closed already.") % {"period": period.name}, status=409)
    earlier = (
        Period.objects.filter(coop=actor.coop, starts__lt=period.starts, closed_at=None).order_by("starts").first()
    )
    if earlier is not None:
        raise Refused("earlier_open", _("Close %(period)s first.") % {"period": earlier.name})
    entry = _closing_entry(actor, period)
    _call("ledger_close_period", period.pk, actor.user_id, clock.now(), entry.pk if entry else None, reason[:300])
    audit.record(
        actor=actor,
        kind="ledger.period_closed",
        subject=f"period:{period.pk}",
        period=period.name,
        entry=entry.pk if entry else None,
    )
    return entry


@transaction.atomic
def close_up_to(*, actor, period: Period, reason: str = "") -> list[Period]:
    """Close every period that is still open up to this one, the oldest first, all of them or none.

    Returns those that were closed; refuses what :func:`close_period` refuses of any of them.
    """
    earlier = Period.objects.filter(coop=actor.coop, starts__lt=period.starts, closed_at=None)
    found = [*earlier.order_by("starts"), period]
    for each in found:
        close_period(actor=actor, period=each, reason=reason)
    return found


def _closing_entry(actor, period: Period) -> Entry | None:
    movements = (
        Account.objects.filter(
            coop=actor.coop, kind__in=["income", "expense"], lines__posted_on__range=(period.starts, period.ends)
        )
        .annotate(moved=Sum("lines__amount"))
        .exclude(moved=0)
        .order_by("code")
    )
    lines = [posting.Line(each, -each.moved) for each in movements]
    if not lines:
        return None
    for line in lines:
        if line.account.currency != actor.coop.currency:
            raise Refused(
                "currency",
                _("Account %(account)s holds income or expense in %(currency)s; exchange it first.")
                % {"account": line.account, "currency": line.account.currency},
            )
    result = -sum(line.amount for line in lines)
    if result:
        lines.append(posting.Line(account(actor.coop, "surplus_of_the_year"), result))
    closings = period.events.filter(kind="closed").count()
    return posting.post_entry(
        actor=actor,
        on=period.ends,
        kind=CLOSING,
        memo=_("Closing of %(period)s") % {"period": period.name},
        lines=lines,
        key=f"close:{period.pk}:{closings + 1}",
    )


@transaction.atomic
def reopen_period(*, actor, period: Period, because: str) -> None:
    """Open the last closed period again, for a reason: its closing entry is reversed and its checkpoint is void."""
    rules.require(actor, "ledger.keep_books", period)
    because = because.strip()
    if not because:
        raise Refused("reason", _("A period is opened again for a reason."), "because")
    if _call("ledger_lock_period", period.pk):
        raise Refused("open_already", _("%(period)s is open.") % {"period": period.name}, status=409)
    later = Period.objects.filter(coop=actor.coop, starts__gt=period.starts, closed_at__isnull=False).first()
    if later is not None:
        raise Refused(
            "not_the_last", _("Only the last closed period opens again; that is %(period)s.") % {"period": later.name}
        )
    closing = period.events.filter(kind="closed").select_related("entry").order_by("-id").first()
    _call("ledger_reopen_period", period.pk, actor.user_id, clock.now(), because[:300])
    if closing is not None and closing.entry is not None:
        posting.mirror(actor=actor, entry=closing.entry, on=period.ends, because=because)
    audit.record(
        actor=actor, kind="ledger.period_reopened", subject=f"period:{period.pk}", period=period.name, because=because
    )


def _call(function: str, *values):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({', '.join(['%s'] * len(values))})", values)  # noqa: S608 - our own names
        return cursor.fetchone()[0]
