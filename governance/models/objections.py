"""A roll published for objection, objections, the returning officer's rulings, and the corrections that follow.

A frozen roll changes by one door: ``governance_correct_roll`` (``migrations/0012_correcting_rolls.py``). It takes an
objection that was upheld, writes what the line said and says now, and moves line, counts and hash in one transaction,
before any ballot on the roll is released. The application's role may read corrections and write none.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User
from members.models import Membership

from .rolls import Roll

# Held against a release, which takes the roll's share lock: whoever comes second sees what the first one did.
ROLL_AT_REST = """
    SELECT * INTO r FROM governance_roll WHERE id = {roll} FOR NO KEY UPDATE;
    IF r.frozen_at IS NULL THEN
        RAISE check_violation USING MESSAGE = 'a roll is published once it is frozen';
    END IF;
    IF EXISTS (SELECT FROM governance_ballot b WHERE b.roll_id = r.id AND b.state <> 'draft') THEN
        RAISE check_violation USING MESSAGE = 'a ballot on this roll has been released';
    END IF;
"""
ITS_ROLL = "(SELECT o.roll_id FROM governance_objection o WHERE o.id = NEW.objection_id)"
OF_ROLL = [("r", "governance_roll%ROWTYPE")]


class RollPublication(CoopModel, AppendOnly):
    """A frozen roll lies open to the members, who can object until a moment. Once a roll."""

    roll = models.OneToOneField(Roll, on_delete=models.PROTECT, related_name="publication")
    until = models.DateTimeField(_("objections until"))
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("published_at")), name="roll_published_for_a_while")
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="at_rest",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=OF_ROLL,
                func=ROLL_AT_REST.format(roll="NEW.roll_id") + "    RETURN NEW;\n",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roll_id} until {self.until}"


# Words of or about a person, which governance_forget alone empties, once the person was erased.
WORDS_CAN_GO = [
    NO_TRUNCATE,
    pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete),
    pgtrigger.Trigger(
        name="only_forgotten",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="""
            IF current_user <> session_user AND NEW.because = '(erased)'
               AND to_jsonb(NEW) - 'because' = to_jsonb(OLD) - 'because' THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;
        """,
    ),
]


class Objection(CoopModel, AppendOnly):
    """A member says that a line of a published roll is wrong, or missing: their own or another's, and why."""

    roll = models.ForeignKey(Roll, on_delete=models.PROTECT, related_name="objections")
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("who objects")
    )
    about = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("whose line"))
    because = models.CharField(_("why"), max_length=600)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(because__regex=r"\S"), name="objection_with_a_reason"),
            models.UniqueConstraint(fields=["roll", "membership", "about"], name="objection_once_a_line"),
        ]
        triggers = [
            *WORDS_CAN_GO,
            pgtrigger.Trigger(
                name="in_time",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=OF_ROLL,
                func=ROLL_AT_REST.format(roll="NEW.roll_id")
                + """
                    PERFORM FROM governance_rollpublication p WHERE p.roll_id = r.id AND NEW.made_at < p.until;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'objections come while the roll is published';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roll_id}: {self.about_id}"


class Ruling(CoopModel, AppendOnly):
    """The returning officer's answer to an objection, with its reason. Once, before any ballot on the roll."""

    objection = models.OneToOneField(Objection, on_delete=models.PROTECT, related_name="ruling")
    upheld = models.BooleanField(_("upheld"))
    because = models.CharField(_("why"), max_length=600)
    ruled_at = models.DateTimeField()
    ruled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        constraints = [models.CheckConstraint(condition=Q(because__regex=r"\S"), name="ruling_with_a_reason")]
        triggers = [
            *WORDS_CAN_GO,
            pgtrigger.Trigger(
                name="at_rest",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=OF_ROLL,
                func=ROLL_AT_REST.format(roll=ITS_ROLL) + "    RETURN NEW;\n",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.objection_id}: {self.upheld}"


class RollCorrection(CoopModel, AppendOnly):
    """One line of a frozen roll, changed or added by an upheld objection: what it said, what it says, both hashes.

    ``place`` is the line's, from 1, in order of number at that time. ``was_digest`` is empty where the line is new.
    """

    privileges = ("SELECT",)

    ruling = models.OneToOneField(Ruling, on_delete=models.PROTECT, related_name="correction")
    roll = models.ForeignKey(Roll, on_delete=models.PROTECT, related_name="corrections")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()
    was_digest = models.CharField(max_length=64, blank=True)
    was_eligible = models.BooleanField(null=True)
    was_votes = models.PositiveSmallIntegerField(default=1, db_default=1)
    was_class = models.CharField(max_length=200, blank=True)
    was_reasons = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    eligible = models.BooleanField()
    votes = models.PositiveSmallIntegerField(default=1, db_default=1)
    class_name = models.CharField(max_length=200, blank=True)
    reasons = models.JSONField(default=list)
    was_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    corrected_at = models.DateTimeField()
    corrected_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["roll", "was_hash"], name="roll_corrections_one_line"),
            models.CheckConstraint(condition=~Q(digest=F("was_digest")), name="roll_correction_changes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.roll_id}: {self.place}"
