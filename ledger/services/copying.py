"""Rows on their way into PostgreSQL's COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


class Text:
    """Lines of text as the file COPY reads from: a few kilobytes in memory, whatever their number."""

    def __init__(self, lines: Iterable[str]):
        self._lines, self._rest = iter(lines), ""

    def read(self, size: int) -> str:
        parts, length = [self._rest], len(self._rest)
        for text in self._lines:
            parts.append(text)
            length += len(text)
            if length >= size:
                break
        whole = "".join(parts)
        self._rest = whole[size:]
        return whole[:size]


def postings(rows: Iterable[tuple], progress: Callable[[int], None] | None) -> Iterator[str]:
    """Rows of (account, amount[, memo]) as numbered lines of a batch; ``progress`` is told how many."""
    for n, row in enumerate(rows, start=1):
        yield f"{n}\t{row[0]:d}\t{row[1]:d}\t{escaped(row[2] if len(row) > 2 else '')}\n"
        if progress and n % 20_000 == 0:
            progress(n)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
