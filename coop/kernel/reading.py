"""What the bytes of a file say, whatever kind of file it is: its text, to be searched for somebody's words. Pure.

Text in UTF-8, UTF-16 or Windows-1252, packed by zlib or gzip, an archive (a zip, and so a workbook or a document), a
PDF with its metadata and attachments. Nothing is held whole that can be read a piece at a time. What cannot be read
is said by :class:`Unread`: a picture has no words a program finds, an archive may be locked or larger than is taken.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pypdf import PdfReader

from .csv_source import Packed, pieces

LARGEST = 512 * 1024 * 1024  # bytes unpacked; a small archive can hold a thousand times its size
DEEPEST = 3  # archives within archives
OVERLAP = 1024  # letters of the piece before, so that what stands across a seam is found
LONGEST_LINE = 4000  # letters; what is longer is no line of a list
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*")


class Unread(Exception):
    """The bytes, or a part of them, cannot be read as text; the message says why."""


def texts(data: bytes | memoryview) -> Iterator[str]:
    """The text of a file in pieces, each with the end of the one before; may raise :class:`Unread` at the end.

    A picture's own bytes are given too: who took it may stand in its metadata.
    """
    yield from _Reader().read(bytes(data), 0)


@dataclass
class _Reader:
    """One walk through a file and whatever is packed in it; ``left`` is how much more may be unpacked."""

    left: int = LARGEST
    unread: list[str] = field(default_factory=list)

    def read(self, data: bytes, depth: int) -> Iterator[str]:
        yield from self._inside(data, depth)
        if depth == 0 and self.unread:
            raise Unread("; ".join(dict.fromkeys(self.unread)))

    def _inside(self, data: bytes, depth: int) -> Iterator[str]:
        if data.startswith(PICTURES):
            self.unread.append("a picture")
        if data.startswith(b"%PDF"):
            yield from self._pdf(data, depth)
        elif zipfile.is_zipfile(io.BytesIO(data)):
            yield from self._zip(data, depth)
        elif data[:2] == b"\x1f\x8b" or data[:1] == b"\x78":
            yield from self._packed(data)
            return
        yield from _decoded(iter([data]))

    def _take(self, unpacked: Iterable[bytes]) -> Iterator[bytes]:
        for piece in unpacked:
            self.left -= len(piece)
            if self.left < 0:
                self.unread.append("larger than is searched")
                return
            yield piece

    def _packed(self, data: bytes) -> Iterator[str]:
        """Packed by zlib, as the books keep their files, or by gzip; text that only begins like it is read as it is."""
        if data[:2] == b"\x1f\x8b":
            source: Iterable[bytes] = _gunzipped(data)
        else:
            source = pieces(Packed(data))
        said = False
        try:
            for text in _decoded(self._take(source)):
                said = True
                yield text
        except zlib.error:
            if said:
                self.unread.append("damaged")
        if not said:
            yield from _decoded(iter([data]))

    def _zip(self, data: bytes, depth: int) -> Iterator[str]:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for info in archive.infolist():
                    yield f"\n{info.filename}\n"
                    if info.flag_bits & 1:
                        self.unread.append("locked")
                    elif info.file_size > self.left or depth == DEEPEST:
                        self.unread.append("larger than is searched")
                    else:
                        inside = b"".join(self._take([archive.read(info)]))
                        yield from self._inside(inside, depth + 1)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError):
            self.unread.append("damaged")

    def _pdf(self, data: bytes, depth: int) -> Iterator[str]:
        try:
            reader = PdfReader(io.BytesIO(data))
            if reader.is_encrypted and not reader.decrypt(""):
                self.unread.append("locked")
                return
            yield "\n".join(str(value) for value in (reader.metadata or {}).values())
            for page in reader.pages:
                text = page.extract_text()
                if not text.strip() and len(page.images):
                    self.unread.append("a picture")
                yield text
            for name, versions in (reader.attachments or {}).items():
                yield f"\n{name}\n"
                for inside in versions if depth < DEEPEST else ():
                    yield from self._inside(b"".join(self._take([inside])), depth + 1)
        except Exception:  # a damaged PDF fails in as many ways as there are programs that write them
            self.unread.append("damaged")


def _gunzipped(data: bytes) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)
    rest: bytes = data
    while rest and not unpack.eof:
        yield unpack.decompress(rest, 1 << 20)
        rest = unpack.unconsumed_tail


def _decoded(source: Iterator[bytes]) -> Iterator[str]:
    """Bytes as the letters they may stand for: UTF-8, else Windows-1252; where zeros are, UTF-16 either way besides."""
    before = b""
    for piece in source:
        for first in range(0, len(piece), 1 << 20):
            data = before + piece[first : first + (1 << 20)]
            before = data[-OVERLAP:]
            if b"\x00" in data:
                for at in (0, 1):
                    yield data[at:].decode("utf-16-le", "replace")
                    yield data[at:].decode("utf-16-be", "replace")
            said = data.decode("utf-8", "replace")
            yield said
            if "\ufffd" in said:
                yield data.decode("cp1252", "replace")
