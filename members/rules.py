"""Who may do what on the register. Each predicate reads as the by-laws would say it."""

from __future__ import annotations

from django.apps import apps

from coop.kernel import clock
from coop.kernel.rules import office, predicate

predicate("members.read_register")(office("secretary", "board", "treasurer", "returning_officer", "auditor"))

predicate("members.export_register")(office("secretary", "board", "auditor"))


@predicate("members.keep_register")
def keep_register(actor, obj=None) -> bool:
    """The secretary keeps the register; the platform acts where it founds a co-op or a day has come."""
    return actor.is_system or actor.holds("secretary")


@predicate("members.decide")
def decide(actor, obj=None) -> bool:
    """The board decides, and the secretary may record what it decided."""
    return actor.is_system or actor.holds("secretary", "board")


@predicate("members.activate")
def activate(actor, obj=None) -> bool:
    """Whoever takes in share payments makes a membership active by it."""
    return actor.is_system or actor.holds("secretary", "treasurer")


def membership_of(actor):
    """The actor's own membership in this co-op, or None; looked up once per actor. An open one comes first."""
    if "_membership" not in actor.__dict__:
        found = None
        if actor.user is not None:
            memberships = apps.get_model("members", "Membership").objects
            mine = memberships.filter(coop_id=actor.coop_id, party__account_id=actor.user.pk)
            ordered = mine.select_related("party", "member_class", "coop").order_by("-number")
            found = min(ordered, key=lambda each: each.state == "ended", default=None)
        actor.__dict__["_membership"] = found
    return actor.__dict__["_membership"]


def coops_joined(user):
    """The ids of the co-ops where this login has a membership, ended ones too."""
    memberships = apps.get_model("members", "Membership").objects
    return memberships.filter(party__account_id=user.pk).values_list("coop", flat=True)


@predicate("members.is_member")
def is_member(actor, obj=None) -> bool:
    """Has been admitted here and has not left, whatever else is still open."""
    membership = membership_of(actor)
    return membership is not None and membership.standing_on(clock.today(actor.coop)) != "ended"


@predicate("members.see_self")
def see_self(actor, obj=None) -> bool:
    """One's own membership and data, and nobody else's."""
    membership = membership_of(actor)
    return membership is not None and (obj is None or obj.pk in (membership.pk, membership.party_id))
