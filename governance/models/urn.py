"""Papers out of the urn of a secret ballot: entered by two clerks apart, differences by a third, settled once.

A sheet's number is written on it when the urn is emptied, in the order of chance, and names nobody.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import AppendOnly, CoopModel, User

from .ballots import Ballot, Question

NOT_SETTLED = """
    PERFORM FROM governance_ballot b
      WHERE b.id = NEW.ballot_id AND b.kind = 'secret' AND b.state = 'closed' FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = 'an urn is emptied once its ballot is closed';
    END IF;
    IF EXISTS (SELECT FROM governance_urncount u WHERE u.ballot_id = NEW.ballot_id) THEN
        RAISE check_violation USING MESSAGE = 'nothing is added to a settled urn';
    END IF;
"""
HANDED_OUT = """(SELECT coalesce(sum(s.units), 0) FROM governance_strikeoff s
                      WHERE s.ballot_id = NEW.ballot_id AND s.channel <> 'online')"""


class UrnSheet(CoopModel, AppendOnly):
    """One clerk's reading of one paper: its marks, a list for each question, or why it is spoiled."""

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="urn_sheets")
    sheet = models.PositiveIntegerField(_("number written on the paper"))
    hand = models.PositiveSmallIntegerField()
    class_name = models.CharField(max_length=200, blank=True)
    marks = models.JSONField(null=True)
    spoiled_because = models.CharField(_("spoiled because"), max_length=300, blank=True)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["sheet", "hand"]
        constraints = [
            models.UniqueConstraint(fields=["ballot", "sheet", "hand"], name="urn_sheet_once_a_hand"),
            models.UniqueConstraint(fields=["ballot", "sheet", "entered_by"], name="urn_sheet_by_other_people"),
            models.CheckConstraint(condition=Q(hand__in=(1, 2, 3), sheet__gte=1), name="urn_sheet_by_three_at_most"),
            models.CheckConstraint(
                condition=Q(marks__isnull=False, spoiled_because="")
                | Q(marks__isnull=True) & ~Q(spoiled_because="") & Q(class_name=""),
                name="urn_sheet_marked_or_spoiled",
            ),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="out_of_the_urn",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=NOT_SETTLED
                + """
                    IF NEW.sheet > HANDED_OUT() THEN
                        RAISE check_violation USING MESSAGE = 'an urn holds no more papers than were handed out';
                    END IF;
                    IF NEW.hand = 3 AND (SELECT count(*) < 2 OR count(DISTINCT (o.marks, o.class_name)) = 1
                         FROM governance_urnsheet o
                        WHERE o.ballot_id = NEW.ballot_id AND o.sheet = NEW.sheet AND o.hand < 3) THEN
                        RAISE check_violation USING MESSAGE = 'a third clerk decides where two differ';
                    END IF;
                    RETURN NEW;
                """.replace("HANDED_OUT()", HANDED_OUT),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet}/{self.hand}"


class UrnPack(CoopModel, AppendOnly):
    """So many papers out of the urn bear this mark on this question."""

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="urn_packs")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="urn_packs")
    class_name = models.CharField(max_length=200, blank=True)
    mark = models.JSONField()
    count = models.PositiveIntegerField()

    class Meta(AppendOnly.Meta):
        ordering = ["question", "id"]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="before_it_is_settled",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=NOT_SETTLED + "    RETURN NEW;\n",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.mark}"


class UrnCount(CoopModel, AppendOnly):
    """The urn is settled, once: papers that count, spoiled ones, papers handed out, and why some are missing."""

    ballot = models.OneToOneField(Ballot, on_delete=models.PROTECT, related_name="urn_count")
    papers = models.PositiveIntegerField()
    spoiled = models.PositiveIntegerField()
    handed_out = models.PositiveIntegerField()
    missing_because = models.CharField(_("why papers are missing"), max_length=300, blank=True)
    settled_at = models.DateTimeField()
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(handed_out=models.F("papers") + models.F("spoiled"), missing_because="")
                | Q(handed_out__gt=models.F("papers") + models.F("spoiled")) & ~Q(missing_because=""),
                name="urn_papers_missing_with_a_reason",
            )
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="adds_up",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("n", "bigint"), ("bad", "bigint"), ("differ", "bigint")],
                func=NOT_SETTLED
                + """
                    SELECT count(*) FILTER (WHERE last.marks IS NOT NULL), count(*) FILTER (WHERE last.marks IS NULL),
                           count(*) FILTER (WHERE NOT last.agreed)
                      INTO n, bad, differ
                      FROM (SELECT DISTINCT ON (o.sheet) o.marks,
                                   o.hand = 3 OR o.hand = 2 AND (SELECT count(DISTINCT (p.marks, p.class_name)) = 1
                                       FROM governance_urnsheet p
                                      WHERE p.ballot_id = o.ballot_id AND p.sheet = o.sheet) AS agreed
                              FROM governance_urnsheet o WHERE o.ballot_id = NEW.ballot_id
                             ORDER BY o.sheet, o.hand DESC) last;
                    IF differ > 0 OR n <> NEW.papers OR bad <> NEW.spoiled OR NEW.handed_out <> HANDED_OUT() THEN
                        RAISE check_violation USING MESSAGE = 'a settled urn says what the clerks agreed on';
                    END IF;
                    IF EXISTS (SELECT FROM governance_question q WHERE q.ballot_id = NEW.ballot_id
                        AND NEW.papers <> (SELECT coalesce(sum(k.count), 0) FROM governance_urnpack k
                                            WHERE k.question_id = q.id AND k.ballot_id = NEW.ballot_id)) THEN
                        RAISE check_violation USING MESSAGE = 'each paper answers each question or leaves it blank';
                    END IF;
                    RETURN NEW;
                """.replace("HANDED_OUT()", HANDED_OUT),
            ),
        ]

    def __str__(self) -> str:
        return f"urn of ballot {self.ballot_id}"

    @property
    def missing(self) -> int:
        """Papers that were handed out and are not in the urn."""
        return self.handed_out - self.papers - self.spoiled
