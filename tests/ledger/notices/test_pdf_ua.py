"""The check for PDF/UA bites, and what it let through reads as ISO 14289-1 asks, by the bytes of the file."""

from __future__ import annotations

import re
import zlib

import pytest
import typst

from bench.notices import _sheet
from coop.kernel.paper import STANDARD, compiled

BREAKS = {
    "a picture nobody can hear": '#set document(title: "x")\n#figure(rect())',
    "no title": "= Heading\nText.",
    "a level of headings left out": '#set document(title: "x")\n= One\n=== Three',
}


@pytest.mark.parametrize("source", BREAKS.values(), ids=BREAKS)
def test_a_document_that_breaks_it_is_refused(source):
    with pytest.raises(typst.TypstError, match="PDF/UA-1 error"):
        typst.compile(source.encode(), format="pdf", pdf_standards=STANDARD)


def test_a_letter_no_font_has_is_a_box_and_not_a_paper_less():
    sheet = _sheet(1)
    sheet["address"] = ["\U0010fffd", *sheet["address"][1:]]  # the last private character: nobody's font
    paper = compiled("statement.typ", [sheet], None)
    assert paper.startswith(b"%PDF-")
    assert b"pdfuaid" not in paper, "and it does not claim to be what it is not"


@pytest.fixture(scope="module")
def notice() -> str:
    """A statement, everything in it that is packed unpacked."""
    pdf = compiled("statement.typ", [_sheet(1), _sheet(2)], None)
    parts = [pdf]
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        try:
            parts.append(zlib.decompressobj().decompress(packed))
        except zlib.error:
            continue  # a stream that is not packed stands in the file as it is
    return b"\n".join(parts).decode("latin-1")


def test_it_says_what_it_is_and_how_it_is_called_and_in_which_language(notice):
    assert re.search(r"pdfuaid:part>1<|pdfuaid:part=\"1\"", notice)
    assert re.search(r"/Lang ?\(en", notice)
    assert re.search(r"/DisplayDocTitle true", notice)
    assert "<dc:title><rdf:Alt>" in notice
    assert re.search(r"<rdf:li[^>]*>Riverside Food Co-op [^<]*2025</rdf:li>", notice)


def test_everything_is_tagged_tables_have_heads_and_pictures_words(notice):
    assert re.search(r"/MarkInfo ?<<[^>]*/Marked true", notice)
    assert "/StructTreeRoot" in notice
    tags = set(re.findall(r"/S ?/([A-Z][A-Za-z0-9]*)", notice))
    assert tags >= {"H1", "Table", "TR", "TH", "TD", "P"}
    assert len(re.findall(r"/S ?/Figure", notice)) <= len(re.findall(r"/Alt ?[(<]", notice))


def test_every_letter_is_embedded_and_can_be_read_out(notice):
    fonts = len(re.findall(r"/Type ?/FontDescriptor", notice))
    assert fonts
    assert len(re.findall(r"/FontFile[23]? ", notice)) == fonts
    assert len(re.findall(r"/ToUnicode ", notice)) >= fonts
