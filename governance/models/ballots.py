"""A ballot, its questions and their options. Once released, nothing that was put to the vote changes."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel, User

from .meetings import Meeting, ResolutionType
from .querysets import BallotQuerySet
from .rolls import Roll

DEFERRED = models.Deferrable.DEFERRED  # so that neighbours can change places

# The ballot a question or option belongs to must still be a draft. The share lock keeps the release waiting.
ONLY_IN_DRAFT = """
    IF TG_OP <> 'INSERT' THEN
        PERFORM FROM governance_ballot b WHERE b.id = {old} AND b.state = 'draft' FOR SHARE;
        IF NOT FOUND THEN
            RAISE check_violation USING MESSAGE = 'what was put to the vote is not changed';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    PERFORM FROM governance_ballot b WHERE b.id = {new} AND b.state = 'draft' FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = 'what was put to the vote is not changed';
    END IF;
    RETURN NEW;
"""
OF_QUESTION = "(SELECT q.ballot_id FROM governance_question q WHERE q.id = {}.question_id)"


class Ballot(CoopModel):
    """One or more questions put to everybody on a roll, from one moment to another."""

    class Kind(models.TextChoices):
        RECORDED = "recorded", _("Recorded: kept with the voter’s name")
        SECRET = "secret", _("Secret: sealed in the voter’s browser, kept apart from the roll")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Released")
        CLOSED = "closed", _("Closed")
        COUNTED = "counted", _("Counted")
        CERTIFIED = "certified", _("Certified")

    meeting = models.ForeignKey(Meeting, null=True, blank=True, on_delete=models.PROTECT, related_name="ballots")
    roll = models.ForeignKey(Roll, null=True, blank=True, on_delete=models.PROTECT, related_name="ballots")
    title = models.CharField(_("title"), max_length=200)
    introduction = models.TextField(_("words above the questions"), blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.RECORDED)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    released_at = models.DateTimeField(null=True, editable=False)
    released_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    # The database's own clock at release: a ballot that closes after it is also held to the database's clock.
    released_by_database = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    counted_at = models.DateTimeField(null=True, editable=False)
    manifest = models.JSONField(default=dict, editable=False)
    manifest_hash = models.CharField(max_length=64, blank=True, editable=False)
    tie_commitment = models.CharField(max_length=64, blank=True, editable=False)
    tie_secret = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = BallotQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=models.F("opens_at")),
                name="ballot_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(
                    roll__isnull=False,
                    opens_at__isnull=False,
                    closes_at__isnull=False,
                    released_at__isnull=False,
                    manifest_hash__regex=r"^[0-9a-f]{64}$",
                    tie_commitment__regex=r"^[0-9a-f]{64}$",
                ),
                name="ballot_released_with_its_manifest",
            ),
        ]
        indexes = [models.Index(fields=["closes_at"], condition=Q(state="open"), name="ballot_to_close")]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("roll_hash", "text")],
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'a ballot begins as a draft';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF TG_OP = 'DELETE' THEN
                        IF OLD.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'a released ballot is not deleted';
                        END IF;
                        RETURN OLD;
                    END IF;
                    IF NEW.coop_id <> OLD.coop_id THEN
                        RAISE check_violation USING MESSAGE = 'a ballot stays in its co-op';
                    END IF;
                    IF OLD.state = 'draft' THEN
                        IF NEW.state NOT IN ('draft', 'open') THEN
                            RAISE check_violation USING MESSAGE = 'a draft is released before anything else';
                        END IF;
                        IF NEW.state = 'open' THEN
                            SELECT r.hash INTO roll_hash FROM governance_roll r
                             WHERE r.id = NEW.roll_id AND r.frozen_at IS NOT NULL FOR SHARE;
                            IF NOT FOUND THEN
                                RAISE check_violation USING MESSAGE = 'a ballot is released on a frozen roll';
                            END IF;
                            IF NEW.manifest #>> '{roll,hash}' IS DISTINCT FROM roll_hash THEN
                                RAISE check_violation USING MESSAGE = 'a ballot is released with its roll as it stands';
                            END IF;
                            IF EXISTS (SELECT FROM governance_objection o WHERE o.roll_id = NEW.roll_id
                                AND NOT EXISTS (SELECT FROM governance_ruling u WHERE u.objection_id = o.id)) THEN
                                RAISE check_violation
                                      USING MESSAGE = 'objections to a roll are ruled on before a ballot is released';
                            END IF;
                            NEW.released_by_database := clock_timestamp();
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (NEW.state, OLD.state) NOT IN (('open', 'open'), ('closed', 'open'), ('closed', 'closed'),
                            ('counted', 'closed'), ('counted', 'counted'), ('certified', 'counted'),
                            ('certified', 'certified')) THEN
                        RAISE check_violation USING MESSAGE = 'a ballot goes from released to closed to counted';
                    END IF;
                    IF NEW.state = 'closed' AND OLD.state = 'open'
                       AND (NEW.closed_at IS NULL OR NEW.closed_at < OLD.closes_at
                            OR NEW.closes_at <> OLD.closes_at) THEN
                        RAISE check_violation USING MESSAGE = 'a ballot is not closed before its time';
                    END IF;
                    IF NEW.closes_at < OLD.closes_at OR (OLD.state <> 'open' AND NEW.closes_at <> OLD.closes_at) THEN
                        RAISE check_violation USING MESSAGE = 'a closing time only moves later, and only while open';
                    END IF;
                    IF NEW.closes_at <> OLD.closes_at AND NOT EXISTS (SELECT FROM governance_extension e
                        WHERE e.ballot_id = OLD.id AND e.was = OLD.closes_at AND e.until = NEW.closes_at) THEN
                        RAISE check_violation USING MESSAGE = 'a closing time moves by an extension with its reason';
                    END IF;
                    IF (NEW.meeting_id, NEW.roll_id, NEW.title, NEW.introduction, NEW.kind, NEW.opens_at,
                        NEW.released_at, NEW.released_by_id, NEW.released_by_database, NEW.manifest, NEW.manifest_hash,
                        NEW.tie_commitment, NEW.tie_secret)
                       IS DISTINCT FROM
                       (OLD.meeting_id, OLD.roll_id, OLD.title, OLD.introduction, OLD.kind, OLD.opens_at,
                        OLD.released_at, OLD.released_by_id, OLD.released_by_database, OLD.manifest, OLD.manifest_hash,
                        OLD.tie_commitment, OLD.tie_secret) THEN
                        RAISE check_violation USING MESSAGE = 'what was put to the vote is not changed';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="certified_by_two",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__state="certified") & ~pgtrigger.Q(old__state="certified"),
                func="""
                    IF (SELECT count(*) FROM governance_certification c WHERE c.ballot_id = NEW.id) <> 2 THEN
                        RAISE check_violation USING MESSAGE = 'a result is certified by two officers';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(  # in the order of the paper
                name="only_who_was_nominated",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__state="open", old__state="draft"),
                func="""
                    IF EXISTS (SELECT FROM governance_nominationcall k
                         JOIN governance_question q ON q.id = k.question_id
                         WHERE q.ballot_id = NEW.id AND (k.settled_at IS NULL
                           OR ARRAY(SELECT o.membership_id FROM governance_option o
                                     WHERE o.question_id = q.id ORDER BY o.position)
                              IS DISTINCT FROM
                              ARRAY(SELECT n.nominee_id FROM governance_nomination n WHERE n.call_id = k.id
                                       AND n.place IS NOT NULL AND n.ended_at IS NULL ORDER BY n.place))) THEN
                        RAISE check_violation USING MESSAGE = 'whoever was nominated stands, and nobody else';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_secret(self) -> bool:
        return self.kind == self.Kind.SECRET

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    # A released ballot has a roll and both times; the database sees to it (ballot_released_with_its_manifest).
    @property
    def voters(self) -> Roll:
        return cast(Roll, self.roll)

    @property
    def opening(self) -> datetime:
        return cast(datetime, self.opens_at)

    @property
    def closing(self) -> datetime:
        return cast(datetime, self.closes_at)

    @property
    def was_extended(self) -> bool:
        """Does it close later than its manifest said when it was released? Then ``extensions`` say why."""
        said = self.manifest.get("closes_at")
        return said is not None and datetime.fromisoformat(said) != self.closes_at

    @property
    def has_result(self) -> bool:
        return self.state in (self.State.COUNTED, self.State.CERTIFIED)

    def phase(self, now) -> str:
        """Where the ballot stands at a moment: ``draft``, ``announced``, ``open``, ``closing``, then its state.

        Opening and closing go by the clock: a released ballot takes votes from ``opens_at`` until just before
        ``closes_at``, whether or not anything has run since.
        """
        if self.state != self.State.OPEN:
            return self.state
        if now < self.opens_at:
            return "announced"
        return "open" if now < self.closes_at else "closing"


class Question(CoopModel):
    """One thing to decide in a ballot: seats to fill or a motion to carry, and the rule it is counted by."""

    class Method(models.TextChoices):
        SCOTTISH_STV = "scottish-stv", _("Scottish STV")
        MEEK_STV = "meek-stv", _("Meek STV")
        IRV = "irv", _("Instant run-off")
        SCHULZE = "schulze", _("Schulze")
        PLURALITY = "plurality", _("Plurality")
        BLOCK = "block", _("Block vote")
        APPROVAL = "approval", _("Approval")
        SCORE = "score", _("Score")
        MOTION = "motion", _("Motion: for, against, abstain")

    RANKED = (Method.SCOTTISH_STV, Method.MEEK_STV, Method.IRV, Method.SCHULZE)

    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    method = models.CharField(_("how it is counted"), max_length=20, choices=Method.choices)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"), blank=True)
    seats = models.PositiveSmallIntegerField(_("seats"), default=1)
    resolution_type = models.ForeignKey(
        ResolutionType, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("kind of resolution")
    )
    settings = models.JSONField(default=dict, blank=True)  # a method's switches: highest score, default option, …

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["ballot", "position"], name="question_one_a_position", deferrable=DEFERRED),
            models.CheckConstraint(condition=Q(seats__gte=1), name="question_fills_a_seat"),
            models.CheckConstraint(
                condition=Q(method="motion") | Q(resolution_type__isnull=True), name="question_only_motions_carry"
            ),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="only_in_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=ONLY_IN_DRAFT.format(old="OLD.ballot_id", new="NEW.ballot_id"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_motion(self) -> bool:
        return self.method == self.Method.MOTION

    @property
    def is_ranked(self) -> bool:
        return self.method in self.RANKED

    @property
    def most_marks(self) -> int | None:
        """How many options may be marked; None where the rule sets no limit, or takes ranks or scores."""
        if self.method in (self.Method.MOTION, self.Method.PLURALITY):
            return 1
        return int(self.settings.get("marks", self.seats)) if self.method == self.Method.BLOCK else None

    @property
    def score_range(self) -> tuple[int, int]:
        """The lowest and the highest score an option may get."""
        return int(self.settings.get("low", 0)), int(self.settings.get("high", 10))


class Option(CoopModel):
    """A candidate, or an answer. ``position`` counts from 0; marks and counts name options by it."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="options")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=200)
    statement = models.CharField(_("in a sentence"), max_length=400, blank=True)
    membership = models.ForeignKey(
        "members.Membership",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("member"),
    )
    withdrawn = models.BooleanField(_("withdrawn"), default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["question", "position"], name="option_one_a_position", deferrable=DEFERRED),
            models.UniqueConstraint(fields=["question", "name"], name="option_named_once"),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="only_in_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=ONLY_IN_DRAFT.format(old=OF_QUESTION.format("OLD"), new=OF_QUESTION.format("NEW")),
            ),
        ]

    def __str__(self) -> str:
        return self.name
