"""Written notices of allocation: that each member was told, how and when."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import AppendOnly, CoopModel
from members.models import Membership

from .surplus import SurplusPlan


class AllocationNotice(CoopModel, AppendOnly):
    """One member was given the statement of one posted plan: by a letter with a link, or on paper. Once."""

    class Way(models.TextChoices):
        EMAIL = "email", _("by e-mail")
        PAPER = "paper", _("on paper")

    plan = models.ForeignKey(SurplusPlan, on_delete=models.PROTECT, related_name="notices")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=5, choices=Way.choices)
    given_on = models.DateField()
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["plan", "membership"], name="allocationnotice_once")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="of_a_line",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="added"),
                func="""
                    IF EXISTS (SELECT FROM added a JOIN ledger_surplusplan p ON p.id = a.plan_id
                                WHERE p.entry_id IS NULL OR p.coop_id <> a.coop_id)
                       OR EXISTS (SELECT FROM added a WHERE NOT EXISTS (SELECT FROM ledger_planline l
                                WHERE l.plan_id = a.plan_id AND l.membership_id = a.membership_id)) THEN
                        RAISE check_violation USING MESSAGE = 'a notice is of a member''s line in a posted plan';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.membership_id} {self.way}"
