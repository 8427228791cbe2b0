"""Rows on their way into PostgreSQL's COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Stream:
    """An iterable of rows as the file COPY reads from: a few kilobytes in memory, whatever their number."""

    def __init__(self, rows: Iterable[tuple], progress: Callable[[int], None] | None):
        self._rows, self._progress, self._n, self._rest = iter(rows), progress, 0, ""

    def read(self, size: int) -> str:
        parts, length = [self._rest], len(self._rest)
        for row in self._rows:
            self._n += 1
            memo = row[2] if len(row) > 2 else ""
            text = f"{self._n}\t{row[0]:d}\t{row[1]:d}\t{escaped(memo)}\n"
            parts.append(text)
            length += len(text)
            if self._progress and self._n % 20_000 == 0:
                self._progress(self._n)
            if length >= size:
                break
        whole = "".join(parts)
        self._rest = whole[size:]
        return whole[:size]


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
