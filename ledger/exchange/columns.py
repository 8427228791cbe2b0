"""A file's rows held by column in arrays: a million of them in a few dozen megabytes, one object at a time."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import neg
from typing import overload

BITS_UP_TO = 1 << 24  # numbers below it are marked by a bit each, once there are many of them
MANY = 20_000
NOBODY = -1
WIDER = {"b": "h", "h": "i", "i": "q"}  # 1, 2, 4 and 8 bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One line: ``number`` is the member's, None for business with people who are not members; ``quantity`` is in the
    unit's smallest parts."""

    line: int
    number: int | None
    pool: str
    quantity: int


class Numbers:
    """A set of numbers from 0 on that only grows: a bit each where they are many and small."""

    __slots__ = ("_bits", "_few", "_many")

    def __init__(self) -> None:
        self._few: set[int] = set()
        self._bits: bytearray | None = None
        self._many = 0

    def add(self, number: int) -> bool:
        """Put a number in; whether it was new."""
        if self._bits is not None and number < BITS_UP_TO:
            return self._mark(number)
        if number in self._few:
            return False
        self._few.add(number)
        if self._bits is None and len(self._few) > MANY:
            self._to_bits()
        return True

    def _to_bits(self) -> None:
        self._bits = bytearray()
        small = {number for number in self._few if number < BITS_UP_TO}
        self._few = self._few - small  # a new one: an emptied set keeps its size
        for number in small:
            self._mark(number)

    def _mark(self, number: int) -> bool:
        bits, place, bit = self._bits, number >> 3, 1 << (number & 7)
        if bits is None:
            return False
        if place >= len(bits):
            bits.extend(bytes(max(place + 1 - len(bits), len(bits) >> 3)))
        if bits[place] & bit:
            return False
        bits[place] |= bit
        self._many += 1
        return True

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int) or number < 0:
            return False
        bits = self._bits
        if bits is not None and number < BITS_UP_TO:
            return number >> 3 < len(bits) and bool(bits[number >> 3] & 1 << (number & 7))
        return number in self._few

    def __len__(self) -> int:
        return len(self._few) + self._many


def _with(column: array[int], value: int) -> array[int]:
    """The column with one value more; made wider when the value has no room, which most files never need."""
    try:
        column.append(value)
    except OverflowError:
        return _with(array(WIDER[column.typecode], column), value)
    return column


class Rows(Sequence[Row]):
    """Rows as they are read; a :class:`Row` is made when it is looked at. A slice is a list."""

    def __init__(self) -> None:
        self._lines, self._numbers, self._quantities = array("i"), array("i"), array("i")
        self._pools, self._names = array("b"), list[str]()
        self._places: dict[str, int] = {}
        self._seen: list[Numbers] = []
        self.numbers = Numbers()  # the members', over all pools
        self.total = 0  # the members' quantities
        self.outside = 0  # and the others'

    def add(self, line: int, number: int | None, pool: str, quantity: int) -> bool:
        """Append a row; False, with nothing added, where this member stands in this pool already."""
        place = self._places.get(pool)
        if place is None:
            place = self._places[pool] = len(self._names)
            self._names.append(pool)
            self._seen.append(Numbers())
        if number is None:
            number = NOBODY
        if not self._seen[place].add(number + 1):
            return False
        self._lines.append(line)
        try:
            self._quantities.append(quantity)
            self._numbers.append(number)
            self._pools.append(place)
        except OverflowError:
            self._widen(place, quantity, number)
        if number == NOBODY:
            self.outside += quantity
        else:
            self.numbers.add(number)
            self.total += quantity
        return True

    def _widen(self, place: int, quantity: int, number: int) -> None:
        """Make wider what has no room for this row, and put in what is not in yet; most files never need it."""
        wanted = len(self._lines)
        if len(self._quantities) < wanted:
            self._quantities = _with(self._quantities, quantity)
        if len(self._numbers) < wanted:
            self._numbers = _with(self._numbers, number)
        if len(self._pools) < wanted:
            self._pools = _with(self._pools, place)

    def by_pool(self) -> list[tuple[str, int, int]]:
        """Of every pool, by name: its lines and what they add up to, members' and others' alike."""
        lines, sums = [0] * len(self._names), [0] * len(self._names)
        for place, quantity in zip(self._pools, self._quantities, strict=True):
            lines[place] += 1
            sums[place] += quantity
        return sorted(zip(self._names, lines, sums, strict=True))

    def largest(self, count: int) -> list[Row]:
        """The rows with the largest quantities, the earlier line first among equals."""
        found = heapq.nlargest(count, zip(self._quantities, map(neg, self._lines), range(len(self)), strict=True))
        return [self._row(place) for _quantity, _line, place in found]

    def arrays(self, first: int, last: int) -> dict[str, str]:
        """Rows from ``first`` up to ``last`` as PostgreSQL reads arrays: lines, numbers (-1: nobody's), places of their
        pools among ``pools`` from 0, quantities."""
        columns = {
            "lines": self._lines,
            "numbers": self._numbers,
            "places": self._pools,
            "quantities": self._quantities,
        }
        return {name: f"{{{','.join(map(str, column[first:last]))}}}" for name, column in columns.items()}

    @property
    def pools(self) -> list[str]:
        """Every pool's name, in the order they came."""
        return list(self._names)

    def line_of(self, number: int | None, pool: str) -> int:
        """The line on which a member stands in a pool; a walk through all of them."""
        wanted, place = NOBODY if number is None else number, self._places[pool]
        found = (
            line
            for line, known, of in zip(self._lines, self._numbers, self._pools, strict=True)
            if known == wanted and of == place
        )
        return next(found)

    def members(self, first: int, last: int) -> list[int]:
        """The members' numbers in rows ``first`` to ``last``, the last left out."""
        return [number for number in self._numbers[first:last] if number != NOBODY]

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self._row(each) for each in range(*place.indices(len(self)))]
        return self._row(range(len(self))[place])

    def __iter__(self) -> Iterator[Row]:
        return map(self._row, range(len(self)))

    def _row(self, place: int) -> Row:
        number = self._numbers[place]
        return Row(
            self._lines[place],
            None if number == NOBODY else number,
            self._names[self._pools[place]],
            self._quantities[place],
        )
