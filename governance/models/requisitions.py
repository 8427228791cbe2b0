"""Members who ask together for a meeting, or an item on its agenda, and the board's clock once they are enough."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User

from .meetings import Meeting


class RequisitionRule(CoopModel):
    """What the by-laws say: how large a share of the members, and within how many days the board calls the meeting.

    Only ever added to; the newest holds, and each requisition keeps a copy of the one it began under.
    """

    privileges = ("SELECT", "INSERT")

    part = models.PositiveSmallIntegerField(_("members, as a share: so many"))
    whole = models.PositiveSmallIntegerField(_("of so many"))
    call_within_days = models.PositiveSmallIntegerField(_("days the board has to call it"))
    cite = models.CharField(_("where it is written"), max_length=200)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(part__gte=1, whole__gte=F("part"), call_within_days__range=(1, 365)),
                name="requisition_rule_is_a_share",
            ),
        ]
        triggers = [NO_TRUNCATE, pgtrigger.Protect(name="stands", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.part}/{self.whole}"


class Requisition(CoopModel):
    """What is asked for and why, how many must support it, and what became of it.

    ``needed`` is the share of ``members`` (the register on ``as_of``), rounded up; the database checks the arithmetic,
    and that it counts as reached only with so many supporters.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Kind(models.TextChoices):
        MEETING = "meeting", _("A general meeting")
        ITEM = "item", _("An item on the agenda")

    kind = models.CharField(_("what is asked for"), max_length=10, choices=Kind.choices, default=Kind.MEETING)
    meeting = models.ForeignKey(Meeting, null=True, on_delete=models.PROTECT, related_name="requisitions")
    purpose = models.CharField(_("purpose"), max_length=200)
    reasons = models.TextField(_("reasons"), max_length=10_000)
    begun_by = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    as_of = models.DateField()
    members = models.PositiveIntegerField()
    part = models.PositiveSmallIntegerField()
    whole = models.PositiveSmallIntegerField()
    needed = models.PositiveIntegerField()
    call_within_days = models.PositiveSmallIntegerField()
    cite = models.CharField(max_length=200)
    reached_at = models.DateTimeField(null=True)
    call_by = models.DateField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.ForeignKey(Meeting, null=True, on_delete=models.PROTECT, related_name="answers")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(needed__gte=1)
                & Q(needed__gte=F("members") * F("part") / F("whole"))
                & Q(whole__gte=F("part"), part__gte=1),
                name="requisition_needs_a_share",
            ),
            models.CheckConstraint(
                condition=Q(kind="meeting") ^ Q(meeting__isnull=False), name="requisition_of_a_meeting"
            ),
            models.CheckConstraint(
                condition=Q(reached_at__isnull=True, call_by__isnull=True, answered_at__isnull=True)
                | Q(reached_at__isnull=False, call_by__isnull=False, withdrawn_at__isnull=True),
                name="requisition_reached_with_its_day",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer__isnull=True)
                | Q(answered_at__isnull=False, answer__isnull=False),
                name="requisition_answered_by_a_meeting",
            ),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="by_the_count",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("may", "text[] := '{reached_at,call_by,answered_at,answered_by_id,answer_id,withdrawn_at}'")],
                func="""
                    IF TG_OP = 'DELETE' THEN
                        RAISE check_violation USING MESSAGE = 'a requisition is withdrawn, not deleted';
                    END IF;
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.reached_at IS NOT NULL OR NEW.withdrawn_at IS NOT NULL
                           OR (NEW.needed - 1)::bigint * NEW.whole >= NEW.members::bigint * NEW.part
                           OR NEW.needed::bigint * NEW.whole < NEW.members::bigint * NEW.part THEN
                            RAISE check_violation USING MESSAGE = 'a requisition begins with its share of the members';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF to_jsonb(NEW) - may <> to_jsonb(OLD) - may
                       OR OLD.reached_at IS NOT NULL AND (NEW.reached_at, NEW.call_by) <> (OLD.reached_at, OLD.call_by)
                       OR OLD.reached_at IS NOT NULL AND NEW.reached_at IS NULL
                       OR OLD.answered_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL THEN
                        RAISE check_violation USING MESSAGE = 'what members asked for stands';
                    END IF;
                    IF OLD.reached_at IS NULL AND NEW.reached_at IS NOT NULL AND NEW.needed > (
                            SELECT count(*) FROM governance_support s WHERE s.requisition_id = NEW.id) THEN
                        RAISE check_violation USING MESSAGE = 'a requisition is reached by enough members';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.purpose

    @property
    def open(self) -> bool:
        """Members can still support it: nobody withdrew it, and it is not answered."""
        return self.withdrawn_at is None and self.answered_at is None


class Support(CoopModel, AppendOnly):
    """A member stands behind a requisition, once."""

    requisition = models.ForeignKey(Requisition, on_delete=models.PROTECT, related_name="supports")
    membership = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["requisition", "membership"], name="support_once_a_member")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="of_an_open_one",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM governance_requisition r WHERE r.id = NEW.requisition_id
                       AND r.withdrawn_at IS NULL AND r.answered_at IS NULL FOR NO KEY UPDATE;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'only an open requisition is supported';
                    END IF;
                    PERFORM FROM members_membership m WHERE m.id = NEW.membership_id AND m.state = 'active';
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'a member in good standing supports a requisition';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requisition_id}: {self.membership_id}"
