"""The business members did with their co-op: a year, the files it came from, and one row for each figure.

Rows are only ever added. A wrong figure is corrected by a row that points at it, a wrong file is undone as a whole, and
nothing changes in a year whose plan is before the members or beyond.
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel
from ledger.units import Unit
from members.models import Membership

from .files import ErasableFile

# A plan in one of these states stands on the year's figures. The lock keeps a proposal and a new figure apart.
YEAR_IS_OPEN = """
    PERFORM FROM ledger_patronageyear WHERE id = {year} FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM ledger_surplusplan p WHERE p.year_id = {year}
                AND p.state IN ('proposed', 'resolved', 'approved', 'posted')) THEN
        RAISE check_violation USING MESSAGE = 'the patronage of a year whose plan is proposed is not changed';
    END IF;
"""


class PatronageYear(CoopModel):
    """A financial year, named by the calendar year it ends in. ``version`` grows with every change of its figures."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    year = models.PositiveSmallIntegerField(_("year"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-year"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "year"], name="patronageyear_once"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="patronageyear_ends_after_start"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="days_are_kept",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("coop", "year", "starts_on", "ends_on"),
            ),
            pgtrigger.Protect(
                name="version_grows",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__version__lt=pgtrigger.F("old__version")),
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return str(self.year)


class PatronageImport(CoopModel):
    """A file, or a batch through the API: checked, then recorded as a whole or thrown away; later perhaps undone.

    A large file is ``reading`` until the worker has checked it.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        CHECKED = "checked", _("Checked, not yet recorded")
        RECORDED = "recorded", _("Recorded")
        DISCARDED = "discarded", _("Thrown away")
        UNDONE = "undone", _("Undone")

    class Source(models.TextChoices):
        FILE = "file", _("File")
        API = "api", _("API")

    year = models.ForeignKey(PatronageYear, on_delete=models.PROTECT, related_name="imports")
    source = models.CharField(max_length=4, choices=Source.choices, default=Source.FILE)
    key = models.CharField(max_length=100, blank=True)
    pool = models.CharField(_("pool"), max_length=60)
    unit = models.CharField(_("unit"), max_length=10, choices=Unit.choices, default=Unit.MONEY)
    file_name = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField(default=0)
    reading = models.JSONField(default=dict)  # encoding, delimiter, the three columns, the heading
    rows = models.PositiveIntegerField(default=0)
    members = models.PositiveIntegerField(default=0)
    total = models.BigIntegerField(default=0)  # the members', in the unit's smallest parts
    outside = models.BigIntegerField(default=0)  # business with people who are not members
    problem_count = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)  # [line, sentence], the first of them
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKED)
    checked_at = models.DateTimeField(default=clock.now)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "digest"], condition=Q(state="recorded"), name="patronage_same_file_once"
            ),
            models.UniqueConstraint(fields=["coop", "key"], condition=~Q(key=""), name="patronage_batch_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["recorded", "undone"]) | Q(problem_count=0, recorded_at__isnull=False),
                name="patronage_recorded_without_problems",
            ),
            models.CheckConstraint(
                condition=~Q(state="undone") | Q(undone_at__isnull=False), name="patronage_undone_by_somebody"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=f"""
                    IF (NEW.state, OLD.state) NOT IN (('checked', 'reading'), ('discarded', 'reading'),
                            ('checked', 'checked'), ('recorded', 'checked'), ('discarded', 'checked'),
                            ('undone', 'recorded')) THEN
                        RAISE check_violation USING MESSAGE = 'an import is checked, recorded and perhaps undone, once';
                    END IF;
                    IF (NEW.coop_id, NEW.year_id, NEW.source, NEW.key, NEW.pool, NEW.unit, NEW.digest)
                       IS DISTINCT FROM
                       (OLD.coop_id, OLD.year_id, OLD.source, OLD.key, OLD.pool, OLD.unit, OLD.digest)
                       OR OLD.state <> 'reading'
                       AND (NEW.rows, NEW.members, NEW.total, NEW.outside, NEW.problem_count) IS DISTINCT FROM
                           (OLD.rows, OLD.members, OLD.total, OLD.outside, OLD.problem_count) THEN
                        RAISE check_violation USING MESSAGE = 'what a file said is not changed';
                    END IF;
                    IF NEW.state IN ('recorded', 'undone') THEN
                        {YEAR_IS_OPEN.format(year="NEW.year_id")}
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return self.file_name or self.key

    @property
    def can_be_recorded(self) -> bool:
        return self.state == self.State.CHECKED and not self.problem_count


class PatronageFile(ErasableFile):
    """The file as it came; what it said stays in the rows."""

    source = models.OneToOneField(
        PatronageImport, on_delete=models.PROTECT, primary_key=True, related_name="file", db_column="import_id"
    )

    def __str__(self) -> str:
        return f"file of import {self.source_id}"


class PatronageQuerySet(models.QuerySet):
    def effective(self):
        """Rows that count: corrections, and the rows of files that are recorded and not undone."""
        return self.filter(Q(source__isnull=True) | Q(source__state=PatronageImport.State.RECORDED))


class PatronageRecord(CoopModel, AppendOnly):
    """One figure. ``quantity`` is in the unit's smallest parts; a correction carries the difference, so sums are right.

    ``membership`` is null for business with people who are not members, which no pool ever shares.
    """

    # A million rows come at once, and a second key or index each cost seconds. Year, member and file are held by the
    # keys that also hold them to the co-op (kernel.guards), the co-op by the key of the year; two of them are the first
    # column of another index. Who recorded a file stands with the file; ``recorded_by`` says it of a row by hand.
    coop = models.ForeignKey(
        "kernel.Cooperative", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    year = models.ForeignKey(
        PatronageYear, on_delete=models.PROTECT, related_name="records", db_constraint=False, db_index=False
    )
    membership = models.ForeignKey(
        Membership, null=True, on_delete=models.PROTECT, related_name="patronage", db_constraint=False
    )
    pool = models.CharField(max_length=60)
    unit = models.CharField(max_length=10, choices=Unit.choices)
    quantity = models.BigIntegerField()
    source = models.ForeignKey(
        PatronageImport,
        null=True,
        on_delete=models.PROTECT,
        related_name="records",
        db_constraint=False,
        db_index=False,
    )
    line = models.PositiveIntegerField(null=True)
    because = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects = PatronageQuerySet.as_manager()

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "membership", "pool"], name="patronage_one_row_a_member"),
            models.CheckConstraint(
                condition=Q(source__isnull=False, quantity__gte=0) | (Q(source__isnull=True) & ~Q(because="")),
                name="patronage_correction_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["year", "membership"], name="patronage_of_member")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="year_is_open",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="added"),
                declare=[("touched", "bigint")],
                func=f"""
                    IF EXISTS (SELECT FROM added a JOIN ledger_patronageimport i ON i.id = a.source_id
                                WHERE i.state <> 'recorded' OR i.year_id <> a.year_id) THEN
                        RAISE check_violation USING MESSAGE = 'rows are added to an import while it is recorded';
                    END IF;
                    FOR touched IN SELECT DISTINCT year_id FROM added ORDER BY 1 LOOP
                        {YEAR_IS_OPEN.format(year="touched")}
                    END LOOP;
                    RETURN NULL;
                """,  # noqa: S608 - no outside text
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool} {self.quantity}"
