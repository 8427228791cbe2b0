"""The bulletin board of a ballot: what was published when, each entry chained to the one before it by its hash.

An entry is ``{"event": …, "at": …, "facts": {…}, "before": hash}``; its hash is SHA-256 of its canonical JSON, and
the first one's ``before`` is 64 zeros. Whoever wrote down the last hash has written down all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

NOTHING = "0" * 64


class BrokenBoard(ValueError):
    """The chain does not hold; the text names the entry."""


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces. The board holds only text, whole numbers, lists and objects with ASCII
    keys, for which that is RFC 8785."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def entry_hash(entry: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(entry)).hexdigest()


def chain(events: Iterable[tuple[str, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Entries of ``(event, at, facts)`` in order."""
    entries: list[dict[str, Any]] = []
    before = NOTHING
    for event, at, facts in events:
        entries.append({"event": event, "at": at, "facts": facts, "before": before})
        before = entry_hash(entries[-1])
    return entries


def head(entries: list[dict[str, Any]]) -> str:
    """The last hash. Raises BrokenBoard where an entry does not follow from the one before it."""
    before = NOTHING
    for number, entry in enumerate(entries, start=1):
        if entry.get("before") != before:
            raise BrokenBoard(f"Entry {number} of the board does not follow from the one before it.")
        before = entry_hash(entry)
    return before
