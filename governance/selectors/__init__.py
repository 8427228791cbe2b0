"""What can be read about meetings, rolls, ballots and results. Every one takes the co-op or the actor."""

from .ballots import (
    Issue,
    Standing,
    ballots_for,
    current_vote,
    issues_before_opening,
    my_ballots,
    standing,
    taken_part,
)
from .papers import aggregated, papers_in, papers_of
from .results import carried_resolutions, counts_of, resolution, resolutions
from .rolls import meetings, roll_entries, roll_is_whole, why_not_on

__all__ = [
    "Issue",
    "Standing",
    "aggregated",
    "ballots_for",
    "carried_resolutions",
    "counts_of",
    "current_vote",
    "issues_before_opening",
    "meetings",
    "my_ballots",
    "papers_in",
    "papers_of",
    "resolution",
    "resolutions",
    "roll_entries",
    "roll_is_whole",
    "standing",
    "taken_part",
    "why_not_on",
]
