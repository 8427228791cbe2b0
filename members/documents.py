"""Papers of the register: a statutory list as PDF/UA by typst.

The template lays out, and every word comes in as one JSON input: no text of a member's is ever typst source. The
compiler itself checks PDF/UA-1 and refuses a document that breaks it.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

STANDARD = "ua-1"
TEMPLATES = Path(settings.BASE_DIR) / "templates" / "pdf"
MOST_ROWS = 20_000  # about seven hundred sheets; more than that nobody reads on paper
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
        "rows": rows,
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


def _are_numbers(rows: list[list[str]], at: int) -> bool:
    """Is every cell of the column a date, a number or an amount? Such a column needs no more room than it fills."""
    cells = [row[at] for row in rows if row[at]]
    return bool(cells) and all(cell.replace(".", "").replace("-", "").isdecimal() for cell in cells)
