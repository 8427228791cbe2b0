"""The shared floor: co-ops, logins, offices, the audit chain, jobs and the outbox."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from . import clock, money


class UserManager(BaseUserManager["User"]):
    """Logins are named by their e-mail address, kept in lower case."""

    def get_by_natural_key(self, username):
        return self.get(email=username.lower())

    def create_user(self, email: str, password: str | None = None, **fields) -> User:
        if not email:
            raise ValueError("A login needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A login. It is neither a person on a register nor a membership; one login may serve several co-ops."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=clock.now)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_is_lower_case")]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args, **kwargs):
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    @property
    def display_name(self) -> str:
        return self.name or self.email


class Cooperative(models.Model):
    """The tenant. Every row that belongs to a co-op names it, and the database refuses rows that tie two together."""

    slug = models.SlugField(max_length=40, unique=True, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$")])
    name = models.CharField(_("name"), max_length=200)
    registration = models.CharField(_("registered as"), max_length=200, blank=True)
    founded_on = models.DateField(_("founded on"), null=True, blank=True)
    law = models.CharField(_("law pack"), max_length=20, default="generic")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    language = models.CharField(_("language"), max_length=10, default="en-gb")
    fiscal_year_end_month = models.PositiveSmallIntegerField(
        default=12, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    address = models.TextField(_("postal address"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    logo = models.ImageField(_("logo"), upload_to="logos/", blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("co-operative")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="cooperative_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(fiscal_year_end_month__gte=1, fiscal_year_end_month__lte=12), name="cooperative_year_end"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def exponent(self) -> int:
        """Decimal places of the co-op's currency."""
        return money.exponent(self.currency)


class CoopModel(models.Model):
    """A row that belongs to one co-op. ``guards.ensure`` ties its foreign keys to the same co-op in the database."""

    coop = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class FactorReset(CoopModel):
    """An officer's lost second factor, taken away on the word of two others."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    reason = models.CharField(_("reason"), max_length=300)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | ~Q(confirmed_by=models.F("asked_by")) & ~Q(confirmed_by=models.F("user")),
                name="factor_reset_takes_two",
            ),
            models.CheckConstraint(condition=~Q(asked_by=models.F("user")), name="factor_reset_not_for_oneself"),
        ]

    def __str__(self) -> str:
        return f"second factor of {self.user}"


NO_TRUNCATE = pgtrigger.Trigger(  # Protect would let TRUNCATE pass
    name="no_truncate",
    when=pgtrigger.Before,
    operation=pgtrigger.Truncate,
    level=pgtrigger.Statement,
    func="RAISE check_violation USING MESSAGE = TG_TABLE_NAME || ' is append-only';",
)


class AppendOnly(models.Model):
    """History: the application's role may read and add, and a trigger refuses change even to the owner.

    Subclass Meta must inherit ``AppendOnly.Meta``.
    """

    privileges: tuple[str, ...] = ("SELECT", "INSERT")

    class Meta:
        abstract = True
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            NO_TRUNCATE,
        ]


class OfficeQuerySet(models.QuerySet):
    def current(self, on):
        """Offices held on that date; the last day is still held."""
        return self.filter(starts_on__lte=on).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))


class Office(CoopModel):
    """Who holds which office, from when to when."""

    class Role(models.TextChoices):
        SECRETARY = "secretary", _("Secretary")
        RETURNING_OFFICER = "returning_officer", _("Returning officer")
        TREASURER = "treasurer", _("Treasurer")
        BOARD = "board", _("Board member")
        AUDITOR = "auditor", _("Auditor")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="offices")
    role = models.CharField(_("office"), max_length=20, choices=Role.choices)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    reason = models.CharField(_("by which decision"), max_length=300, blank=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        ordering = ["role", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["coop", "user", "role"], condition=Q(ends_on__isnull=True), name="office_held_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="office_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.user}"


class ApiToken(CoopModel):
    """A key a login gave to a program, good in one co-op until a day. Only its hash is kept: the text is shown once."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    start = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    reads_only = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "coop", "name"], condition=Q(revoked_at__isnull=True), name="api_token_name_once"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")), name="api_token_ends_after_it_begins"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(  # what is revoked stays so, and nobody turns one token into another
                name="only_used_and_revoked",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.revoked_at IS NOT NULL OR
                       (NEW.coop_id, NEW.user_id, NEW.name, NEW.start, NEW.digest, NEW.reads_only, NEW.created_at,
                        NEW.expires_at) IS DISTINCT FROM
                       (OLD.coop_id, OLD.user_id, OLD.name, OLD.start, OLD.digest, OLD.reads_only, OLD.created_at,
                        OLD.expires_at) THEN
                        RAISE check_violation USING MESSAGE = 'a token is used and revoked, and nothing else';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"


class AuditEvent(CoopModel, AppendOnly):
    """One link of a co-op's chain. The row is hashed; what it says lies beside it, salted, and may be erased."""

    seq = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=120, blank=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    payload_hash = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta(AppendOnly.Meta):
        ordering = ["coop", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "seq"], name="audit_one_event_a_number"),
            models.UniqueConstraint(fields=["coop", "previous"], name="audit_chain_never_forks"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="next_link",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("last", "record")],
                func="""
                    SELECT seq, hash INTO last FROM kernel_auditevent WHERE coop_id = NEW.coop_id
                     ORDER BY seq DESC LIMIT 1;
                    IF NEW.seq <> coalesce(last.seq, 0) + 1 OR NEW.previous <> coalesce(last.hash, repeat('0', 64)) THEN
                        RAISE check_violation USING MESSAGE = 'an audit event follows the last one of its co-op';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class AuditPayload(models.Model):
    """What an audit event says, and the salt that keeps its hash from being guessed once this row is erased."""

    privileges = ("SELECT", "INSERT", "DELETE")

    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, primary_key=True, related_name="payload")
    salt = models.CharField(max_length=32)
    body = models.JSONField()

    class Meta:
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"payload of {self.event_id}"


class Job(CoopModel):
    """Work a person waits for. The row is the truth; the message in the broker only says "look"."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped")

    kind = models.CharField(max_length=80)
    args = models.JSONField(default=list)
    title = models.CharField(max_length=200)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    result_url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)
    heartbeat = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["coop", "kind", "args"],
                condition=Q(state__in=["queued", "running"]),
                name="job_asked_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "heartbeat"], condition=Q(state__in=["queued", "running"]), name="job_open")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)


class Mail(models.Model):
    """The outbox: every letter the platform sends, and what became of it. ``coop`` is null for a login's own mail."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Given up")
        SETTLED = "settled", _("Given up, and dealt with")

    coop = models.ForeignKey(Cooperative, null=True, on_delete=models.PROTECT, related_name="+")
    to = models.EmailField()
    sender = models.CharField(max_length=300)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    kind = models.CharField(max_length=80, blank=True)
    subject_ref = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_try"], condition=Q(state="queued"), name="mail_waiting"),
            models.Index(fields=["coop", "-id"], condition=Q(state="failed"), name="mail_given_up"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"
