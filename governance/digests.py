"""Hashes anyone can compute again: of a roll's lines, of a ballot's manifest, of a receipt, of the papers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any

import rfc8785

from coop.kernel.canonical import LARGEST


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785)."""
    return rfc8785.dumps(value)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry_digest(
    *, salt: str, number: int, name: str, class_name: str, eligible: bool, reasons: Iterable[str], votes: int = 1
) -> str:
    """SHA-256 of the salt's bytes and the canonical JSON of what the line says; votes only where there are several.

    The JSON is written out here, name by name in their order: a hundred thousand lines are hashed at once.
    """
    if not -LARGEST < number < LARGEST:
        raise ValueError(f"{number} is too large for canonical JSON")
    several = f',"votes":{votes}' if votes != 1 else ""
    line = (
        f'{{"class":{quoted(class_name)},"eligible":{"true" if eligible else "false"},"name":{quoted(name)},'
        f'"number":{number},"reasons":{_list(tuple(reasons))}{several}}}'
    )
    return sha256(bytes.fromhex(salt) + line.encode())


@lru_cache(maxsize=1024)
def _list(words: tuple[str, ...]) -> str:
    """Words as a JSON list. Everybody who joined on one day has the same reasons."""
    return f"[{','.join(map(quoted, words))}]"


def roll_hash(coop_slug: str, record_date, digests: list[str]) -> str:
    """SHA-256 over the co-op, the record date and the digests in order of member number."""
    head = canonical({"coop": coop_slug, "record_date": record_date.isoformat(), "lines": len(digests)})
    return sha256(head + b"\n" + "\n".join(digests).encode())


def receipt_hash(*, manifest: str, number: int, marks: dict, nonce: str, cast_at) -> str:
    """What a voter keeps: SHA-256 of the ballot's manifest, the member's number, the marks, a nonce and the moment."""
    said = {"ballot": manifest, "number": number, "marks": marks, "nonce": nonce, "cast_at": cast_at.isoformat()}
    return sha256(canonical(said))


class PapersDigest:
    """SHA-256 over sorted papers, one line ``count × marks`` for each different one; ``marks`` is JSON text."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def through(self, papers: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        """Hand the papers on and take them down, so that they are read once."""
        for mark, count in papers:
            self._sum.update(f"{count} × {mark}\n".encode())
            yield mark, count

    @property
    def hex(self) -> str:
        return self._sum.hexdigest()
