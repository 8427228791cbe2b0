"""Squares a camera reads (ISO/IEC 18004, QR code), as one path of an SVG. Imports no Django."""

from __future__ import annotations

import qrcode
from qrcode.constants import ERROR_CORRECT_M


def modules(text: str) -> list[list[bool]]:
    """The square itself, quiet zone of four included: rows of dark and light."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text.encode(), optimize=0)
    code.make(fit=True)
    return [[bool(dark) for dark in row] for row in code.get_matrix()]


def svg_path(rows: list[list[bool]]) -> str:
    """The dark modules as one path of an SVG whose unit is a module: a run of each row is one bar.

    >>> svg_path([[False, True, True], [True, False, False]])
    'M1 0h2v1h-2zM0 1h1v1h-1z'
    """
    parts = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                parts.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
            x += x == start
    return "".join(parts)
