"""What a member is paid out of what the co-op owes them: debts first where the by-laws say so, small sums wait.

Pure integers. What is owed is given by its kinds in the order a debt is taken from them.

>>> paying([1500, 1100], debt=0, set_off=True, more_than=2500)
Paying(netted=(0, 0), paid=(1500, 1100), waits=False)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paying:
    """What is set off and what is paid of each kind owed; nothing of it where the sum waits for more."""

    netted: tuple[int, ...]
    paid: tuple[int, ...]
    waits: bool

    @property
    def amount(self) -> int:
        return sum(self.paid)


def paying(owed: Sequence[int], *, debt: int, set_off: bool, more_than: int = 0) -> Paying:
    """Settle what one member is owed.

    A debt is set off in full as far as the sums reach, the first kind first, however small they are. What is left is
    paid if it is more than ``more_than``; otherwise it stays owed and waits for more. Raises ValueError for a
    negative figure.
    """
    if min((*owed, debt, more_than), default=0) < 0:
        raise ValueError("what is owed, a debt and a limit are not negative")
    left, netted = debt if set_off else 0, []
    for amount in owed:
        netted.append(min(amount, left))
        left -= netted[-1]
    rest = tuple(amount - off for amount, off in zip(owed, netted, strict=True))
    waits = 0 < sum(rest) <= more_than
    return Paying(tuple(netted), (0,) * len(rest) if waits else rest, waits)
