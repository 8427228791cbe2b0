"""Share capital: classes of shares and everything that happened to a member's holding.

The register is a sum over :class:`ShareEvent`. The database refuses an entry that moves share capital without the
events that say so, and events that say so without the entry, so register and capital account agree to the cent.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import AppendOnly, CoopModel, User

from .journal import Entry


class ShareClass(CoopModel):
    """A class of shares with its par value in minor units. Par and currency never change: a new class is made."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    slug = models.SlugField(_("short name"), max_length=40)
    name = models.CharField(_("name"), max_length=100)
    par = models.BigIntegerField(_("par value"))
    currency = models.CharField(_("currency"), max_length=3)
    is_default = models.BooleanField(_("what a new member subscribes to"), default=False)
    is_open = models.BooleanField(_("may be subscribed"), default=True)
    on_call = models.BooleanField(_("paid when the board calls for it"), default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "share classes"
        constraints = [
            models.UniqueConstraint(fields=["coop", "slug"], name="share_class_once"),
            models.UniqueConstraint(fields=["coop"], condition=Q(is_default=True), name="share_class_one_default"),
            models.CheckConstraint(condition=Q(par__gt=0), name="share_class_has_a_par_value"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="par_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'DELETE' THEN
                        RAISE check_violation USING MESSAGE = 'a class of shares is never deleted';
                    END IF;
                    IF (OLD.coop_id, OLD.par, OLD.currency, OLD.on_call) IS DISTINCT FROM
                       (NEW.coop_id, NEW.par, NEW.currency, NEW.on_call) THEN
                        RAISE check_violation USING MESSAGE = 'a class of shares keeps its par value and currency';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.name


class ShareEvent(CoopModel, AppendOnly):
    """One change of a holding: shares subscribed (a number, signed) and capital paid up (minor units, signed)."""

    class Kind(models.TextChoices):
        OPENING = "opening", _("Brought forward")
        SUBSCRIBED = "subscribed", _("Subscribed")
        PAID = "paid", _("Paid")
        REVERSED = "reversed", _("Reversed")
        RELEASED = "released", _("Released from subscription")
        TRANSFERRED_OUT = "transferred_out", _("Transferred away")
        TRANSFERRED_IN = "transferred_in", _("Received by transfer")
        REDEEMED = "redeemed", _("Paid back")
        FORFEITED = "forfeited", _("Forfeited")
        GIFTED = "gifted", _("Given to the co-op")

    membership = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    share_class = models.ForeignKey(ShareClass, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    shares = models.IntegerField(_("shares"), default=0)
    paid = models.BigIntegerField(_("paid"), default=0)
    effective_on = models.DateField(_("took effect"))
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="share_events")
    reverses = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by")
    reference = models.CharField(_("reference"), max_length=140, blank=True)
    reason = models.CharField(_("why"), max_length=300, blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ["effective_on", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(shares=0, paid=0), name="share_event_changes_something"),
            models.CheckConstraint(condition=Q(paid=0) | Q(entry__isnull=False), name="share_event_paid_has_an_entry"),
        ]
        indexes = [models.Index(fields=["coop", "membership", "share_class"], name="share_event_of_member")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.shares} shares, {self.paid} paid"


class MemberFee(CoopModel, AppendOnly):
    """Money a member paid that is no capital: the entry fee, dues. A reversal is a row with the amount turned round."""

    class Kind(models.TextChoices):
        ENTRY_FEE = "entry_fee", _("Entry fee")
        DUES = "dues", _("Dues")

    membership = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    amount = models.BigIntegerField(_("amount"))
    effective_on = models.DateField(_("took effect"))
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="fees")

    class Meta(AppendOnly.Meta):
        ordering = ["effective_on", "id"]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="member_fee_is_something")]
        indexes = [models.Index(fields=["membership", "kind"], name="member_fee_of_member")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount}"
