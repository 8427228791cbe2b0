"""Text made comparable: names are found without their accents, and with a slip of the finger. Pure.

The database here has neither ICU nor trigram search, so a party carries its folded text and that text's trigrams.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that do not decompose, and pairs people write either way.
LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ı": "i",
        "ħ": "h",
        "’": "'",
        "ʼ": "'",
    }
)
_PARTS = re.compile(r"[\s@.+-]+")
_NOT_WORD = re.compile(r"[^\w@.+-]+")


def fold(text: str) -> str:
    """Lower case, no accents, words parted by one space: ``Nyström-Łukasz`` becomes ``nystrom-lukasz``."""
    if text.isascii():
        return _NOT_WORD.sub(" ", text.casefold()).strip()
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", bare.translate(LETTERS)).strip()


def grams(folded: str) -> list[str]:
    """The distinct trigrams of each word of folded text, the word's beginning and end marked by a space."""
    found: set[str] = set()
    for word in _PARTS.split(folded):
        if word:
            padded = f" {word} "
            found.update([padded[at : at + 3] for at in range(len(padded) - 2)])
    return sorted(found)


def likeness(one: str, other: str) -> float:
    """How much of two folded texts is the same, 0 to 1: shared trigrams of all trigrams (Jaccard)."""
    left, right = set(grams(one)), set(grams(other))
    return len(left & right) / len(left | right) if left and right else 0.0
