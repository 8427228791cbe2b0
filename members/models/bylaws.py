"""The rules people join under: dated by-laws, the classes they know, and each class's terms in each version."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import AppendOnly, CoopModel


class ByLaws(CoopModel, AppendOnly):
    """One version of the by-laws. It is never edited; a new version follows it."""

    version = models.CharField(_("version"), max_length=40)
    title = models.CharField(_("title"), max_length=200)
    adopted_on = models.DateField(_("adopted on"))
    effective_on = models.DateField(_("in force from"))
    text = models.TextField(_("text"))
    text_hash = models.CharField(max_length=64)
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta(AppendOnly.Meta):
        verbose_name = _("by-laws")
        verbose_name_plural = _("by-laws")
        ordering = ["-effective_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "version"], name="bylaws_version_once"),
            models.UniqueConstraint(fields=["coop", "effective_on"], name="bylaws_one_from_a_day"),
            models.CheckConstraint(condition=Q(effective_on__gte=F("adopted_on")), name="bylaws_adopted_first"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"


class MembershipClass(CoopModel):
    """A kind of membership: consumer, worker, producer, tenant, supporter. What it means lies in its terms."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    slug = models.SlugField(max_length=40)
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("membership class")
        verbose_name_plural = _("membership classes")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["coop", "slug"], name="class_slug_once")]

    def __str__(self) -> str:
        return self.name

    def terms_on(self, on) -> ClassTerms | None:
        """The terms in force that day: those of the newest by-laws in force then that name the class."""
        return self.terms.filter(bylaws__effective_on__lte=on).order_by("-bylaws__effective_on").first()

    @property
    def current_terms(self) -> ClassTerms | None:
        """Today's terms, or the first to come where none are in force yet. Costs a query."""
        return self.terms_on(clock.today(self.coop)) or self.terms.order_by("bylaws__effective_on").first()


class ClassTerms(CoopModel, AppendOnly):
    """What a class asks and gives under one version of the by-laws. Money is in the co-op's minor units."""

    class Household(models.TextChoices):
        EACH = "each", _("everyone in a household votes")
        ONE_VOTE = "one_vote", _("a household has one vote")

    member_class = models.ForeignKey(MembershipClass, on_delete=models.PROTECT, related_name="terms")
    bylaws = models.ForeignKey(ByLaws, on_delete=models.PROTECT, related_name="terms")
    eligibility = models.TextField(_("who can join"), blank=True)
    open_to_public = models.BooleanField(default=True)
    minimum_shares = models.PositiveIntegerField(default=1)
    maximum_shares = models.PositiveIntegerField(null=True, blank=True)
    instalments = models.PositiveSmallIntegerField(default=1)
    entry_fee = models.BigIntegerField(default=0)
    votes = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(1)])
    constituency = models.CharField(max_length=80, blank=True)
    shares_in_surplus = models.BooleanField(default=True)
    minimum_age = models.PositiveSmallIntegerField(default=0)
    household = models.CharField(max_length=10, choices=Household.choices, default=Household.EACH)
    transferable = models.BooleanField(default=True)  # GenG § 76: at any time, unless the by-laws say otherwise
    admitting_body = models.CharField(max_length=80, default="board")
    appeal_to = models.CharField(max_length=80, default="general meeting")
    decide_within_days = models.PositiveSmallIntegerField(default=42)
    appeal_within_days = models.PositiveSmallIntegerField(default=28)
    notice_rule = models.JSONField(default=dict, blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ["member_class__position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["bylaws", "member_class"], name="terms_once_a_version"),
            models.CheckConstraint(condition=Q(votes__lte=1), name="terms_one_member_one_vote"),
            models.CheckConstraint(condition=Q(entry_fee__gte=0), name="terms_fee_is_not_negative"),
            models.CheckConstraint(condition=Q(instalments__gte=1), name="terms_at_least_one_part"),
            models.CheckConstraint(
                condition=Q(maximum_shares__isnull=True) | Q(maximum_shares__gte=F("minimum_shares")),
                name="terms_maximum_above_minimum",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_class} under {self.bylaws}"
