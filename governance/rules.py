"""Who may do what around meetings and votes. Each predicate reads as the by-laws would say it."""

from __future__ import annotations

from coop.kernel import rules
from coop.kernel.rules import office, predicate

predicate("governance.read_ballots")(office(*rules.OFFICES))
predicate("governance.read_roll")(office(*rules.OFFICES))


@predicate("governance.run_ballots")
def run_ballots(actor, obj=None) -> bool:
    """The returning officer freezes rolls and runs ballots; the platform's clock closes and counts them."""
    return actor.is_system or actor.holds("returning_officer")


@predicate("governance.enter_papers")
def enter_papers(actor, obj=None) -> bool:
    """The clerks who read papers out of an urn, each by themselves."""
    return actor.holds("returning_officer", "board", "secretary")


@predicate("governance.certify")
def certify(actor, obj=None) -> bool:
    """The returning officer, the board and the secretary sign results, two of them each."""
    return actor.holds("returning_officer", "board", "secretary")


@predicate("governance.call_meetings")
def call_meetings(actor, obj=None) -> bool:
    """The secretary calls the meeting, or the returning officer does."""
    return actor.is_system or actor.holds("returning_officer", "secretary")


@predicate("governance.vote")
def vote(actor, obj=None) -> bool:
    """A member has a votes page. Whether a certain ballot is theirs to cast stands on its roll."""
    return actor.is_member


@predicate("governance.see_results")
def see_results(actor, obj=None) -> bool:
    """Members and officers may read every published result and resolution."""
    return actor.is_officer or actor.is_member
