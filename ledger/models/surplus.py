"""What is to become of a year's surplus: plans, a row for every member, and the way from draft to posted.

    draft → proposed → resolved → approved → posted → void
      ↑________│           └─────────┴────────────────↑

A draft may be changed and thrown away. From ``proposed`` on its terms, its result and its lines are frozen, and the
database refuses whatever would change them; a proposal may be taken back until the members have decided.
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel
from governance.models import Resolution
from members.models import Membership

from .guards import row
from .journal import Entry
from .patronage import PatronageYear

STEPS = (
    "('draft', 'draft'), ('proposed', 'draft'), ('draft', 'proposed'), ('resolved', 'proposed'),"
    " ('approved', 'resolved'), ('void', 'resolved'), ('posted', 'approved'), ('void', 'approved'), ('void', 'posted')"
)
FROZEN = "coop_id year_id letter title terms result basis_version hash line_count created_at created_by_id".split()


class SurplusPlan(CoopModel):
    """One way to use the surplus of a year. ``terms`` is what the treasurer chose, ``result`` what follows from it."""

    privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PROPOSED = "proposed", _("Before the members")
        RESOLVED = "resolved", _("Carried by the members")
        APPROVED = "approved", _("Approved")
        POSTED = "posted", _("Posted")
        VOID = "void", _("Void")

    year = models.ForeignKey(PatronageYear, on_delete=models.PROTECT, related_name="plans")
    letter = models.CharField(_("plan"), max_length=2)
    title = models.CharField(_("what it is about"), max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    terms = models.JSONField()
    result = models.JSONField()
    basis_version = models.PositiveIntegerField()
    line_count = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=clock.now)
    proposed_at = models.DateTimeField(null=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    resolution = models.ForeignKey(Resolution, null=True, on_delete=models.PROTECT, related_name="surplus_plans")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="surplus_plan")
    posted_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reversal = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="voided_surplus_plan")
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["year", "letter"]
        constraints = [
            models.UniqueConstraint(fields=["year", "letter"], name="surplusplan_letter_once"),
            models.UniqueConstraint(
                fields=["year"],
                condition=Q(state__in=["resolved", "approved", "posted"]),
                name="surplusplan_one_is_carried_out",
            ),
            models.UniqueConstraint(
                fields=["resolution"], condition=~Q(state="void"), name="surplusplan_one_a_resolution"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "proposed", "resolved", "approved", "posted", "void"]),
                name="surplusplan_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(hash__regex=r"^[0-9a-f]{64}$", proposed_at__isnull=False),
                name="surplusplan_proposed_with_its_hash",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["resolved", "approved", "posted"]) | Q(resolution__isnull=False),
                name="surplusplan_carried_by_a_resolution",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "posted"])
                | Q(approved_by__isnull=False, approved_at__isnull=False)
                & ~Q(approved_by=F("proposed_by"))
                & ~Q(approved_by=F("created_by")),
                name="surplusplan_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="posted") | Q(entry__isnull=False, posted_at__isnull=False),
                name="surplusplan_posted_with_its_entry",
            ),
            models.CheckConstraint(
                condition=~Q(state="void")
                | Q(voided_at__isnull=False) & ~Q(because="") & (Q(entry__isnull=True) | Q(reversal__isnull=False)),
                name="surplusplan_void_by_reversal",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("version", "integer"), ("said", "bigint[]"), ("summed", "bigint[]")],
                func=f"""
                    IF TG_OP = 'DELETE' THEN
                        IF OLD.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'a plan that was proposed is not deleted';
                        END IF;
                        RETURN OLD;
                    END IF;
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'a plan begins as a draft';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (NEW.state, OLD.state) NOT IN ({STEPS}) THEN
                        RAISE check_violation
                            USING MESSAGE = 'a plan does not go from ' || OLD.state || ' to ' || NEW.state;
                    END IF;
                    IF NEW.coop_id <> OLD.coop_id OR NEW.year_id <> OLD.year_id OR NEW.id <> OLD.id THEN
                        RAISE check_violation USING MESSAGE = 'a plan stays in its co-op and its year';
                    END IF;
                    IF OLD.state <> 'draft' AND NEW.state <> 'draft'
                       AND {row("NEW", FROZEN)} IS DISTINCT FROM {row("OLD", FROZEN)} THEN
                        RAISE check_violation USING MESSAGE = 'a plan that was proposed is not changed';
                    END IF;
                    IF OLD.state IN ('resolved', 'approved', 'posted') AND NEW.state <> 'void'
                       AND (NEW.resolution_id, NEW.proposed_by_id) IS DISTINCT FROM
                           (OLD.resolution_id, OLD.proposed_by_id) THEN
                        RAISE check_violation USING MESSAGE = 'who proposed and carried a plan is not changed';
                    END IF;
                    IF OLD.state IN ('approved', 'posted') AND NEW.approved_by_id IS DISTINCT FROM OLD.approved_by_id
                       OR OLD.entry_id IS NOT NULL AND NEW.entry_id IS DISTINCT FROM OLD.entry_id THEN
                        RAISE check_violation USING MESSAGE = 'who approved a plan and its entry are not changed';
                    END IF;
                    IF NEW.state = 'proposed' AND OLD.state = 'draft' THEN
                        SELECT y.version INTO version FROM ledger_patronageyear y
                         WHERE y.id = NEW.year_id FOR NO KEY UPDATE;
                        IF version <> NEW.basis_version THEN
                            RAISE check_violation
                                USING MESSAGE = 'the figures have changed since this plan was drawn up';
                        END IF;
                        IF EXISTS (SELECT FROM ledger_patronageimport i
                                     LEFT JOIN ledger_patronagerecord r ON r.source_id = i.id
                                    WHERE i.year_id = NEW.year_id AND i.state = 'recorded'
                                    GROUP BY i.id HAVING coalesce(sum(r.quantity), 0) <> i.total + i.outside) THEN
                            RAISE check_violation USING MESSAGE = 'an import and its rows disagree';
                        END IF;
                        SELECT ARRAY[count(*), coalesce(sum(l.allocated), 0), coalesce(sum(l.interest), 0),
                                     coalesce(sum(l.cash), 0), coalesce(sum(l.qualified), 0),
                                     coalesce(sum(l.nonqualified), 0), coalesce(sum(l.netted), 0),
                                     coalesce(sum(l.rolled_forward), 0)]::bigint[]
                          INTO summed FROM ledger_planline l WHERE l.plan_id = NEW.id;
                        SELECT ARRAY[NEW.line_count, t.allocated, t.interest, t.cash, t.qualified, t.nonqualified,
                                     t.netted, t.rolled_forward]::bigint[] INTO said
                          FROM jsonb_to_record(NEW.result -> 'totals') AS t(allocated bigint, interest bigint,
                               cash bigint, qualified bigint, nonqualified bigint, netted bigint,
                               rolled_forward bigint);
                        IF said IS DISTINCT FROM summed THEN
                            RAISE check_violation USING MESSAGE = 'a plan and its lines disagree';
                        END IF;
                    END IF;
                    IF NEW.state = 'resolved' AND OLD.state = 'proposed' THEN
                        PERFORM FROM governance_resolution r JOIN governance_ballot b ON b.id = r.ballot_id
                          WHERE r.id = NEW.resolution_id AND r.coop_id = NEW.coop_id AND r.carried
                            AND b.state = 'certified';
                        IF NOT FOUND THEN
                            RAISE check_violation
                                  USING MESSAGE = 'a plan is carried by a resolution that was carried and certified';
                        END IF;
                    END IF;
                    IF NEW.state = 'posted' AND OLD.state = 'approved' THEN
                        PERFORM FROM ledger_entry e
                          WHERE e.id = NEW.entry_id AND e.coop_id = NEW.coop_id AND e.key = 'distribution:' || NEW.id;
                        IF NOT FOUND THEN
                            RAISE check_violation USING MESSAGE = 'a plan is posted by its own entry';
                        END IF;
                    END IF;
                    IF NEW.state = 'void' AND OLD.state = 'posted' THEN
                        PERFORM FROM ledger_entry e WHERE e.id = NEW.reversal_id AND e.reverses_id = OLD.entry_id;
                        IF NOT FOUND THEN
                            RAISE check_violation USING MESSAGE = 'a posted plan is voided by reversing its entry';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.letter}: {self.title}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def short_hash(self) -> str:
        """What a person compares: the first eight digits."""
        return self.hash[:8]

    @property
    def posting_key(self) -> str:
        """The journal posts this plan once under this key, whatever asks twice."""
        return f"distribution:{self.pk}"


PLAN_IS_DRAFT = """
    FOR touched IN SELECT DISTINCT plan_id FROM {rows} ORDER BY 1 LOOP
        PERFORM FROM ledger_surplusplan p WHERE p.id = touched AND p.state = 'draft' FOR SHARE;
        IF NOT FOUND THEN
            RAISE check_violation USING MESSAGE = 'the lines of a plan that was proposed are not changed';
        END IF;
    END LOOP;
    RETURN NULL;
"""


def _only_in_draft(name: str, operation, **tables: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=operation,
        level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(**tables),
        declare=[("touched", "bigint")],
        func=PLAN_IS_DRAFT.format(rows=next(iter(tables.values()))),
    )


class PlanLine(CoopModel):
    """One member in one plan. ``basis`` and ``shares`` hold one figure for each of the plan's pools, in their order.

    Money in minor units; basis in the smallest parts of the pool's unit. ``holding`` is paid-up capital at the year's
    end, ``carried`` and ``debt`` what earlier years left, both as the plan used them.
    """

    privileges = ("SELECT", "INSERT", "DELETE")

    plan = models.ForeignKey(SurplusPlan, on_delete=models.CASCADE, related_name="lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="plan_lines")
    number = models.PositiveBigIntegerField()
    basis = ArrayField(models.BigIntegerField(), default=list)
    shares = ArrayField(models.BigIntegerField(), default=list)
    holding = models.BigIntegerField(default=0)
    carried = models.BigIntegerField(default=0)
    debt = models.BigIntegerField(default=0)
    interest = models.BigIntegerField(default=0)
    allocated = models.BigIntegerField(default=0)
    cash = models.BigIntegerField(default=0)
    qualified = models.BigIntegerField(default=0)
    nonqualified = models.BigIntegerField(default=0)
    netted = models.BigIntegerField(default=0)
    rolled_forward = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="planline_one_a_member"),
            models.CheckConstraint(
                condition=Q(
                    allocated=F("cash") + F("qualified") + F("nonqualified") + F("netted") + F("rolled_forward")
                ),
                name="planline_adds_up",
            ),
        ]
        triggers = [
            _only_in_draft("added_to_draft", pgtrigger.Insert, new="touching"),
            _only_in_draft("removed_from_draft", pgtrigger.Delete, old="touching"),
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.number:04d}: {self.allocated}"

    @property
    def kept(self) -> int:
        """What stays in the co-op in the member's name."""
        return self.qualified + self.nonqualified

    @property
    def released(self) -> int:
        """What earlier years had rolled forward and is paid now, because this year's cash part is paid too."""
        return self.carried if self.cash + self.netted > 0 else 0

    @property
    def paid(self) -> int:
        """What leaves the co-op's bank for this member: cash part, interest, and what had waited."""
        return self.cash + self.interest + self.released
