"""Who may do what on the register. Each predicate reads as the by-laws would say it."""

from __future__ import annotations

from django.apps import apps
from django.db.models.expressions import RawSQL

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
    """The membership the actor acts for in this co-op, or None; looked up once per actor.

    One's own comes before that of the organisation one represents or the minor one is guardian of, an open one before
    an ended one.
    """
    if "_membership" not in actor.__dict__:
        found = None
        if actor.user is not None:
            memberships = apps.get_model("members", "Membership").objects
            mine = memberships.filter(coop_id=actor.coop_id, party__in=acts_for(actor.user, clock.today(actor.coop)))
            ordered = mine.select_related("party", "member_class").order_by("-number")
            own = actor.user.pk
            found = min(ordered, key=lambda each: (each.state == "ended", each.party.account_id != own), default=None)
            if found is not None:
                found.coop = actor.coop
        actor.__dict__["_membership"] = found
    return actor.__dict__["_membership"]


# As text, since it is asked for every page: put together from querysets it costs as much as the rest of the question.
# The dead act for nobody; for them act those who stand for their heirs, and only as long as the death is on record.
_ACTS_FOR = """
    SELECT id FROM members_party WHERE account_id = %s AND died_on IS NULL AND erased_at IS NULL
     UNION ALL
    SELECT stands.object_id FROM members_relationship stands JOIN members_party who ON who.id = stands.subject_id
      JOIN members_party whose ON whose.id = stands.object_id
     WHERE who.account_id = %s AND who.died_on IS NULL AND whose.erased_at IS NULL
       AND stands.kind IN ('represents', 'guardian', 'heirs_representative')
       AND (stands.kind = 'heirs_representative') = (whose.died_on IS NOT NULL)
       AND stands.starts_on <= %s AND (stands.ends_on IS NULL OR stands.ends_on >= %s)
"""


def acts_for(user, on) -> RawSQL:
    """The ids of the parties a login acts for on a day: its own, and those it represents or is guardian of."""
    return RawSQL(_ACTS_FOR, (user.pk, user.pk, on, on))  # noqa: S611 - a constant, and what changes goes by its side


def coops_joined(user):
    """The ids of the co-ops where this login has a membership or acts for one, ended ones too."""
    memberships = apps.get_model("members", "Membership").objects
    return memberships.filter(party__in=acts_for(user, clock.today(None))).values_list("coop", flat=True)


@predicate("members.is_member")
def is_member(actor, obj=None) -> bool:
    """Has been admitted here and has not left, whatever else is still open."""
    membership = membership_of(actor)
    return membership is not None and membership.standing_on(clock.today(actor.coop)) != "ended"


@predicate("members.has_left")
def has_left(actor, obj=None) -> bool:
    """Was a member, or acts for one, and is none any more: the own data and money are still to be seen, no more."""
    return membership_of(actor) is not None and not actor.is_member


@predicate("members.see_self")
def see_self(actor, obj=None) -> bool:
    """One’s own membership and data, and nobody else’s: also after the membership has ended."""
    membership = membership_of(actor)
    return membership is not None and (obj is None or obj.pk in (membership.pk, membership.party_id))


@predicate("members.see_own_data")
def see_own_data(actor, obj=None) -> bool:
    """One's own data, as long as the register holds any: also after the membership has ended."""
    parties = apps.get_model("members", "Party").objects
    mine = actor.user is not None and parties.filter(
        coop_id=actor.coop_id, account_id=actor.user.pk, died_on__isnull=True
    )
    return bool(mine and (mine.filter(pk=obj.pk) if obj is not None else mine).exists())


@predicate("members.act_for")
def act_for(actor, obj=None) -> bool:
    """Whoever stands for a party acts for it: oneself, the guardian, a firm's representative. Also after an end."""
    if actor.user is None or obj is None:
        return False
    parties = apps.get_model("members", "Party").objects
    mine = acts_for(actor.user, clock.today(actor.coop))
    return parties.filter(coop_id=actor.coop_id, pk=obj.pk, pk__in=mine).exists()
