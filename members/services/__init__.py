"""What can be done to the register. Verbs; each is one transaction, says who did it, and refuses with a sentence."""

from .access import looked_at
from .accounts import claim
from .bylaws import create_bylaws, create_class
from .deciding import ADMIT, POSTPONE, REFUSE, Decision, admit, create_sheet, decide_sheet, put_on_sheet, take_off_sheet
from .joining import apply, check, match_party, withdraw
from .parties import change_details
from .standing import activate, reinstate, suspend

__all__ = [
    "ADMIT",
    "POSTPONE",
    "REFUSE",
    "Decision",
    "activate",
    "admit",
    "apply",
    "change_details",
    "check",
    "claim",
    "create_bylaws",
    "create_class",
    "create_sheet",
    "decide_sheet",
    "looked_at",
    "match_party",
    "put_on_sheet",
    "reinstate",
    "suspend",
    "take_off_sheet",
    "withdraw",
]
