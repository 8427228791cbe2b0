"""Votes cast with a name, and papers brought in from a file."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User

from .ballots import Ballot, Question
from .proxies import BY_NOBODY_ELSE, Proxy
from .querysets import PaperBatchQuerySet, RecordedVoteQuerySet
from .rolls import RollEntry


class RecordedVote(CoopModel, AppendOnly):
    """A paper cast under a name. A changed vote is a new row that replaces the last one.

    One root per person and ballot, each row replaced at most once, and a row replaces only its own person's: so the
    rows of a person form one line, and exactly one of them, the one nobody replaces, is current.
    ``marks`` holds for each question of the ballot, by its id, a list: option positions best first for a ranked
    question (a list within it for options ranked alike), the chosen positions for a marked one, one score or null for
    each option for a scored one. ``[]`` is blank.
    """

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="recorded_votes")
    entry = models.ForeignKey(RollEntry, on_delete=models.PROTECT, related_name="+")
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    proxy = models.ForeignKey(Proxy, null=True, on_delete=models.PROTECT, related_name="votes")
    marks = models.JSONField()
    nonce = models.CharField(max_length=32)
    receipt = models.CharField(max_length=64)
    cast_at = models.DateTimeField()
    cast_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = RecordedVoteQuerySet.as_manager()

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ballot", "entry"], condition=Q(replaces__isnull=True), name="recorded_vote_one_line_a_person"
            ),
        ]
        indexes = [models.Index(fields=["ballot", "entry"], name="recorded_vote_of_a_person")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="while_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("b", "governance_ballot%ROWTYPE")],
                func="""
                    SELECT * INTO b FROM governance_ballot WHERE id = NEW.ballot_id FOR SHARE;
                    IF b.state <> 'open' OR NEW.cast_at < b.opens_at OR NEW.cast_at >= b.closes_at
                       OR (b.closes_at > b.released_by_database AND clock_timestamp() >= b.closes_at) THEN
                        RAISE check_violation USING MESSAGE = 'the ballot is not open';
                    END IF;
                    IF b.kind <> 'recorded' THEN
                        RAISE check_violation USING MESSAGE = 'only a recorded ballot keeps names';
                    END IF;
                    PERFORM FROM governance_rollentry e
                      WHERE e.id = NEW.entry_id AND e.roll_id = b.roll_id AND e.eligible;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'only who is on the roll and may vote casts a vote';
                    END IF;
                    IF (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(NEW.marks) k) IS DISTINCT FROM
                       (SELECT array_agg(q.id::text ORDER BY q.id::text) FROM governance_question q
                         WHERE q.ballot_id = b.id) THEN
                        RAISE check_violation
                              USING MESSAGE = 'a paper answers each question of its ballot or leaves it blank';
                    END IF;
                    IF NEW.replaces_id IS NOT NULL THEN
                        PERFORM FROM governance_recordedvote v
                          WHERE v.id = NEW.replaces_id AND v.ballot_id = NEW.ballot_id AND v.entry_id = NEW.entry_id
                            AND v.proxy_id IS NOT DISTINCT FROM NEW.proxy_id;
                        IF NOT FOUND THEN
                            RAISE check_violation USING MESSAGE = 'a vote replaces only the same person''s';
                        END IF;
                    END IF;
                """  # noqa: S608 - no outside text
                + BY_NOBODY_ELSE
                + """
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """The receipt's short form, as a person reads it out: sixteen characters in fours."""
        text = self.receipt[:16].upper()
        return " ".join(text[at : at + 4] for at in range(0, 16, 4))


class PaperBatch(CoopModel):
    """Papers counted by hand elsewhere, read from one BLT file. Its packs go in first; sealing adds them up."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="paper_batches")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="paper_batches")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    papers = models.PositiveIntegerField()
    blank = models.PositiveIntegerField(default=0)
    beyond_roll_because = models.CharField(max_length=300, blank=True)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    sealed = models.BooleanField(default=False)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    undone_because = models.CharField(max_length=300, blank=True)

    objects = PaperBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["question", "sha256"], condition=Q(undone_at__isnull=True), name="paper_batch_file_once"
            ),
            models.CheckConstraint(condition=Q(papers__gte=1), name="paper_batch_has_papers"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_because="")
                | Q(undone_at__isnull=False, sealed=True) & ~Q(undone_because=""),
                name="paper_batch_undone_with_a_reason",
            ),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="while_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("b", "governance_ballot%ROWTYPE"), ("total", "bigint")],
                func="""
                    IF TG_OP = 'DELETE' THEN
                        RAISE check_violation USING MESSAGE = 'papers are undone, not deleted';
                    END IF;
                    SELECT * INTO b FROM governance_ballot WHERE id = NEW.ballot_id FOR SHARE;
                    IF b.state <> 'open' THEN
                        RAISE check_violation
                              USING MESSAGE = 'papers come in and go out only while the ballot is released';
                    END IF;
                    IF TG_OP = 'INSERT' THEN
                        PERFORM FROM governance_question q WHERE q.id = NEW.question_id AND q.ballot_id = NEW.ballot_id;
                        IF NOT FOUND OR NEW.sealed OR NEW.undone_at IS NOT NULL THEN
                            RAISE check_violation USING MESSAGE = 'papers answer a question of their own ballot';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (NEW.coop_id, NEW.ballot_id, NEW.question_id, NEW.file_name, NEW.sha256, NEW.papers, NEW.blank,
                        NEW.beyond_roll_because, NEW.imported_at, NEW.imported_by_id)
                       IS DISTINCT FROM
                       (OLD.coop_id, OLD.ballot_id, OLD.question_id, OLD.file_name, OLD.sha256, OLD.papers, OLD.blank,
                        OLD.beyond_roll_because, OLD.imported_at, OLD.imported_by_id)
                       OR OLD.undone_at IS NOT NULL OR (OLD.sealed AND NOT NEW.sealed) THEN
                        RAISE check_violation USING MESSAGE = 'papers that are in are not changed, only undone';
                    END IF;
                    IF NEW.sealed AND NOT OLD.sealed THEN
                        SELECT coalesce(sum(p.count), 0) INTO total
                          FROM governance_paperpack p WHERE p.batch_id = NEW.id;
                        IF total <> NEW.papers THEN
                            RAISE check_violation USING MESSAGE = 'the packs do not add up to the papers of their file';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class PaperPack(CoopModel, AppendOnly):
    """Papers with the same marks: how many."""

    batch = models.ForeignKey(PaperBatch, on_delete=models.PROTECT, related_name="packs")
    mark = models.JSONField()
    count = models.PositiveIntegerField()

    class Meta(AppendOnly.Meta):
        constraints = [models.CheckConstraint(condition=Q(count__gte=1), name="paper_pack_holds_a_paper")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="before_the_seal",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("shut", "boolean")],
                func="""
                    SELECT p.sealed INTO shut FROM governance_paperbatch p WHERE p.id = NEW.batch_id FOR SHARE;
                    IF shut THEN
                        RAISE check_violation USING MESSAGE = 'nothing is added to sealed papers';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.mark}"
