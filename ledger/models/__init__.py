"""What we own and owe."""

from .bank import BankAccount, BankLine, BankStatement
from .calls import CallForfeiture, ForfeitureNotice, ShareCall, ShareCallLine
from .choices import RefundChoice, RefundOffer, RefundOutcome
from .debits import DebitFile, DebitLine, DebitReturn, DebitRun, Mandate
from .dues import DuesCharge, DuesRelief, DuesRule, DuesRun, DuesWaiver
from .equity import EquityLine, EquityPlan
from .journal import Account, BulkBatch, Checkpoint, Entry, Period, PeriodEvent, Posting, Sealed
from .manual import EntryDocument, EntryDraft, EntryDraftLine, EntryLimit
from .notices import AllocationNotice
from .patronage import PatronageFile, PatronageImport, PatronageRecord, PatronageYear
from .payouts import (
    PayingAccount,
    PayoutDetails,
    PayoutFile,
    PayoutLine,
    PayoutReturn,
    PayoutRun,
    Way,
)
from .redemption import Certificate, Redemption, RedemptionLimit
from .shares import MemberFee, ShareClass, ShareEvent
from .surplus import PlanLine, SurplusPlan
from .unclaimed import UnclaimedLine, UnclaimedList, UnclaimedReturn

__all__ = [
    "Account",
    "AllocationNotice",
    "BankAccount",
    "BankLine",
    "BankStatement",
    "BulkBatch",
    "CallForfeiture",
    "Certificate",
    "Checkpoint",
    "DebitFile",
    "DebitLine",
    "DebitReturn",
    "DebitRun",
    "DuesCharge",
    "DuesRelief",
    "DuesRule",
    "DuesRun",
    "DuesWaiver",
    "Entry",
    "EntryDocument",
    "EntryDraft",
    "EntryDraftLine",
    "EntryLimit",
    "EquityLine",
    "EquityPlan",
    "ForfeitureNotice",
    "Mandate",
    "MemberFee",
    "PayingAccount",
    "PayoutDetails",
    "PayoutFile",
    "PayoutLine",
    "PayoutReturn",
    "PayoutRun",
    "Period",
    "PeriodEvent",
    "Posting",
    "Redemption",
    "RedemptionLimit",
    "RefundChoice",
    "RefundOffer",
    "RefundOutcome",
    "Sealed",
    "ShareCall",
    "ShareCallLine",
    "ShareClass",
    "ShareEvent",
    "PatronageFile",
    "PatronageImport",
    "PatronageRecord",
    "PatronageYear",
    "PlanLine",
    "SurplusPlan",
    "UnclaimedLine",
    "UnclaimedList",
    "UnclaimedReturn",
    "Way",
]
