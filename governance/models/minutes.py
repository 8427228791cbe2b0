"""The minutes of a meeting: who was there, what was decided and how, two signatures, and what was put right after."""

from __future__ import annotations

import json

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User

from .meetings import Meeting

HEX = r"^[0-9a-f]{64}$"
NEEDED = 2


class Attendance(CoopModel):
    """A member was at a meeting. The list is written until somebody signs the minutes."""

    privileges = ("SELECT", "INSERT", "DELETE")

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="attendance")
    membership = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    online = models.BooleanField(_("online"), default=False)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["membership__number"]
        constraints = [models.UniqueConstraint(fields=["meeting", "membership"], name="attendance_once_a_member")]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="until_signed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Delete,
                declare=[("about", "bigint")],
                func="""
                    about := CASE TG_OP WHEN 'DELETE' THEN OLD.meeting_id ELSE NEW.meeting_id END;
                    PERFORM FROM governance_meeting m WHERE m.id = about FOR SHARE;
                    IF EXISTS (SELECT FROM governance_minutessignature s
                                JOIN governance_minutes m ON m.id = s.minutes_id WHERE m.meeting_id = about) THEN
                        RAISE check_violation USING MESSAGE = 'who was there stands once the minutes are signed';
                    END IF;
                    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}: {self.membership_id}"


class Minutes(CoopModel):
    """What was drawn from agenda, attendance and resolutions, as canonical JSON, with the SHA-256 that is signed.

    Until the first signature it may be drawn anew; from then on it never changes.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="minutes")
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    chair = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("chair"))
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-meeting__starts_at"]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="frozen_once_signed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND (NEW.meeting_id <> OLD.meeting_id OR EXISTS (
                            SELECT FROM governance_minutessignature s WHERE s.minutes_id = OLD.id)) THEN
                        RAISE check_violation USING MESSAGE = 'minutes that are signed stand as they are';
                    END IF;
                    IF NEW.sha256 <> encode(sha256(convert_to(NEW.body, 'UTF8')), 'hex') THEN
                        RAISE check_violation USING MESSAGE = 'minutes bear the sum of what they say';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}: {self.sha256[:8]}"

    @property
    def said(self) -> dict:
        """What the minutes say."""
        return json.loads(self.body)


class MinutesAddendum(CoopModel, AppendOnly):
    """Something put right after the signing. Its sum goes over the minutes' own and binds it to them."""

    minutes = models.ForeignKey(Minutes, on_delete=models.PROTECT, related_name="addenda")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["minutes", "number"], name="addendum_numbered_once")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="of_signed_minutes",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("m", "governance_minutes%ROWTYPE")],
                func="""
                    SELECT * INTO m FROM governance_minutes WHERE id = NEW.minutes_id FOR NO KEY UPDATE;
                    IF (SELECT count(*) FROM governance_minutessignature s
                         WHERE s.minutes_id = m.id AND s.addendum_id IS NULL) <> 2 THEN
                        RAISE check_violation USING MESSAGE = 'an addendum follows minutes that are signed';
                    END IF;
                    IF NEW.number <> 1 + (SELECT count(*) FROM governance_minutesaddendum a WHERE a.minutes_id = m.id)
                       OR NEW.sha256 <> encode(sha256(convert_to(
                              m.sha256 || E'\\n' || NEW.number || E'\\n' || NEW.text, 'UTF8')), 'hex') THEN
                        RAISE check_violation USING MESSAGE = 'an addendum bears the next number and its own sum';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minutes_id}: {self.number}"


class MinutesSignature(CoopModel, AppendOnly):
    """The chair or the secretary signed this sum: of the minutes, or of one addendum."""

    class Role(models.TextChoices):
        CHAIR = "chair", _("chair")
        SECRETARY = "secretary", _("secretary")

    minutes = models.ForeignKey(Minutes, on_delete=models.PROTECT, related_name="signatures")
    addendum = models.ForeignKey(MinutesAddendum, null=True, on_delete=models.PROTECT, related_name="signatures")
    role = models.CharField(max_length=10, choices=Role.choices)
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["minutes", "addendum", "role"], nulls_distinct=False, name="minutes_signed_once_a_role"
            ),
            models.UniqueConstraint(
                fields=["minutes", "addendum", "signed_by"], nulls_distinct=False, name="minutes_signed_by_two_people"
            ),
            models.CheckConstraint(condition=Q(digest__regex=HEX), name="minutes_signed_with_a_sum"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="of_what_is_kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("m", "governance_minutes%ROWTYPE"), ("kept", "varchar"), ("held", "timestamptz")],
                func="""
                    SELECT * INTO m FROM governance_minutes WHERE id = NEW.minutes_id FOR NO KEY UPDATE;
                    SELECT starts_at INTO held FROM governance_meeting WHERE id = m.meeting_id FOR NO KEY UPDATE;
                    SELECT a.sha256 INTO kept FROM governance_minutesaddendum a
                      WHERE a.id = NEW.addendum_id AND a.minutes_id = m.id;
                    IF NEW.addendum_id IS NULL THEN
                        kept := m.sha256;
                    END IF;
                    IF NEW.digest IS DISTINCT FROM kept THEN
                        RAISE check_violation USING MESSAGE = 'what is signed is what is kept';
                    END IF;
                    IF NEW.signed_at < held OR EXISTS (SELECT FROM governance_ballot b
                         WHERE b.meeting_id = m.meeting_id AND b.state IN ('open', 'closed', 'counted')) THEN
                        RAISE check_violation
                              USING MESSAGE = 'minutes are signed once the meeting is held and its results certified';
                    END IF;
                    IF NEW.role = 'chair' AND NEW.signed_by_id <> m.chair_id
                       OR NEW.role = 'secretary' AND (NEW.signed_by_id = m.chair_id OR NOT EXISTS (
                            SELECT FROM kernel_office o WHERE o.coop_id = NEW.coop_id AND o.user_id = NEW.signed_by_id
                               AND o.role = 'secretary' AND o.starts_on <= NEW.signed_at::date + 1
                               AND (o.ends_on IS NULL OR o.ends_on >= NEW.signed_at::date - 1))) THEN
                        RAISE check_violation USING MESSAGE = 'the chair and the secretary sign, each for themselves';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minutes_id}: {self.role}"
