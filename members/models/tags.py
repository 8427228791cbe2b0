"""Words officers keep people apart by: who bakes, who drives the van. They are data about people, and go with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel

from .parties import OF_A_WHOLE_RECORD, Party


class PartyTag(CoopModel):
    """One word on one record. Records merged away keep theirs, and they count for the whole."""

    privileges = ("SELECT", "INSERT", "DELETE")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="tags")
    name = models.CharField(_("tag"), max_length=40)
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["party", "name"], name="partytag_once"),
            models.CheckConstraint(condition=~models.Q(name=""), name="partytag_says_something"),
        ]
        indexes = [models.Index(fields=["coop", "name", "party"], name="partytag_by_name")]
        triggers = [OF_A_WHOLE_RECORD, NO_TRUNCATE]

    def __str__(self) -> str:
        return self.name
