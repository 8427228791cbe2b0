"""Who belongs: parties, the rules they join under, applications, memberships and their history."""

from .access import AccessLog
from .bylaws import ByLaws, ClassTerms, MembershipClass
from .cases import ExpulsionCase
from .history import EventNote, MembershipEvent
from .imports import ImportBatch, ImportMapping, ImportRow
from .joining import Application, ApplicationCheck, BoardSheet
from .memberships import Household, Membership, NumberSequence
from .parties import Party, PartyAddress, PartyContact, PartyName, Relationship
from .rights import ChangeRequest, Consent, Erasure, PartyBank

__all__ = [
    "AccessLog",
    "Application",
    "ApplicationCheck",
    "BoardSheet",
    "ByLaws",
    "ChangeRequest",
    "ClassTerms",
    "Consent",
    "Erasure",
    "EventNote",
    "ExpulsionCase",
    "Household",
    "ImportBatch",
    "ImportMapping",
    "ImportRow",
    "Membership",
    "MembershipClass",
    "MembershipEvent",
    "NumberSequence",
    "Party",
    "PartyAddress",
    "PartyBank",
    "PartyContact",
    "PartyName",
    "Relationship",
]
