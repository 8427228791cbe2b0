"""The message that brings a paper to the box: version, which key, prepared token, signature, sealed paper.

One byte 1, one byte naming the credential key by its place in the manifest, 64 bytes of prepared token (32 of prefix,
32 of token), the signature (as long as that key), and the sealed paper, as long as the manifest says. Nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

VERSION = 1
PREPARED = 64


class BadMessage(ValueError):
    """What was sent is not a cast; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Cast:
    """A cast taken apart; nothing in it has been checked yet."""

    key: int
    prepared: bytes
    signature: bytes
    sealed: bytes

    @property
    def token_hash(self) -> bytes:
        """What the box keeps instead of the token."""
        return token_hash(self.prepared)


def token_hash(prepared: bytes) -> bytes:
    """SHA-256 of the prepared token."""
    return hashlib.sha256(prepared).digest()


def write(cast: Cast) -> bytes:
    """The message."""
    return bytes([VERSION, cast.key]) + cast.prepared + cast.signature + cast.sealed


def read(body: bytes, *, signature: int, sealed: int) -> Cast:
    """Take a message apart; ``signature`` and ``sealed`` are the lengths this ballot has. Raises BadMessage."""
    if len(body) != 2 + PREPARED + signature + sealed:
        raise BadMessage("This is not as long as a paper of this ballot.")
    if body[0] != VERSION:
        raise BadMessage("This paper was written by another version of the page. Load the page again.")
    start = 2 + PREPARED
    return Cast(body[1], body[2:start], body[start : start + signature], body[start + signature :])
