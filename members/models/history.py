"""What happened, when it took effect, when it was recorded: a chain of events per membership.

``effective_on`` and ``recorded_at`` are the two times of the register. A mistake is never edited: a later event names
it in ``corrects`` and stands in its place from the moment it was recorded. The chain of an application goes on as the
chain of the membership it became.
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel

from .bylaws import MembershipClass
from .imports import removed_only_by_undoing
from .memberships import Membership
from .parties import DEATH_AGREES
from .promises import NOTE_GOES_WITH_THE_PERSON


class MembershipEvent(CoopModel, AppendOnly):
    """One link. What was said in words lies beside it, salted, and may be erased; the row holds facts only."""

    class Kind(models.TextChoices):
        APPLIED = "applied", _("Applied")
        WITHDRAWN = "withdrawn", _("Application withdrawn")
        REFUSED = "refused", _("Application refused")
        ADMITTED = "admitted", _("Admitted")
        ACTIVATED = "activated", _("Became active")
        SUSPENDED = "suspended", _("Suspended")
        REINSTATED = "reinstated", _("Reinstated")
        CLASS_CHANGED = "class_changed", _("Changed class")
        NOTICE_GIVEN = "notice_given", _("Gave notice to leave")
        NOTICE_WITHDRAWN = "notice_withdrawn", _("Took the notice back")
        EXIT_EFFECTIVE = "exit_effective", _("Left")
        EXPULSION_OPENED = "expulsion_opened", _("Expulsion opened")
        HEARD = "heard", _("Heard")
        EXPULSION_DROPPED = "expulsion_dropped", _("Expulsion dropped")
        EXPELLED = "expelled", _("Expelled")
        APPEALED = "appealed", _("Appealed")
        APPEAL_DECIDED = "appeal_decided", _("Appeal decided")
        DIED = "died", _("Died")
        HEIR_NAMED = "heir_named", _("Heir named")
        TRANSFERRED = "transferred", _("Transferred")
        HOUSEHOLD = "household", _("Household changed")
        REHELD = "reheld", _("Passed to another record of the same person")
        CORRECTED = "corrected", _("Struck out")  # the corrected event never took place

    stream = models.UUIDField()
    seq = models.PositiveIntegerField()
    membership = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="events")
    # Where it stands in the story: its own number, or the place of the event it corrects.
    place = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    member_class = models.ForeignKey(MembershipClass, null=True, on_delete=models.PROTECT, related_name="+")
    ends_on = models.DateField(null=True)  # last day of membership, where the event sets it
    ending = models.CharField(max_length=12, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    decided_by = models.CharField(max_length=80, blank=True)
    decided_on = models.DateField(null=True)
    decision_ref = models.CharField(max_length=80, blank=True)
    decision_hash = models.CharField(max_length=64, blank=True)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    batch = models.ForeignKey("members.ImportBatch", null=True, on_delete=models.PROTECT, related_name="+")
    note_hash = models.CharField(max_length=64, blank=True)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta(AppendOnly.Meta):
        ordering = ["stream", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="event_one_a_number"),
            models.UniqueConstraint(fields=["stream", "previous"], name="event_chain_never_forks"),
            models.UniqueConstraint(
                fields=["corrects"], condition=Q(corrects__isnull=False), name="event_corrected_once"
            ),
            models.CheckConstraint(
                condition=Q(membership__isnull=False) | Q(kind__in=["applied", "withdrawn", "refused", "corrected"]),
                name="event_before_admission_is_of_an_application",
            ),
            models.CheckConstraint(
                condition=~Q(kind="corrected") | Q(corrects__isnull=False), name="event_striking_out_names_one"
            ),
            models.CheckConstraint(
                condition=~Q(kind="transferred")
                | Q(ending="transferred", ends_on=models.F("effective_on"), decided_on__isnull=False)
                & ~Q(decision_ref=""),
                name="event_transfer_says_who_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["membership", "effective_on", "seq"], name="event_of_membership"),
            models.Index(fields=["coop", "recorded_at"], name="event_by_record"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            removed_only_by_undoing("history is append-only"),
            pgtrigger.Trigger(
                name="death_agrees",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition("NEW.kind IN ('died', 'corrected')"),
                declare=[("who", "record"), ("whose", "bigint")],
                func=f"""
                    SELECT party_id INTO whose FROM members_membership WHERE id = NEW.membership_id;
                    IF NEW.kind = 'corrected' AND EXISTS (
                        SELECT FROM members_membershipevent d JOIN members_membershipevent t ON t.stream = d.stream
                         WHERE d.id = NEW.corrects_id AND d.kind = 'died' AND t.kind = 'transferred' AND t.seq > d.seq
                           AND NOT EXISTS (SELECT FROM members_membershipevent c WHERE c.corrects_id = t.id)
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'what passed to the heirs is not undone with the death';
                    END IF;{DEATH_AGREES}""",  # noqa: S608 - no outside text
            ),
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="next_link",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("last", "record")],
                func="""
                    SELECT seq, hash, recorded_at, coop_id INTO last FROM members_membershipevent
                     WHERE stream = NEW.stream ORDER BY seq DESC LIMIT 1;
                    IF NEW.seq <> coalesce(last.seq, 0) + 1 OR NEW.previous <> coalesce(last.hash, repeat('0', 64)) THEN
                        RAISE check_violation USING MESSAGE = 'an event follows the last one of its membership';
                    END IF;
                    IF NEW.recorded_at < last.recorded_at THEN
                        RAISE check_violation USING MESSAGE = 'an event is recorded after the one before it';
                    END IF;
                    IF NEW.coop_id <> last.coop_id THEN
                        RAISE check_violation USING MESSAGE = 'a history belongs to one co-op';
                    END IF;
                    IF NEW.membership_id IS NOT NULL AND NOT EXISTS (
                        SELECT FROM members_membership m WHERE m.id = NEW.membership_id AND m.stream = NEW.stream
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'an event belongs to the membership of its history';
                    END IF;
                    IF NEW.corrects_id IS NULL AND NEW.place <> NEW.seq OR NEW.corrects_id IS NOT NULL AND NOT EXISTS (
                        SELECT FROM members_membershipevent e
                         WHERE e.id = NEW.corrects_id AND e.stream = NEW.stream AND e.place = NEW.place
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'a correction stands in for an event of the same history';
                    END IF;
                    IF NEW.kind = 'expelled' AND NEW.corrects_id IS NULL AND NOT EXISTS (
                        SELECT FROM members_expulsioncase c
                         WHERE c.membership_id = NEW.membership_id AND c.state = 'heard'
                           AND c.heard_on <= NEW.effective_on
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'nobody is expelled unheard';
                    END IF;
                    IF NEW.kind = 'reinstated' AND NEW.corrects_id IS NULL AND EXISTS (
                        SELECT FROM members_expulsioncase c
                         WHERE c.membership_id = NEW.membership_id
                           AND (c.state IN ('expelled', 'appealed') OR c.outcome = 'expelled')
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'an expulsion is lifted by its appeal alone';
                    END IF;
                    IF NEW.kind = 'transferred' AND EXISTS (
                        SELECT FROM members_expulsioncase c
                         WHERE c.membership_id = NEW.membership_id AND c.state <> 'closed'
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'nobody passes a membership on under an open case';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effective_on} {self.get_kind_display()}"


class EventNote(models.Model):
    """What was said in words about an event, and the salt of its hash. Erasing a person removes the row."""

    privileges = ("SELECT", "INSERT", "DELETE")

    event = models.OneToOneField(MembershipEvent, on_delete=models.PROTECT, primary_key=True, related_name="note")
    salt = models.CharField(max_length=32)
    body = models.JSONField()

    class Meta:
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            NOTE_GOES_WITH_THE_PERSON,
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"note of {self.event_id}"
