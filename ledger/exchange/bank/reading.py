"""Which kind of statement a file is, by what it holds and not by its name."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from coop.kernel.csv_table import check_size

from . import camt, mt940_file, ofx, table
from .shape import Statement, refused


def read_statements(data: bytes, file_name: str, *, currency: str) -> list[Statement]:
    """Every statement in a file, checked to add up. ``currency`` is taken for a CSV, which names none.

    Raises :class:`Refused` with one sentence for a file that is broken off, wrong or none of the four kinds.
    """
    check_size(len(data), file_name)
    start = data[:4000].lstrip(b"\xef\xbb\xbf\r\n\t ")
    if not start:
        raise refused("file_empty", _("“%(file)s” is empty.") % {"file": file_name})
    if re.search(rb"OFXHEADER|<OFX>|<\?OFX", start, re.I):
        found = ofx.read(data)
    elif start.startswith(b"<"):
        found = camt.read(data)
    elif re.match(rb"\{1:|:20:|:940:|-\r?\n:20:", start):
        found = mt940_file.read(data)
    else:
        found = [table.read(data, file_name, currency)]
    for statement in found:
        statement.check_sum()
    return found
