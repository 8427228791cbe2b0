"""Bank statements in: camt.053, MT940, OFX and CSV, one shape whatever the file."""

from .reading import read_statements
from .shape import BankRow, Statement

__all__ = ["BankRow", "Statement", "read_statements"]
