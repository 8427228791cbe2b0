"""What goes out on paper, with proof of delivery; and the codes by which people without a login get one."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel

from .parties import Party


class PaperLetter(CoopModel):
    """A letter somebody prints and posts, because the addressee has no e-mail address or proof is wanted."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        WAITING = "waiting", _("To be posted")
        POSTED = "posted", _("Posted")
        DELIVERED = "delivered", _("Delivered")
        RETURNED = "returned", _("Came back")
        SETTLED = "settled", _("Came back, and dealt with")

    class How(models.TextChoices):
        LETTER = "letter", _("ordinary letter")
        REGISTERED = "registered", _("registered letter")
        HAND = "hand", _("handed over")

    party = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="letters")
    kind = models.CharField(max_length=80)
    ref = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=300)
    address = models.TextField(blank=True)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(default=clock.now)
    due_on = models.DateField()
    posted_on = models.DateField(null=True)
    posted_how = models.CharField(max_length=10, choices=How.choices, blank=True)
    tracking = models.CharField(max_length=80, blank=True)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    proof = models.CharField(max_length=200, blank=True)
    closed_on = models.DateField(null=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", posted_on__isnull=True)
                | ~Q(state="waiting") & Q(posted_on__isnull=False) & ~Q(posted_how=""),
                name="letter_posted_says_how",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["delivered", "returned"])
                | Q(closed_on__isnull=False, closed_on__gte=models.F("posted_on")),
                name="letter_arrives_after_it_was_posted",
            ),
        ]
        indexes = [models.Index(fields=["coop", "state", "due_on"], name="letter_by_state")]
        triggers = [
            pgtrigger.Protect(  # what was posted is what it said, until the person is erased: then it says nothing
                name="posted_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "(OLD.state <> 'waiting' AND (NEW.posted_on IS DISTINCT FROM OLD.posted_on OR"
                    " (NEW.text, NEW.subject, NEW.name, NEW.address) NOT IN"
                    " ((OLD.text, OLD.subject, OLD.name, OLD.address), ('', '', '', ''))))"
                ),
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.name}"

    @property
    def lines(self) -> list[str]:
        """The address as it stands in the window of the envelope."""
        return [self.name, *self.address.splitlines()]


class Invitation(CoopModel):
    """A code that ties one login to one party, once, until a day. Only its hash is kept."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Channel(models.TextChoices):
        MAIL = "mail", _("by e-mail")
        LETTER = "letter", _("by letter")

    MOST_TRIES = 10

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="invitations")
    digest = models.CharField(max_length=64)
    channel = models.CharField(max_length=6, choices=Channel.choices)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    expires_on = models.DateField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["party"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            ),
            models.CheckConstraint(condition=Q(tries__lte=10), name="invitation_tries_end"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="only_tried_and_used",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "(OLD.used_at IS NOT NULL OR OLD.revoked_at IS NOT NULL OR NEW.tries < OLD.tries OR"
                    " (NEW.party_id, NEW.digest, NEW.expires_on) IS DISTINCT FROM"
                    " (OLD.party_id, OLD.digest, OLD.expires_on))"
                ),
            ),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"invitation of {self.party_id}"
