"""The roll: who may vote, and who may not and why, frozen at the record date."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User

from .meetings import Meeting
from .querysets import RollEntryQuerySet, RollQuerySet


class Roll(CoopModel):
    """A list of memberships as at the record date. Entries go in first; freezing counts them and shuts it for good."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    meeting = models.OneToOneField(Meeting, null=True, blank=True, on_delete=models.PROTECT, related_name="roll")
    title = models.CharField(_("title"), max_length=200)
    record_date = models.DateField(_("record date"))
    frozen_at = models.DateTimeField(_("frozen at"), null=True)
    frozen_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    size = models.PositiveIntegerField(_("memberships"), default=0)
    eligible = models.PositiveIntegerField(_("may vote"), default=0)
    # In a federation: the votes its member organisations have beyond one each.
    further_votes = models.PositiveIntegerField(default=0, db_default=0)
    hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = RollQuerySet.as_manager()

    class Meta:
        ordering = ["-record_date", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(frozen_at__isnull=True) | Q(hash__regex=r"^[0-9a-f]{64}$"), name="roll_frozen_with_its_hash"
            ),
            models.CheckConstraint(condition=Q(eligible__lte=models.F("size")), name="roll_eligible_within_size"),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="frozen_for_good",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("counted", "record")],
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.frozen_at IS NOT NULL THEN
                            RAISE check_violation USING MESSAGE = 'a roll is frozen only after its entries are in';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF TG_OP = 'DELETE' OR OLD.frozen_at IS NOT NULL AND (current_user = session_user
                       OR (NEW.id, NEW.coop_id, NEW.meeting_id, NEW.title, NEW.record_date, NEW.frozen_at,
                           NEW.frozen_by_id, NEW.created_at) IS DISTINCT FROM
                          (OLD.id, OLD.coop_id, OLD.meeting_id, OLD.title, OLD.record_date, OLD.frozen_at,
                           OLD.frozen_by_id, OLD.created_at)
                       OR NOT EXISTS (SELECT FROM governance_rollcorrection c
                           WHERE c.roll_id = OLD.id AND c.was_hash = OLD.hash AND c.hash = NEW.hash)) THEN
                        RAISE check_violation USING MESSAGE = 'a frozen roll is not changed';
                    END IF;
                    IF NEW.frozen_at IS NOT NULL THEN
                        SELECT count(*) AS size, count(*) FILTER (WHERE e.eligible) AS eligible,
                               coalesce(sum(e.votes - 1) FILTER (WHERE e.eligible), 0) AS further INTO counted
                          FROM governance_rollentry e WHERE e.roll_id = NEW.id;
                        IF (counted.size, counted.eligible, counted.further)
                           IS DISTINCT FROM (NEW.size, NEW.eligible, NEW.further_votes) THEN
                            RAISE check_violation USING MESSAGE = 'a roll is frozen with the number of its entries';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def votes(self) -> int:
        """All votes on the roll: one for each who may vote, and in a federation the further ones."""
        return self.eligible + self.further_votes

    @property
    def weighted(self) -> bool:
        return self.further_votes > 0


class RollEntry(CoopModel, AppendOnly):
    """One membership on a roll: may vote or not, and the reasons in words. Its digest is salted, the roll's hash is
    made of digests, so what is published can be checked and, a line once erased, cannot be guessed.

    ``votes`` is one, but for a member organisation of a federation with a ``Weight`` in force on the record date.
    """

    # A hundred thousand come at once. Roll and membership are held by the keys that also hold them to the co-op
    # (kernel.guards), so the co-op is the roll's; and roll is the first column of two unique indexes.
    coop = models.ForeignKey(
        "kernel.Cooperative", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    roll = models.ForeignKey(
        Roll, on_delete=models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    membership = models.ForeignKey(
        "members.Membership", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    number = models.PositiveBigIntegerField()
    name = models.CharField(max_length=300)
    class_name = models.CharField(max_length=200, blank=True)
    eligible = models.BooleanField()
    votes = models.PositiveSmallIntegerField(default=1, db_default=1)
    reasons = models.JSONField(default=list)
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)

    objects = RollEntryQuerySet.as_manager()

    class Meta(AppendOnly.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["roll", "membership"], name="roll_entry_one_a_membership"),
            models.UniqueConstraint(fields=["roll", "number"], name="roll_entry_one_a_number"),
            models.CheckConstraint(
                condition=Q(eligible=True) | ~Q(reasons=[]), name="roll_entry_says_why_somebody_may_not_vote"
            ),
            models.CheckConstraint(condition=Q(votes__gte=1), name="roll_entry_of_at_least_one_vote"),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete),
            pgtrigger.Trigger(  # governance_forget empties name and salt; governance_correct_roll rewrites a line
                name="only_forgotten",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF current_user <> session_user
                       AND (NEW.id, NEW.coop_id, NEW.roll_id, NEW.membership_id, NEW.number)
                           IS NOT DISTINCT FROM (OLD.id, OLD.coop_id, OLD.roll_id, OLD.membership_id, OLD.number) THEN
                        IF NEW.name = '' AND NEW.salt = ''
                           AND (NEW.class_name, NEW.eligible, NEW.votes, NEW.reasons, NEW.digest) IS NOT DISTINCT FROM
                               (OLD.class_name, OLD.eligible, OLD.votes, OLD.reasons, OLD.digest) THEN
                            RETURN NEW;
                        END IF;
                        IF (NEW.name, NEW.salt) = (OLD.name, OLD.salt) AND EXISTS (
                            SELECT FROM governance_rollcorrection c
                             WHERE c.roll_id = OLD.roll_id AND c.membership_id = OLD.membership_id
                               AND c.was_digest = OLD.digest AND c.digest = NEW.digest AND c.eligible = NEW.eligible
                               AND c.votes = NEW.votes
                               AND c.class_name = NEW.class_name AND c.reasons = NEW.reasons) THEN
                            RETURN NEW;
                        END IF;
                    END IF;
                    RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;
                """,
            ),
            pgtrigger.Trigger(
                name="before_the_freeze",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("frozen", "timestamptz")],
                func="""
                    SELECT r.frozen_at INTO frozen FROM governance_roll r WHERE r.id = NEW.roll_id FOR SHARE;
                    IF frozen IS NOT NULL AND (current_user = session_user OR NOT EXISTS (
                        SELECT FROM governance_rollcorrection c
                         WHERE c.roll_id = NEW.roll_id AND c.membership_id = NEW.membership_id AND c.was_digest = ''
                           AND c.digest = NEW.digest AND c.eligible = NEW.eligible AND c.votes = NEW.votes)) THEN
                        RAISE check_violation USING MESSAGE = 'nobody is added to a frozen roll';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="more_votes_by_a_weight",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.votes <> 1"),
                func="""
                    IF NEW.votes IS DISTINCT FROM (
                        SELECT w.votes FROM governance_weight w JOIN governance_roll r ON r.id = NEW.roll_id
                         WHERE w.membership_id = NEW.membership_id AND w.effective_on <= r.record_date
                         ORDER BY w.effective_on DESC, w.id DESC LIMIT 1) THEN
                        RAISE check_violation
                              USING MESSAGE = 'a line has more than one vote by the weight in force on the record date';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
