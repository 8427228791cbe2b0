"""Freezing a roll: who is on it at the record date, once and for good."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.copying import Json, Rows, Written, plan_anew, text_of
from coop.kernel.errors import Refused
from members.selectors import RollLine, roll_candidates

from ..digests import entry_digest, roll_hash
from ..models import Meeting, Roll, RollEntry, Weight
from ..selectors.weights import in_force


@transaction.atomic
def freeze_roll(*, actor, meeting: Meeting | None = None, record_date=None, title: str = "") -> Roll:
    """Freeze the roll of a meeting, or one that stands alone, at its record date.

    One row per membership on the register that day, may vote or not, with the reasons in words, and in a federation
    how many votes. Refuses a day that
    lies ahead, a second roll for the meeting, and an empty register.
    """
    rules.require(actor, "governance.run_ballots", meeting)
    if meeting is not None:
        meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting.pk, coop=actor.coop)
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
    lines.sort(key=lambda line: line.number)
    roll.size, roll.eligible = len(lines), sum(line.eligible for line in lines)
    weights = in_force(actor.coop, record_date)
    of_voters = [weights[line.membership_id] for line in lines if line.eligible and line.membership_id in weights]
    roll.further_votes = sum(each.votes - 1 for each in of_voters)
    roll.hash = roll_hash(actor.coop.slug, record_date, _enter(roll, lines, weights))
    roll.frozen_at, roll.frozen_by = clock.now(), actor.user
    roll.save(update_fields=["size", "eligible", "further_votes", "hash", "frozen_at", "frozen_by"])
    audit.record(
        actor=actor,
        kind="governance.roll_frozen",
        subject=f"roll:{roll.pk}",
        record_date=record_date.isoformat(),
        size=roll.size,
        eligible=roll.eligible,
        **({"votes": roll.votes} if roll.weighted else {}),
        hash=roll.hash,
    )
    return roll


ENTRY = ("membership_id", "number", "name", "class_name", "eligible", "votes", "reasons", "salt", "digest")
AT_ONCE = 5000


def line_with(weight: Weight | None, line: RollLine) -> tuple[int, tuple[str, ...]]:
    """How many votes a line of the roll has, and its reasons with that one said."""
    if weight is None or not line.eligible:
        return 1, line.reasons
    text = _("As a member organisation it has %(votes)s votes instead: %(because)s")
    return weight.votes, (*line.reasons, text % {"votes": f"{weight.votes:,}", "because": weight.because})


def _enter(roll: Roll, lines: list[RollLine], weights: dict[int, Weight]) -> list[str]:
    """Write the lines into the roll by COPY and return their digests, in the order of the lines."""
    rows, digests = Rows(RollEntry, ENTRY, coop_id=roll.coop_id, roll_id=roll.pk), []
    random = secrets.token_hex(16 * len(lines))
    said: dict[tuple[str, ...], Written] = {}  # everybody who joined on one day has the same reasons
    for at, line in enumerate(lines, start=1):
        salt = random[32 * at - 32 : 32 * at]
        votes, reasons = line_with(weights.get(line.membership_id), line)
        digest = entry_digest(
            salt=salt,
            number=line.number,
            name=line.name,
            class_name=line.class_name,
            eligible=line.eligible,
            reasons=reasons,
            votes=votes,
        )
        if reasons not in said:
            said[reasons] = Written(text_of(Json(reasons)))
        facts = (line.membership_id, line.number, line.name, line.class_name, line.eligible, votes)
        rows.add(*facts, said[reasons], salt, digest)
        digests.append(digest)
        if at % AT_ONCE == 0:
            rows.send()
            plan_anew()
    rows.send()
    return digests
