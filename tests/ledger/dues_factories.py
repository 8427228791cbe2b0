"""Dues to test with: a rule under the by-laws members were admitted under, and a month charged."""

from __future__ import annotations

from datetime import date

from ledger.models import DuesRule, DuesRun
from ledger.selectors.charging import propose
from ledger.services.dues import ask_to_charge, charge_dues, set_dues


def dues_of(lena, membership, *, every: int = 12, amount: int = 2400, **more) -> DuesRule:
    """What the member's class pays under the by-laws in force on the day of admission."""
    terms = membership.member_class.terms_on(membership.admitted_on)
    given = {"joining": "whole", "leaving": "whole", **more}
    return set_dues(
        actor=lena, bylaws=terms.bylaws, member_class=membership.member_class, every=every, amount=amount, **given
    )


def charged(lena, month: date) -> DuesRun:
    """Charge a month as the treasurer and the worker do."""
    ask_to_charge(actor=lena, month=month, seen=propose(lena.coop, month).hash)
    return charge_dues(actor=lena, run_id=DuesRun.objects.get(coop=lena.coop, state="draft").pk)
