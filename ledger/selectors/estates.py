"""What the books have open when a member has died, and what keeps a death from being taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import money
from ledger.models import DebitLine, Mandate, PayoutLine, Redemption, ShareEvent
from ledger.selectors.shares import holding_of
from members.models import Membership, Party
from members.selectors.after_death import Matter

Left = ShareEvent.Kind
GONE = (Left.REDEEMED, Left.RELEASED, Left.TRANSFERRED_OUT, Left.FORFEITED, Left.GIFTED)


def open_matters(party: Party) -> Iterator[Matter]:
    """Shares, requests to give some back, mandates, and money on its way in or out."""
    for membership in Membership.objects.filter(party=party).select_related("coop").order_by("pk"):
        yield from _shares(membership)
    for mandate in Mandate.objects.filter(membership__party=party, revoked_at=None):
        yield Matter(
            _("A direct debit mandate stands, %s.") % mandate.reference,
            _("Nothing is collected by it any more; revoke it."),
            _("The mandates"),
            "ledger:mandates",
        )
    waiting = DebitLine.objects.filter(membership__party=party, run__state__in=("draft", "released"))
    for line in waiting.select_related("run", "membership__coop"):
        yield Matter(
            _("A collection of %(amount)s for %(day)s names them.")
            % {"amount": _money(line.amount, line.membership), "day": _day(line.run.collect_on)},
            _("It was put together before; cancel it, or expect it to come back."),
            _("The collection"),
            "ledger:debit-run",
            {"pk": line.run_id},
        )
    for payment in PayoutLine.objects.filter(
        membership__party=party, amount__gt=0, run__state__in=("draft", "released")
    ).select_related("run", "membership__coop"):
        yield Matter(
            _("A pay-out of %s to them is on its way.") % _money(payment.amount, payment.membership),
            _("It was put together before; it belongs to the estate."),
            _("The pay-out"),
            "ledger:payout",
            {"pk": payment.run_id},
        )


def _shares(membership: Membership) -> Iterator[Matter]:
    held = holding_of(membership)
    number = {"number": membership.number}
    if held.shares:
        yield Matter(
            _("%(shares)s shares stand in the name of member %(number)s, %(paid)s paid up.")
            % {"shares": held.shares, "number": membership.number_text, "paid": _money(held.paid_up, membership)},
            _("They belong to the heirs: they pass on with the membership, or are paid back after it has ended."),
            _("The shares"),
            "ledger:holding",
            number,
        )
    asked = Redemption.objects.filter(membership=membership)
    for each in asked.filter(state__in=(Redemption.State.ASKED, Redemption.State.ACCEPTED)):
        yield Matter(
            _("Asked on %s to give shares back.") % _day(each.asked_on),
            _("It goes on for the heirs: what it pays belongs to the estate."),
            _("Shares on their way back"),
            "ledger:queue",
        )


def for_good(party: Party, since: datetime) -> Iterator[str]:
    """Shares that left the holding since: they were paid out, or somebody else has them."""
    left = ShareEvent.objects.filter(membership__party=party, kind__in=GONE, recorded_at__gte=since)
    for each in left.select_related("membership").order_by("pk"):
        yield _(
            "On %(day)s shares of member %(number)s left the holding (%(what)s), so the death cannot be taken back."
        ) % {
            "day": _day(each.effective_on),
            "number": each.membership.number_text,
            "what": str(each.get_kind_display()).lower(),
        }


def meanwhile(party: Party, since: datetime) -> Iterator[Matter]:
    """A mandate revoked since has to be given again."""
    gone = Mandate.objects.filter(membership__party=party, revoked_at__gte=since)
    for each in gone.order_by("pk"):
        yield Matter(
            _("The direct debit mandate %s was revoked.") % each.reference,
            _("It does not come back; the member signs a new one."),
            _("The mandates"),
            "ledger:mandates",
        )


def _money(amount: int, membership: Membership) -> str:
    return money.format_minor(amount, membership.coop.currency)


def _day(value) -> str:
    return date_format(value, "j F Y")
