"""Rolls published for objection: what was objected, ruled and corrected, and what keeps a ballot from its release."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Objection, Roll, RollCorrection, RollEntry, RollPublication
from ..words import local
from .issue import Issue


def with_people(rows: QuerySet[Objection]) -> QuerySet[Objection]:
    """Objections with both members' names, their roll and the ruling."""
    return rows.select_related("membership__party", "about__party", "roll", "ruling__ruled_by", "ruling__correction")


def objections(roll: Roll) -> QuerySet[Objection]:
    """Every objection to a roll, undecided ones first."""
    return with_people(Objection.objects.filter(roll=roll)).order_by("ruling__ruled_at", "id")


def objections_of(roll: Roll, membership) -> QuerySet[Objection]:
    """A member's own objections to a roll."""
    return with_people(Objection.objects.filter(roll=roll, membership=membership)).order_by("id")


def published_rolls(coop) -> QuerySet[RollPublication]:
    """The rolls that were laid open to the members, the last one first."""
    return RollPublication.objects.filter(coop=coop).select_related("roll__meeting").order_by("-published_at")


def line_of(roll: Roll, membership) -> RollEntry | None:
    return None if membership is None else RollEntry.objects.filter(roll=roll, membership=membership).first()


def corrections_of(roll: Roll) -> list[dict]:
    """The corrections as a manifest has them: from the hash the roll was frozen with to the one it has, line by line.

    ``was`` is empty where a line was added. Whoever has the digests of the lines undoes them from the last one back.
    """
    rows = RollCorrection.objects.filter(roll=roll).order_by("id")
    return [
        {"place": each.place, "was": each.was_digest, "now": each.digest, "before": each.was_hash, "after": each.hash}
        for each in rows
    ]


def issues(roll: Roll, now: datetime, coop) -> Iterator[Issue]:
    """What is open about a roll that was published: its time for objections, and objections nobody has ruled on."""
    published = RollPublication.objects.filter(roll=roll).first()
    if published is None:
        return
    if now < published.until:
        text = _("The roll is open to objections until %s.") % local(published.until, coop)
        yield Issue("objections_run", text, "objections")
    if waiting := Objection.objects.filter(roll=roll, ruling__isnull=True).count():
        text = ngettext(
            "One objection to the roll waits for a decision.",
            "%s objections to the roll wait for a decision.",
            waiting,
        )
        yield Issue("objections_open", text % waiting if waiting > 1 else text, "objections")
