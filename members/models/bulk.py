"""Lists officers come back to, and letters to everybody on one: who got it, who did not and why, each exactly once."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel

from .memberships import Membership


class SavedFilter(CoopModel):
    """A question to the members' list under a name: an officer's own, or shared with the co-op's other officers."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    name = models.CharField(_("name"), max_length=80)
    query = models.JSONField(default=dict)  # tab, q, member_class, state, tag
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["coop", "owner", "name"],
                condition=models.Q(removed_at__isnull=True),
                name="savedfilter_name_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class BulkLetter(CoopModel):
    """One letter to many. What it said and to whom does not change once it was begun."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class About(models.TextChoices):
        BUSINESS = "business", _("The membership itself: everybody gets it")
        NEWS = "news", _("News of the co-op: only who agreed to it")

    key = models.CharField(max_length=64)  # of the page it was sent from: sent twice, it is one letter
    about = models.CharField(max_length=8, choices=About.choices)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("letter"))
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["coop", "key"], name="bulkletter_sent_once")]
        triggers = [
            pgtrigger.Protect(  # members_forget alone empties one that names somebody who was erased
                name="begun_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.finished_at IS NOT NULL OR"
                    " (NEW.coop_id, NEW.key, NEW.about, NEW.subject, NEW.text, NEW.digest, NEW.made_by_id)"
                    " IS DISTINCT FROM"
                    " (OLD.coop_id, OLD.key, OLD.about, OLD.subject, OLD.text, OLD.digest, OLD.made_by_id))"
                    " AND (current_user = session_user OR (NEW.subject, NEW.text) <> ('(erased)', '(erased)') OR"
                    " (NEW.coop_id, NEW.key, NEW.about, NEW.digest, NEW.made_by_id, NEW.finished_at) IS DISTINCT FROM"
                    " (OLD.coop_id, OLD.key, OLD.about, OLD.digest, OLD.made_by_id, OLD.finished_at)))"
                ),
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return self.subject


class BulkLine(CoopModel):
    """One member of the list: by e-mail, on paper, or left out with the reason; and when it was done."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class How(models.TextChoices):
        MAIL = "mail", _("by e-mail")
        PAPER = "paper", _("on paper")
        LEFT_OUT = "left_out", _("left out")

    letter = models.ForeignKey(BulkLetter, on_delete=models.PROTECT, related_name="lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=8, choices=How.choices)
    why = models.CharField(max_length=120, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["letter", "membership"], name="bulkline_once"),
            models.CheckConstraint(
                condition=models.Q(how="left_out", done_at__isnull=True) & ~models.Q(why="")
                | ~models.Q(how="left_out") & models.Q(why=""),
                name="bulkline_left_out_says_why",
            ),
        ]
        indexes = [models.Index(fields=["letter", "done_at", "id"], name="bulkline_waiting")]
        triggers = [
            pgtrigger.Protect(
                name="done_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "(OLD.done_at IS NOT NULL OR"
                    " (NEW.letter_id, NEW.membership_id, NEW.how, NEW.why) IS DISTINCT FROM"
                    " (OLD.letter_id, OLD.membership_id, OLD.how, OLD.why))"
                ),
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.how}"
