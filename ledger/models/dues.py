"""Dues: what each class pays by the by-laws, who is let off, and what every member was charged for which period.

    rule (dated by by-laws) → run (draft → posted | cancelled) → charge (one entry) → waiver

A charge is an entry on the member's own account of what they owe; what is still owed is read there and nowhere else
(``selectors.claims``). No period of a member is charged twice: the database refuses spans that overlap.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User
from members.models import ByLaws, Membership, MembershipClass

from .guards import only_into, row
from .journal import Entry

FROZEN = "coop_id number month posted_on due_on count total given_back hash asked_at asked_by_id".split()


class DuesRule(CoopModel, AppendOnly):
    """What a class pays under one version of the by-laws; nought from a version on means nothing from then on."""

    class Every(models.IntegerChoices):
        MONTH = 1, _("every month")
        QUARTER = 3, _("every quarter")
        YEAR = 12, _("every year")

    class Joining(models.TextChoices):
        WHOLE = "whole", _("the whole period")
        MONTHS = "months", _("the months from joining on")
        NEXT = "next", _("nothing before the next period")

    class Leaving(models.TextChoices):
        WHOLE = "whole", _("the whole period")
        MONTHS = "months", _("the months up to leaving")

    bylaws = models.ForeignKey(ByLaws, on_delete=models.PROTECT, related_name="+")
    member_class = models.ForeignKey(MembershipClass, on_delete=models.PROTECT, related_name="+")
    every = models.PositiveSmallIntegerField(_("how often"), choices=Every.choices)
    amount = models.BigIntegerField(_("dues a period"))
    reduced = models.BigIntegerField(_("reduced dues"), null=True, blank=True)
    joining = models.CharField(_("who joins within a period pays"), max_length=10, choices=Joining.choices)
    leaving = models.CharField(_("who leaves within a period pays"), max_length=10, choices=Leaving.choices)
    days_to_pay = models.PositiveSmallIntegerField(_("days to pay"), default=30)
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-bylaws__effective_on", "member_class__position"]
        constraints = [
            models.UniqueConstraint(fields=["bylaws", "member_class"], name="duesrule_once_a_version"),
            models.CheckConstraint(condition=Q(every__in=[1, 3, 12]), name="duesrule_every"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="duesrule_not_negative"),
            models.CheckConstraint(
                condition=Q(reduced__isnull=True) | Q(reduced__gte=0, reduced__lte=F("amount")),
                name="duesrule_reduced_is_less",
            ),
            models.CheckConstraint(condition=Q(joining__in=["whole", "months", "next"]), name="duesrule_joining"),
            models.CheckConstraint(condition=Q(leaving__in=["whole", "months"]), name="duesrule_leaving"),
        ]

    def __str__(self) -> str:
        return f"{self.member_class}: {self.amount} {self.get_every_display()}"


class DuesRelief(CoopModel, AppendOnly):
    """From a day on a member pays nothing, less, or the full dues again. The newest that holds on a day decides.

    The ground is one of a few words and never somebody's story; the decision names where it was decided.
    """

    class Kind(models.TextChoices):
        EXEMPT = "exempt", _("pays no dues")
        REDUCED = "reduced", _("pays reduced dues")
        FULL = "full", _("pays full dues again")

    class Ground(models.TextChoices):
        HARDSHIP = "hardship", _("hardship")
        TRAINING = "training", _("in education or training")
        AGE = "age", _("age")
        OFFICE = "office", _("holds an office")
        HONORARY = "honorary", _("honorary member")
        OTHER = "other", _("as decided")

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="dues_reliefs")
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    ground = models.CharField(_("why"), max_length=10, choices=Ground.choices)
    decision = models.CharField(_("decided by"), max_length=120)
    starts = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-starts", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(decision=""), name="duesrelief_was_decided"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("starts")), name="duesrelief_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=Q(kind__in=["exempt", "reduced", "full"]), name="duesrelief_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.get_kind_display()}"

    def holds_on(self, day) -> bool:
        return self.starts <= day and (self.until is None or day <= self.until)


class DuesRun(CoopModel):
    """Dues of one month charged at once: whoever has a period there that was not charged yet. Minor units."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        DRAFT = "draft", _("Being charged")
        POSTED = "posted", _("Charged")
        CANCELLED = "cancelled", _("Not charged")

    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    month = models.DateField(_("month"))
    posted_on = models.DateField(_("booked on"))
    due_on = models.DateField(_("first day due"))
    count = models.PositiveIntegerField(_("members"))
    total = models.BigIntegerField(_("control total"))
    given_back = models.BigIntegerField(_("given back to those who left"), default=0)
    hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField(default=clock.now)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(_("why it was not charged"), max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="duesrun_number_once"),
            models.UniqueConstraint(fields=["coop"], condition=Q(state="draft"), name="duesrun_one_at_a_time"),
            models.CheckConstraint(condition=Q(month__day=1), name="duesrun_is_of_a_month"),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="goes_forward",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("summed", "bigint[]")],
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'dues begin as a draft';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF {row("OLD", FROZEN)} IS DISTINCT FROM {row("NEW", FROZEN)}
                       OR OLD.state <> 'draft' OR NEW.state NOT IN ('posted', 'cancelled') THEN
                        RAISE check_violation USING MESSAGE = 'dues that were charged stay as they are';
                    END IF;
                    SELECT ARRAY[count(*), coalesce(sum(c.amount), 0)]::bigint[] INTO summed
                      FROM ledger_duescharge c WHERE c.run_id = NEW.id;
                    IF summed IS DISTINCT FROM
                       (CASE NEW.state WHEN 'posted' THEN ARRAY[NEW.count, NEW.total] ELSE ARRAY[0, 0] END)::bigint[]
                    THEN
                        RAISE check_violation USING MESSAGE = 'the dues charged and their control total disagree';
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
        ]

    def __str__(self) -> str:
        return f"Dues {self.number}"


class DuesCharge(CoopModel, AppendOnly):
    """One member's dues for one period: months charged at a rate for the whole, and the entry that says so."""

    run = models.ForeignKey(DuesRun, on_delete=models.PROTECT, related_name="charges")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="dues_charges")
    rule = models.ForeignKey(DuesRule, on_delete=models.PROTECT, related_name="+")
    relief = models.ForeignKey(DuesRelief, null=True, on_delete=models.PROTECT, related_name="+")
    starts = models.DateField(_("from"))
    ends = models.DateField(_("to"))
    months = models.PositiveSmallIntegerField()
    of_months = models.PositiveSmallIntegerField()
    rate = models.BigIntegerField()
    amount = models.BigIntegerField(_("amount"))
    due_on = models.DateField(_("due on"))
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="dues_charge")

    class Meta(AppendOnly.Meta):
        ordering = ["starts", "id"]
        constraints = [
            models.UniqueConstraint(fields=["membership", "starts"], name="duescharge_once_a_period"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, months__gte=1, months__lte=F("of_months")), name="duescharge_of_something"
            ),
            models.CheckConstraint(
                condition=Q(amount=F("rate") * F("months") / F("of_months")), name="duescharge_adds_up"
            ),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            only_into("into_a_draft", "draft", "ledger_duesrun r", "run_id", "dues are charged by a run under way"),
            pgtrigger.Trigger(
                name="has_its_entry",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="added"),
                func="""
                    IF EXISTS (SELECT FROM added c
                        LEFT JOIN ledger_entry e ON e.id = c.entry_id AND e.coop_id = c.coop_id
                         AND e.key = 'dues:' || c.membership_id || ':' || c.starts
                       WHERE e.id IS NULL OR c.amount IS DISTINCT FROM (
                             SELECT sum(p.amount) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                              WHERE p.batch = 0 AND p.entry_id = c.entry_id AND a.purpose = 'member_receivable'
                                AND a.membership_id = c.membership_id)) THEN
                        RAISE check_violation USING MESSAGE = 'dues are what their entry says the member owes';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id}, {self.starts}: {self.amount}"


class DuesWaiver(CoopModel, AppendOnly):
    """A part of a charge, or all of it, that is not asked for any more: let off, written off, given back on leaving."""

    class Kind(models.TextChoices):
        WAIVED = "waived", _("let off")
        WRITTEN_OFF = "written_off", _("written off")
        LEFT = "left", _("given back on leaving")
        MISTAKE = "mistake", _("charged by mistake")

    charge = models.ForeignKey(DuesCharge, on_delete=models.PROTECT, related_name="waivers")
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    amount = models.BigIntegerField(_("amount"))
    decision = models.CharField(_("why, and who decided"), max_length=120)
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="dues_waiver")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="dueswaiver_of_something"),
            models.CheckConstraint(condition=~Q(decision=""), name="dueswaiver_was_decided"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="within_its_charge",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("charged", "bigint"), ("waived", "bigint"), ("whose", "bigint"), ("moved", "bigint")],
                func="""
                    PERFORM pg_advisory_xact_lock(7016, (NEW.charge_id % 2147483647)::integer);
                    SELECT c.amount, c.membership_id INTO charged, whose FROM ledger_duescharge c
                     WHERE c.id = NEW.charge_id;
                    SELECT coalesce(sum(w.amount), 0) INTO waived FROM ledger_dueswaiver w
                     WHERE w.charge_id = NEW.charge_id;
                    SELECT -sum(p.amount) INTO moved FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                      JOIN ledger_entry e ON e.id = p.entry_id AND e.key LIKE 'dues-waiver:' || NEW.charge_id || ':%'
                     WHERE p.batch = 0 AND p.entry_id = NEW.entry_id AND a.membership_id = whose
                       AND a.purpose IN ('member_receivable', 'member_credit');
                    IF waived + NEW.amount > charged OR moved IS DISTINCT FROM NEW.amount THEN
                        RAISE check_violation USING MESSAGE =
                            'no more is waived than was charged, and its entry says so';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charge}: {self.get_kind_display()}"
