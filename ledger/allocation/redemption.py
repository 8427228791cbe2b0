"""Paying back equity that members were allocated in earlier years: which years' layers are paid, and at what price.

Pure integers like the rest. A layer is what all members together still hold of one year's allocation; how much of each
layer is paid is decided here, and :func:`~ledger.allocation.remainder.largest_remainder` over the members' holdings
shares each layer's part among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from ledger.allocation.remainder import largest_remainder


def oldest_first(layers: Mapping[int, int], amount: int) -> dict[int, int]:
    """Return what ``amount`` redeems of each year, the oldest whole layers first and then a part of the next.

    ``layers`` is equity outstanding by year. Raises ValueError for a negative figure or more than is outstanding.

    >>> oldest_first({1990: 300000, 1991: 400000, 2025: 2000000}, 500000)
    {1990: 300000, 1991: 200000, 2025: 0}
    """
    return _in_turn(layers, amount, sorted(layers))


def newest_first(layers: Mapping[int, int], amount: int) -> dict[int, int]:
    """Return what ``amount`` redeems of each year, the newest layer first. Refuses what :func:`oldest_first` does."""
    return _in_turn(layers, amount, sorted(layers, reverse=True))


def percent_of_all(layers: Mapping[int, int], amount: int) -> dict[int, int]:
    """Return what ``amount`` redeems of each year when all equities are paid the same percentage, to the unit exact.

    Among equal remainders the older year comes first. Refuses what :func:`oldest_first` does.

    >>> percent_of_all({2020: 100, 2021: 100, 2022: 100}, 100)
    {2020: 34, 2021: 33, 2022: 33}
    """
    _check(layers, amount)
    years = sorted(layers)
    return dict(zip(years, largest_remainder(amount, [layers[year] for year in years]), strict=True))


def hybrid(layers: Mapping[int, int], amount: int, oldest_percent: int = 50) -> dict[int, int]:
    """Return what ``amount`` redeems when ``oldest_percent`` of it goes to the oldest equity, the rest to the newest.

    The oldest part is rounded up. What it takes of a layer is no longer there for the newest part. Refuses what
    :func:`oldest_first` does, and a percentage outside 0 to 100.

    >>> hybrid({1990: 300000, 1991: 400000, 2025: 2000000}, 1000000)
    {1990: 300000, 1991: 200000, 2025: 500000}
    """
    if not 0 <= oldest_percent <= 100:
        raise ValueError("the part for the oldest equity lies between 0 and 100 per cent")
    _check(layers, amount)
    for_oldest = -(-amount * oldest_percent // 100)
    first = oldest_first(layers, for_oldest)
    left = {year: held - first[year] for year, held in layers.items()}
    second = newest_first(left, amount - for_oldest)
    return {year: first[year] + second[year] for year in sorted(layers)}


def present_value(face: int, rate: str, years: int) -> int:
    """Return what ``face`` is worth today when it would be paid after ``years``, rounded down to the unit.

    ``rate`` is a year's rate as a decimal text ("0.0631" is 6.31 %). The discount, face less this value, goes to
    unallocated equity and never to other members. Raises ValueError for a negative figure.

    >>> present_value(10000, "0.0631", 28)
    1802
    """
    growth = 1 + Fraction(rate)
    if face < 0 or years < 0 or growth < 1:
        raise ValueError("face, rate and years are not negative")
    return floor(face / growth**years)


def _in_turn(layers: Mapping[int, int], amount: int, turn: list[int]) -> dict[int, int]:
    _check(layers, amount)
    taken = {}
    for year in turn:
        taken[year] = min(layers[year], amount)
        amount -= taken[year]
    return {year: taken[year] for year in sorted(taken)}


def _check(layers: Mapping[int, int], amount: int) -> None:
    if amount < 0 or any(held < 0 for held in layers.values()):
        raise ValueError("neither a layer nor the amount is negative")
    if amount > sum(layers.values()):
        raise ValueError("more is to be redeemed than is outstanding")
