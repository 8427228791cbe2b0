"""Minutes: who was there, drawn up, signed by chair and secretary, put right by an addendum and in no other way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import User
from members.selectors import memberships_by_number

from ..digests import canonical, sha256
from ..models import Attendance, Meeting, Minutes, MinutesAddendum, MinutesSignature
from ..models.minutes import NEEDED
from ..selectors import minutes as known


def _held(actor, meeting: Meeting) -> Meeting:
    return (
        Meeting.objects.select_for_update(no_key=True, of=("self",))
        .select_related("roll", "coop")
        .get(pk=meeting.pk, coop=actor.coop)
    )


def _refuse_signed(meeting: Meeting) -> None:
    if MinutesSignature.objects.filter(minutes__meeting=meeting).exists():
        text = _("The minutes are signed and stand as they are. What is wrong in them is put right by an addendum.")
        raise Refused("signed", text, status=409)


@transaction.atomic
def record_attendance(*, actor, meeting: Meeting, room: Sequence[int], online: Sequence[int] = ()) -> list[Attendance]:
    """Write down by member number who was there, the whole list each time. Refuses a number nobody has."""
    rules.require(actor, "governance.call_meetings", meeting)
    meeting = _held(actor, meeting)
    _refuse_signed(meeting)
    if twice := [number for number, times in Counter([*room, *online]).items() if times > 1]:
        raise Refused("twice", _("The number %s stands there twice.") % min(twice), "room")
    found = memberships_by_number(actor.coop, [*room, *online])
    if missing := sorted({*room, *online} - set(found)):
        raise Refused("nobody", _("No member has the number %s.") % missing[0], "room")
    Attendance.objects.filter(meeting=meeting).delete()
    now, by_net = clock.now(), set(online)
    Attendance.objects.bulk_create(
        Attendance(
            coop=actor.coop,
            meeting=meeting,
            membership=each,
            online=number in by_net,
            recorded_at=now,
            recorded_by=actor.user,
        )
        for number, each in sorted(found.items())
    )
    facts = {"room": sorted(room), "online": sorted(online)}
    audit.record(actor=actor, kind="governance.attendance_recorded", subject=f"meeting:{meeting.pk}", **facts)
    return known.attendance_of(meeting)


@transaction.atomic
def draw_minutes(*, actor, meeting: Meeting, chair: User, course: str = "", guests: str = "") -> Minutes:
    """Draw the minutes from agenda, attendance and resolutions, with what was said; anew until somebody signs.

    ``chair`` is the officer who chaired. Refuses a meeting that has not begun, somebody without an office, and minutes
    that are signed.
    """
    rules.require(actor, "governance.call_meetings", meeting)
    meeting, now = _held(actor, meeting), clock.now()
    if meeting.starts_at > now:
        raise Refused("not_held", _("The meeting has not begun; its minutes are drawn once it is held."))
    _refuse_signed(meeting)
    if not known.may_chair(actor.coop, clock.today(actor.coop)).filter(pk=chair.pk).exists():
        raise Refused("chair", _("Whoever chaired and signs holds an office of the co-op."), "chair")
    body = canonical(known.drawn_from(meeting, course=course.strip(), guests=guests.strip(), chair=chair)).decode()
    drawn = {"body": body, "sha256": sha256(body.encode()), "chair": chair, "drawn_at": now, "drawn_by": actor.user}
    made, _new = Minutes.objects.update_or_create(coop=actor.coop, meeting=meeting, defaults=drawn)
    audit.record(actor=actor, kind="governance.minutes_drawn", subject=f"meeting:{meeting.pk}", sha256=made.sha256)
    return made


@transaction.atomic
def sign_minutes(*, actor, minutes: Minutes, seen: str, addendum: MinutesAddendum | None = None) -> MinutesSignature:
    """Sign the minutes, or one addendum, whose sum the actor has ``seen``: as the chair named in them, or as secretary.

    Refuses anybody else, a second signature of the same person, another sum than the one kept, minutes drawn before
    something was decided or somebody came that they do not name, and results two officers have not certified.
    """
    rules.require(actor, "governance.certify", minutes)
    meeting = _held(actor, minutes.meeting)
    minutes = (
        Minutes.objects.select_for_update(no_key=True, of=("self",))
        .select_related("chair")
        .get(pk=minutes.pk, coop=actor.coop)
    )
    minutes.meeting = meeting
    role = _role(actor, minutes)
    signed = MinutesSignature.objects.filter(minutes=minutes, addendum=addendum)
    if signed.filter(role=role).exists():
        raise Refused("signed", _("The %s has signed already.") % MinutesSignature.Role(role).label, status=409)
    kept = addendum.sha256 if addendum else minutes.sha256
    if seen != kept:
        raise Refused("not_seen", _("What you read is not what is kept. Read it again."), "seen")
    if open_ones := known.not_certified(meeting):
        raise Refused("not_certified", _("“%s” is not certified yet; the minutes say its result.") % open_ones[0].title)
    if addendum is None and not signed.exists():
        _refuse_stale(minutes)
    made = MinutesSignature.objects.create(
        coop=actor.coop,
        minutes=minutes,
        addendum=addendum,
        role=role,
        digest=kept,
        signed_at=clock.now(),
        signed_by=actor.user,
    )
    facts = {"sha256": kept, "role": role, **({"addendum": addendum.number} if addendum else {})}
    audit.record(actor=actor, kind="governance.minutes_signed", subject=f"meeting:{meeting.pk}", **facts)
    return made


def _role(actor, minutes: Minutes) -> str:
    if actor.user_id == minutes.chair_id:
        return MinutesSignature.Role.CHAIR
    if actor.holds("secretary"):
        return MinutesSignature.Role.SECRETARY
    values = {"name": minutes.chair.display_name}
    raise Refused("not_yours", _("%(name)s, who chaired, and the secretary sign.") % values, status=403)


def _refuse_stale(minutes: Minutes) -> None:
    said = minutes.said
    now = known.drawn_from(minutes.meeting, course=said["course"], guests=said["guests"], chair=minutes.chair)
    if now != said:
        raise Refused("stale", _("Something has changed since the minutes were drawn. Draw them again, then sign."))


@transaction.atomic
def add_addendum(*, actor, minutes: Minutes, text: str) -> MinutesAddendum:
    """Write down what is wrong in signed minutes and how it is right; chair and secretary sign it like the minutes."""
    rules.require(actor, "governance.certify", minutes)
    minutes = (
        Minutes.objects.select_for_update(no_key=True, of=("self",))
        .select_related("chair")
        .get(pk=minutes.pk, coop=actor.coop)
    )
    _role(actor, minutes)
    text = text.strip()
    if not text:
        raise Refused("text", _("Say what is wrong in the minutes, and how it is right."), "text")
    if MinutesSignature.objects.filter(minutes=minutes, addendum=None).count() < NEEDED:
        raise Refused("not_signed", _("The minutes are not signed by both yet; draw them again instead."))
    number = minutes.addenda.count() + 1
    made = MinutesAddendum.objects.create(
        coop=actor.coop,
        minutes=minutes,
        number=number,
        text=text,
        sha256=sha256(f"{minutes.sha256}\n{number}\n{text}".encode()),
        written_at=clock.now(),
        written_by=actor.user,
    )
    facts = {"number": number, "sha256": made.sha256}
    audit.record(actor=actor, kind="governance.minutes_addendum", subject=f"meeting:{minutes.meeting_id}", **facts)
    return made
