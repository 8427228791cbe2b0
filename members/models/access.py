"""Who looked at or exported what about whom."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel


class AccessLog(CoopModel, AppendOnly):
    """One look of an officer at another person's data, or one export of the register. Holds nothing personal itself."""

    class What(models.TextChoices):
        MEMBER = "member", _("Member’s page")
        APPLICATION = "application", _("Application")
        LIST = "list", _("List of members")
        EXPORT = "export", _("Export of the register")

    at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=12, choices=What.choices)
    about = models.BigIntegerField(null=True)  # the party's key; not a foreign key, for an undone import leaves it
    subject = models.CharField(max_length=80, blank=True)
    basis = models.CharField(max_length=200, blank=True)
    rows = models.PositiveIntegerField(default=1)

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["about", "-id"], name="access_about")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete),
            pgtrigger.Protect(  # members_forget alone empties it, where it names somebody who was erased
                name="only_forgotten",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "current_user = session_user OR NEW.basis <> '(erased)' OR"
                    " (NEW.id, NEW.coop_id, NEW.at, NEW.actor_id, NEW.what, NEW.about, NEW.subject, NEW.rows)"
                    " IS DISTINCT FROM"
                    " (OLD.id, OLD.coop_id, OLD.at, OLD.actor_id, OLD.what, OLD.about, OLD.subject, OLD.rows)"
                ),
            ),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.what} {self.subject}"
