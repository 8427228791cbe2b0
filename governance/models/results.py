"""What came of a ballot: the count with all its rounds, and the resolution others rely on."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import AppendOnly, CoopModel, User

from .ballots import Ballot, Question
from .meetings import Meeting
from .querysets import ResolutionQuerySet


class Count(CoopModel, AppendOnly):
    """The result of one question, with every round. ``papers_hash`` is over the sorted papers that went into it."""

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="counts")
    question = models.OneToOneField(Question, on_delete=models.PROTECT, related_name="count")
    method = models.CharField(max_length=20)
    papers = models.PositiveIntegerField()
    valid = models.PositiveIntegerField()
    papers_hash = models.CharField(max_length=64)
    seed = models.CharField(max_length=130)
    result = models.JSONField()
    counted_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        ordering = ["question__position"]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="after_the_close",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM governance_ballot b JOIN governance_question q ON q.ballot_id = b.id
                      WHERE b.id = NEW.ballot_id AND q.id = NEW.question_id AND b.state = 'closed' FOR SHARE OF b;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'a question is counted once its ballot is closed';
                    END IF;
                    PERFORM FROM governance_ballot b WHERE b.id = NEW.ballot_id AND b.kind = 'secret'
                        AND NOT EXISTS (SELECT FROM governance_boxopening o WHERE o.ballot_id = b.id);
                    IF FOUND THEN
                        RAISE check_violation USING MESSAGE = 'a secret ballot is counted once its box is open';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"count of question {self.question_id}"


class OtherRule(CoopModel, AppendOnly):
    """What another rule would have said of the same papers. Never the result of anything."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="other_rules")
    method = models.CharField(max_length=20)
    result = models.JSONField()
    counted_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["method"]
        constraints = [models.UniqueConstraint(fields=["question", "method"], name="other_rule_asked_once")]

    def __str__(self) -> str:
        return f"{self.method} of question {self.question_id}"


class Resolution(CoopModel, AppendOnly):
    """What the members decided on a motion. It says what its count says; the database sees to that."""

    number = models.CharField(_("number"), max_length=20)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    text_hash = models.CharField(max_length=64)
    carried = models.BooleanField(_("carried"))
    decided_on = models.DateField(_("decided on"))
    votes = models.JSONField(default=dict)
    sentence = models.TextField()
    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="resolutions")
    question = models.OneToOneField(Question, on_delete=models.PROTECT, related_name="resolution")
    meeting = models.ForeignKey(Meeting, null=True, on_delete=models.PROTECT, related_name="resolutions")
    recorded_at = models.DateTimeField()

    objects = ResolutionQuerySet.as_manager()

    class Meta(AppendOnly.Meta):
        ordering = ["-decided_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["coop", "number"], name="resolution_numbered_once")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="says_what_was_counted",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM governance_count c
                      JOIN governance_question q ON q.id = c.question_id
                      JOIN governance_ballot b ON b.id = q.ballot_id
                      WHERE c.question_id = NEW.question_id AND b.id = NEW.ballot_id AND q.method = 'motion'
                        AND b.meeting_id IS NOT DISTINCT FROM NEW.meeting_id
                        AND (c.result ->> 'carried')::boolean = NEW.carried;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'a resolution says what was counted';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def stands(self) -> bool:
        """Two officers have certified the ballot it came of."""
        return self.ballot.state == Ballot.State.CERTIFIED
