"""What the bank says: the co-op's accounts there, the statements brought in, and every line until it is in the books.

A line's facts never change; the other side's name, account and words may be blanked where a person's data has to go.
The database ties a line to the books: the entry a line was entered by moves just its amount on just its account.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User
from ledger import references

from .journal import Account, Entry


class BankAccount(CoopModel):
    """One of the co-op's accounts at a bank, and the account of the books that stands for it."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    name = models.CharField(_("name"), max_length=100)
    number = models.CharField(_("IBAN or account number"), max_length=34)
    is_iban = models.BooleanField(default=True, editable=False)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)
    holder = models.CharField(_("account holder"), max_length=70)
    creditor_id = models.CharField(_("creditor identifier"), max_length=35, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="bank_account")
    is_default = models.BooleanField(_("members pay into this one"), default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="bank_account_once"),
            models.UniqueConstraint(fields=["coop"], condition=Q(is_default=True), name="bank_account_one_default"),
            models.CheckConstraint(condition=~Q(number=""), name="bank_account_has_a_number"),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="keeps_its_number",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = NEW.account_id
                                   AND a.kind IN ('asset', 'liability') AND a.currency = NEW.currency
                                   AND a.membership_id IS NULL) THEN
                        RAISE check_violation USING MESSAGE =
                            'a bank account is an asset or a liability of the books in its own currency';
                    ELSIF TG_OP = 'UPDATE' AND (OLD.coop_id, OLD.number, OLD.currency, OLD.account_id)
                          IS DISTINCT FROM (NEW.coop_id, NEW.number, NEW.currency, NEW.account_id) THEN
                        RAISE check_violation USING MESSAGE = 'a bank account keeps its number and its place';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def printed(self) -> str:
        """The IBAN in groups of four, as people copy it; another number as it is."""
        return references.printed(self.number) if self.is_iban else self.number


class BankStatement(CoopModel, AppendOnly):
    """A statement brought in from a file: what it said as a whole. Balances are minor units, where it has them."""

    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    format = models.CharField(_("format"), max_length=10)
    file_name = models.CharField(_("file"), max_length=200)
    digest = models.CharField(max_length=64)
    number = models.CharField(_("statement"), max_length=80, blank=True)
    opening = models.BigIntegerField(null=True)
    closing = models.BigIntegerField(null=True)
    starts = models.DateField(null=True)
    ends = models.DateField(null=True)
    lines_in_file = models.IntegerField()
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["bank_account", "digest"], name="bank_statement_once"),
            models.UniqueConstraint(
                fields=["bank_account", "number", "ends", "closing"], condition=~Q(number=""), name="bank_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.format})"


class BankLine(CoopModel):
    """One booked line of a statement: open until it is in the books or set aside with a reason."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        OPEN = "open", _("Waiting")
        ENTERED = "entered", _("In the books")
        ASIDE = "aside", _("Set aside")

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+", db_index=False)
    n = models.IntegerField()
    fingerprint = models.CharField(max_length=64)
    booked_on = models.DateField(_("date"))
    amount = models.BigIntegerField(_("amount"))
    text = models.CharField(_("text"), max_length=500, blank=True)
    name = models.CharField(_("other side"), max_length=140, blank=True)
    iban = models.CharField(_("their account"), max_length=34, blank=True)
    end_to_end = models.CharField(max_length=80, blank=True)
    bank_ref = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="bank_line")
    membership = models.ForeignKey("members.Membership", null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(_("why"), max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["booked_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["bank_account", "fingerprint"], name="bank_line_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="bank_line_moves_something"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "aside"], entry=None) | Q(state="entered", entry__isnull=False),
                name="bank_line_entered_by_an_entry",
            ),
            models.CheckConstraint(condition=~Q(state="aside") | ~Q(note=""), name="bank_line_aside_for_a_reason"),
        ]
        indexes = [
            models.Index(fields=["coop", "state", "booked_on"], name="bank_line_inbox"),
            models.Index(fields=["coop", "iban"], condition=Q(state="entered") & ~Q(iban=""), name="bank_line_of_iban"),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="true_to_the_books",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("moved", "numeric")],
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'open' OR NOT EXISTS (SELECT FROM ledger_bankstatement s
                            WHERE s.id = NEW.statement_id AND s.bank_account_id = NEW.bank_account_id) THEN
                            RAISE check_violation USING MESSAGE = 'a line of the bank begins open, on its own account';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (OLD.coop_id, OLD.statement_id, OLD.bank_account_id, OLD.n, OLD.fingerprint, OLD.booked_on,
                        OLD.amount, OLD.bank_ref) IS DISTINCT FROM
                       (NEW.coop_id, NEW.statement_id, NEW.bank_account_id, NEW.n, NEW.fingerprint, NEW.booked_on,
                        NEW.amount, NEW.bank_ref)
                       OR NEW.text NOT IN (OLD.text, '') OR NEW.name NOT IN (OLD.name, '')
                       OR NEW.iban NOT IN (OLD.iban, '') OR NEW.end_to_end NOT IN (OLD.end_to_end, '') THEN
                        RAISE check_violation USING MESSAGE = 'what the bank said is never changed';
                    END IF;
                    IF OLD.state = 'entered' AND NEW.entry_id IS DISTINCT FROM OLD.entry_id
                       AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.reverses_id = OLD.entry_id) THEN
                        RAISE check_violation USING MESSAGE =
                            'a line leaves the books only when its entry was reversed';
                    END IF;
                    IF NEW.entry_id IS NOT NULL AND NEW.entry_id IS DISTINCT FROM OLD.entry_id THEN
                        SELECT sum(p.amount) INTO moved FROM ledger_posting p JOIN ledger_bankaccount b
                            ON b.account_id = p.account_id
                         WHERE b.id = NEW.bank_account_id AND p.entry_id = NEW.entry_id;
                        IF moved IS DISTINCT FROM NEW.amount THEN
                            RAISE check_violation USING MESSAGE =
                                'the entry of a bank line moves its amount on its account';
                        ELSIF NOT EXISTS (SELECT FROM ledger_sealed s WHERE s.entry_id = NEW.entry_id)
                              OR EXISTS (SELECT FROM ledger_entry e WHERE e.reverses_id = NEW.entry_id) THEN
                            RAISE check_violation USING MESSAGE = 'a bank line is entered by an entry that stands';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on}: {self.amount}"
