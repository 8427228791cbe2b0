"""How many votes a member organisation has, in a federation. A person has one, whatever anybody writes down."""

from __future__ import annotations

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import AppendOnly, CoopModel, User
from members.models import Membership

MOST = 10_000


class Weight(CoopModel, AppendOnly):
    """From a day on this member organisation has so many votes, and where that is written. The newest one counts.

    A roll frozen on a record date takes the one in force that day. Never for a person: one member, one vote.
    """

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("member organisation")
    )
    votes = models.PositiveSmallIntegerField(_("votes"), validators=[MinValueValidator(1), MaxValueValidator(MOST)])
    effective_on = models.DateField(_("from"))
    because = models.CharField(_("where it is written"), max_length=300)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-effective_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(votes__gte=1, votes__lte=MOST), name="weight_of_at_least_one"),
            models.CheckConstraint(condition=Q(because__regex=r"\S"), name="weight_says_where_it_is_written"),
        ]
        indexes = [models.Index(fields=["coop", "membership", "effective_on"], name="weight_in_force")]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="only_of_organisations",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM FROM members_membership m JOIN members_party p ON p.id = m.party_id
                      WHERE m.id = NEW.membership_id AND p.kind = 'organisation' FOR SHARE OF p;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'a person has one vote';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id}: {self.votes}"
