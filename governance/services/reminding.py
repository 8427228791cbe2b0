"""Reminding those who have not voted, once a day at most, and the members' word that they want no reminders."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from members.selectors import membership_of

from .. import locks, notices
from ..models import Ballot, Reminder, ReminderChoice
from ..selectors import reminders as known
from .voting import refuse_unless_open


@transaction.atomic
def remind(*, actor, ballot: Ballot) -> Reminder:
    """Write to everybody who has not voted in an open ballot; letters for those whom no e-mail reaches.

    Who has not is read off the strike-off list or the recorded votes when the letters are written, and kept nowhere
    else. Refuses a ballot that is not open, a second reminder on one day, and one that nobody would get.
    """
    rules.require(actor, "governance.run_ballots", ballot)
    ballot = locks.alone(ballot.pk)
    now = clock.now()
    refuse_unless_open(ballot, now)
    day = clock.today(ballot.coop)
    if Reminder.objects.filter(ballot=ballot, day=day).exists():
        raise Refused("reminded", _("A reminder went out today. The next one can go tomorrow."), status=409)
    waiting = known.waiting(ballot).count()
    if not waiting:
        raise Refused("nobody", _("Nobody is left to remind: all have voted, or want no reminders."))
    made = Reminder.objects.create(
        coop_id=ballot.coop_id, ballot=ballot, day=day, waiting=waiting, sent_at=now, sent_by=actor.user
    )
    jobs.enqueue("governance.send_reminder", made.pk, actor=actor, title=_("Reminder: “%s”") % ballot.title)
    facts = {"waiting": waiting, "reminder": made.pk}
    audit.record(actor=actor, kind="governance.voters_reminded", subject=f"ballot:{ballot.pk}", **facts)
    return made


@transaction.atomic
def send_reminder(*, reminder_id: int) -> int:
    """Write a reminder's letters, once; none once the ballot has closed. Returns how many."""
    made = Reminder.objects.select_related("ballot").get(pk=reminder_id)
    ballot = locks.alone(made.ballot_id)
    if ballot.phase(clock.now()) != "open":
        return 0
    made.ballot = ballot
    neutral = known.with_credential(ballot) if ballot.is_secret else None
    return notices.reminded(made, known.waiting(ballot), neutral)


@transaction.atomic
def choose_reminders(*, actor, wanted: bool) -> bool:
    """The actor wants reminders of votes, or none; saying the same again changes nothing."""
    rules.require(actor, "governance.vote")
    membership = membership_of(actor)
    if membership is None:
        raise Refused("no_member", _("Only a member is reminded of votes."), status=403)
    if known.wants_reminders(membership) != wanted:
        now = clock.now()
        said = {"membership": membership, "wanted": wanted, "at": now, "by": actor.user}
        ReminderChoice.objects.create(coop=actor.coop, **said)
        audit.record(
            actor=actor, kind="governance.reminders_chosen", subject=f"membership:{membership.pk}", wanted=wanted
        )
    return wanted
