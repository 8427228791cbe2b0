"""The journal: accounts, periods, entries and their lines.

What must never be false about them is kept by the database (migrations ``0002_journal_guards`` and ``0003_bulk``): an
entry balances in every currency, takes no more lines once it stands, and is never edited; a closed period stays closed.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import AppendOnly, CoopModel, User


class Account(CoopModel):
    """A place where money is counted, in one currency for good.

    A *general* account has no membership. A *member account* lies under the general account of the same purpose and
    holds one member's part of it, for one year or one class of shares where the purpose asks for it.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Kind(models.TextChoices):
        ASSET = "asset", _("Asset")
        LIABILITY = "liability", _("Liability")
        EQUITY = "equity", _("Equity")
        INCOME = "income", _("Income")
        EXPENSE = "expense", _("Expense")

    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    currency = models.CharField(_("currency"), max_length=3)
    purpose = models.CharField(_("what the platform uses it for"), max_length=40, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")
    membership = models.ForeignKey(
        "members.Membership", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    share_class = models.ForeignKey(
        "ledger.ShareClass", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    is_open = models.BooleanField(_("takes postings"), default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "code"], name="account_code_once"),
            models.UniqueConstraint(fields=["coop", "id"], name="ledger_account_in_coop"),
            models.UniqueConstraint(
                fields=["coop", "purpose", "membership", "year", "share_class"],
                condition=~Q(purpose=""),
                nulls_distinct=False,
                name="account_purpose_once",
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="account_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(kind__in=["asset", "liability", "equity", "income", "expense"]), name="account_kind"
            ),
            models.CheckConstraint(
                condition=Q(membership__isnull=True) | (Q(parent__isnull=False) & ~Q(purpose="")),
                name="account_of_a_member_has_a_purpose",
            ),
        ]
        indexes = [models.Index(fields=["membership", "purpose"], name="account_of_member")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def is_credit(self) -> bool:
        """Its balance is normally a credit and is shown with the sign turned round."""
        return self.kind in (self.Kind.LIABILITY, self.Kind.EQUITY, self.Kind.INCOME)

    @property
    def is_result(self) -> bool:
        """Counts towards the result of a year and starts each year at nothing."""
        return self.kind in (self.Kind.INCOME, self.Kind.EXPENSE)

    def shown(self, balance: int) -> int:
        """A signed balance (debit positive) as a person reads it on this kind of account."""
        return -balance if self.is_credit else balance


class Period(CoopModel):
    """A stretch of days the books are closed for as one, normally the fiscal year. Its bounds never change."""

    privileges = ("SELECT", "INSERT")

    name = models.CharField(_("name"), max_length=60)
    starts = models.DateField(_("from"))
    ends = models.DateField(_("to"))
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)

    class Meta:
        ordering = ["-starts"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "starts"], name="period_starts_once"),
            models.UniqueConstraint(fields=["coop", "id"], name="ledger_period_in_coop"),
            models.CheckConstraint(condition=Q(starts__lte=F("ends")), name="period_starts_before_it_ends"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class Entry(CoopModel, AppendOnly):
    """One act in the books: at least two lines that add up to nothing in every currency."""

    tied_by_triggers = ("period", "reverses")  # asked for all entries of a transaction at once (migration 0028)

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="entries")
    posted_on = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=40)
    memo = models.CharField(_("what for"), max_length=300, blank=True)
    key = models.CharField(max_length=120)
    request_hash = models.CharField(max_length=64)
    reverses = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by")
    batch = models.IntegerField(default=0)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta(AppendOnly.Meta):
        ordering = ["-posted_on", "-id"]
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["coop", "key"], name="entry_posted_once"),
            models.UniqueConstraint(fields=["coop", "id"], name="ledger_entry_in_coop"),
            models.UniqueConstraint(fields=["batch"], condition=~Q(batch=0), name="entry_has_its_own_batch"),
            models.CheckConstraint(condition=~Q(key=""), name="entry_has_a_key"),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True) | ~Q(reverses=F("id")), name="entry_reverses_another"
            ),
        ]
        indexes = [models.Index(fields=["coop", "-posted_on", "-id"], name="entry_by_date")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.memo or self.kind}"


class Posting(models.Model):
    """A line of an entry: debit positive, credit negative. Partitioned by batch; 0 is the everyday one.

    The database makes the table (``0002_journal_guards``); Django knows it only to read. ``coop`` and ``posted_on``
    repeat the entry's, so that balances as at a date need no join; the database keeps them equal.
    """

    privileges = ("SELECT", "INSERT")

    pk = models.CompositePrimaryKey("batch", "entry_id", "n")
    entry = models.ForeignKey(Entry, on_delete=models.DO_NOTHING, related_name="lines", db_constraint=False)
    coop = models.ForeignKey(
        "kernel.Cooperative", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, related_name="lines", db_constraint=False)
    amount = models.BigIntegerField()
    batch = models.IntegerField(default=0)
    n = models.IntegerField()
    posted_on = models.DateField()
    memo = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        db_table = "ledger_posting"

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.n}: {self.amount}"


class Sealed(models.Model):
    """Written by the entry's own check when it holds: from then on the entry takes no more lines."""

    privileges = ("SELECT",)

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True, related_name="sealed")
    lines = models.IntegerField()

    class Meta:
        triggers = AppendOnly.Meta.triggers

    def __str__(self) -> str:
        return f"entry {self.entry_id} stands"


class BulkBatch(CoopModel):
    """Very many lines, built aside, joining the journal in one moment. Written by the database only."""

    privileges = ("SELECT",)

    class State(models.TextChoices):
        OPEN = "open", _("Loading")
        KEYED = "keyed", _("Indexed")
        TIED = "tied", _("Tied to its accounts")
        VALID = "valid", _("Accounts checked")
        BUILT = "built", _("Added up")
        SEALED = "sealed", _("Posted")
        DROPPED = "dropped", _("Given up")

    id = models.IntegerField(primary_key=True)
    entry_number = models.BigIntegerField(unique=True)
    key = models.CharField(max_length=120)
    request_hash = models.CharField(max_length=64)
    posted_on = models.DateField()
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    memo = models.CharField(max_length=300, blank=True)
    reverses = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    lines = models.IntegerField(default=0)
    opened_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"batch {self.pk} ({self.state})"


class PeriodEvent(CoopModel, AppendOnly):
    """A period was closed, or the last closed one opened again, by whom and why. Written by the database only."""

    privileges = ("SELECT",)

    class Kind(models.TextChoices):
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Opened again")

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.period} {self.kind}"


class Checkpoint(CoopModel, AppendOnly):
    """An account's balance at the end of a closed period; valid while its closing is the period's last event."""

    privileges = ("SELECT",)

    event = models.ForeignKey(PeriodEvent, on_delete=models.PROTECT, related_name="checkpoints")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    balance = models.BigIntegerField()

    class Meta(AppendOnly.Meta):
        constraints = [models.UniqueConstraint(fields=["event", "account"], name="checkpoint_once")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.balance}"
