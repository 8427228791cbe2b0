"""What stands on a paper, how long every paper is, and the receipt its voter keeps.

A paper is canonical JSON (RFC 8785): ``{"marks":[…],"nonce":"<32 hex digits>"}``. ``marks`` holds one list for each
question of the ballot, in its order: option positions best first for a ranked question (a list within it for options
ranked alike), the chosen positions for a marked one, one score or null for each option for a scored one, ``[]`` for
blank. Only lists, whole numbers and null occur, so canonical JSON is JSON without spaces: both sides write it alike.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

NONCE = 16
MOST = 6144  # bytes a paper may ever take: sealed, it still lies in one page of the database
STEP = 64
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_NONCE = re.compile(r"[0-9a-f]{32}\Z")


class BadPaper(ValueError):
    """What was in the envelope is not a paper; the text says why."""


def canonical(marks: list[Any]) -> bytes:
    """The marks as bytes. Raises BadPaper for anything but lists, whole numbers and null."""
    _check(marks, 0)
    return json.dumps(marks, separators=(",", ":")).encode()


def _check(value: Any, depth: int) -> None:
    if value is None and depth:
        return
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 and depth:
        return
    if isinstance(value, list) and depth < 4:
        for each in value:
            _check(each, depth + 1)
        return
    raise BadPaper("The marks are not lists of whole numbers.")


def write(marks: list[Any], nonce: bytes) -> bytes:
    """A paper as it is sealed, before padding."""
    if len(nonce) != NONCE:
        raise BadPaper("A nonce has 16 bytes.")
    return b'{"marks":' + canonical(marks) + b',"nonce":"' + nonce.hex().encode() + b'"}'


def read(paper: bytes) -> tuple[list[Any], bytes]:
    """Marks and nonce of a paper. Raises BadPaper where it is not exactly what ``write`` would have written."""
    try:
        said = json.loads(paper)
    except (ValueError, RecursionError) as broken:
        raise BadPaper("The paper cannot be read.") from broken
    if not isinstance(said, dict) or set(said) != {"marks", "nonce"} or not isinstance(said["marks"], list):
        raise BadPaper("The paper is not marks and a nonce.")
    if not isinstance(said["nonce"], str) or not _NONCE.match(said["nonce"]):
        raise BadPaper("The nonce is not 32 hex digits.")
    nonce = bytes.fromhex(said["nonce"])
    if write(said["marks"], nonce) != paper:
        raise BadPaper("The paper is not written canonically.")
    return said["marks"], nonce


def receipt(marks: list[Any], nonce: bytes) -> str:
    """SHA-256 of the nonce followed by the canonical marks, in hex."""
    return hashlib.sha256(nonce + canonical(marks)).hexdigest()


def code(receipt_hex: str) -> str:
    """The receipt's short form, as a person reads it out: its first 80 bits, sixteen characters in fours."""
    number = int(receipt_hex[:20], 16)
    text = "".join(ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
    return " ".join(text[at : at + 4] for at in range(0, 16, 4))


def length_for(questions: list[dict[str, Any]]) -> int:
    """How many bytes every paper of a ballot is padded to: what the longest one needs, in steps of 64.

    ``questions`` are dicts with ``options`` (how many) and, for scores, ``longest`` (digits and sign of a score).
    """
    longest = 0
    for each in questions:
        widest = max(len(str(max(each["options"] - 1, 0))), each.get("longest", 0), 4 if each.get("longest") else 0)
        longest += each["options"] * (widest + 3) + 3  # a comma, and brackets around options ranked alike
    need = len(write([], bytes(NONCE))) + longest + 4
    if need > MOST:
        raise BadPaper("A paper of so many options is too long to be sealed.")
    return -(-need // STEP) * STEP


def pad(paper: bytes, length: int) -> bytes:
    """The paper followed by 0x80 and zeros (ISO/IEC 7816-4), exactly ``length`` bytes."""
    if len(paper) + 1 > length:
        raise BadPaper("The paper is longer than a paper of this ballot can be.")
    return paper + b"\x80" + bytes(length - len(paper) - 1)


def unpad(padded: bytes) -> bytes:
    """What was padded."""
    paper = padded.rstrip(b"\x00")
    if not paper.endswith(b"\x80"):
        raise BadPaper("The paper is not padded as it should be.")
    return paper[:-1]
