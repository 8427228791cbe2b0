"""Entries by hand: what one officer may post alone, what a second one has to approve, and the papers behind them.

    draft → posted
      └──→ refused

The board says up to what amount one person posts alone. Anything above is written down as a draft that never changes
and becomes an entry by somebody else's approval; the database refuses a manual entry above the limit without it
(``ledger_manual_takes_two`` in the migration).
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel

from .journal import Account, Entry

LARGEST_DOCUMENT = 5 * 1024 * 1024
FROZEN = "coop_id on memo key request_hash drafted_by_id drafted_at".split()


def _row(of: str) -> str:
    return "(" + ", ".join(f'{of}."{column}"' for column in FROZEN) + ")"


class EntryLimit(CoopModel, AppendOnly):
    """Up to what amount one officer posts by hand alone; none means any amount. The newest of a co-op counts."""

    amount = models.BigIntegerField(_("one person alone up to"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    resolution = models.CharField(_("resolution"), max_length=80)
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="entrylimit_not_negative"),
            models.CheckConstraint(condition=~Q(resolution=""), name="entrylimit_by_a_resolution"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} ({self.resolution})"


class EntryDraft(CoopModel):
    """An entry by hand that waits for a second person. ``request_hash`` is the entry's, so it is what is approved."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        DRAFT = "draft", _("Waits for approval")
        POSTED = "posted", _("Approved and posted")
        REFUSED = "refused", _("Not approved")

    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    on = models.DateField(_("date"))
    memo = models.CharField(_("what for"), max_length=300)
    key = models.CharField(max_length=120)
    request_hash = models.CharField(max_length=64)
    drafted_at = models.DateTimeField(default=clock.now)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=300, blank=True)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="draft")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "key"], name="entrydraft_written_once"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")), name="entrydraft_takes_two"
            ),
            models.CheckConstraint(
                condition=Q(state="posted", approved_by__isnull=False, entry__isnull=False, decided_at__isnull=False)
                | Q(state="refused", approved_by__isnull=True, entry__isnull=True, refused_by__isnull=False)
                & ~Q(because="")
                | Q(state="draft", approved_by__isnull=True, refused_by__isnull=True, entry__isnull=True),
                name="entrydraft_decided_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE check_violation USING MESSAGE = 'an entry by hand begins as a draft';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.state <> 'draft' OR NEW.state = 'draft' OR {_row("NEW")} IS DISTINCT FROM {_row("OLD")} THEN
                        RAISE check_violation USING MESSAGE = 'a draft is approved or refused, and nothing else';
                    END IF;
                    IF NEW.state = 'posted' THEN
                        PERFORM FROM ledger_entry e WHERE e.id = NEW.entry_id AND e.coop_id = NEW.coop_id
                           AND e.kind = 'manual' AND e.key = 'draft:' || NEW.id AND e.actor_id = NEW.approved_by_id;
                        IF NOT FOUND THEN
                            RAISE check_violation USING MESSAGE = 'a draft is posted by its own entry';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return self.memo


class EntryDraftLine(CoopModel, AppendOnly):
    """A line of a draft: debit positive, credit negative, in minor units of the account's currency."""

    draft = models.ForeignKey(EntryDraft, on_delete=models.PROTECT, related_name="lines")
    n = models.PositiveIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()

    class Meta(AppendOnly.Meta):
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "n"], name="entrydraftline_numbered_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="entrydraftline_moves_something"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="into_a_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM ledger_entrydraft d WHERE d.id = NEW.draft_id AND d.state = 'draft' FOR NO KEY UPDATE;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'lines are added to a draft only';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.n}: {self.amount}"


class EntryDocument(CoopModel, AppendOnly):
    """A paper behind an entry by hand or its draft, as it came; ``digest`` is its SHA-256. Never changed or removed."""

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF"
        JPEG = "jpeg", "JPEG"
        PNG = "png", "PNG"

    draft = models.ForeignKey(EntryDraft, null=True, on_delete=models.PROTECT, related_name="documents")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="documents")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.BinaryField()
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "entry", "digest"], nulls_distinct=False, name="entrydocument_once_each"
            ),
            models.CheckConstraint(
                condition=Q(draft__isnull=True, entry__isnull=False) | Q(draft__isnull=False, entry__isnull=True),
                name="entrydocument_of_one",
            ),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="as_it_came",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                    IF NEW.digest <> encode(sha256(NEW.content), 'hex') OR NEW.size <> octet_length(NEW.content)
                       OR NEW.size NOT BETWEEN 1 AND {LARGEST_DOCUMENT} THEN
                        RAISE check_violation USING MESSAGE = 'a document is kept with its own size and fingerprint';
                    END IF;
                    IF NOT (CASE NEW.kind
                        WHEN 'pdf' THEN substring(NEW.content FROM 1 FOR 5) = '\\x255044462d'::bytea
                        WHEN 'jpeg' THEN substring(NEW.content FROM 1 FOR 3) = '\\xffd8ff'::bytea
                        WHEN 'png' THEN substring(NEW.content FROM 1 FOR 8) = '\\x89504e470d0a1a0a'::bytea
                        ELSE false END) THEN
                        RAISE check_violation USING MESSAGE = 'a document is a PDF, a JPEG or a PNG';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def media_type(self) -> str:
        return {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}[self.kind]
