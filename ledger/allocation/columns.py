"""A figure for each member, kept as two columns: 16 bytes a member where a dict of Python integers takes a hundred."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


def packed(values: Iterable[int]) -> Sequence[int]:
    """Return ``values`` as 64-bit machine integers, or as a list when one of them does not fit."""
    values = values if isinstance(values, list) else list(values)
    try:
        return array("q", values)
    except OverflowError:
        return values


@dataclass(frozen=True, slots=True)
class ByMember:
    """Integers by member number, in ascending order of the number.

    >>> holdings = ByMember.of({20: 500, 3: 100})
    >>> list(holdings), holdings.get(20), holdings.get(4)
    ([(3, 100), (20, 500)], 500, 0)
    """

    members: Sequence[int]
    values: Sequence[int]

    @classmethod
    def of(cls, figures: Mapping[int, int]) -> ByMember:
        order = sorted(figures)
        return cls(packed(order), packed([figures[member] for member in order]))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.members, self.values, strict=True)

    def __len__(self) -> int:
        return len(self.members)

    def __contains__(self, member: object) -> bool:
        return isinstance(member, int) and self.place(member) is not None

    def place(self, member: int) -> int | None:
        """Return the row of ``member``, or None when it has none."""
        row = bisect_left(self.members, member)
        return row if row < len(self.members) and self.members[row] == member else None

    def get(self, member: int, default: int = 0) -> int:
        row = self.place(member)
        return default if row is None else self.values[row]

    def along(self, members: Sequence[int]) -> Sequence[int]:
        """Return the values in the order of ``members``, 0 for a member without one."""
        if self.members == members:
            return self.values
        if not len(self):
            return packed([0] * len(members))
        own = dict(self)
        return packed([own.get(member, 0) for member in members])


NOBODY = ByMember.of({})


def union(columns: Sequence[ByMember]) -> Sequence[int]:
    """Return every member number that stands in any of ``columns``, once, in ascending order."""
    if not columns:
        return NOBODY.members
    first = columns[0].members
    if all(column.members == first for column in columns):
        return first
    return packed(sorted(set().union(*(column.members for column in columns))))
