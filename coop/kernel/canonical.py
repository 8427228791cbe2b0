"""Canonical JSON (RFC 8785) of what we hash most: flat facts with names of our own."""

from __future__ import annotations

import json
from typing import Any

_dumps = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
LARGEST = 2**53


def plain(value: dict[str, Any]) -> bytes:
    """What ``rfc8785.dumps`` says, twenty times as fast, of a mapping whose names are ASCII.

    Values are words, whole numbers below 2⁵³, yes, no, nothing, and lists of those or of such lists. RFC 8785
    § 3.2.2.3 and § 3.2.3 are hard only for fractions and for the order of names beyond ASCII; of those there are none
    here, and they are refused.
    """
    for name, each in value.items():
        if not name.isascii():
            raise ValueError(f"{name} is not an ASCII name")
        _check(each)
    return _dumps(value).encode()


def _check(value: Any) -> None:
    if isinstance(value, list):
        for part in value:
            _check(part)
    elif isinstance(value, int):
        if not -LARGEST < value < LARGEST:
            raise ValueError(f"{value} is too large for canonical JSON")
    elif value is not None and not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} has no plain canonical form")
