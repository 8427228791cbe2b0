"""Freezing a roll: who is on it at the record date, once and for good."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.selectors import RollLine, roll_candidates

from ..digests import roll_hash
from ..models import Meeting, Roll, RollEntry
from ..selectors.rolls import digest_of


@transaction.atomic
def freeze_roll(*, actor, meeting: Meeting | None = None, record_date=None, title: str = "") -> Roll:
    """Freeze the roll of a meeting, or one that stands alone, at its record date.

    One row per membership on the register that day, may vote or not, with the reasons in words. Refuses a day that
    lies ahead, a second roll for the meeting, and an empty register.
    """
    rules.require(actor, "governance.run_ballots", meeting)
    if meeting is not None:
        meeting = Meeting.objects.select_for_update().get(pk=meeting.pk, coop=actor.coop)
        record_date = meeting.record_date
        if Roll.objects.filter(meeting=meeting).exists():
            raise Refused("already_frozen", _("The roll of this meeting is frozen already."))
    if record_date is None:
        raise Refused("no_record_date", _("A roll needs a record date."), "record_date")
    if record_date > clock.today(actor.coop):
        raise Refused(
            "record_date_ahead",
            _("The record date, %s, lies ahead; the roll can be frozen once it has come.") % record_date.isoformat(),
            "record_date",
        )
    lines = roll_candidates(actor.coop, record_date)
    if not lines:
        raise Refused("nobody", _("Nobody was on the register on %s.") % record_date.isoformat())
    roll = Roll.objects.create(
        coop=actor.coop,
        meeting=meeting,
        record_date=record_date,
        title=title or (meeting.title if meeting else _("Roll at %s") % record_date.isoformat()),
    )
    entries = [_entry(roll, line) for line in sorted(lines, key=lambda line: line.number)]
    RollEntry.objects.bulk_create(entries, batch_size=2000)
    roll.size = len(entries)
    roll.eligible = sum(entry.eligible for entry in entries)
    roll.hash = roll_hash(actor.coop.slug, record_date, [entry.digest for entry in entries])
    roll.frozen_at, roll.frozen_by = clock.now(), actor.user
    roll.save(update_fields=["size", "eligible", "hash", "frozen_at", "frozen_by"])
    audit.record(
        actor=actor,
        kind="governance.roll_frozen",
        subject=f"roll:{roll.pk}",
        record_date=record_date.isoformat(),
        size=roll.size,
        eligible=roll.eligible,
        hash=roll.hash,
    )
    return roll


def _entry(roll: Roll, line: RollLine) -> RollEntry:
    salt = secrets.token_hex(16)
    entry = RollEntry(
        coop_id=roll.coop_id,
        roll=roll,
        membership_id=line.membership_id,
        number=line.number,
        name=line.name,
        class_name=line.class_name,
        eligible=line.eligible,
        reasons=[str(reason) for reason in line.reasons],
        salt=salt,
    )
    entry.digest = digest_of(entry)
    return entry
