"""What people may ask about their own data, what they agreed to, and what was erased."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel

from .parties import Party
from .promises import NOT_OF_A_MEMBER


class ChangeRequest(CoopModel):
    """A change somebody else has to look at before it holds: a new name, another bank account, the erasure of data.

    ``said`` holds what was asked for until it is decided; then it lies where it holds, or nowhere.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Kind(models.TextChoices):
        NAME = "name", _("Change of name")
        BANK = "bank", _("Change of bank account")
        ERASURE = "erasure", _("Erasure of personal data")

    class State(models.TextChoices):
        OPEN = "open", _("To be looked at")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="change_requests")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    said = models.JSONField(default=dict)
    asked_at = models.DateTimeField(default=clock.now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["party", "kind"], condition=Q(state="open"), name="changerequest_one_open_of_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="changerequest_decided_or_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="changerequest_done_by_somebody_else",
            ),
            models.CheckConstraint(condition=Q(state="open") | Q(said={}), name="changerequest_decided_says_nothing"),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(answer=""), name="changerequest_refused_says_why"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="decided_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'open' AND"
                    " (NEW.state, NEW.party_id, NEW.kind, NEW.decided_at, NEW.decided_by_id, NEW.asked_by_id)"
                    " IS DISTINCT FROM"
                    " (OLD.state, OLD.party_id, OLD.kind, OLD.decided_at, OLD.decided_by_id, OLD.asked_by_id)"
                ),
            ),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"


class Consent(CoopModel, AppendOnly):
    """One answer to one question, in the words it was asked. The newest answer to a purpose counts."""

    class Purpose(models.TextChoices):
        NEWSLETTER = "newsletter", _("News of the co-op by e-mail")
        PHONE = "phone", _("Calls about shifts and deliveries")
        PHOTOS = "photos", _("Photographs of me in what the co-op publishes")
        DIRECTORY = "directory", _("My name and place in the list members see")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    given = models.BooleanField()
    wording = models.TextField()
    channel = models.CharField(max_length=40, default="web")
    at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["party", "purpose", "-id"], name="consent_newest")]

    def __str__(self) -> str:
        return f"{self.purpose}: {'yes' if self.given else 'no'}"


class Erasure(CoopModel, AppendOnly):
    """Somebody's data was erased: how far, on what basis, and how many rows it took. It holds nothing personal."""

    class Scope(models.TextChoices):
        CONTACT = "contact", _("Contact data and free text")
        ALL = "all", _("Everything, the name included")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="erasures")
    scope = models.CharField(max_length=7, choices=Scope.choices)
    basis = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    rows = models.JSONField(default=dict)  # what went, by kind

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        triggers = [*AppendOnly.Meta.triggers, NOT_OF_A_MEMBER]

    def __str__(self) -> str:
        return f"{self.scope} of party {self.party_id}"
