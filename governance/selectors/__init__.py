"""What can be read about meetings, rolls, ballots and results. Every one takes the co-op or the actor."""

from .ballots import (
    Issue,
    Standing,
    ballots_for,
    current_vote,
    issues_before_opening,
    my_ballots,
    recorded_votes,
    standing,
    taken_part,
    with_questions,
)
from .certifying import certifications
from .outcomes import Outcome, outcome
from .papers import aggregated, papers_in, papers_of
from .proxies import (
    AtMeeting,
    given_by,
    held_for,
    my_proxies,
    proxies_at,
    standing_beside_proxy,
    standing_by_proxy,
    voting_as,
)
from .results import Participation, carried_resolutions, counts_of, participation, resolution, resolutions
from .rolls import has_roll, meetings, roll_entries, roll_is_whole, why_not_on
from .weights import weights

__all__ = [
    "certifications",
    "AtMeeting",
    "given_by",
    "held_for",
    "my_proxies",
    "proxies_at",
    "standing_beside_proxy",
    "standing_by_proxy",
    "voting_as",
    "Issue",
    "Outcome",
    "Participation",
    "Standing",
    "aggregated",
    "ballots_for",
    "carried_resolutions",
    "counts_of",
    "current_vote",
    "has_roll",
    "issues_before_opening",
    "meetings",
    "my_ballots",
    "outcome",
    "papers_in",
    "papers_of",
    "participation",
    "recorded_votes",
    "resolution",
    "resolutions",
    "roll_entries",
    "roll_is_whole",
    "standing",
    "taken_part",
    "weights",
    "why_not_on",
    "with_questions",
]
