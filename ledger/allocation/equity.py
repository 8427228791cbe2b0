"""Which member gets how much of the refunds kept in their name, of which year. Pure integers.

The plan's order decides how much of each year's layer is paid (:mod:`ledger.allocation.redemption`); within a year the
members share it by what they hold of it, by largest remainder, ties to the smallest member number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.allocation.redemption import hybrid, newest_first, oldest_first, percent_of_all
from ledger.allocation.remainder import largest_remainder

OLDEST, NEWEST, EVERY, HYBRID = "oldest", "newest", "every", "hybrid"
ORDERS: Final = (OLDEST, NEWEST, EVERY, HYBRID)
Held = Mapping[tuple[int, int], int]  # (year, member number) → minor units


def paid_back(held: Held, order: str, amount: int, oldest_percent: int = 50) -> dict[tuple[int, int], int]:
    """Return what ``amount`` pays back of each holding above nothing, by year and member number.

    The parts add up to ``amount`` and none is more than is held. Raises ValueError for an unknown order, a negative
    figure, and more than is outstanding.

    >>> paid_back({(2020, 1): 100, (2020, 2): 50, (2021, 1): 300}, "oldest", 200)
    {(2020, 1): 100, (2020, 2): 50, (2021, 1): 50}
    >>> paid_back({(2020, 1): 100, (2020, 2): 50, (2021, 1): 300}, "every", 45)
    {(2020, 1): 10, (2020, 2): 5, (2021, 1): 30}
    """
    layers: dict[int, int] = {}
    for (year, _member), amount_held in held.items():
        layers[year] = layers.get(year, 0) + amount_held
    if order == HYBRID:
        of_year = hybrid(layers, amount, oldest_percent)
    elif order in (OLDEST, NEWEST, EVERY):
        of_year = {OLDEST: oldest_first, NEWEST: newest_first, EVERY: percent_of_all}[order](layers, amount)
    else:
        raise ValueError(f"there is no order {order!r}")
    found: dict[tuple[int, int], int] = {}
    for year, part in sorted(of_year.items()):
        members = sorted(member for one, member in held if one == year)
        shares = largest_remainder(part, [held[year, member] for member in members])
        found |= {(year, member): share for member, share in zip(members, shares, strict=True) if share}
    return found
