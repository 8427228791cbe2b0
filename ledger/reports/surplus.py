"""A member's own statement of the year's surplus: what they get and when, why just that, and where the rest went.

The figures are those of an allocation (or of its stored lines); the words belong to the page, which knows each line by
its ``kind``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.allocation import largest_remainder
from ledger.reports.rows import ReportError

SETTLED = ("cash", "qualified", "nonqualified", "netted", "rolled_forward")


@dataclass(frozen=True, slots=True)
class PoolShare:
    """A member's part in one pool. ``basis`` and ``basis_total`` in the smallest parts of the pool's unit."""

    name: str
    basis: int
    basis_total: int
    pool: int
    share: int
    places: int = 0  # decimal places of the unit


@dataclass(frozen=True, slots=True)
class Why:
    """The arithmetic of one pool: basis / basis_total × pool = share.

    ``exact`` is the unrounded share in ten-thousandths of a minor unit, cut off; ``extra`` says that one of the units
    left over by rounding down went to this member; ``per_hundred`` is the share on 100 whole units of the basis, in
    minor units, to the nearest: "about €3.00 for every €100 you spent".
    """

    part: PoolShare
    exact: int
    extra: bool
    per_hundred: int


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a table of the statement."""

    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Owned:
    """One line of what the member owns in the co-op: before + change = now."""

    kind: str
    before: int
    change: int
    now: int


@dataclass(frozen=True, slots=True)
class WholePart:
    """One part of the whole surplus, with its tenths of a per cent; these add up to 1000."""

    kind: str
    name: str
    amount: int
    tenths: int


@dataclass(frozen=True, slots=True)
class SurplusStatement:
    """Everything the page and the PDF show.

    ``paid`` adds up to ``paid_now``: cash, interest and, where the cash part is paid, what earlier years had rolled
    forward. ``settled`` adds up to ``allocated``, and the lines of ``owned`` to ``owned_total``.
    """

    allocated: int
    paid_now: int
    kept: int
    waiting: int
    why: tuple[Why, ...]
    paid: tuple[Item, ...]
    settled: tuple[Item, ...]
    owned: tuple[Owned, ...]
    owned_total: Owned
    whole: tuple[WholePart, ...]


def surplus_statement(
    *,
    shares: Sequence[PoolShare],
    figures: Mapping[str, int],
    capital: int = 0,
    kept_before: int = 0,
    carried: int = 0,
    whole: Iterable[tuple[str, str, int]] = (),
) -> SurplusStatement:
    """Return the statement of one member.

    ``figures`` are the member's allocated, interest, cash, qualified, nonqualified, netted and rolled_forward, as the
    allocation gives them; ``capital`` is paid-up share capital, ``kept_before`` refunds kept in earlier years,
    ``carried`` what earlier years rolled forward; ``whole`` is (kind, name, amount) for each part of the whole
    surplus. Raises :class:`~ledger.reports.rows.ReportError` where the figures do not add up.
    """
    allocated = figures["allocated"]
    if sum(part.share for part in shares) != allocated or sum(figures[kind] for kind in SETTLED) != allocated:
        raise ReportError("the shares of the pools, the allocation and its settlement do not add up")
    released = carried if figures["cash"] + figures["netted"] > 0 else 0
    paid = [Item(kind, figures[kind]) for kind in ("cash", "interest")] + [Item("carried", released)]
    kept = figures["qualified"] + figures["nonqualified"]
    waiting = figures["rolled_forward"] - released
    owned = [
        Owned("capital", capital, 0, capital),
        Owned("kept", kept_before, kept, kept_before + kept),
        Owned("waiting", carried, waiting, carried + waiting),
    ]
    return SurplusStatement(
        allocated=allocated,
        paid_now=sum(item.amount for item in paid),
        kept=kept,
        waiting=carried + waiting,
        why=tuple(_why(part) for part in shares),
        paid=tuple(item for item in paid if item.amount),
        settled=tuple(Item(kind, figures[kind]) for kind in SETTLED if figures[kind]),
        owned=tuple(line for line in owned if line.kind == "capital" or line.before or line.now),
        owned_total=Owned(
            "total",
            sum(line.before for line in owned),
            sum(line.change for line in owned),
            sum(line.now for line in owned),
        ),
        whole=_parts(whole),
    )


def _why(part: PoolShare) -> Why:
    if not part.basis or not part.basis_total:
        return Why(part, 0, False, 0)
    size = abs(part.pool) * part.basis
    hundred = abs(part.pool) * 100 * 10**part.places
    sign = -1 if part.pool < 0 else 1
    return Why(
        part,
        exact=sign * (size * 10_000 // part.basis_total),
        extra=abs(part.share) > size // part.basis_total,
        per_hundred=sign * ((2 * hundred + part.basis_total) // (2 * part.basis_total)),
    )


def _parts(whole: Iterable[tuple[str, str, int]]) -> tuple[WholePart, ...]:
    """Return the parts with their tenths of a per cent by largest remainder, so that the column adds up too."""
    found = [part for part in whole if part[2]]
    tenths = largest_remainder(1000, [abs(amount) for _, _, amount in found]) if found else []
    return tuple(WholePart(*part, tenth) for part, tenth in zip(found, tenths, strict=True))
