"""Why somebody owes their dues, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import money
from ledger.instalments import Part
from ledger.models import DuesCharge, Entry
from ledger.selectors.claims import charges_of


def period_said(charge: DuesCharge) -> str:
    """The period: a month, or its first and last day."""
    if charge.of_months == 1:
        return date_format(charge.starts, "F Y")
    return _("%(first)s to %(last)s") % {"first": date_format(charge.starts, "j M Y"), "last": _day(charge.ends)}


def why(charge: DuesCharge) -> str:
    """``Dues for 1 Jan to 31 Dec 2026: 8 of 12 months of 24.00, as you joined on 3 May 2026.``"""
    coop, membership = charge.membership.coop, charge.membership
    said = {
        "period": period_said(charge),
        "rate": money.format_minor(charge.rate, coop.currency),
        "months": charge.months,
        "of": charge.of_months,
    }
    if charge.months == charge.of_months:
        sentence = _("Dues for %(period)s: %(rate)s") % said
    else:
        part = ngettext(
            "Dues for %(period)s: %(months)s of %(of)s months of %(rate)s",
            "Dues for %(period)s: %(months)s of %(of)s months of %(rate)s",
            charge.months,
        )
        sentence = part % said
        if membership.admitted_on > charge.starts:
            sentence += _(", from joining on %(day)s") % {"day": _day(membership.admitted_on)}
        if membership.ends_on is not None and membership.ends_on < charge.ends:
            sentence += _(", until leaving on %(day)s") % {"day": _day(membership.ends_on)}
    if charge.relief is not None:
        sentence += _(", reduced: %(ground)s") % {"ground": charge.relief.get_ground_display()}
    return sentence + "."


def claims_said(claims: Iterable[Part]) -> list[tuple[str, Part]]:
    """Every open claim with the sentence why it is owed: dues in their own words, anything else in its entry's. At most
    two queries."""
    claims = list(claims)
    dues = charges_of(claims)
    others = Entry.objects.in_bulk([part.entry for part in claims if part.entry and not part.charge])
    return [
        (why(dues[part.charge]) if part.charge in dues else others[part.entry].memo or str(_("Charged to you")), part)
        for part in claims
        if part.entry
    ]


def _day(day) -> str:
    return date_format(day, "j M Y")
