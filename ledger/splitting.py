"""Where a payment goes: the one order in which what a member owes is paid. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.instalments import Part


@dataclass(frozen=True, slots=True)
class Split:
    """Parts of one payment in minor units; their sum is the payment."""

    fee: int
    dues: int
    capital: int
    kept: int


def split(amount: int, *, fee: int, dues: Iterable[Part], shares: Iterable[Part]) -> Split:
    """The entry fee first, then whatever is oldest: dues (and all else on the member's account) and parts of shares
    by the day they are due, dues before shares on the same day. What is left over is ``kept``."""
    to_fee = min(amount, fee)
    left, paid = amount - to_fee, {"dues": 0, "shares": 0}
    queue = [
        (part.due_on, place, part.amount) for place, parts in (("dues", dues), ("shares", shares)) for part in parts
    ]
    for _due_on, place, owed in sorted(queue, key=lambda each: each[:2]):
        part = min(left, owed)
        left -= part
        paid[place] += part
    return Split(to_fee, paid["dues"], paid["shares"], left)
