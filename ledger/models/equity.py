"""Paying back refunds that were kept as members' capital: a plan, its lines, and the entry that makes them payable.

    draft → approved → posted
      └────────┴─────→ cancelled

The plan's lines are worked out when it is drawn up and are never changed; a second officer approves exactly the plan
whose hash they saw. Posted, the money is owed to the members, and the next pay-out pays it.
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel
from members.models import Membership

from .guards import only_into, own_entry, row
from .journal import Entry

FROZEN = "coop_id number decided terms outstanding total count hash proposed_at proposed_by_id".split()


class EquityPlan(CoopModel):
    """One payback. ``terms``: who, in which order, how much, as data. Money in minor units."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        DRAFT = "draft", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        POSTED = "posted", _("Posted")
        CANCELLED = "cancelled", _("Thrown away")

    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    decided = models.CharField(_("decided by"), max_length=120)
    terms = models.JSONField()
    outstanding = models.BigIntegerField()
    total = models.BigIntegerField()
    count = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)
    proposed_at = models.DateTimeField(default=clock.now)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="equity_plan")
    posted_at = models.DateTimeField(null=True)
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="equityplan_number_once"),
            models.UniqueConstraint(
                fields=["coop"], condition=Q(state__in=["draft", "approved"]), name="equityplan_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "posted"])
                | Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("proposed_by")),
                name="equityplan_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="posted") | Q(entry__isnull=False, posted_at__isnull=False),
                name="equityplan_posted_with_its_entry",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("summed", "bigint")],
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'a payback begins as a draft';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (OLD.state, NEW.state) NOT IN (('draft', 'approved'), ('draft', 'cancelled'),
                            ('approved', 'posted'), ('approved', 'cancelled'))
                       OR {row("NEW", FROZEN)} IS DISTINCT FROM {row("OLD", FROZEN)}
                       OR OLD.state = 'approved' AND NEW.approved_by_id IS DISTINCT FROM OLD.approved_by_id THEN
                        RAISE check_violation USING MESSAGE = 'a payback goes forward and is not changed';
                    END IF;
                    IF NEW.state = 'approved' THEN
                        SELECT coalesce(sum(l.amount), 0) INTO summed FROM ledger_equityline l WHERE l.plan_id = NEW.id;
                        IF summed <> NEW.total THEN
                            RAISE check_violation USING MESSAGE = 'a payback and its lines disagree';
                        END IF;
                    END IF;
                    {own_entry("posted", "equity", "a payback is posted by its own entry")}
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return str(_("Payback %(number)s") % {"number": self.number})

    @property
    def posting_key(self) -> str:
        return f"equity:{self.pk}"


class EquityLine(CoopModel, AppendOnly):
    """What one member is paid back of one year's kept refunds. ``year`` 0 is what was there before the books began."""

    plan = models.ForeignKey(EquityPlan, on_delete=models.PROTECT, related_name="lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveBigIntegerField()
    year = models.PositiveSmallIntegerField()
    held = models.BigIntegerField()
    amount = models.BigIntegerField()

    class Meta(AppendOnly.Meta):
        ordering = ["number", "year"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "membership", "year"], name="equityline_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, amount__lte=F("held")), name="equityline_of_what_is_held"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            only_into(
                "into_a_draft",
                "draft",
                "ledger_equityplan p",
                "plan_id",
                "lines are added to a payback while it is a draft",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number:04d} {self.year}: {self.amount}"
