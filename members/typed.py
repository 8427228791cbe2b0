"""Whether words somebody typed can stand on a register: nothing in them that nobody sees, or that turns them round.

A name made of nothing visible is nobody on a board sheet; a right-to-left override makes the rest of a printed line
read backwards (Unicode Technical Report 36, "Bidirectional Text Spoofing"); a control character is no XML, and banks
are written to in XML. Joiners and the marks of Arabic and Hebrew (U+200C to U+200F) belong to names and stay. Pure: no
Django.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

UNSEEN = frozenset("Cc Cs Co Zl Zp".split())
TURNING = frozenset("\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
OF_SEVERAL_LINES = frozenset({"note"})


def is_unseen(char: str) -> bool:
    """A character nobody can read, or that changes how what follows it is read."""
    return char in TURNING or unicodedata.category(char) in UNSEEN


def visible(text: str) -> str:
    """``text`` without what nobody can see in it, a line or tab made a blank, tidied at both ends."""
    if text.isprintable():  # nearly every cell of a file: no need to look at each character
        return text.strip()
    return "".join(char for char in " ".join(text.split()) if not is_unseen(char)).strip()


def unreadable(said: Mapping[str, object]) -> str:
    """The first field that holds an unseen character, or nothing but marks and blanks; empty where all can be read."""
    for field, value in said.items():
        text = str(value or "")
        if field in OF_SEVERAL_LINES:
            text = "".join(text.split())
        if any(is_unseen(char) for char in text) or (text.strip() and not any(map(_shows, text))):
            return field
    return ""


def _shows(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNPS"
