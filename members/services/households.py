"""Households: people who live together, where the by-laws give a household one vote."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.models import ClassTerms, Household, HouseholdStanding, Membership
from members.selectors import terms_in_force

from . import history
from .standing import refuse_dead, refuse_ended


@transaction.atomic
def form_household(*, actor, name: str, memberships: Sequence[Membership], voter: Membership) -> Household:
    """These members are one household, and ``voter`` casts its vote where their class gives a household one."""
    rules.require(actor, "members.keep_register")
    if len({each.pk for each in memberships}) < 2:
        raise Refused("household_of_one", _("A household has at least two members."), "memberships")
    if voter.pk not in {each.pk for each in memberships}:
        raise Refused("voter_outside", _("Whoever casts the household's vote lives in it."), "voter")
    if not name.strip():
        raise Refused("name_missing", _("Give the household a name, such as the street."), "name")
    household = Household.objects.create(coop_id=actor.coop_id, name=name.strip())
    for membership in sorted(memberships, key=lambda each: each.pk):
        _enter(actor, household, membership)
    _give_vote(actor, household, voter)
    audit.record(
        actor=actor,
        kind="members.household_formed",
        subject=f"household:{household.pk}",
        numbers=sorted(each.number for each in memberships),
        voter=voter.number,
    )
    return household


@transaction.atomic
def move_vote(*, actor, household: Household, to: Membership) -> Membership:
    """Another member of the household casts its vote from now on."""
    rules.require(actor, "members.keep_register", household)
    if to.household_id != household.pk:
        raise Refused("voter_outside", _("Whoever casts the household's vote lives in it."), "to")
    refuse_ended(to)
    refuse_dead(to)
    for other in Membership.objects.filter(votes_for_household=household).order_by("pk"):
        other = history.lock(other)
        other.votes_for_household = None
        _save(other)
        _note(actor, other, _("No longer casts the vote of the household %s.") % household.name)
    voter = _give_vote(actor, household, to)
    audit.record(
        actor=actor, kind="members.household_vote_moved", subject=f"household:{household.pk}", voter=voter.number
    )
    return voter


@transaction.atomic
def leave_household(*, actor, membership: Membership) -> Membership:
    """A member moves out. If it held the household's vote, the household has none until another one gets it."""
    rules.require(actor, "members.keep_register", membership)
    membership = history.lock(membership)
    if membership.household is None:
        raise Refused("no_household", _("This member belongs to no household."))
    left = membership.household
    membership.household = membership.votes_for_household = None
    _save(membership)
    _note(actor, membership, _("Left the household %s.") % left.name)
    audit.record(actor=actor, kind="members.household_left", subject=f"household:{left.pk}", number=membership.number)
    return membership


def _enter(actor, household: Household, membership: Membership) -> None:
    rules.require(actor, "members.keep_register", membership)
    membership = history.lock(membership)
    refuse_ended(membership)
    refuse_dead(membership)
    if membership.household_id is not None:
        raise Refused("household_already", _("%s already belongs to a household.") % membership.party)
    membership.household = household
    _save(membership)
    _note(actor, membership, _("Joined the household %s.") % household.name)


def _give_vote(actor, household: Household, voter: Membership) -> Membership:
    voter = history.lock(voter)
    refuse_ended(voter)
    terms = terms_in_force(voter.coop, clock.today(voter.coop)).get(voter.member_class_id)
    if terms is None or terms.household != ClassTerms.Household.ONE_VOTE:
        return voter  # the by-laws give each of them a vote
    voter.votes_for_household = household
    _save(voter)
    _note(actor, voter, _("Casts the one vote of the household %s.") % household.name)
    return voter


def _save(membership: Membership) -> None:
    """Write where the membership lives now, and from which day on: a roll for an earlier day reads the days."""
    membership.save(update_fields=["household", "votes_for_household"])
    HouseholdStanding.objects.create(
        coop_id=membership.coop_id,
        membership=membership,
        household_id=membership.household_id,
        votes=membership.votes_for_household_id is not None,
        effective_on=clock.today(membership.coop),
    )


def _note(actor, membership: Membership, words: str) -> None:
    history.go_on(
        actor=actor,
        membership=membership,
        kind="household",
        effective_on=clock.today(membership.coop),
        note={"because": words},
    )
