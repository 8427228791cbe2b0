"""Voting letters: a one-time code on paper for somebody on a secret ballot's roll whom no e-mail reaches."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import NO_TRUNCATE, CoopModel, User

from .ballots import Ballot
from .rolls import RollEntry


class VotingLetter(CoopModel):
    """A letter with a code that strikes this line off once. The code itself is printed and kept nowhere.

    ``digest`` is HMAC-SHA256 of the code under the ballot's letter key, a file that dies with the ballot's other keys
    (``keyring``): without it no code can be tried against the table, and after the opening none fits. A letter is used
    where a ``StrikeOff`` names it. It is spoiled, with a reason, and never changed or deleted.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="voting_letters")
    entry = models.ForeignKey(RollEntry, on_delete=models.PROTECT, related_name="+")
    batch = models.PositiveSmallIntegerField(_("print run"))
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    spoiled_at = models.DateTimeField(null=True)
    spoiled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    spoiled_because = models.CharField(_("spoiled because"), max_length=300, blank=True)

    class Meta:
        ordering = ["entry__number", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ballot", "entry"], condition=Q(spoiled_at__isnull=True), name="voting_letter_one_a_line"
            ),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="voting_letter_keeps_a_digest"),
            models.CheckConstraint(
                condition=Q(spoiled_at__isnull=True, spoiled_because="")
                | Q(spoiled_at__isnull=False) & ~Q(spoiled_because=""),
                name="voting_letter_spoiled_with_a_reason",
            ),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="made_and_spoiled",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[
                    ("b", "governance_ballot%ROWTYPE"),
                    ("may", "text[] := '{spoiled_at,spoiled_by_id,spoiled_because}'"),
                ],
                func="""
                    IF TG_OP = 'DELETE' THEN
                        RAISE check_violation USING MESSAGE = 'a voting letter is spoiled, not deleted';
                    END IF;
                    IF TG_OP = 'UPDATE' THEN
                        IF to_jsonb(NEW) - may <> to_jsonb(OLD) - may OR OLD.spoiled_at IS NOT NULL
                           OR NEW.spoiled_at IS NULL THEN
                            RAISE check_violation USING MESSAGE = 'a voting letter is spoiled once and not changed';
                        END IF;
                        IF EXISTS (SELECT FROM governance_strikeoff s WHERE s.letter_id = OLD.id) THEN
                            RAISE check_violation USING MESSAGE = 'a voting letter that was used is not spoiled';
                        END IF;
                        RETURN NEW;
                    END IF;
                    SELECT * INTO b FROM governance_ballot WHERE id = NEW.ballot_id FOR SHARE;
                    IF b.kind <> 'secret' OR b.state <> 'open' OR NEW.made_at >= b.closes_at
                       OR (b.closes_at > b.released_by_database AND clock_timestamp() >= b.closes_at) THEN
                        RAISE check_violation
                              USING MESSAGE = 'voting letters are made for a secret ballot between release and close';
                    END IF;
                    PERFORM FROM governance_rollentry e
                      WHERE e.id = NEW.entry_id AND e.roll_id = b.roll_id AND e.eligible;
                    IF NOT FOUND OR NEW.spoiled_at IS NOT NULL OR EXISTS (SELECT FROM governance_strikeoff s
                            WHERE s.ballot_id = NEW.ballot_id AND s.entry_id = NEW.entry_id) THEN
                        RAISE check_violation
                              USING MESSAGE = 'a voting letter is for who may vote and was not struck off';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ballot_id}: {self.entry_id}, run {self.batch}"
