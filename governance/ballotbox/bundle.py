"""A ballot's bundle: one zip of what anyone recounts from, the same bytes whenever it is made, and its sums.

manifest.json   what was put to the vote, canonical: its SHA-256 is the fingerprint in the opening letter
roll.txt        the salted digest of each line of the roll, in order of member number
facts.json      how many were struck off by channel, papers, spoiled ones, and who took part; in a federation also how
                many credentials and sheets they took
receipts.txt    every receipt, sorted; with its marks behind it where they are published together
papers.json     for each question how many papers bear which mark
results.json    the counts, and the secret half of the lot that breaks ties
board.json      the bulletin board
verify.pyz      this package and the tally, to check all of it with Python and ``cryptography`` alone
SHA256SUMS      the sum of each file above
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .board import canonical

SUMS = "SHA256SUMS"
LARGEST = 512 * 1024 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)
HERE = Path(__file__).resolve().parent
# What the verifier consists of, below ``governance/``.
PARTS = ("ballotbox", "tally", "motions.py")
MAIN = "from governance.ballotbox.verify import main\n\nmain()\n"


class BadBundle(ValueError):
    """The file is not a ballot's bundle; the text says why."""


def _zip(files: Mapping[str, bytes]) -> bytes:
    """A zip whose bytes depend on nothing but its files: no times, sorted names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return out.getvalue()


def verifier() -> bytes:
    """The stand-alone verifier as a zipapp, built from the sources that run here."""
    files = {"__main__.py": MAIN.encode(), "governance/__init__.py": b""}
    for part in PARTS:
        path = HERE.parent / part
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            files[f"governance/{file.relative_to(HERE.parent).as_posix()}"] = file.read_bytes()
    return b"#!/usr/bin/env python3\n" + _zip(files)


def write(files: Mapping[str, bytes]) -> bytes:
    """The bundle of these files, with the verifier and the sums added."""
    whole = dict(files) | {"verify.pyz": verifier()}
    lines = [f"{hashlib.sha256(whole[name]).hexdigest()}  {name}\n" for name in sorted(whole)]
    return _zip(whole | {SUMS: "".join(lines).encode()})


def as_json(value: Any) -> bytes:
    """A file of the bundle: canonical JSON."""
    return canonical(value)


def receipts(papers: list[tuple[str, list[Any] | None]]) -> bytes:
    """``receipts.txt``."""
    lines = [receipt if marks is None else f"{receipt} {json.dumps(marks)}" for receipt, marks in papers]
    return "".join(f"{line}\n" for line in lines).encode()


def read(content: bytes) -> dict[str, bytes]:
    """The files of a bundle. Raises BadBundle for what is no zip, too large, or names a file twice or outside."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(set(names)) != len(names) or any("/" in name or "\\" in name for name in names):
                raise BadBundle("The zip names a file twice, or one in a folder.")
            if sum(info.file_size for info in infos) > LARGEST:
                raise BadBundle("The zip is too large to be a ballot’s bundle.")
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as broken:
        raise BadBundle("The file is not a zip, or it is damaged.") from broken
    except Exception as broken:  # zlib's own error has no common parent
        if isinstance(broken, BadBundle):
            raise
        raise BadBundle("The zip is damaged.") from broken
