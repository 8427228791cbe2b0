"""Papers of the register: a statutory list as PDF/UA by typst.

The template lays out, and every word comes in as one JSON input: no text of a member's is ever typst source. The
compiler itself checks PDF/UA-1 and refuses a document that breaks it.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

STANDARD = "ua-1"
TEMPLATES = Path(settings.BASE_DIR) / "templates" / "pdf"
MOST_ROWS = 20_000  # about seven hundred sheets; more than that nobody reads on paper
SOFT_HYPHEN, NO_WIDTH = "\u00ad", "\u200b"
WORD = re.compile(r"\S{16,}")  # more letters than the narrowest column holds
LONG, PIECE = re.compile(r"[^-]{24,}"), re.compile(r"[^\u200b-]{16,}")
_local = threading.local()  # a compiler keeps its world between documents and belongs to one thread


def register_pdf(
    *, coop, title: str, over: str, lead: str, foot: str, lang: str, table: list[list[str]], at: datetime
) -> bytes:
    """The list on A4 across, headings on every sheet, sheets numbered. ``table``: the headings, then the rows.

    The same list of the same moment is the same file.
    """
    heads, *rows = table
    sheet: dict[str, Any] = {
        "coop": {
            "name": coop.name,
            "lines": [line for line in (coop.registration, *coop.address.splitlines()) if line],
        },
        "title": title,
        "over": over,
        "lead": lead,
        "foot": foot,
        "lang": lang,
        "heads": [{"name": head, "num": _are_numbers(rows, at_column)} for at_column, head in enumerate(heads)],
        "rows": [[breakable(cell) for cell in row] for row in rows],
    }
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(str(TEMPLATES / "register.typ"), root=str(TEMPLATES))
    pdf = _local.compiler.compile(
        format="pdf",
        pdf_standards=STANDARD,
        sys_inputs={"sheet": json.dumps(sheet, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
    )
    return bytes(pdf)


def breakable(cell: str) -> str:
    """The cell with places to break its long words at, so that none runs across the next column.

    Words the language knows how to part (up to 23 letters) are left to it; a longer one breaks anywhere, with a
    hyphen; an e-mail address after its marks before anywhere else, and without one.
    """
    return WORD.sub(_in_pieces, cell)


def _in_pieces(found: re.Match[str]) -> str:
    word = found[0]
    if "@" not in word:
        return LONG.sub(lambda piece: _between(SOFT_HYPHEN, piece[0]), word)
    marked = re.sub(r"([@._+])", rf"\1{NO_WIDTH}", word)
    return PIECE.sub(lambda piece: _between(NO_WIDTH, piece[0]), marked)


def _between(mark: str, piece: str) -> str:
    """``mark`` between any two letters, an accent of its own staying with its letter."""
    return piece[:1] + "".join(char if unicodedata.combining(char) else mark + char for char in piece[1:])


def _are_numbers(rows: list[list[str]], at: int) -> bool:
    """Is every cell of the column a date, a number or an amount? Such a column needs no more room than it fills."""
    cells = [row[at] for row in rows if row[at]]
    return bool(cells) and all(cell.replace(".", "").replace("-", "").isdecimal() for cell in cells)
