"""Papers as PDF/UA by typst.

A template in ``templates/pdf`` lays out, and every word and figure comes in as one JSON input: no text of ours or of a
member's is ever typst source. The compiler itself checks PDF/UA-1 and refuses a document that breaks it; of one reason
alone we think otherwise: a name in letters no font of this machine has is no reason to have no paper at all.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils.translation import get_language

from coop.kernel.models import Cooperative

STANDARD = "ua-1"
NO_FONT = "could not be displayed with font"  # as typst says it
TEMPLATES = Path(settings.BASE_DIR) / "templates" / "pdf"
MANY = 10
AGES = 12
log = logging.getLogger(__name__)
_local = threading.local()  # a compiler keeps its world between documents and belongs to one thread


def language() -> str:
    """The language the words of a paper are in, as a document says it."""
    return (get_language() or "en").partition("-")[0]


def letterhead(coop: Cooperative) -> dict[str, Any]:
    """The co-op as it stands at the head of a paper."""
    return {"name": coop.name, "lines": [line for line in [*coop.address.splitlines(), coop.registration] if line]}


def compiled(template: str, sheets: list[dict[str, Any]], at: datetime | None) -> bytes:
    """The PDF of ``template`` over ``sheets``; the same sheets and ``at`` give the same file.

    A letter no installed font has is printed as an empty box, and that paper is no PDF/UA: install a font that has it.
    """
    compilers = _local.__dict__.setdefault("compilers", {})
    if template not in compilers:
        compilers[template] = typst.Compiler(str(TEMPLATES / template), root=str(TEMPLATES))
    asked: dict[str, Any] = {
        "format": "pdf",
        "sys_inputs": {"sheets": json.dumps(sheets, ensure_ascii=False)},
        "timestamp": int(at.timestamp()) if at else None,
    }
    try:
        pdf = compilers[template].compile(pdf_standards=STANDARD, **asked)
    except typst.TypstError as error:
        if NO_FONT not in str(error):
            raise
        log.warning("A paper is not PDF/UA: %s", str(error).splitlines()[0])
        pdf = compilers[template].compile(**asked)
    if len(sheets) > MANY:
        _forget()
    return bytes(pdf)


def _forget() -> None:
    """Let go of what very many sheets made the compiler remember: it keeps the results of its last few compilations,
    which for ten files of a hundred sheets is most of a gigabyte. Empty ones push them out."""
    if "empty" not in _local.__dict__:
        _local.empty = typst.Compiler(str(TEMPLATES / "empty.typ"), root=str(TEMPLATES))
    for _age in range(AGES):
        _local.empty.compile(format="pdf")
