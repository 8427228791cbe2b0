"""Who looked at or exported what about whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import AppendOnly, CoopModel


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

    def __str__(self) -> str:
        return f"{self.at} {self.what} {self.subject}"
