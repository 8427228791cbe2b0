"""Reminders of a ballot: that one went out, and who wants none."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import AppendOnly, CoopModel, User
from members.models import Membership

from .ballots import Ballot


class Reminder(CoopModel, AppendOnly):
    """Everybody who had not voted by then was written to: while the ballot was open, once a day at most.

    How many, not who: whoever took a credential or cast a recorded vote stands on the ballot's own list.
    """

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="reminders")
    day = models.DateField()
    waiting = models.PositiveIntegerField(_("had not voted"))
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["ballot", "day"], name="reminder_once_a_day")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="while_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM governance_ballot b WHERE b.id = NEW.ballot_id AND b.state = 'open'
                        AND NEW.sent_at >= b.opens_at AND NEW.sent_at < b.closes_at FOR SHARE;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'voters are reminded while the ballot is open';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ballot_id}: {self.day}"


class ReminderChoice(CoopModel, AppendOnly):
    """A member wants reminders of votes, or none. The newest answer counts; without one they get them."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    wanted = models.BooleanField(_("remind me of votes"))
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["membership", "-id"], name="reminder_choice_newest")]

    def __str__(self) -> str:
        return f"{self.membership_id}: {self.wanted}"
