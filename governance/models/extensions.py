"""A ballot's close moved later: each move a row with its reason, and the row itself is the move."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import AppendOnly, CoopModel, User

from .ballots import Ballot


class Extension(CoopModel, AppendOnly):
    """The close of a released ballot moves from ``was`` to ``until``. Writing the row moves it; nothing else does.

    The ballot's own trigger refuses a ``closes_at`` that no row leads to, and this one a row that comes at or after the
    close, by the act's clock and by the database's. A close is moved from once, so the rows of a ballot form one line.
    """

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="extensions")
    was = models.DateTimeField(_("closed at first"))
    until = models.DateTimeField(_("closes now"))
    because = models.CharField(_("why"), max_length=300)
    extended_at = models.DateTimeField()
    extended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["was"]
        constraints = [
            models.UniqueConstraint(fields=["ballot", "was"], name="extension_one_line"),
            models.CheckConstraint(condition=Q(until__gt=F("was")), name="extension_only_later"),
            models.CheckConstraint(condition=Q(because__regex=r"\S"), name="extension_with_a_reason"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="before_the_close",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("b", "governance_ballot%ROWTYPE")],
                func="""
                    SELECT * INTO b FROM governance_ballot WHERE id = NEW.ballot_id FOR NO KEY UPDATE;
                    IF b.state <> 'open' OR NEW.extended_at >= b.closes_at
                       OR (b.closes_at > b.released_by_database AND clock_timestamp() >= b.closes_at) THEN
                        RAISE check_violation USING MESSAGE = 'a ballot is extended before it closes';
                    END IF;
                    IF NEW.was <> b.closes_at THEN
                        RAISE check_violation USING MESSAGE = 'an extension begins at the close that stands';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="moves_the_close",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    UPDATE governance_ballot SET closes_at = NEW.until WHERE id = NEW.ballot_id;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ballot_id}: {self.until}"
