"""Writing down how many votes a member organisation of a federation has."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.models import Party
from members.selectors import membership_by_number

from ..models import Weight
from ..models.weights import MOST


@transaction.atomic
def set_weight(*, actor, number: int, votes: int, effective_on: date, because: str) -> Weight:
    """From that day the member organisation with this number has so many votes; one takes further ones away again.

    Rolls that are frozen stay as they are. Refuses a person, who has one vote whatever is written, a number nobody has,
    fewer than one vote or more than ten thousand, and a weight without where it is written.
    """
    rules.require(actor, "governance.run_ballots")
    reason = " ".join(because.split())[:300]
    if not reason:
        raise Refused("because", _("Say where it is written, for example the clause of the by-laws."), "because")
    if not 1 <= votes <= MOST:
        raise Refused("votes", _("A member organisation has between 1 and %s votes.") % f"{MOST:,}", "votes")
    member = membership_by_number(actor.coop, number)
    if member is None:
        raise Refused("nobody", _("No member has the number %s.") % number, "number")
    if member.party.kind != Party.Kind.ORGANISATION:
        sentence = _("%s is a person: one member, one vote. Only an organisation in a federation has more.")
        raise Refused("one_vote", sentence % member.party, "number")
    made = Weight.objects.create(
        coop=actor.coop,
        membership=member,
        votes=votes,
        effective_on=effective_on,
        because=reason,
        set_at=clock.now(),
        set_by=actor.user,
    )
    facts = {"votes": votes, "effective_on": effective_on.isoformat(), "because": reason}
    audit.record(actor=actor, kind="governance.weight_set", subject=f"membership:{member.pk}", **facts)
    return made
