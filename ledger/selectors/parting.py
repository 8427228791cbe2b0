"""What the books still owe somebody whose membership has ended, in words, for that person's own pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coop.kernel import money
from members.models import Membership
from members.selectors.leaving import payout_by
from members.selectors.parting import StillOwed

from .journal import member_accounts
from .payouts import details_of
from .shares import holding_of

# What an account of theirs holds beside the shares, by what it is for, and when it is paid.
HELD = {
    "redemption_payable": (
        gettext_lazy("%(amount)s for shares that were taken back is yours."),
        gettext_lazy("It has left the share capital and is paid out next."),
    ),
    "patronage_payable": (
        gettext_lazy("%(amount)s of refunds is yours."),
        gettext_lazy("It is paid with the next pay-out."),
    ),
    "share_interest_payable": (
        gettext_lazy("%(amount)s of interest on your shares is yours."),
        gettext_lazy("It is paid with the next pay-out."),
    ),
    "retained_equity": (
        gettext_lazy("%(amount)s of earlier refunds is kept as your capital."),
        gettext_lazy("It is paid when the board pays back the capital of those years; you get a letter."),
    ),
    "member_credit": (gettext_lazy("%(amount)s that you had paid in advance is kept for you."), ""),
    "roll_forward": (
        gettext_lazy("%(amount)s of small refunds is kept for you."),
        gettext_lazy("It was too little to pay out by itself."),
    ),
}


def still_owed(membership: Membership, on: date) -> Iterator[StillOwed]:
    """Shares that are still to be paid back and by when, then what else the co-op holds; three queries and the by-laws.

    Last comes that the account is missing, where something is to be paid and nobody knows to where.
    """
    found = [*_shares(membership, on), *_held(membership)]
    yield from found
    if found and details_of(membership) is None:
        yield StillOwed(_("We do not know yet where to pay it."), _("Name your account, so that nothing waits for it."))


def _shares(membership: Membership, on: date) -> Iterator[StillOwed]:
    held, day = holding_of(membership), payout_by(membership)
    if not held.paid_up or day is None:
        return
    said = {
        "amount": money.format_minor(held.paid_up, membership.coop.currency),
        "n": held.shares,
        "day": date_format(day, "j F Y"),
    }
    if on <= day:
        yield StillOwed(
            ngettext(
                "%(amount)s for your share is paid back by %(day)s.",
                "%(amount)s for your %(n)s shares is paid back by %(day)s.",
                held.shares,
            )
            % said,
            _("That is the time the by-laws give for it after your last day."),
        )
    else:
        yield StillOwed(
            ngettext(
                "%(amount)s for your share was to be paid back by %(day)s.",
                "%(amount)s for your %(n)s shares was to be paid back by %(day)s.",
                held.shares,
            )
            % said,
            _("It has not been paid yet; ask the treasurer when it will be."),
        )


def _held(membership: Membership) -> Iterator[StillOwed]:
    sums: dict[tuple[str, str], int] = {}
    for each in member_accounts(membership):
        key = (each.purpose, each.currency)
        sums[key] = sums.get(key, 0) + each.shown(each.held or 0)
    for (purpose, currency), amount in sums.items():
        if purpose in HELD and amount > 0:
            sentence, why = HELD[purpose]
            yield StillOwed(str(sentence) % {"amount": money.format_minor(amount, currency)}, str(why))
