"""Meetings and rolls, and why somebody is or is not on one."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..digests import entry_digest, roll_hash
from ..models import Meeting, Roll, RollEntry


def meetings(actor):
    """The co-op's meetings, newest first, each with its roll."""
    return Meeting.objects.filter(coop_id=actor.coop_id).select_related("roll", "minutes").defer("minutes__body")


def roll_entries(roll: Roll, *, words: str = "", eligible: bool | None = None):
    """The lines of a roll by number; ``words`` finds a number or names, ``eligible`` narrows to yes or no."""
    entries = RollEntry.objects.filter(roll=roll)
    if words.strip():
        entries = entries.found(words)
    if eligible is not None:
        entries = entries.filter(eligible=eligible)
    return entries.order_by("number")


def digest_of(entry: RollEntry) -> str:
    """The digest of what a line says."""
    return entry_digest(
        salt=entry.salt,
        number=entry.number,
        name=entry.name,
        class_name=entry.class_name,
        eligible=entry.eligible,
        reasons=entry.reasons,
        votes=entry.votes,
    )


def roll_is_whole(roll: Roll) -> bool:
    """Do the lines still say what was frozen? Every digest and the roll's hash are computed anew.

    A line whose name was erased has no salt any more: its digest is taken as it stands.
    """
    digests = []
    for entry in RollEntry.objects.filter(roll=roll).order_by("number").iterator(chunk_size=2000):
        digest = digest_of(entry) if entry.salt else entry.digest
        if digest != entry.digest:
            return False
        digests.append(digest)
    return roll_hash(roll.coop.slug, roll.record_date, digests) == roll.hash


def has_roll(meeting: Meeting) -> bool:
    return Roll.objects.filter(meeting=meeting).exists()


def why_not_on(roll: Roll, membership, *, to_officer: bool = False) -> str:
    """The sentence for, or to an officer about, a member whose name is not on the roll at all."""
    if membership is None:
        return _("You are not a member here, so you are not on the roll.")
    values = {"day": date_format(roll.record_date, "j F Y")}
    if membership.admitted_on > roll.record_date:
        values["joined"] = date_format(membership.admitted_on, "j F Y")
        if to_officer:
            return _("a member since %(joined)s, after the record date, %(day)s, so not on this roll.") % values
        return _("You became a member on %(joined)s, after the record date, %(day)s, so you are not on this roll.") % (
            values
        )
    if membership.ends_on is not None and membership.ends_on < roll.record_date:
        values["ended"] = date_format(membership.ends_on, "j F Y")
        if to_officer:
            return _("no longer a member since %(ended)s, before the record date, %(day)s.") % values
        return _("Your membership ended on %(ended)s, before the record date, %(day)s.") % values
    if to_officer:
        return _("not on the register as it was known when the roll was frozen for %(day)s.") % values
    return _("You were not on the register as it stood for the record date, %(day)s. Ask the returning officer.") % (
        values
    )
