"""Expulsion as due process: grounds, time to answer, hearing, decision, appeal. One open case a membership."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel

from .memberships import Membership
from .promises import CASE_AGREES


class ExpulsionCase(CoopModel):
    """The steps of one case with their days. What was said at each step lies in the membership's history."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        OPEN = "open", _("To be heard")
        HEARD = "heard", _("Heard, to be decided")
        EXPELLED = "expelled", _("Expelled, may appeal")
        APPEALED = "appealed", _("Under appeal")
        CLOSED = "closed", _("Closed")

    class Outcome(models.TextChoices):
        DROPPED = "dropped", _("Dropped")
        EXPELLED = "expelled", _("Expelled")
        OVERTURNED = "overturned", _("Overturned on appeal")

    class How(models.TextChoices):
        PERSON = "person", _("in person")
        WRITING = "writing", _("in writing")
        ABSENT = "absent", _("did not come, and did not write")

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="cases")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    was_active = models.BooleanField()  # what an overturned expulsion goes back to
    opened_on = models.DateField()
    hearing_on = models.DateField()
    heard_on = models.DateField(null=True)
    heard_how = models.CharField(max_length=7, choices=How.choices, blank=True)
    decided_on = models.DateField(null=True)
    resolution = models.CharField(max_length=80, blank=True)
    last_day = models.DateField(null=True)
    appeal_to = models.CharField(max_length=80)
    appeal_by = models.DateField(null=True)
    appealed_on = models.DateField(null=True)
    appeal_decided_on = models.DateField(null=True)
    appeal_resolution = models.CharField(max_length=80, blank=True)
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["membership"], condition=~Q(state="closed"), name="case_one_open"),
            models.CheckConstraint(condition=Q(hearing_on__gt=F("opened_on")), name="case_time_to_answer"),
            models.CheckConstraint(
                condition=~Q(state__in=["expelled", "appealed"])
                | Q(decided_on__isnull=False, last_day__isnull=False, appeal_by__isnull=False) & ~Q(resolution=""),
                name="case_decided_says_how",
            ),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(heard_on__isnull=False, heard_on__lte=F("decided_on")),
                name="case_nobody_expelled_unheard",
            ),
            models.CheckConstraint(
                condition=Q(appeal_by__isnull=True)
                | Q(
                    decided_on__isnull=False,
                    appeal_by__gt=F("decided_on"),
                    last_day__isnull=False,
                    last_day__gte=F("appeal_by"),
                ),
                name="case_nobody_gone_before_the_appeal",
            ),
            models.CheckConstraint(
                condition=Q(appealed_on__isnull=True) | Q(appeal_by__isnull=False, appealed_on__lte=F("appeal_by")),
                name="case_appealed_in_time",
            ),
            models.CheckConstraint(
                condition=Q(state="closed") & ~Q(outcome="") | ~Q(state="closed") & Q(outcome=""),
                name="case_closed_with_outcome",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="closed_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'closed'"),
            ),
            pgtrigger.Protect(
                name="steps_stand",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((NEW.coop_id, NEW.membership_id, NEW.opened_on, NEW.hearing_on, NEW.was_active, NEW.appeal_to)"
                    " IS DISTINCT FROM"
                    " (OLD.coop_id, OLD.membership_id, OLD.opened_on, OLD.hearing_on, OLD.was_active, OLD.appeal_to) OR"
                    " OLD.heard_on IS NOT NULL AND NEW.heard_on IS DISTINCT FROM OLD.heard_on OR"
                    " OLD.heard_how <> '' AND NEW.heard_how <> OLD.heard_how OR"
                    " OLD.decided_on IS NOT NULL AND (NEW.decided_on, NEW.resolution, NEW.last_day, NEW.appeal_by)"
                    " IS DISTINCT FROM (OLD.decided_on, OLD.resolution, OLD.last_day, OLD.appeal_by) OR"
                    " OLD.appealed_on IS NOT NULL AND NEW.appealed_on IS DISTINCT FROM OLD.appealed_on)"
                ),
            ),
            CASE_AGREES,
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"case of {self.membership_id}"

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED
