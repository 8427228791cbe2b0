"""Who belongs: parties, the rules they join under, applications, memberships and their history."""

from .access import AccessLog
from .bulk import BulkLetter, BulkLine, SavedFilter
from .bylaws import ByLaws, ClassTerms, MembershipClass
from .cases import ExpulsionCase
from .courses import (
    Completion,
    Course,
    CourseRequirement,
    CourseSession,
    CourseStep,
    Enrolment,
    StepDone,
)
from .history import EventNote, MembershipEvent
from .imports import ImportBatch, ImportMapping, ImportRow
from .joining import Application, ApplicationCheck, BoardSheet
from .letters import Invitation, PaperLetter
from .memberships import Household, HouseholdStanding, Membership, NumberSequence
from .merging import PartyMerge, PartyMove
from .parties import Party, PartyAddress, PartyContact, PartyName, Relationship
from .rights import ChangeRequest, Consent, Erasure
from .tags import PartyTag

__all__ = [
    "AccessLog",
    "Application",
    "ApplicationCheck",
    "BoardSheet",
    "BulkLetter",
    "BulkLine",
    "ByLaws",
    "ChangeRequest",
    "ClassTerms",
    "Completion",
    "Consent",
    "Course",
    "CourseRequirement",
    "CourseSession",
    "CourseStep",
    "Enrolment",
    "Erasure",
    "EventNote",
    "ExpulsionCase",
    "Household",
    "HouseholdStanding",
    "ImportBatch",
    "ImportMapping",
    "ImportRow",
    "Invitation",
    "Membership",
    "MembershipClass",
    "MembershipEvent",
    "NumberSequence",
    "PaperLetter",
    "Party",
    "PartyAddress",
    "PartyContact",
    "PartyMerge",
    "PartyMove",
    "PartyName",
    "PartyTag",
    "Relationship",
    "SavedFilter",
    "StepDone",
]
