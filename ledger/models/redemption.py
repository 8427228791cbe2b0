"""Shares on their way back: requests in a queue, what the board lets go in a year, and certificates."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User

from .journal import Entry
from .shares import ShareClass


class RedemptionLimit(CoopModel, AppendOnly):
    """How much share capital the board lets go between two days, by its resolution. A later one adds to it."""

    starts = models.DateField(_("from"))
    ends = models.DateField(_("to"))
    amount = models.BigIntegerField(_("at most"))
    resolution = models.CharField(_("resolution"), max_length=80)
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-starts", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="redemption_limit_is_something"),
            models.CheckConstraint(condition=Q(starts__lte=F("ends")), name="redemption_limit_starts_first"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} from {self.starts} to {self.ends}"


class Redemption(CoopModel):
    """A member's wish to give shares back: asked, taken out of the capital, paid; or taken back, or refused.

    Forward only. The number of shares never changes; ``amount`` is what was paid up on them when they were taken out.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        ASKED = "asked", _("Waiting")
        ACCEPTED = "accepted", _("To be paid out")
        PAID = "paid", _("Paid out")
        WITHDRAWN = "withdrawn", _("Taken back")
        REFUSED = "refused", _("Refused")

    membership = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    share_class = models.ForeignKey(ShareClass, on_delete=models.PROTECT, related_name="+")
    shares = models.PositiveIntegerField(_("shares"))
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    asked_on = models.DateField(_("asked on"))
    due_on = models.DateField(_("not before"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=300, blank=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    amount = models.BigIntegerField(default=0)
    accepted_on = models.DateField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="redemption")
    paid_on = models.DateField(null=True)
    payment = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="redemption_paid")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["asked_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(shares__gt=0), name="redemption_of_something"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "accepted", "paid", "withdrawn", "refused"]), name="redemption_state"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "paid"]) | Q(accepted_on__isnull=False),
                name="redemption_accepted_on_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "paid"]) | Q(amount=0) | Q(entry__isnull=False),
                name="redemption_accepted_with_its_entry",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(amount=0) | Q(payment__isnull=False, paid_on__isnull=False),
                name="redemption_paid_with_its_entry",
            ),
            models.UniqueConstraint(
                fields=["membership", "share_class"], condition=Q(state="asked"), name="redemption_asked_once_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["coop", "state", "asked_on"], name="redemption_queue")]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="forward_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.reason IN ('', '(erased)') AND NEW.answer IN ('', '(erased)')
                       AND to_jsonb(NEW) - '{reason,answer}'::text[] = to_jsonb(OLD) - '{reason,answer}'::text[]
                       AND EXISTS (SELECT FROM members_membership m JOIN members_party p ON p.id = m.party_id
                                    WHERE m.id = OLD.membership_id AND p.erased_at IS NOT NULL) THEN
                        RETURN NEW;
                    END IF;
                    IF (OLD.coop_id, OLD.membership_id, OLD.share_class_id, OLD.shares, OLD.asked_on)
                       IS DISTINCT FROM (NEW.coop_id, NEW.membership_id, NEW.share_class_id, NEW.shares, NEW.asked_on)
                       OR OLD.entry_id IS NOT NULL AND (OLD.entry_id, OLD.amount) IS DISTINCT FROM
                                                       (NEW.entry_id, NEW.amount)
                       OR (OLD.state, NEW.state) NOT IN (('asked', 'accepted'), ('asked', 'withdrawn'),
                           ('asked', 'refused'), ('accepted', 'paid')) THEN
                        RAISE check_violation USING MESSAGE = 'a redemption goes forward and keeps what it is of';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shares} shares of {self.membership_id}: {self.get_state_display()}"


class Certificate(CoopModel, AppendOnly):
    """A numbered paper over fully paid shares, as at a day. A newer one replaces it; numbers are given once."""

    number = models.PositiveIntegerField(_("number"))
    membership = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    share_class = models.ForeignKey(ShareClass, on_delete=models.PROTECT, related_name="+")
    shares = models.PositiveIntegerField(_("shares"))
    issued_on = models.DateField(_("issued on"))
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")

    class Meta(AppendOnly.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="certificate_number_once"),
            models.CheckConstraint(condition=Q(shares__gt=0), name="certificate_of_something"),
        ]

    def __str__(self) -> str:
        return f"certificate {self.number}"
