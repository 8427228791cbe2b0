"""Money on its way to members: where it goes, runs that two people release, files, and what came back.

    draft → released → paid
      └──→ cancelled

A run is drawn up with a line for everybody who is owed something: paid, set off against a debt, or held for a reason.
From then on nothing of it changes; a second person releases exactly the run whose hash they saw. One run at a time is
under way in a co-op, so that nothing owed is paid by two.
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

from .files import ErasableFile
from .guards import only_into, only_where_found, own_entry, row
from .journal import Account, Entry


class Way(models.TextChoices):
    """How money reaches somebody, and the file that carries it."""

    SEPA = "sepa", _("SEPA credit transfer")
    NACHA = "nacha", _("ACH credit")
    CHEQUE = "cheque", _("Cheque")


class PayoutDetails(CoopModel):
    """Where a member's money goes. The newest row counts; rows are added, and removed when a person is erased."""

    privileges = ("SELECT", "INSERT", "DELETE")

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="payout_details")
    way = models.CharField(_("how"), max_length=6, choices=Way.choices)
    holder = models.CharField(_("account holder"), max_length=70, blank=True)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    bic = models.CharField("BIC", max_length=11, blank=True)
    routing = models.CharField(_("routing number"), max_length=9, blank=True)
    account = models.CharField(_("account number"), max_length=17, blank=True)
    savings = models.BooleanField(_("savings account"), default=False)
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["membership", "-id"], name="payoutdetails_newest")]
        constraints = [
            models.CheckConstraint(
                condition=(
                    (Q(way="sepa", routing="", account="") & ~Q(iban=""))
                    | (Q(way="nacha", iban="", bic="") & ~Q(routing="") & ~Q(account=""))
                    | Q(way="cheque", iban="", bic="", routing="", account="")
                ),
                name="payoutdetails_of_one_way",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update), NO_TRUNCATE]

    def __str__(self) -> str:
        return f"{self.get_way_display()} {self.masked}".strip()

    @property
    def masked(self) -> str:
        """Enough to know one's own account by: the last four places."""
        number = self.iban or self.account
        return f"•••• {number[-4:]}" if number else ""


class PayingAccount(CoopModel, AppendOnly):
    """The co-op's own account that pays. The newest of a way counts."""

    way = models.CharField(_("how"), max_length=6, choices=Way.choices)
    holder = models.CharField(_("account holder"), max_length=70)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    bic = models.CharField("BIC", max_length=11, blank=True)
    routing = models.CharField(_("routing number"), max_length=9, blank=True)
    bank = models.CharField(_("name of the bank"), max_length=23, blank=True)
    company_id = models.CharField(_("company id at the bank"), max_length=10, blank=True)
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    (Q(way="sepa") & ~Q(iban="")) | (Q(way="nacha") & ~Q(routing="") & ~Q(company_id="") & ~Q(bank=""))
                ),
                name="payingaccount_of_one_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} {(self.iban or self.routing)[-4:]}"


FROZEN = (
    "coop_id number way bank_id pay_on more_than set_off count total netted held held_total file_name file_digest hash"
    " prepared_at prepared_by_id"
).split()


class PayoutRun(CoopModel):
    """One file to the bank, or one pile of cheques. ``more_than``: smaller sums wait. Money in minor units."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        DRAFT = "draft", _("Waits for release")
        RELEASED = "released", _("Released, being posted")
        PAID = "paid", _("Released and posted")
        CANCELLED = "cancelled", _("Thrown away")

    number = models.PositiveIntegerField()
    way = models.CharField(_("how"), max_length=6, choices=Way.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    bank = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")  # where it leaves the books
    pay_on = models.DateField(_("to be paid on"))
    more_than = models.BigIntegerField(default=0)
    set_off = models.BooleanField(default=False)
    count = models.PositiveIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    netted = models.BigIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    held_total = models.BigIntegerField(default=0)
    file_name = models.CharField(max_length=80)
    file_digest = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    prepared_at = models.DateTimeField(default=clock.now)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="payout_run")
    paid_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="payoutrun_number_once"),
            models.UniqueConstraint(
                fields=["coop"], condition=Q(state__in=["draft", "released"]), name="payoutrun_one_under_way"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["released", "paid"])
                | (Q(released_by__isnull=False, released_at__isnull=False) & ~Q(released_by=F("prepared_by"))),
                name="payoutrun_released_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", entry__isnull=False) | ~Q(state="paid"), name="payoutrun_paid_in_the_books"
            ),
            models.CheckConstraint(
                condition=Q(total__gte=0, netted__gte=0, more_than__gte=0), name="payoutrun_not_negative"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("said", "bigint[]"), ("summed", "bigint[]")],
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'a pay-out run begins as a draft';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (OLD.state, NEW.state) NOT IN (('draft', 'released'), ('draft', 'cancelled'),
                            ('released', 'paid')) THEN
                        RAISE check_violation
                            USING MESSAGE = 'a pay-out run does not go from ' || OLD.state || ' to ' || NEW.state;
                    END IF;
                    IF {row("NEW", FROZEN)} IS DISTINCT FROM {row("OLD", FROZEN)}
                       OR OLD.state <> 'draft' AND (NEW.released_by_id, NEW.released_at)
                          IS DISTINCT FROM (OLD.released_by_id, OLD.released_at) THEN
                        RAISE check_violation USING MESSAGE = 'a pay-out run is not changed';
                    END IF;
                    IF NEW.state = 'released' THEN
                        SELECT ARRAY[count(*) FILTER (WHERE l.amount > 0), coalesce(sum(l.amount), 0),
                                     coalesce(sum(l.netted), 0), count(*) FILTER (WHERE l.waiting > 0),
                                     coalesce(sum(l.waiting), 0)]::bigint[]
                          INTO summed FROM ledger_payoutline l WHERE l.run_id = NEW.id;
                        said := ARRAY[NEW.count, NEW.total, NEW.netted, NEW.held, NEW.held_total]::bigint[];
                        IF said IS DISTINCT FROM summed THEN
                            RAISE check_violation USING MESSAGE = 'a pay-out run and its lines disagree';
                        END IF;
                    END IF;
                    {own_entry("paid", "payout", "a pay-out run is paid by its own entry")}
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            pgtrigger.Trigger(
                name="after_the_choices",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF EXISTS (SELECT FROM ledger_refundoffer o JOIN ledger_surplusplan p ON p.id = o.plan_id
                                WHERE o.coop_id = NEW.coop_id AND o.state = 'open' AND p.state = 'posted') THEN
                        RAISE check_violation USING MESSAGE = 'a pay-out comes after the members'' choices';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="to_the_accounts_known",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state = 'draft' AND NEW.state = 'released'"),
                func="""
                    IF EXISTS (SELECT FROM ledger_payoutline l JOIN ledger_payoutdetails d USING (membership_id)
                                WHERE l.run_id = NEW.id AND l.amount > 0 AND d.recorded_at > NEW.prepared_at) THEN
                        RAISE check_violation USING MESSAGE = 'a pay-out goes to the accounts known when it leaves';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return str(_("Pay-out %(number)s") % {"number": self.number})

    @property
    def posting_key(self) -> str:
        """The journal posts this run once under this key, whatever asks twice."""
        return f"payout:{self.pk}"

    @property
    def short_hash(self) -> str:
        """What a person compares: the first eight digits."""
        return self.hash[:8]


class PayoutFile(ErasableFile):
    """The file as it was released."""

    run = models.OneToOneField(PayoutRun, on_delete=models.PROTECT, primary_key=True, related_name="file")

    def __str__(self) -> str:
        return f"file of run {self.run_id}"


class PayoutLine(CoopModel, AppendOnly):
    """One member in a run. ``refund`` and ``interest`` leave what the co-op owes them: ``netted`` to a debt, ``amount``
    to the bank. ``waiting`` stays owed, ``held`` says why."""

    class Held(models.TextChoices):
        NO_DETAILS = "no_details", _("no bank account known")
        OTHER_WAY = "other_way", _("is paid in another way")
        RETURNED = "returned", _("the last payment came back; the account has to be checked")
        NO_ADDRESS = "no_address", _("no address for the cheque")
        SMALL = "small", _("too little to pay by itself")
        DIED = "died", _("has died; belongs to the estate")
        ERASED = "erased", _("was erased from the register")
        CURRENCY = "currency", _("is owed in another currency")

    run = models.ForeignKey(PayoutRun, on_delete=models.PROTECT, related_name="lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="payout_lines")
    number = models.PositiveBigIntegerField()
    refund = models.BigIntegerField(default=0)
    interest = models.BigIntegerField(default=0)
    netted = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)
    held = models.CharField(max_length=10, choices=Held.choices, blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "membership"], name="payoutline_one_a_member"),
            models.CheckConstraint(
                condition=Q(netted=F("refund") + F("interest") - F("amount")), name="payoutline_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(refund__gte=0, interest__gte=0, netted__gte=0, amount__gte=0, waiting__gte=0),
                name="payoutline_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(held="", waiting=0) | (~Q(held="") & Q(amount=0, waiting__gt=0)),
                name="payoutline_held_or_paid",
            ),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            only_into(
                "into_a_draft",
                "draft",
                "ledger_payoutrun r",
                "run_id",
                "lines are added to a pay-out run while it is a draft",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number:04d}: {self.amount}"

    @property
    def reference(self) -> str:
        """What the bank hands back with a returned payment."""
        return f"P{self.run.number}-{self.number}"


class PayoutReturn(CoopModel, AppendOnly):
    """A payment that came back: the co-op owes the member again, and asks for another account."""

    line = models.OneToOneField(PayoutLine, on_delete=models.PROTECT, related_name="returned")
    on = models.DateField(_("came back on"))
    code = models.CharField(_("the bank's code"), max_length=10, blank=True)
    because = models.CharField(_("why"), max_length=300)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="payout_return")
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        triggers = [
            *AppendOnly.Meta.triggers,
            only_where_found(
                "of_a_payment",
                """ledger_payoutline l JOIN ledger_payoutrun r ON r.id = l.run_id
                      JOIN ledger_entry e ON e.id = NEW.entry_id AND e.coop_id = NEW.coop_id
                     WHERE l.id = NEW.line_id AND l.coop_id = NEW.coop_id AND l.amount > 0 AND r.state = 'paid'
                       AND e.key = 'payout-returned:' || l.id""",
                "only a payment that was made comes back",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.on}"
