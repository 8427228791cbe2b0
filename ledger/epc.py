"""The square a banking app reads to fill in a transfer: EPC069-12 (Quick Response Code guidelines of the European
Payments Council), version 002. Euro to an IBAN only; other co-ops print the words.
"""

from __future__ import annotations

from decimal import Decimal

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
