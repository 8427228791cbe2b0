"""Meetings, and the kinds of resolution the by-laws know."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import CoopModel, User

from .querysets import MeetingQuerySet


class Meeting(CoopModel):
    """A general meeting: when, where, what about, and on which day it is decided who may vote."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Kind(models.TextChoices):
        ANNUAL = "annual", _("Annual general meeting")
        GENERAL = "general", _("General meeting")
        EXTRAORDINARY = "extraordinary", _("Extraordinary general meeting")

    class Form(models.TextChoices):
        ROOM = "room", _("In a room")
        ONLINE = "online", _("Online")
        HYBRID = "hybrid", _("In a room and online")
        LETTER = "letter", _("By letter, without a gathering")

    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.GENERAL)
    form = models.CharField(_("how it is held"), max_length=10, choices=Form.choices, default=Form.ROOM)
    starts_at = models.DateTimeField(_("begins"))
    place = models.CharField(_("where"), max_length=300, blank=True)
    record_date = models.DateField(_("record date"))
    notice_on = models.DateField(_("notice sent on"), null=True, blank=True)
    agenda = models.TextField(_("agenda"), blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-id"]
        triggers = [
            pgtrigger.Trigger(
                name="record_date_stands",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("record_date"),
                func="""
                    IF NEW.record_date <> OLD.record_date
                       AND EXISTS (SELECT FROM governance_roll WHERE meeting_id = OLD.id) THEN
                        RAISE check_violation USING MESSAGE = 'the roll of this meeting is frozen at its record date';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.title


class ResolutionType(CoopModel):
    """How a motion carries, as the by-laws have it. A ballot freezes a copy of its conditions.

    ``conditions`` is a list, all of which must hold: ``{"denominator": "for+against", "ratio": [1, 2],
    "at_least": false, "quorum": null, "of_class": null}``, where a quorum is a number of members or a share ``[1, 5]``
    of the roll.
    """

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(max_length=60)
    conditions = models.JSONField(default=list)
    bylaws = models.ForeignKey("members.ByLaws", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cite = models.CharField(_("where it is written"), max_length=120, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "slug"], name="resolution_type_named_once"),
            models.CheckConstraint(condition=~Q(conditions=[]), name="resolution_type_has_a_condition"),
        ]

    def __str__(self) -> str:
        return self.name
