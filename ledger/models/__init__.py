"""What we own and owe."""

from .journal import Account, BulkBatch, Checkpoint, Entry, Period, PeriodEvent, Posting, Sealed
from .shares import MemberFee, ShareClass, ShareEvent

__all__ = [
    "Account",
    "BulkBatch",
    "Checkpoint",
    "Entry",
    "MemberFee",
    "Period",
    "PeriodEvent",
    "Posting",
    "Sealed",
    "ShareClass",
    "ShareEvent",
]
