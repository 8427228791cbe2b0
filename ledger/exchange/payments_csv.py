"""Share payments from a CSV file: one row a payment, every fault named by its line, nothing guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.kernel import money

from .csv_table import CsvRefused, read_table

COLUMNS = ("date", "member", "amount")


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment as the file says it: minor units, the member's number, the line it stands in."""

    line: int
    on: date
    member: int
    amount: int
    reference: str


