"""What we own and owe."""

from .journal import Account, BulkBatch, Checkpoint, Entry, Period, PeriodEvent, Posting, Sealed
from .patronage import PatronageFile, PatronageImport, PatronageRecord, PatronageYear
from .shares import MemberFee, ShareClass, ShareEvent
from .surplus import PlanLine, SurplusPlan

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
    "PatronageFile",
    "PatronageImport",
    "PatronageRecord",
    "PatronageYear",
    "PlanLine",
    "SurplusPlan",
]
