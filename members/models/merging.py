"""Two records that are one person, and one record that was two: what was put together, what moved, and the way back.

Nothing is deleted. A record that was merged away stays as a stub that points at the other, and everything that moved
is written down row by row, so that the register of an earlier day can still be read as it was known then.
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import AppendOnly, CoopModel

from .parties import Party


class PartyMerge(CoopModel, AppendOnly):
    """One act: ``other`` was merged into ``kept``, that was undone, or ``other`` was split off from ``kept``."""

    class Kind(models.TextChoices):
        MERGED = "merged", _("Merged")
        UNDONE = "undone", _("Taken apart again")
        SPLIT = "split", _("Split off")

    kind = models.CharField(max_length=6, choices=Kind.choices)
    kept = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="merges")
    other = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="merged_as")
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    taken = models.JSONField(default=list)  # which facts of the other were taken over: names of facts, never the facts
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["other", "-id"], name="partymerge_newest")]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=models.F("other")), name="partymerge_needs_two"),
            models.CheckConstraint(
                condition=Q(kind="undone", undoes__isnull=False) | ~Q(kind="undone") & Q(undoes__isnull=True),
                name="partymerge_undoes_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.other_id} / {self.kept_id}"


class PartyMove(CoopModel, AppendOnly):
    """One row of the register that passed from one record to another by a merge. ``key`` is the row's own key."""

    class What(models.TextChoices):
        MEMBERSHIP = "membership", _("Membership")
        SUBJECT = "subject", _("Stands for somebody")
        OBJECT = "object", _("Somebody stands for them")
        APPLICATION = "application", _("Application")
        LETTER = "letter", _("Letter on paper")
        REQUEST = "request", _("Open request")

    merge = models.ForeignKey(PartyMerge, on_delete=models.PROTECT, related_name="moves")
    what = models.CharField(max_length=11, choices=What.choices)
    key = models.BigIntegerField()
    from_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    to_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["what", "key", "-id"], name="partymove_newest")]
        constraints = [models.UniqueConstraint(fields=["merge", "what", "key"], name="partymove_once")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="took_place",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition("NEW.what = 'membership'"),
                declare=[("went_to", "bigint")],
                func="""
                    SELECT v.to_party_id INTO went_to FROM members_partymove v
                     WHERE v.what = NEW.what AND v.key = NEW.key ORDER BY v.id DESC LIMIT 1;
                    IF NOT EXISTS (SELECT FROM members_membership m WHERE m.id = NEW.key AND m.party_id = went_to) THEN
                        RAISE check_violation USING MESSAGE = 'a move on record took place';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.key}: {self.from_party_id} to {self.to_party_id}"
