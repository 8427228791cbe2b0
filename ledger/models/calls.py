"""Calls: the board asks for a part of what members subscribed and have not paid yet.

    draft → standing
               └──→ withdrawn

A class of shares may be paid on call: beyond what the by-laws ask for on joining, nothing is due before the board calls
for it. A call has a line a member. Who does not pay is given notice, and after its days the shares may be forfeited.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, User
from members.models import Membership

from .guards import only_into, only_where_found, row
from .shares import ShareClass, ShareEvent

FROZEN = "coop_id number share_class_id per_share called_on due_on notice_days decision count total".split()
NOTICE_DAYS = 14  # UK model articles for public companies (SI 2008/3229, schedule 3): call notices, intended forfeiture


class ShareCall(CoopModel):
    """So much a share of one class, called on a day, due on another. Money in minor units of the class's currency."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        STANDING = "standing", _("Called")
        WITHDRAWN = "withdrawn", _("Taken back")

    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    share_class = models.ForeignKey(ShareClass, on_delete=models.PROTECT, related_name="calls")
    per_share = models.BigIntegerField(_("a share"))
    called_on = models.DateField(_("called on"))
    due_on = models.DateField(_("due on"))
    notice_days = models.PositiveSmallIntegerField(_("days of notice before forfeiture"), default=NOTICE_DAYS)
    decision = models.CharField(_("decision of the board"), max_length=120)
    count = models.PositiveIntegerField()
    total = models.BigIntegerField()
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(_("why it was taken back"), max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="sharecall_number_once"),
            models.CheckConstraint(condition=Q(per_share__gt=0), name="sharecall_asks_for_something"),
            models.CheckConstraint(condition=Q(notice_days__gte=NOTICE_DAYS), name="sharecall_gives_notice"),
            models.CheckConstraint(condition=~Q(decision=""), name="sharecall_was_decided"),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(because=""), name="sharecall_withdrawn_for_a_reason"
            ),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="goes_forward",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("summed", "bigint[]")],
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' OR NEW.due_on < NEW.called_on + {NOTICE_DAYS} OR NOT EXISTS (
                            SELECT FROM ledger_shareclass c WHERE c.id = NEW.share_class_id AND c.on_call) THEN
                            RAISE check_violation USING MESSAGE =
                                'a call begins as a draft, on a class paid on call, and is not due at once';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF {row("OLD", FROZEN)} IS DISTINCT FROM {row("NEW", FROZEN)} OR (OLD.state, NEW.state) NOT IN
                       (('draft', 'standing'), ('standing', 'withdrawn')) THEN
                        RAISE check_violation USING MESSAGE = 'a call goes forward and keeps what it asks for';
                    END IF;
                    IF NEW.state = 'withdrawn' THEN
                        IF EXISTS (SELECT FROM ledger_callforfeiture f JOIN ledger_sharecallline l ON l.id = f.line_id
                                    WHERE l.call_id = NEW.id) THEN
                            RAISE check_violation USING MESSAGE = 'shares were forfeited for this call';
                        END IF;
                        RETURN NEW;
                    END IF;
                    -- one call at a time
                    PERFORM FROM ledger_shareclass c WHERE c.id = NEW.share_class_id FOR NO KEY UPDATE;
                    SELECT ARRAY[count(*), coalesce(sum(l.amount), 0)]::bigint[] INTO summed
                      FROM ledger_sharecallline l WHERE l.call_id = NEW.id;
                    IF summed IS DISTINCT FROM ARRAY[NEW.count, NEW.total]::bigint[] OR NEW.count = 0 THEN
                        RAISE check_violation USING MESSAGE = 'a call and its lines disagree';
                    END IF;
                    IF EXISTS (
                        SELECT FROM (
                            SELECT x.membership_id, sum(x.amount) AS called
                              FROM ledger_sharecallline x JOIN ledger_sharecall c ON c.id = x.call_id
                             WHERE c.share_class_id = NEW.share_class_id AND (c.state = 'standing' OR c.id = NEW.id)
                             GROUP BY x.membership_id) asked
                          LEFT JOIN (
                            SELECT e.membership_id, sum(e.shares * c.par) AS subscribed
                              FROM ledger_shareevent e JOIN ledger_shareclass c ON c.id = e.share_class_id
                             WHERE c.id = NEW.share_class_id GROUP BY e.membership_id) held
                            ON held.membership_id = asked.membership_id
                         WHERE asked.called > coalesce(held.subscribed, 0)
                           AND asked.membership_id IN (
                               SELECT l.membership_id FROM ledger_sharecallline l WHERE l.call_id = NEW.id)) THEN
                        RAISE check_violation USING MESSAGE = 'a call asks for more than was subscribed';
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
        ]

    def __str__(self) -> str:
        return f"Call {self.number}"

    @property
    def is_standing(self) -> bool:
        return self.state == self.State.STANDING


class ShareCallLine(CoopModel, AppendOnly):
    """What a call asks of one member."""

    call = models.ForeignKey(ShareCall, on_delete=models.PROTECT, related_name="lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField(_("amount"))

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(fields=["call", "membership"], name="sharecallline_once_a_member"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="sharecallline_of_something"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            only_into(
                "into_a_draft",
                "draft",
                "ledger_sharecall c",
                "call_id",
                "lines join a call while it is a draft",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id}, {self.membership_id}: {self.amount}"


class ForfeitureNotice(CoopModel, AppendOnly):
    """The last letter to somebody who did not pay a call: by when, or the shares may be forfeited."""

    line = models.OneToOneField(ShareCallLine, on_delete=models.PROTECT, related_name="notice")
    amount = models.BigIntegerField(_("still to pay then"))
    sent_on = models.DateField(_("sent on"))
    forfeit_from = models.DateField(_("forfeiture from"))
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="forfeiturenotice_of_something")]
        triggers = [
            *AppendOnly.Meta.triggers,
            only_where_found(
                "after_its_call",
                "ledger_sharecallline l JOIN ledger_sharecall c ON c.id = l.call_id WHERE l.id = NEW.line_id"
                " AND c.state = 'standing' AND NEW.sent_on > c.due_on"
                " AND NEW.forfeit_from > NEW.sent_on + c.notice_days",
                "notice follows a call that stands and is overdue, and leaves the days it promises",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}, forfeiture from {self.forfeit_from}"


class CallForfeiture(CoopModel, AppendOnly):
    """Shares forfeited for a call that was not paid, after its notice: the event of the register, and who decided."""

    line = models.OneToOneField(ShareCallLine, on_delete=models.PROTECT, related_name="forfeiture")
    event = models.OneToOneField(ShareEvent, on_delete=models.PROTECT, related_name="call_forfeiture")
    decision = models.CharField(_("decision of the board"), max_length=120)
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        triggers = [
            *AppendOnly.Meta.triggers,
            only_where_found(
                "after_its_notice",
                "ledger_sharecallline l JOIN ledger_sharecall c ON c.id = l.call_id"
                " JOIN ledger_forfeiturenotice n ON n.line_id = l.id JOIN ledger_shareevent e ON e.id = NEW.event_id"
                " WHERE l.id = NEW.line_id AND c.state = 'standing' AND e.kind = 'forfeited'"
                " AND (e.membership_id, e.share_class_id) = (l.membership_id, c.share_class_id)"
                " AND e.effective_on >= n.forfeit_from",
                "shares are forfeited for a call after its notice, by an event of that very holding",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: forfeited"
