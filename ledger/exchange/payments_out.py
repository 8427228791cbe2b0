"""A payment on its way to a member, as every pay-out file takes it. Pure: no Django, no database."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "Æ": "AE",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "œ": "oe",
    "Œ": "OE",
} | {"þ": "th", "Þ": "Th", "ð": "d", "ı": "i", "’": "'", "‘": "'", "–": "-", "—": "-", "&": "+"}


@dataclass(frozen=True, slots=True)
class Payer:
    """The co-op and the account it pays from; of the two kinds of account one is filled in."""

    name: str
    iban: str = ""
    bic: str = ""
    street: str = ""
    postcode: str = ""
    place: str = ""
    country: str = ""
    routing: str = ""  # nine digits of the co-op's bank (ODFI)
    bank: str = ""
    company_id: str = ""  # ten characters the bank gave


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment in minor units. ``reference`` is ours and comes back with a returned payment."""

    reference: str
    member: str
    name: str
    amount: int
    memo: str
    iban: str = ""
    bic: str = ""
    routing: str = ""
    account: str = ""
    savings: bool = False
    street: str = ""
    postcode: str = ""
    place: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A file with what it is checked by."""

    name: str
    content: bytes
    count: int
    total: int


def plain(text: str, allowed: frozenset[str], width: int) -> str:
    """``text`` in the letters a file allows, at most ``width`` of them: accents fall off, what has no letter is a dot.

    >>> plain("Zoë Großmann", frozenset("ZoeGrsman "), 70)
    'Zoe Grossmann'
    """
    known = "".join(letter if letter in allowed else LETTERS.get(letter, letter) for letter in text)
    folded = unicodedata.normalize("NFKD", known)
    kept = (letter if letter in allowed else "." for letter in folded if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())[:width].strip()
