"""Form 1099-PATR: which patron gets one, and what stands in its boxes. Pure: figures in, boxes out.

Box 1 is what a patron is taxed on now: money, and qualified notices at face (26 U.S.C. 6044(b), 1385(a)). A
nonqualified notice counts only when it is redeemed, then in box 5. What was set off against a debt was paid in money
and counts in box 1. The return is due from 10.00 in boxes 1, 2, 3 and 5 together, or from any tax withheld
(Instructions for Form 1099-PATR); payments to a corporation are generally exempt. Ask your adviser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

THRESHOLD = 10_00


@dataclass(frozen=True, slots=True)
class Boxes:
    """One patron's year in minor units. Box numbers are the form's."""

    box1: int = 0  # patronage dividends: money and qualified notices
    box2: int = 0  # nonpatronage distributions (section 521 co-operatives only)
    box3: int = 0  # per-unit retain allocations
    box4: int = 0  # federal income tax withheld
    box5: int = 0  # nonqualified notices and retains, redeemed

    @property
    def reportable(self) -> int:
        return self.box1 + self.box2 + self.box3 + self.box5

    def as_dict(self) -> dict[str, int]:
        """The boxes that are not empty."""
        return {name: value for name in ("box1", "box2", "box3", "box4", "box5") if (value := getattr(self, name))}


def boxes(
    *, cash: int = 0, netted: int = 0, qualified: int = 0, redeemed_nonqualified: int = 0, withheld: int = 0
) -> Boxes:
    """What a patron's figures put into which box. ``cash`` is before tax withheld; a nonqualified notice has no box.

    >>> boxes(cash=200, qualified=800).as_dict()
    {'box1': 1000}
    """
    figures = {"cash": cash, "netted": netted, "qualified": qualified, "redeemed": redeemed_nonqualified}
    negative = next((name for name, value in (*figures.items(), ("withheld", withheld)) if value < 0), None)
    if negative:
        raise ValueError(f"{negative} is not negative on a 1099-PATR")
    return Boxes(box1=cash + netted + qualified, box4=withheld, box5=redeemed_nonqualified)


def is_due(found: Boxes, *, is_corporation: bool = False) -> bool:
    """Whether a return is filed for this patron."""
    return found.box4 > 0 or (not is_corporation and found.reportable >= THRESHOLD)


def totals(returns: Iterable[Boxes]) -> Mapping[str, int]:
    """The sums a filing is checked by: number of returns and every box."""
    summed = dict.fromkeys(("count", "box1", "box2", "box3", "box4", "box5"), 0)
    for each in returns:
        summed["count"] += 1
        for name in ("box1", "box2", "box3", "box4", "box5"):
            summed[name] += getattr(each, name)
    return summed
