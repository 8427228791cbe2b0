"""What becomes of a refund its member may give away or turn into shares. Pure: integers in, integers out."""

from __future__ import annotations

from typing import NamedTuple


class Chosen(NamedTuple):
    """A refund in three parts, in minor units: ``donated + capital + cash`` is all of it. ``shares`` are whole ones."""

    donated: int
    shares: int
    capital: int
    cash: int


def chosen(available: int, *, donated: int = 0, shares: int = 0, par: int = 0, most_shares: int = 0) -> Chosen:
    """As much of a wish as can be done with ``available``: first the shares, then the gift, the rest in cash.

    Shares stay the member's own and a gift does not, so where there is less than was wished for the gift gives way.
    Never more than ``most_shares``, never part of a share. Raises :class:`ValueError` for anything below nothing.

    >>> chosen(100_00, donated=20_00, shares=5, par=25_00, most_shares=3)
    Chosen(donated=2000, shares=3, capital=7500, cash=500)
    """
    if min(available, donated, shares, par, most_shares) < 0:
        raise ValueError("a refund, a gift and shares are not less than nothing")
    taken = min(shares, most_shares, available // par) if par else 0
    capital = taken * par
    gift = min(donated, available - capital)
    return Chosen(gift, taken, capital, available - capital - gift)
