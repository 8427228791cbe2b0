"""Direct debits: what a member signed, collections two people let go, and what came back.

    draft → released → booked
      └───────┴──→ cancelled

A mandate is signed once and revoked once. A collection names everybody with a mandate who owes something that is due;
it never changes, a second person releases it, members are told the day and the amount, and only then is there a file.
A mandate that was revoked stands in no collection, and none is revoked while one that was released collects on it.
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

from .bank import BankAccount
from .files import ErasableFile
from .journal import Entry


class Mandate(CoopModel):
    """A member's signed word that the co-op may collect (SEPA core). Holder and IBAN go when the person is erased."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="mandates")
    reference = models.CharField(_("mandate reference"), max_length=35)
    holder = models.CharField(_("account holder"), max_length=70, blank=True)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    bic = models.CharField("BIC", max_length=11, blank=True)
    signed_on = models.DateField(_("signed on"))
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "reference"], name="mandate_reference_once"),
            models.UniqueConstraint(
                fields=["membership"], condition=Q(revoked_at__isnull=True), name="mandate_one_that_stands"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=False) | ~Q(iban="") & ~Q(holder=""), name="mandate_names_an_account"
            ),
            models.CheckConstraint(
                condition=Q(reference__regex=r"^[A-Za-z0-9+?/:().,'-]{1,35}$"), name="mandate_reference_is_sepa"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.revoked_at IS NOT NULL THEN
                            RAISE check_violation USING MESSAGE = 'a mandate begins unrevoked';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (NEW.coop_id, NEW.membership_id, NEW.reference, NEW.signed_on, NEW.recorded_at,
                        NEW.recorded_by_id) IS DISTINCT FROM (OLD.coop_id, OLD.membership_id, OLD.reference,
                        OLD.signed_on, OLD.recorded_at, OLD.recorded_by_id)
                       OR OLD.revoked_at IS NOT NULL
                          AND (NEW.revoked_at, NEW.revoked_by_id) IS DISTINCT FROM (OLD.revoked_at, OLD.revoked_by_id)
                       OR (NEW.holder, NEW.iban, NEW.bic) IS DISTINCT FROM (OLD.holder, OLD.iban, OLD.bic)
                          AND NOT (NEW.revoked_at IS NOT NULL AND (NEW.holder, NEW.iban, NEW.bic) = ('', '', '')) THEN
                        RAISE check_violation USING MESSAGE = 'a mandate is revoked, and then forgotten; nothing else';
                    END IF;
                    IF OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL AND EXISTS (
                        SELECT FROM ledger_debitline l JOIN ledger_debitrun r ON r.id = l.run_id
                         WHERE l.mandate_id = NEW.id AND r.state = 'released') THEN
                        RAISE check_violation USING MESSAGE = 'a collection that was released uses this mandate';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def masked(self) -> str:
        return f"•••• {self.iban[-4:]}" if self.iban else ""


FROZEN = (
    "coop_id number bank_account_id collect_on notice_days count total file_name file_digest hash prepared_at"
    " prepared_by_id"
).split()


def _row(of: str) -> str:
    return "(" + ", ".join(f"{of}.{column}" for column in FROZEN) + ")"


class DebitRun(CoopModel):
    """One collection: one file to the bank. Money in minor units."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        DRAFT = "draft", _("Waits for release")
        RELEASED = "released", _("Released, members are told")
        BOOKED = "booked", _("Collected and in the books")
        CANCELLED = "cancelled", _("Thrown away")

    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    collect_on = models.DateField(_("to be collected on"))
    notice_days = models.PositiveSmallIntegerField(_("days members are told before"))
    count = models.PositiveIntegerField()
    total = models.BigIntegerField()
    file_name = models.CharField(max_length=80)
    file_digest = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    prepared_at = models.DateTimeField(default=clock.now)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    booked_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="debitrun_number_once"),
            models.UniqueConstraint(
                fields=["coop"], condition=Q(state__in=["draft", "released"]), name="debitrun_one_under_way"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["released", "booked"])
                | (
                    Q(released_by__isnull=False, released_at__isnull=False, prepared_by__isnull=False)
                    & ~Q(released_by=F("prepared_by"))
                ),
                name="debitrun_released_by_somebody_else",
            ),
            models.CheckConstraint(condition=Q(total__gt=0, count__gt=0), name="debitrun_of_something"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("summed", "bigint[]")],
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'a collection begins as a draft';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (OLD.state, NEW.state) NOT IN (('draft', 'released'), ('draft', 'cancelled'),
                            ('released', 'booked'), ('released', 'cancelled')) THEN
                        RAISE check_violation
                            USING MESSAGE = 'a collection does not go from ' || OLD.state || ' to ' || NEW.state;
                    END IF;
                    IF {_row("NEW")} IS DISTINCT FROM {_row("OLD")}
                       OR OLD.state <> 'draft' AND (NEW.released_by_id, NEW.released_at)
                          IS DISTINCT FROM (OLD.released_by_id, OLD.released_at) THEN
                        RAISE check_violation USING MESSAGE = 'a collection is not changed';
                    END IF;
                    IF NEW.state = 'released' THEN
                        SELECT ARRAY[count(*), coalesce(sum(l.amount), 0)]::bigint[] INTO summed
                          FROM ledger_debitline l WHERE l.run_id = NEW.id;
                        IF summed IS DISTINCT FROM ARRAY[NEW.count, NEW.total]::bigint[] THEN
                            RAISE check_violation USING MESSAGE = 'a collection and its lines disagree';
                        END IF;
                        PERFORM FROM ledger_mandate m WHERE m.id IN (
                            SELECT mandate_id FROM ledger_debitline WHERE run_id = NEW.id) ORDER BY m.id FOR SHARE;
                        IF EXISTS (SELECT FROM ledger_debitline l JOIN ledger_mandate m ON m.id = l.mandate_id
                                    WHERE l.run_id = NEW.id AND m.revoked_at IS NOT NULL) THEN
                            RAISE check_violation USING MESSAGE = 'a mandate of this collection was revoked';
                        END IF;
                    END IF;
                    IF NEW.state = 'booked' AND EXISTS (SELECT FROM ledger_debitline l WHERE l.run_id = NEW.id
                         AND NOT EXISTS (SELECT FROM ledger_entry e
                                          WHERE e.coop_id = l.coop_id AND e.key = 'debit:' || l.id)) THEN
                        RAISE check_violation USING MESSAGE = 'a collection is booked line by line';
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return str(_("Collection %(number)s") % {"number": self.number})


class DebitFile(ErasableFile):
    """The file for the bank."""

    run = models.OneToOneField(DebitRun, on_delete=models.PROTECT, primary_key=True, related_name="file")

    def __str__(self) -> str:
        return f"file of collection {self.run_id}"


class DebitLine(CoopModel, AppendOnly):
    """One member in a collection. ``sequence`` is SEPA's word for whether the mandate is used for the first time."""

    class Sequence(models.TextChoices):
        FIRST = "FRST", _("first")
        RECURRING = "RCUR", _("recurring")

    run = models.ForeignKey(DebitRun, on_delete=models.PROTECT, related_name="lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveBigIntegerField()
    amount = models.BigIntegerField()
    sequence = models.CharField(max_length=4, choices=Sequence.choices)
    ends = models.CharField(max_length=4, blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "membership"], name="debitline_one_a_member"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="debitline_of_something"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="into_a_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM ledger_debitrun r WHERE r.id = NEW.run_id AND r.state = 'draft' FOR SHARE;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'lines are added to a collection while it is a draft';
                    END IF;
                    PERFORM FROM ledger_mandate m WHERE m.id = NEW.mandate_id AND m.membership_id = NEW.membership_id
                       AND m.revoked_at IS NULL FOR SHARE;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'money is collected by the member''s own mandate that stands';
                    END IF;
                    RETURN NEW;
                """,  # noqa: E501
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number:04d}: {self.amount}"

    @property
    def reference(self) -> str:
        """What the bank hands back with a returned debit."""
        return f"D{self.run.number}-{self.number}"

    @property
    def posting_key(self) -> str:
        """The journal posts this line once under this key, whatever asks twice."""
        return f"debit:{self.pk}"


class DebitReturn(CoopModel, AppendOnly):
    """A debit the bank took back: the payment is reversed, the bank's fee is booked. ``fee`` in minor units."""

    line = models.OneToOneField(DebitLine, on_delete=models.PROTECT, related_name="returned")
    on = models.DateField(_("came back on"))
    code = models.CharField(_("the bank's code"), max_length=10)
    fee = models.BigIntegerField(_("the bank's fee"), default=0)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="debit_return")
    fee_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="debit_fee")
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(fee__gte=0), name="debitreturn_fee_not_negative"),
            models.CheckConstraint(
                condition=Q(fee=0, fee_entry__isnull=True) | Q(fee__gt=0, fee_entry__isnull=False),
                name="debitreturn_fee_is_booked",
            ),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="of_what_was_collected",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM ledger_debitline l JOIN ledger_debitrun r ON r.id = l.run_id AND r.state = 'booked'
                      JOIN ledger_entry c ON c.coop_id = l.coop_id AND c.key = 'debit:' || l.id
                      JOIN ledger_entry e ON e.id = NEW.entry_id AND e.reverses_id = c.id
                     WHERE l.id = NEW.line_id AND l.coop_id = NEW.coop_id;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'only a debit that was collected comes back';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.on}"
