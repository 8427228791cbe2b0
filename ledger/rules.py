"""Who may keep, read and approve the books. Each predicate reads as a co-op's by-laws would say it."""

from __future__ import annotations

from coop.kernel.rules import office, predicate

# The treasurer keeps the books; the board and the auditor look into them whenever they like.
predicate("ledger.keep_books")(office("treasurer"))
predicate("ledger.read_books")(office("treasurer", "board", "auditor"))
# Closing a year and opening it again is the treasurer's act too.
predicate("ledger.close_periods")(office("treasurer"))
# A plan for the surplus is drawn up by the treasurer and approved by a second officer.
predicate("ledger.propose")(office("treasurer"))


@predicate("ledger.approve")
def approve(actor, obj=None) -> bool:
    """A second pair of eyes: the board or the treasurer, never whoever drew it up."""
    return actor.holds("board", "treasurer") and getattr(obj, "proposed_by_id", None) != actor.user_id


@predicate("ledger.see_own")
def see_own(actor, obj=None) -> bool:
    """A member sees the own shares and money; given a membership, only if it is theirs."""
    if not actor.is_member:
        return False
    if obj is None:
        return True
    party = getattr(obj, "party", None)
    return party is not None and party.account_id == actor.user_id


# A carried plan is given up by whoever may have brought it about; a posted one only by reversal.
predicate("ledger.void")(office("treasurer", "board"))
# A plan is read line by line by those who read the books, and by the secretary who puts it before the members.
predicate("ledger.read_plans")(office("treasurer", "board", "auditor", "secretary"))
