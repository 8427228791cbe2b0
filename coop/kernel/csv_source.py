"""The bytes of a file that is read more than once, a piece at a time: a large one is never held whole."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PIECE = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class Packed:
    """A file kept as zlib packs it; unpacked afresh whenever it is read."""

    content: bytes | memoryview


Source = bytes | Packed


def pieces(source: Source) -> Iterator[bytes]:
    """The file's bytes in order, in pieces of bounded size. Raises ``zlib.error`` for a broken package."""
    if isinstance(source, bytes):
        yield from (source[first : first + PIECE] for first in range(0, len(source), PIECE))
        return
    unpack, whole = zlib.decompressobj(), memoryview(source.content)
    for first in range(0, len(whole), PIECE):
        rest: bytes = bytes(whole[first : first + PIECE])
        while rest:
            yield unpack.decompress(rest, 16 * PIECE)
            rest = unpack.unconsumed_tail
    yield unpack.flush()


def opened(source: Source, encoding: str) -> io.TextIOWrapper:
    """The file as text, read line by line; line ends stay as they are."""
    raw: Any = io.BytesIO(source) if isinstance(source, bytes) else io.BufferedReader(_Raw(pieces(source)), PIECE)
    return io.TextIOWrapper(raw, encoding=encoding, newline="")


class _Raw(io.RawIOBase):
    """Pieces as the file a reader asks for."""

    def __init__(self, of: Iterator[bytes]):
        self._pieces, self._left = of, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(into), len(self._left))
        into[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
