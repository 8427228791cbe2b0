"""Proxies: what a meeting's by-laws allow, and who may vote for whom."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import NO_TRUNCATE, CoopModel, User

from .meetings import Meeting
from .querysets import ProxyQuerySet

# In the trigger of a paper with ``entry_id`` and ``proxy_id``, ``b`` its ballot: the member's own hand while no proxy
# stands, else the proxy's alone. Locked, so that a proxy accepted or ended meanwhile waits. Blank by blank as migrated.
BY_NOBODY_ELSE = """    PERFORM FROM governance_proxy p JOIN governance_rollentry e ON e.membership_id = p.principal_id
                      WHERE e.id = NEW.entry_id AND p.meeting_id = b.meeting_id AND p.accepted_at IS NOT NULL
                        AND p.ended_at IS NULL AND p.id IS DISTINCT FROM NEW.proxy_id FOR SHARE OF p;
                    IF FOUND THEN
                        RAISE check_violation USING MESSAGE = 'who gave a proxy takes it back before voting';
                    END IF;
                    IF NEW.proxy_id IS NOT NULL THEN
                        PERFORM FROM governance_proxy p JOIN governance_rollentry e ON e.membership_id = p.principal_id
                          WHERE p.id = NEW.proxy_id AND e.id = NEW.entry_id AND p.meeting_id = b.meeting_id
                            AND p.accepted_at IS NOT NULL AND p.ended_at IS NULL FOR SHARE OF p;
                        IF NOT FOUND THEN
                            RAISE check_violation
                                  USING MESSAGE = 'only a proxy of this meeting that stands votes for its member';
                        END IF;
                    END IF;"""


class ProxyRule(CoopModel):
    """What the by-laws say of proxies, for one meeting. A meeting without one takes none.

    It stands from the first proxy on. ``until`` is the last moment but one: a proxy given or accepted then is late.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Holders(models.TextChoices):
        MEMBERS = "members", _("Any member in good standing")
        SAME_CLASS = "same_class", _("Members of the same class")

    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="proxy_rule")
    per_holder = models.PositiveSmallIntegerField(_("proxies one member may hold"))
    holders = models.CharField(_("who may hold one"), max_length=12, choices=Holders.choices, default=Holders.MEMBERS)
    officers_hold = models.BooleanField(_("officers may hold proxies"), default=False)
    until = models.DateTimeField(_("given and accepted before"))
    cite = models.CharField(_("where it is written"), max_length=120, blank=True)
    # The database's own clock when the rule was set: a time after it is also held to the database's clock.
    set_by_database = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(per_holder__range=(1, 100)), name="proxy_rule_cap_is_a_cap")]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="stands",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'DELETE' THEN
                        RAISE check_violation USING MESSAGE = 'the rule of a meeting''s proxies is not deleted';
                    END IF;
                    IF TG_OP = 'UPDATE' AND (NEW.coop_id <> OLD.coop_id OR NEW.meeting_id <> OLD.meeting_id OR EXISTS (
                            SELECT FROM governance_proxy p WHERE p.meeting_id = OLD.meeting_id)) THEN
                        RAISE check_violation USING MESSAGE = 'the rule of proxies stands once one was given';
                    END IF;
                    NEW.set_by_database := clock_timestamp();
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}: {self.per_holder}"


class Proxy(CoopModel):
    """A member lets another vote for them at a meeting: given, accepted by the holder, perhaps ended. Never changed.

    One that stands a principal and meeting, none that stands by the holder's cap broken; who gave theirs away holds
    none, and who holds some gives none (no chains).
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Ended(models.TextChoices):
        DECLINED = "declined", _("declined by the holder")
        REVOKED = "revoked", _("taken back")
        IN_PERSON = "in_person", _("the member came in person")
        OFFICE = "office", _("struck out by the desk")

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="proxies")
    principal = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    on_paper = models.BooleanField(_("on the printed form, signed by both"), default=False)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=10, choices=Ended.choices, blank=True)
    ended_because = models.CharField(max_length=300, blank=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ProxyQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "principal"], condition=Q(ended_at__isnull=True), name="proxy_one_a_principal"
            ),
            models.CheckConstraint(condition=~Q(principal=F("holder")), name="proxy_is_somebody_else"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended="") | Q(ended_at__isnull=False) & ~Q(ended=""),
                name="proxy_ends_in_some_way",
            ),
        ]
        indexes = [models.Index(fields=["meeting", "holder"], name="proxy_of_a_holder")]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="by_the_rule",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("r", "governance_proxyrule%ROWTYPE")],
                func="""
                    IF TG_OP = 'DELETE' THEN
                        RAISE check_violation USING MESSAGE = 'a proxy is ended, not deleted';
                    END IF;
                    SELECT * INTO r FROM governance_proxyrule WHERE meeting_id = NEW.meeting_id FOR NO KEY UPDATE;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'this meeting takes no proxies';
                    END IF;
                    IF TG_OP = 'UPDATE' THEN
                        IF (NEW.coop_id, NEW.meeting_id, NEW.principal_id, NEW.holder_id, NEW.on_paper, NEW.given_at,
                            NEW.given_by_id)
                           IS DISTINCT FROM
                           (OLD.coop_id, OLD.meeting_id, OLD.principal_id, OLD.holder_id, OLD.on_paper, OLD.given_at,
                            OLD.given_by_id)
                           OR OLD.ended_at IS NOT NULL
                           OR (OLD.accepted_at IS NOT NULL AND NEW.accepted_at IS DISTINCT FROM OLD.accepted_at) THEN
                            RAISE check_violation USING MESSAGE = 'a proxy is accepted once and ended once, no more';
                        END IF;
                        IF NEW.ended_at IS NOT NULL THEN
                            RETURN NEW;
                        END IF;
                    END IF;
                    IF TG_OP = 'INSERT' AND (NEW.ended_at IS NOT NULL
                            OR (NEW.accepted_at IS NOT NULL AND NOT NEW.on_paper)) THEN
                        RAISE check_violation USING MESSAGE = 'a proxy begins as given; its holder accepts it after';
                    END IF;
                    IF coalesce(NEW.accepted_at, NEW.given_at) >= r.until
                       OR (r.until > r.set_by_database AND clock_timestamp() >= r.until) THEN
                        RAISE check_violation USING MESSAGE = 'a proxy is given and accepted in time';
                    END IF;
                    IF EXISTS (SELECT FROM governance_proxy p WHERE p.meeting_id = NEW.meeting_id
                               AND p.ended_at IS NULL AND p.id <> NEW.id
                               AND (p.principal_id = NEW.holder_id
                                    OR p.holder_id = NEW.principal_id AND p.accepted_at IS NOT NULL)) THEN
                        RAISE check_violation
                              USING MESSAGE = 'who holds a proxy gives none, and who gave one holds none';
                    END IF;
                    IF NEW.accepted_at IS NOT NULL AND r.per_holder <= (
                            SELECT count(*) FROM governance_proxy p WHERE p.meeting_id = NEW.meeting_id
                               AND p.holder_id = NEW.holder_id AND p.ended_at IS NULL AND p.accepted_at IS NOT NULL
                               AND p.id <> NEW.id) THEN
                        RAISE check_violation USING MESSAGE = 'the holder has as many proxies as one may hold';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.principal_id} → {self.holder_id}"

    @property
    def stands(self) -> bool:
        """Accepted, and nobody has ended it."""
        return self.accepted_at is not None and self.ended_at is None
