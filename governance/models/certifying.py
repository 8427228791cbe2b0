"""Two officers' signatures under a ballot's whole result. With the second one it stands, and others may rely on it."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import AppendOnly, CoopModel, Office, User

from .ballots import Ballot

SIGNERS = (Office.Role.RETURNING_OFFICER, Office.Role.BOARD, Office.Role.SECRETARY)


class Certification(CoopModel, AppendOnly):
    """An officer signed this digest: of a secret ballot its bundle's SHA-256, of a recorded one that of its results."""

    NEEDED = 2

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="certifications")
    position = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64)
    office = models.CharField(_("office"), max_length=20, choices=[(role.value, role.label) for role in SIGNERS])
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["ballot", "position"], name="certified_first_then_second"),
            models.UniqueConstraint(fields=["ballot", "signed_by"], name="certified_by_two_people"),
            models.CheckConstraint(condition=Q(position__in=(1, 2)), name="certified_by_two"),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="certified_with_a_digest"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="of_what_was_counted",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("b", "governance_ballot%ROWTYPE")],
                func="""
                    SELECT * INTO b FROM governance_ballot WHERE id = NEW.ballot_id FOR SHARE;
                    IF b.state <> 'counted' THEN
                        RAISE check_violation USING MESSAGE = 'a result is certified once it has been counted';
                    END IF;
                    IF b.kind = 'secret' AND NOT EXISTS (SELECT FROM governance_bundle u
                         WHERE u.ballot_id = b.id AND u.sha256 = NEW.digest
                           AND encode(sha256(u.content), 'hex') = NEW.digest) THEN
                        RAISE check_violation USING MESSAGE = 'what is certified is the bundle as it is kept';
                    END IF;
                    IF NEW.position = 2 AND NOT EXISTS (SELECT FROM governance_certification c
                         WHERE c.ballot_id = b.id AND c.position = 1 AND c.digest = NEW.digest
                           AND c.signed_by_id <> NEW.signed_by_id) THEN
                        RAISE check_violation
                              USING MESSAGE = 'a second person certifies the same as the first';
                    END IF;
                    IF NOT EXISTS (SELECT FROM kernel_office o
                         WHERE o.coop_id = NEW.coop_id AND o.user_id = NEW.signed_by_id AND o.role = NEW.office
                           AND o.starts_on <= NEW.signed_at::date + 1
                           AND (o.ends_on IS NULL OR o.ends_on >= NEW.signed_at::date - 1)) THEN
                        RAISE check_violation USING MESSAGE = 'a result is certified by officers';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ballot_id}: {self.position}, {self.office}"
