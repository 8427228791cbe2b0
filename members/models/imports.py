"""Lists from other programs: a file, its columns read our way, its rows checked one by one, and the way back."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import CoopModel

from .promises import BATCH_IS_IN, BATCH_STANDS, BATCH_STEP_BY_STEP, LINES_STAY


class ImportBatch(CoopModel):
    """One file on its way into the register, or back out of it. Nobody deletes a batch: what was in it is counted here.

    Only the database's own ``members_undo_import`` may set ``undoing``, and only while that stands do the guards of
    history let this batch's rows go.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        READ = "read", _("Columns to be named")
        STAGED = "staged", _("To be checked")
        COMMITTING = "committing", _("Being written")
        COMMITTED = "committed", _("In the register")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        DISCARDED = "discarded", _("Thrown away")

    OPEN = (State.READ, State.STAGED, State.COMMITTING)

    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content = models.BinaryField(null=True)  # until it is written or thrown away
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    has_heading = models.BooleanField(default=True)
    heading = models.JSONField(default=list)
    preset = models.CharField(max_length=40, blank=True)
    mapping = models.JSONField(default=dict)  # our field → column
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READ)
    lines = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    flagged = models.PositiveIntegerField(default=0)
    persons = models.PositiveIntegerField(default=0)
    members = models.PositiveIntegerField(default=0)
    units = models.BigIntegerField(default=0)
    capital = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    committed_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["coop", "digest"],
                condition=Q(state__in=["read", "staged", "committing", "committed"]),
                name="import_of_a_file_once",
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="undone_by_the_database",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.state = 'undoing' AND OLD.state <> 'undoing'"),
                func="""
                    IF current_user = session_user THEN
                        RAISE check_violation USING MESSAGE = 'an import is undone by members_undo_import alone';
                    END IF;
                    RETURN NEW;
                """,
            ),
            BATCH_STEP_BY_STEP,
            BATCH_IS_IN,
            BATCH_STANDS,
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(CoopModel):
    """One line of a file: what it says, what is wrong with it, and what became of it."""

    class State(models.TextChoices):
        READY = "ready", _("Ready")
        FLAGGED = "flagged", _("Comes in, with a remark")
        HELD = "held", _("Stays out")

    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="rows")
    line = models.PositiveIntegerField()
    cells = models.JSONField()
    data = models.JSONField(default=dict)
    group = models.CharField(max_length=80, blank=True)
    is_holder = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=State.choices)
    codes = ArrayField(models.CharField(max_length=30), default=list)
    problems = models.JSONField(default=list)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="importrow_once")]
        indexes = [models.Index(fields=["batch", "state", "line"], name="importrow_by_state")]
        triggers = [LINES_STAY]

    def __str__(self) -> str:
        return f"line {self.line}"


class ImportMapping(CoopModel):
    """How the columns of a heading were read last time, remembered by the heading."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    heading_hash = models.CharField(max_length=64)
    mapping = models.JSONField()
    options = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["coop", "heading_hash"], name="importmapping_once")]

    def __str__(self) -> str:
        return self.heading_hash[:12]


def removed_only_by_undoing(said: str) -> pgtrigger.Trigger:
    """A row of the register goes only with the import it came from; ``said`` is the sentence otherwise."""
    return pgtrigger.Trigger(
        name="never_removed",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func=f"""
            IF OLD.batch_id IS NOT NULL AND EXISTS (
                SELECT FROM members_importbatch b WHERE b.id = OLD.batch_id AND b.state = 'undoing'
            ) THEN
                RETURN OLD;
            END IF;
            RAISE check_violation USING MESSAGE = '{said}';
        """,  # noqa: S608 - the sentence is ours
    )
