"""How one becomes a member: an application with its checks, a sheet before the board, one decision for many."""

from __future__ import annotations

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel

from .bylaws import ByLaws, MembershipClass
from .memberships import Membership
from .parties import Party
from .promises import APPLICATION_AGREES


class BoardSheet(CoopModel):
    """Applications the admitting body decides at one meeting, by one resolution. Once decided, it stands."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        DRAFT = "draft", _("In preparation")
        DECIDED = "decided", _("Decided")

    body = models.CharField(_("who decides"), max_length=80, default="board")
    meeting_on = models.DateField(_("meeting on"))
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    resolution = models.CharField(_("resolution"), max_length=80, blank=True)
    decided_on = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-meeting_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="decided")
                | (Q(decided_on__isnull=False) & ~Q(resolution="") & Q(recorded_at__isnull=False)),
                name="sheet_decided_says_how",
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="decided_stands",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.state = 'decided'"),
            ),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.body} {self.meeting_on}"


class Application(CoopModel):
    """What somebody who wants to join told us. Nothing is valid before the body decides."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        ON_SHEET = "on_sheet", _("Before the board")
        ADMITTED = "admitted", _("Admitted")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Channel(models.TextChoices):
        WEB = "web", _("on the website")
        PAPER = "paper", _("on paper")
        API = "api", _("through a program")

    OPEN = (State.RECEIVED, State.ON_SHEET)

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    stream = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    channel = models.CharField(max_length=5, choices=Channel.choices, default=Channel.WEB)
    kind = models.CharField(max_length=12, choices=Party.Kind.choices, default=Party.Kind.PERSON)
    given_names = models.CharField(_("forenames"), max_length=150, blank=True)
    family_name = models.CharField(_("family name"), max_length=150, blank=True)
    firm = models.CharField(_("name of the organisation"), max_length=300, blank=True)
    register_court = models.CharField(_("register court"), max_length=150, blank=True)
    register_number = models.CharField(_("register number"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=60, blank=True)
    street = models.CharField(_("street and number"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    note = models.TextField(_("anything the board should know"), blank=True)
    member_class = models.ForeignKey(MembershipClass, on_delete=models.PROTECT, related_name="applications")
    shares_wanted = models.PositiveIntegerField(_("shares"))
    instalments = models.BooleanField(default=False)
    of_age = models.BooleanField(default=True)
    born_on = models.DateField(_("born on"), null=True, blank=True)
    guardian = models.JSONField(default=dict, blank=True)  # given_names, family_name, email, evidence
    bylaws = models.ForeignKey(ByLaws, on_delete=models.PROTECT, related_name="+")
    received_on = models.DateField()
    received_at = models.DateTimeField(default=clock.now)
    decide_by = models.DateField()
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    party = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="applications")
    sheet = models.ForeignKey(BoardSheet, null=True, blank=True, on_delete=models.PROTECT, related_name="applications")
    decided_on = models.DateField(null=True, blank=True)
    refusal = models.TextField(blank=True)
    appeal_by = models.DateField(null=True, blank=True)
    membership = models.OneToOneField(
        Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="application"
    )
    search = models.TextField(blank=True)

    class Meta:
        ordering = ["decide_by", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="admitted", membership__isnull=False)
                | (~Q(state="admitted") & Q(membership__isnull=True)),
                name="application_admitted_has_membership",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["admitted", "refused"]) | Q(decided_on__isnull=False, sheet__isnull=False),
                name="application_decided_by_a_sheet",
            ),
            models.CheckConstraint(
                condition=~Q(state="on_sheet") | Q(sheet__isnull=False), name="application_on_a_sheet"
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | (~Q(refusal="") & Q(appeal_by__isnull=False)),
                name="application_refused_says_why_and_until_when",
            ),
        ]
        indexes = [
            models.Index(fields=["coop", "state", "decide_by"], name="application_waiting"),
            models.Index(fields=["coop", "email"], name="application_by_email"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="decided_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state IN ('admitted', 'refused', 'withdrawn') AND"
                    " (NEW.state, NEW.sheet_id, NEW.membership_id, NEW.decided_on, NEW.stream, NEW.coop_id)"
                    " IS DISTINCT FROM"
                    " (OLD.state, OLD.sheet_id, OLD.membership_id, OLD.decided_on, OLD.stream, OLD.coop_id)"
                ),
            ),
            pgtrigger.Protect(  # what was asked for, and when, is what it was; a birthday is forgotten with the person
                name="as_it_came",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((NEW.received_on, NEW.received_at, NEW.decide_by, NEW.reference, NEW.stream, NEW.coop_id,"
                    " NEW.kind, NEW.channel, NEW.bylaws_id) IS DISTINCT FROM"
                    " (OLD.received_on, OLD.received_at, OLD.decide_by, OLD.reference, OLD.stream, OLD.coop_id,"
                    " OLD.kind, OLD.channel, OLD.bylaws_id)"
                    " OR NEW.born_on IS NOT NULL AND NEW.born_on IS DISTINCT FROM OLD.born_on)"
                ),
            ),
            APPLICATION_AGREES,
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return self.firm or " ".join(filter(None, (self.given_names, self.family_name)))

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class ApplicationCheck(CoopModel):
    """One thing looked at before the board decides, and by whom."""

    class Code(models.TextChoices):
        IDENTITY = "identity", _("Identity seen")
        BYLAWS = "bylaws", _("By-laws accepted")
        SHARES = "shares", _("Shares within the class’s limits")
        DUPLICATES = "duplicates", _("Not somebody we already know")
        PAYMENT = "payment", _("First payment seen")
        INDUCTION = "induction", _("Induction done")
        GUARDIAN = "guardian", _("Guardian’s consent seen")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="checks")
    code = models.CharField(max_length=12, choices=Code.choices)
    done_at = models.DateTimeField(default=clock.now)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "code"], name="check_once")]

    def __str__(self) -> str:
        return f"{self.code} of {self.application_id}"
