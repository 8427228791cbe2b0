"""Who has not voted yet and may be reminded: by the strike-off list or the recorded votes, which officers read too."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from ..models import Ballot, Proxy, RecordedVote, Reminder, ReminderChoice, RollEntry, StrikeOff


def waiting(ballot: Ballot) -> QuerySet[RollEntry]:
    """Those on the roll who may vote, have not, and want to be reminded; not who let somebody else vote by proxy."""
    done = StrikeOff if ballot.is_secret else RecordedVote
    given = Proxy.objects.filter(meeting__ballots=ballot, principal=OuterRef("membership")).standing()
    rows = _wanting(ballot).filter(~Exists(done.objects.filter(ballot=ballot, entry=OuterRef("pk"))), ~Exists(given))
    return rows.order_by("number")


def with_credential(ballot: Ballot) -> QuerySet[RollEntry]:
    """Those who took a credential: whether they cast a paper with it nobody knows, so all get a neutral line."""
    taken = StrikeOff.objects.filter(ballot=ballot, entry=OuterRef("pk"), channel="online", proxy__isnull=True)
    return _wanting(ballot).filter(Exists(taken)).order_by("number")


def _wanting(ballot: Ballot) -> QuerySet[RollEntry]:
    newest = ReminderChoice.objects.filter(membership=OuterRef("membership")).order_by("-id").values("wanted")[:1]
    rows = RollEntry.objects.filter(roll=ballot.voters, eligible=True).annotate(wanted=Subquery(newest))
    return rows.filter(Q(wanted__isnull=True) | Q(wanted=True)).select_related("membership__party", "membership__coop")


def reminders(ballot: Ballot) -> QuerySet[Reminder]:
    """The reminders that went out, the last one first."""
    return Reminder.objects.filter(ballot=ballot).select_related("sent_by")


def wants_reminders(membership) -> bool:
    """Has this member not said that they want none?"""
    newest = (
        ReminderChoice.objects.filter(membership=membership).order_by("-id").values_list("wanted", flat=True).first()
    )
    return newest is not False
