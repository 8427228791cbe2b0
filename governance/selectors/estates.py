"""What is open in meetings and ballots when a member has died, and what was fixed while a death was on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from coop.kernel import clock
from members.models import Membership, Party
from members.selectors.after_death import Matter

from ..models import Ballot, Nomination, Proxy, Roll, VotingLetter


def open_matters(party: Party) -> Iterator[Matter]:
    """Proxies for coming meetings, nominations, voting letters that still open a ballot."""
    theirs = Membership.objects.filter(party=party)
    proxies = Proxy.objects.open().with_people().filter(Q(principal__in=theirs) | Q(holder__in=theirs))
    for each in proxies.filter(meeting__starts_at__gt=clock.now()):
        if each.holder.party_id == party.pk:
            sentence = _("Holds the proxy of %(who)s for “%(meeting)s”.")
            why, other = _("Strike it out, so that another can be given."), each.principal
        else:
            sentence = _("Gave a proxy to %(who)s for “%(meeting)s”.")
            why, other = _("A proxy ends with the death; strike it out."), each.holder
        yield Matter(
            sentence % {"who": other.party, "meeting": each.meeting},
            why,
            _("The proxies"),
            "governance:meeting-proxies",
            {"pk": each.meeting_id},
        )
    named = Nomination.objects.open().with_people().filter(nominee__in=theirs)
    for nomination in named.filter(call__question__ballot__state=Ballot.State.DRAFT):
        question = nomination.call.question
        yield Matter(
            _("Is nominated for “%s”.") % question.title,
            _("Strike the nomination out before the paper is printed."),
            _("The nominations"),
            "governance:call-desk",
            {"pk": question.ballot_id, "question": question.pk},
        )
    letters = VotingLetter.objects.filter(
        entry__membership__in=theirs, spoiled_at=None, ballot__state=Ballot.State.OPEN
    )
    for letter in letters.filter(strike_off=None).select_related("ballot"):
        yield Matter(
            _("A voting letter for “%s” is out.") % letter.ballot.title,
            _("Its code still opens the ballot; spoil it."),
            _("The voting letters"),
            "governance:voting-letters",
            {"pk": letter.ballot_id},
        )


def meanwhile(party: Party, since: datetime) -> Iterator[Matter]:
    """Rolls frozen while the death was on record: the line stands there without a vote."""
    frozen = Roll.objects.filter(entries__membership__party=party, entries__eligible=False, frozen_at__gte=since)
    for roll in frozen.distinct().order_by("frozen_at"):
        yield Matter(
            _("The roll “%s” holds them without a vote.") % roll.title,
            _("As long as no ballot on it is open, an objection corrects it."),
            _("The roll") if roll.meeting_id else "",
            "governance:roll" if roll.meeting_id else "",
            {"pk": roll.meeting_id},
        )
