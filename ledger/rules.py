"""Who may keep, read and approve the books. Each predicate reads as a co-op's by-laws would say it."""

from __future__ import annotations

from coop.kernel import rules
from coop.kernel.rules import office, predicate

# The board and the auditor look into the books whenever they like.
predicate("ledger.read_books")(office("treasurer", "board", "auditor"))
# The register of shares is part of the members' register, which the secretary keeps.
predicate("ledger.read_shares")(office("treasurer", "board", "auditor", "secretary"))
# How much share capital may be paid back in a year is the board's to say.
predicate("ledger.set_limit")(office("board"))
# The board calls for what members subscribed and have not paid.
predicate("ledger.call_shares")(office("board"))
# A plan for the surplus is drawn up by the treasurer and approved by a second officer.
predicate("ledger.propose")(office("treasurer"))


@predicate("ledger.keep_books")
def keep_books(actor, obj=None) -> bool:
    """The treasurer keeps the books; the platform itself posts what was approved."""
    return actor.is_system or actor.holds("treasurer")


@predicate("ledger.approve")
def approve(actor, obj=None) -> bool:
    """A second pair of eyes: the board or the treasurer, never whoever drew it up."""
    return actor.holds("board", "treasurer") and getattr(obj, "proposed_by_id", None) != actor.user_id


@predicate("ledger.see_own")
def see_own(actor, obj=None) -> bool:
    """The own shares and money, also after the membership has ended; given a membership, only if it is theirs."""
    if not rules.may(actor, "members.see_self"):
        return False
    if obj is None:
        return True
    party = getattr(obj, "party", None)
    return party is not None and party.account_id == actor.user_id


@predicate("ledger.act_on_own")
def act_on_own(actor, obj=None) -> bool:
    """A member decides about the own shares and refunds; whoever has left sees only what becomes of them."""
    return actor.is_member and see_own(actor, obj)


# A carried plan is given up by whoever may have brought it about; a posted one only by reversal.
predicate("ledger.void")(office("treasurer", "board"))
# A plan is read line by line by those who read the books, and by the secretary who puts it before the members.
predicate("ledger.read_plans")(office("treasurer", "board", "auditor", "secretary"))


@predicate("ledger.release")
def release(actor, obj=None) -> bool:
    """Money leaves the bank by two people: a second one lets go what the first drew up."""
    return actor.holds("board", "treasurer") and getattr(obj, "prepared_by_id", None) != actor.user_id


@predicate("ledger.post_payout")
def post_payout(actor, obj=None) -> bool:
    """A released pay-out is posted in the name of whoever released it."""
    return actor.is_system or actor.holds("board", "treasurer")


@predicate("ledger.open_accounts")
def open_accounts(actor, obj=None) -> bool:
    """Empty accounts are opened in the name of whoever approved the plan that needs them."""
    return actor.is_system or actor.holds("board", "treasurer")


@predicate("ledger.approve_entry")
def approve_entry(actor, obj=None) -> bool:
    """An entry by hand above the board's limit takes a second person: the board or another treasurer."""
    return actor.holds("board", "treasurer") and getattr(obj, "drafted_by_id", None) != actor.user_id
