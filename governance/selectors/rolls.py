"""Meetings and rolls, and why somebody is or is not on one."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..digests import entry_digest, roll_hash
from ..models import Meeting, Roll, RollEntry


def meetings(actor):
    """The co-op's meetings, newest first, each with its roll."""
    return Meeting.objects.filter(coop_id=actor.coop_id).select_related("roll")


def roll_entries(roll: Roll, *, words: str = "", eligible: bool | None = None):
    """The lines of a roll by number; ``words`` finds a number or names, ``eligible`` narrows to yes or no."""
    entries = RollEntry.objects.filter(roll=roll)
    if words.strip():
        entries = entries.found(words)
    if eligible is not None:
        entries = entries.filter(eligible=eligible)
    return entries.order_by("number")


def roll_is_whole(roll: Roll) -> bool:
    """Do the lines still say what was frozen? Every digest and the roll's hash are computed anew."""
    digests = []
    for entry in RollEntry.objects.filter(roll=roll).order_by("number").iterator(chunk_size=2000):
        digest = entry_digest(
            salt=entry.salt,
            number=entry.number,
            name=entry.name,
            class_name=entry.class_name,
            eligible=entry.eligible,
            reasons=entry.reasons,
        )
        if digest != entry.digest:
            return False
        digests.append(digest)
    return roll_hash(roll.coop.slug, roll.record_date, digests) == roll.hash


def why_not_on(roll: Roll, membership) -> str:
    """The sentence for a member whose name is not on the roll at all."""
    day = date_format(roll.record_date, "j F Y")
    if membership is None:
        return _("You are not a member here, so you are not on the roll.")
    if membership.admitted_on > roll.record_date:
        return _("You became a member on %(joined)s, after the record date, %(day)s, so you are not on this roll.") % {
            "joined": date_format(membership.admitted_on, "j F Y"),
            "day": day,
        }
    if membership.ends_on is not None and membership.ends_on < roll.record_date:
        return _("Your membership ended on %(ended)s, before the record date, %(day)s.") % {
            "ended": date_format(membership.ends_on, "j F Y"),
            "day": day,
        }
    return _("You were not on the register as it stood for the record date, %s. Ask the returning officer.") % day
