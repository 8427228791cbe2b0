"""A table out of a CSV file, whatever program wrote it.

Encoding (UTF-8, UTF-16 with its mark, else Windows-1252) and delimiter (comma, semicolon, tab, bar) are detected, so
that a preview can show them. A file that is no text, too large or without a heading is refused with one sentence.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from django.utils.translation import gettext as _

from .csv_source import Source, opened, pieces
from .errors import Refused

LARGEST_FILE = 32_000_000  # bytes; a million members' year has about 20 MB
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
BLANK = b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"
SIGNATURES = (
    (b"PK\x03\x04", "an Excel or OpenDocument workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
)


class Unreadable(Exception):
    """A line no reader of CSV can take; ``line`` is its number."""

    def __init__(self, line: int):
        super().__init__(line)
        self.line = line


@dataclass(frozen=True)
class Table:
    """A heading, and the lines below it with the numbers an editor shows for them. ``lines`` can be walked once."""

    encoding: str
    delimiter: str
    heading: tuple[str, ...]
    lines: Iterator[tuple[int, list[str]]]


def open_table(data: Source, file_name: str, *, has_heading: bool = True) -> Table:
    """Read the heading and stand before the first line; raises :class:`Refused` for what is no such table.

    Without a heading the table's is empty and every line is a row. Walking ``lines`` skips blank ones and raises
    :class:`Unreadable` where the file breaks off. The file is walked through twice and never held as text.
    """
    codec, encoding = _encoding(data, file_name)
    delimiter, lines, first_line = _delimiter(opened(data, codec))
    reader = csv.reader(lines, delimiter=delimiter, strict=False)
    heading = _heading(reader, file_name) if has_heading else ()
    return Table(encoding, delimiter, heading, _numbered(reader, first_line - 1))


def digest_of(data: Source) -> str:
    """What tells one file from another: SHA-256 of its bytes."""
    digest = hashlib.sha256()
    for piece in pieces(data):
        digest.update(piece)
    return digest.hexdigest()


def check_size(size: int, file_name: str) -> None:
    """Refuse a file too large to take, before it is read."""
    if size > LARGEST_FILE:
        raise Refused(
            "file_too_large",
            _("“%(file)s” has %(size)s MB, and %(limit)s MB is the most taken at once; split it by month.")
            % {"file": file_name, "size": -(-size // 1_000_000), "limit": LARGEST_FILE // 1_000_000},
            field="file",
        )


def _first_look(data: Source, file_name: str) -> tuple[bytes, bool, bool]:
    """The first bytes, whether there is nothing else than blanks, and whether there are zeros: one walk through it."""
    if isinstance(data, bytes):
        check_size(len(data), file_name)
    size, head, blank, zeros = 0, b"", True, False
    for piece in pieces(data):
        size += len(piece)
        check_size(size, file_name)
        head = head if len(head) > 8 else head + piece
        blank = blank and not piece.strip(BLANK)
        zeros = zeros or b"\x00" in piece
    return head, blank, zeros


def _encoding(data: Source, file_name: str) -> tuple[str, str]:
    """How the file is to be decoded, and what a person calls that; it decodes to the end."""
    head, blank, zeros = _first_look(data, file_name)
    if blank:
        raise Refused("file_empty", _("“%(file)s” is empty.") % {"file": file_name}, field="file")
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            raise Refused(
                "not_csv",
                _("“%(file)s” is %(kind)s, not a CSV file; save the table as CSV and try again.")
                % {"file": file_name, "kind": kind},
                field="file",
            )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _plain(data, "utf-16", file_name), "UTF-16"
    if zeros:
        raise _binary(file_name)
    if _decodes(data, "utf-8-sig"):
        return "utf-8-sig", "UTF-8"
    return _plain(data, "cp1252", file_name), "Windows-1252"


def _decodes(data: Source, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for piece in pieces(data):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _plain(data: Source, codec: str, file_name: str) -> str:
    """The codec, when the file is text in it: nothing that cannot be, and no control letters at its beginning."""
    if not _decodes(data, codec):
        raise _binary(file_name)
    head = opened(data, codec).read(10_000)
    if any(unicodedata.category(char) == "Cc" and char not in "\r\n\t\x0c" for char in head):
        raise _binary(file_name)
    return codec


def _binary(file_name: str) -> Refused:
    return Refused("not_text", _("“%(file)s” is not a text file.") % {"file": file_name}, field="file")


def _delimiter(lines: Iterator[str]) -> tuple[str, Iterator[str], int]:
    """The delimiter, the lines from the heading on, and the heading's line number.

    Excel's ``sep=;`` line is believed. Otherwise the delimiter is the one that cuts the heading and the lines below
    into the same number of cells, more cells winning.
    """
    first_line, line = 1, next(lines, "")
    if said := re.fullmatch(r"sep=(.)\r?\n", line):
        return said[1], lines, 2
    while re.fullmatch(r"[ \t;,|]*\r?\n", line):
        first_line, line = first_line + 1, next(lines, "")
    seen = [line]
    while len(seen) < 40 and sum(map(len, seen)) < 20_000 and (line := next(lines, "")):
        seen.append(line)
    sample = "".join(seen)[:20_000].splitlines()[:40]
    return max(DELIMITERS, key=lambda mark: _fit(sample, mark)), chain(seen, lines), first_line


def _fit(sample: list[str], mark: str) -> tuple[int, int]:
    widths = [len(cells) for cells in csv.reader(sample, delimiter=mark) if cells]
    if not widths or widths[0] < 2:
        return 0, 0
    return sum(width == widths[0] for width in widths), widths[0]


def _heading(reader: Iterator[list[str]], file_name: str) -> tuple[str, ...]:
    try:
        heading = tuple(cell.strip() for cell in next(reader, []))
    except csv.Error:
        raise _binary(file_name) from None
    if any(re.fullmatch(r"[0-9.,€$£ ]+", cell) for cell in heading if cell):
        raise Refused(
            "no_heading",
            _("The first line of “%(file)s” must name the columns, such as “member” and “amount”; it holds figures.")
            % {"file": file_name},
            field="file",
        )
    return heading


def fold(text: str) -> str:
    """Letters and digits only, without case and accents: how two headings are compared."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalnum() and not unicodedata.combining(char))


def _numbered(reader, before: int) -> Iterator[tuple[int, list[str]]]:
    while True:
        start = reader.line_num + 1 + before
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Unreadable(start) from None
        if any(cell.strip() for cell in cells):
            yield start, cells
