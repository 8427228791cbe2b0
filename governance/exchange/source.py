"""Reading foreign files without trusting them: line by line, with a limit on everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from .model import BadFile

MAX_LINE = 256 * 1024
MAX_FILE = 160 * 1024 * 1024
MAX_TEXT = 64 * 1024 * 1024  # for formats that must be held whole


def lines(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """Numbered lines of UTF-8 text without their ends; a byte order mark is passed over.

    Refuses over-long lines, over-long files and bytes that are not text. Never holds more than one line.
    """
    number, read = 0, 0
    while chunk := stream.readline(MAX_LINE + 1):
        read += len(chunk)
        if len(chunk) > MAX_LINE:
            raise BadFile(f"the line is longer than {MAX_LINE:,} bytes", number + 1)
        if read > MAX_FILE:
            raise BadFile(f"the file is larger than {MAX_FILE >> 20} MB", number + 1)
        if not number:
            chunk = _without_mark(chunk)
        for piece in chunk.splitlines() or [b""]:
            number += 1
            yield number, decoded(piece, number)


def whole(stream: BinaryIO) -> str:
    """The whole text of a file that cannot be read line by line."""
    data = stream.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        raise BadFile(f"the file is larger than {MAX_TEXT >> 20} MB")
    data = _without_mark(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise BadFile(_not_text(data[fault.start : fault.start + 1]), line) from None


def decoded(piece: bytes, line: int) -> str:
    """One line as text."""
    if b"\0" in piece:
        raise BadFile("the file is not text", line)
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise BadFile(_not_text(piece[fault.start : fault.start + 1]), line) from None


def _without_mark(data: bytes) -> bytes:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadFile("the file is UTF-16; save it as UTF-8", 1)
    return data[3:] if data[:3] == b"\xef\xbb\xbf" else data


def _not_text(byte: bytes) -> str:
    return f"the byte 0x{byte.hex().upper()} is not UTF-8 text"
