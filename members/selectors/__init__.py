"""What can be read about members. Every one takes the co-op or the actor: another co-op's row is not found."""

from .people import (
    Figures,
    eligibility,
    figures,
    membership_by_number,
    membership_of,
    memberships_by_number,
    terms_in_force,
)
from .register import RegisterLine, RegisterPages, register
from .roll import RollLine, roll_candidates

__all__ = [
    "Figures",
    "figures",
    "RegisterLine",
    "RegisterPages",
    "RollLine",
    "eligibility",
    "membership_by_number",
    "membership_of",
    "memberships_by_number",
    "register",
    "roll_candidates",
    "terms_in_force",
]
