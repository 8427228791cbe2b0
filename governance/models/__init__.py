"""What is decided, by whom, and what came of it: meetings, rolls, ballots, votes, counts, resolutions."""

from .ballots import Ballot, Option, Question
from .certifying import Certification
from .extensions import Extension
from .letters import VotingLetter
from .meetings import Meeting, ResolutionType
from .minutes import Attendance, Minutes, MinutesAddendum, MinutesSignature
from .nominations import Nomination, NominationCall, Second
from .objections import Objection, RollCorrection, RollPublication, Ruling
from .proxies import Proxy, ProxyRule
from .reminders import Reminder, ReminderChoice
from .requisitions import Requisition, RequisitionRule, Support
from .results import Count, OtherRule, Resolution
from .rolls import Roll, RollEntry
from .secret import BoardEntry, BoxOpening, Bundle, OpenedPack, OpenedPaper, StrikeOff
from .urn import UrnCount, UrnPack, UrnSheet
from .votes import PaperBatch, PaperPack, RecordedVote
from .weights import Weight

__all__ = [
    "Attendance",
    "Ballot",
    "BoardEntry",
    "BoxOpening",
    "Bundle",
    "Certification",
    "Count",
    "Extension",
    "Meeting",
    "Minutes",
    "MinutesAddendum",
    "MinutesSignature",
    "Nomination",
    "NominationCall",
    "Objection",
    "OpenedPack",
    "OpenedPaper",
    "Option",
    "OtherRule",
    "PaperBatch",
    "PaperPack",
    "Proxy",
    "ProxyRule",
    "Question",
    "RecordedVote",
    "Reminder",
    "ReminderChoice",
    "Requisition",
    "RequisitionRule",
    "Resolution",
    "ResolutionType",
    "Roll",
    "RollCorrection",
    "RollEntry",
    "Second",
    "RollPublication",
    "Ruling",
    "StrikeOff",
    "Support",
    "UrnCount",
    "UrnPack",
    "UrnSheet",
    "VotingLetter",
    "Weight",
]
