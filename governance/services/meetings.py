"""Calling meetings, and the kinds of resolution the by-laws know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from coop.kernel import audit, rules
from coop.kernel.errors import Refused

from .. import resolutions
from ..models import Meeting, ResolutionType, Roll


def _check_dates(coop, starts_at: datetime, record_date: date, notice_on: date | None) -> None:
    held_on = starts_at.astimezone(ZoneInfo(coop.time_zone)).date()
    if record_date > held_on:
        raise Refused("record_date_late", _("The record date lies after the meeting."), "record_date")
    if notice_on is not None and notice_on > held_on:
        raise Refused("notice_late", _("The notice goes out before the meeting, not after it."), "notice_on")


@transaction.atomic
def call_meeting(
    *,
    actor,
    title: str,
    starts_at: datetime,
    record_date: date,
    kind: str = Meeting.Kind.GENERAL,
    form: str = Meeting.Form.ROOM,
    place: str = "",
    notice_on: date | None = None,
    agenda: str = "",
) -> Meeting:
    """Put a general meeting into the calendar, with its record date. Refuses a record date after the meeting."""
    rules.require(actor, "governance.call_meetings")
    _check_dates(actor.coop, starts_at, record_date, notice_on)
    meeting = Meeting.objects.create(
        coop=actor.coop,
        title=title.strip(),
        kind=kind,
        form=form,
        starts_at=starts_at,
        place=place,
        record_date=record_date,
        notice_on=notice_on,
        agenda=agenda,
        created_by=actor.user,
    )
    audit.record(
        actor=actor,
        kind="governance.meeting_called",
        subject=f"meeting:{meeting.pk}",
        title=meeting.title,
        starts_at=starts_at.isoformat(),
        record_date=record_date.isoformat(),
    )
    return meeting


@transaction.atomic
def change_meeting(*, actor, meeting: Meeting, **changes) -> Meeting:
    """Change a meeting. Refuses another record date once its roll is frozen."""
    rules.require(actor, "governance.call_meetings", meeting)
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting.pk, coop=actor.coop)
    record_date = changes.get("record_date", meeting.record_date)
    if record_date != meeting.record_date and Roll.objects.filter(meeting=meeting).exists():
        raise Refused(
            "roll_frozen", _("The roll of this meeting is frozen at its record date; the date stays."), "record_date"
        )
    for name, value in changes.items():
        setattr(meeting, name, value)
    _check_dates(actor.coop, meeting.starts_at, meeting.record_date, meeting.notice_on)
    meeting.save(update_fields=list(changes))
    audit.record(
        actor=actor,
        kind="governance.meeting_changed",
        subject=f"meeting:{meeting.pk}",
        changes={name: str(value) for name, value in changes.items()},
    )
    return meeting


@transaction.atomic
def create_resolution_type(
    *, actor, name: str, conditions: Sequence[dict], cite: str = "", bylaws=None
) -> ResolutionType:
    """Write down how a kind of motion carries. Refuses conditions the count could not apply, and a name twice."""
    rules.require(actor, "governance.call_meetings")
    conditions = [resolutions.clean(condition) for condition in conditions]
    if not conditions:
        raise Refused("no_condition", _("A kind of resolution needs at least one condition."), "conditions")
    try:
        with transaction.atomic():
            made = ResolutionType.objects.create(
                coop=actor.coop,
                name=name.strip(),
                slug=slugify(name)[:60] or "resolution",
                conditions=conditions,
                cite=cite,
                bylaws=bylaws,
            )
    except IntegrityError as twice:
        raise Refused("named_twice", _("There is a kind of resolution called “%s” already.") % name, "name") from twice
    audit.record(
        actor=actor,
        kind="governance.resolution_type_created",
        subject=f"resolution-type:{made.pk}",
        name=made.name,
        conditions=conditions,
    )
    return made


def standard_resolution_types(*, actor, cite: str = "") -> list[ResolutionType]:
    """The two most by-laws know, where the co-op has none yet: ordinary (more than half) and special (two thirds)."""
    if not ResolutionType.objects.filter(coop=actor.coop).exists():
        create_resolution_type(
            actor=actor, name=_("Ordinary resolution"), conditions=[{"ratio": [1, 2], "at_least": False}], cite=cite
        )
        create_resolution_type(
            actor=actor, name=_("Special resolution"), conditions=[{"ratio": [2, 3], "at_least": True}], cite=cite
        )
    return list(ResolutionType.objects.filter(coop=actor.coop))
