"""The code of a voting letter: made, read as people type it, and kept as a keyed digest only. Imports no Django."""

from __future__ import annotations

import hashlib
import hmac
import secrets

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that looks like something else
GROUPS, SIGNS = 3, 4
KEY_BYTES = 32


def make() -> str:
    """A code of twelve signs in three groups: 59 bits of chance."""
    return "-".join("".join(secrets.choice(LETTERS) for _at in range(SIGNS)) for _group in range(GROUPS))


def plain(typed: str) -> str:
    """A code as somebody typed it, without what does not matter: small letters, spaces and hyphens.

    >>> plain(" abcd efgh-jkm2 ")
    'ABCDEFGHJKM2'
    """
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def digest(key: bytes, code: str) -> str:
    """HMAC-SHA256 (RFC 2104) of the code under a ballot's letter key, in hex.

    59 bits alone could be searched by who holds the table; the key is no part of the database and dies with the ballot.
    """
    return hmac.new(key, b"rochdale voting letter 1 " + plain(code).encode(), hashlib.sha256).hexdigest()
