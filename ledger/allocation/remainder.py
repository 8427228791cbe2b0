"""The largest-remainder method (Hamilton's), on integers.

Each share is first its quota rounded towards zero; the units left over go one each to the largest remainders. So the
shares always add up to the amount, each lies within one unit of its exact quota, a zero weight gets zero, a larger
weight never gets less, and a loss is the mirror of a gain. Rounding each member alone has none of the first property:
a published co-operative example pays its listeners 0.80 more than their pool that way.
"""

from __future__ import annotations

from collections.abc import Sequence


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """Share ``amount`` (minor units, either sign) in proportion to ``weights`` (integers, none negative).

    Ties go to the earlier weight: give the weights in ascending order of member number. Raises ValueError for a
    negative weight, and for an amount that nobody has a weight for.

    >>> largest_remainder(15, [20, 2, 3])  # 4/5, 2/25 and 3/25 of 15 are 12, 1.2 and 1.8
    [12, 1, 2]
    >>> largest_remainder(-100, [1, 1, 1])
    [-34, -33, -33]
    """
    total = sum(weights)
    if weights and min(weights) < 0:
        raise ValueError("a weight is negative")
    if not total:
        if amount:
            raise ValueError("there is an amount to share and no weight to share it by")
        return [0] * len(weights)
    shares, rests = _quotas(abs(amount), weights, total)
    _hand_out(abs(amount) - sum(shares), shares, rests)
    return shares if amount >= 0 else [-share for share in shares]


def _quotas(amount: int, weights: Sequence[int], total: int) -> tuple[list[int], list[int]]:
    shares, rests = [], []
    for weight in weights:
        share, rest = divmod(amount * weight, total)
        shares.append(share)
        rests.append(rest)
    return shares, rests


def _hand_out(spare: int, shares: list[int], rests: list[int]) -> None:
    """Add one unit to the ``spare`` largest remainders, the earlier first among equals."""
    if not spare:
        return
    ranked = sorted(rests, reverse=True)
    bar = ranked[spare - 1]  # the smallest remainder that still gets a unit
    at_bar = spare - ranked.index(bar)  # how many of those exactly there do
    for place, rest in enumerate(rests):
        if rest > bar:
            shares[place] += 1
        elif rest == bar and at_bar:
            shares[place] += 1
            at_bar -= 1
