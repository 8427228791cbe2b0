"""The reference a member writes on a transfer: ISO 11649, ``RF`` and two check digits (ISO 7064 MOD 97-10).

Ours holds the member's number in eight digits, so ``RF96 0000 0187`` is member 187. Banks print it in any spacing.
"""

from __future__ import annotations

import re

DIGITS = 8
_WRITTEN = re.compile(rf"(?<![A-Z0-9])RF\s*(\d)\s*(\d)((?:\s*\d){{{DIGITS}}})(?!\d)")


def check_digits(body: str) -> str:
    """The two digits that make ``RF`` + digits + ``body`` a reference. ``body`` is letters and digits.

    >>> check_digits("539007547034")
    '18'
    """
    return f"{98 - int(_as_digits(body + 'RF00')) % 97:02d}"


def is_valid(reference: str) -> bool:
    """Do the check digits of this reference hold? Spaces and case do not matter.

    >>> is_valid("RF18 5390 0754 7034"), is_valid("RF18 5390 0754 7035")
    (True, False)
    """
    plain = re.sub(r"\s", "", reference).upper()
    if not re.fullmatch(r"RF\d\d[A-Z0-9]{1,21}", plain):
        return False
    return int(_as_digits(plain[4:] + plain[:4])) % 97 == 1


def of_member(number: int) -> str:
    """The reference of a member, without spaces. Empty for a number of more than eight digits.

    >>> of_member(187)
    'RF9600000187'
    """
    body = f"{number:0{DIGITS}d}"
    return f"RF{check_digits(body)}{body}" if 0 < number and len(body) == DIGITS else ""


def printed(reference: str) -> str:
    """In groups of four, as people copy it.

    >>> printed("RF9600000187")
    'RF96 0000 0187'
    """
    return " ".join(reference[place : place + 4] for place in range(0, len(reference), 4))


def members_named(text: str) -> set[int]:
    """The members whose valid reference stands in a text. One with a wrong digit names nobody.

    >>> members_named("Shares rf96 00000187, thank you"), members_named("RF96 0000 0178")
    ({187}, set())
    """
    found = set()
    for match in _WRITTEN.finditer(text.upper()):
        reference = "RF" + re.sub(r"\s", "", "".join(match.groups()))
        if is_valid(reference) and int(reference[4:]):
            found.add(int(reference[4:]))
    return found


def _as_digits(text: str) -> str:
    return "".join(str(int(char, 36)) for char in text)
