"""The square a banking app reads to fill in a transfer: EPC069-12 (Quick Response Code guidelines of the European
Payments Council), version 002. Euro to an IBAN only; other co-ops print the words.
"""

from __future__ import annotations

from decimal import Decimal

import qrcode
from qrcode.constants import ERROR_CORRECT_M

MOST_BYTES = 331  # what the guidelines allow, so that the square stays at version 13
MOST_CENTS = 99_999_999_999


def payload(*, holder: str, iban: str, amount: int, reference: str, bic: str = "") -> str:
    """What the square says. ``amount`` is in cents; ``reference`` an ISO 11649 one. Raises ValueError out of bounds.

    >>> payload(holder="Riverside", iban="DE89370400440532013000", amount=26000, reference="RF9600000187").split()
    ['BCD', '002', '1', 'SCT', 'Riverside', 'DE89370400440532013000', 'EUR260.00', 'RF9600000187']
    """
    if not 0 < amount <= MOST_CENTS:
        raise ValueError("An EPC square is for 0.01 to 999,999,999.99 euros.")
    euros = f"EUR{Decimal(amount) / 100:.2f}"
    lines = ["BCD", "002", "1", "SCT", bic, " ".join(holder.split())[:70], iban, euros, "", reference]
    text = "\n".join(lines)
    if len(text.encode()) > MOST_BYTES:
        raise ValueError("An EPC square holds 331 bytes at most.")
    return text


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
