"""Minutes: what they are drawn from, who has signed, and who may read them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.translation import override

from coop.kernel.models import Office, User

from ..models import Attendance, Ballot, Meeting, Minutes, MinutesSignature, Proxy, Resolution
from ..models import Count as Counted
from ..models.certifying import SIGNERS
from ..models.minutes import NEEDED
from .outcomes import outcome


def minutes_for(actor):
    """The co-op's minutes, the newest meeting first; members see those that both have signed."""
    signed = Count("signatures", filter=Q(signatures__addendum__isnull=True))
    rows = Minutes.objects.filter(coop_id=actor.coop_id).select_related("meeting", "chair").annotate(signed=signed)
    rows = rows.order_by("-meeting__starts_at", "-pk")
    return rows if actor.is_officer else rows.filter(signed=NEEDED)


def signatures_of(minutes: Minutes) -> list[MinutesSignature]:
    """Every signature, those under addenda too."""
    return list(minutes.signatures.select_related("signed_by"))


def attendance_of(meeting: Meeting) -> list[Attendance]:
    rows = Attendance.objects.filter(meeting=meeting).select_related("membership__party")
    return list(rows.order_by("membership__number"))


def may_chair(coop, on):
    """The logins that hold an office that signs: one of them chaired."""
    held = Office.objects.current(on).filter(coop=coop, role__in=SIGNERS)
    return User.objects.filter(pk__in=held.values("user")).order_by("name")


def drawn_from(meeting: Meeting, *, course: str, guests: str, chair: User) -> dict:
    """Everything the minutes say, as JSON values: the call, who was there, what was decided and why it carried.

    In the co-op's own language, whoever draws them or asks whether they still say what is so.
    """
    with override(meeting.coop.language):
        return _drawn_from(meeting, course, guests, chair)


def _drawn_from(meeting: Meeting, course: str, guests: str, chair: User) -> dict:
    coop = meeting.coop
    there = attendance_of(meeting)
    proxies = Proxy.objects.filter(meeting=meeting).standing().select_related("principal", "holder")
    roll = getattr(meeting, "roll", None)
    return {
        "co-op": coop.name,
        "title": meeting.title,
        "kind": meeting.kind,
        "form": meeting.form,
        "place": meeting.place,
        "starts_at": meeting.starts_at.astimezone(ZoneInfo(coop.time_zone)).isoformat(),
        "record_date": meeting.record_date.isoformat(),
        "notice_on": meeting.notice_on.isoformat() if meeting.notice_on else None,
        "chair": chair.display_name,
        "agenda": [line.strip() for line in meeting.agenda.splitlines() if line.strip()],
        "roll": {"eligible": roll.eligible, "size": roll.size, "hash": roll.hash} if roll else None,
        "present": [
            {"number": each.membership.number, "name": str(each.membership.party), "online": each.online}
            for each in there
        ],
        "proxies": [
            {"giver": each.principal.number, "holder": each.holder.number}
            for each in proxies.order_by("principal__number")
        ],
        "guests": guests,
        "resolutions": [
            {
                "number": each.number,
                "title": each.title,
                "text": each.text,
                "text_hash": each.text_hash,
                "carried": each.carried,
                "votes": each.votes,
                "sentence": each.sentence,
            }
            for each in Resolution.objects.filter(meeting=meeting).order_by("pk")
        ],
        "elections": [
            {"title": each.question.title, "sentence": _outcome(each)}
            for each in Counted.objects.filter(ballot__meeting=meeting)
            .exclude(question__method="motion")
            .select_related("question__ballot")
            .order_by("pk")
        ],
        "course": course,
    }


def _outcome(count: Counted) -> str:
    shown = outcome(count.question, count.result)
    return f"{shown.sentence} {shown.detail}".strip()


def not_certified(meeting: Meeting) -> list[Ballot]:
    """The meeting's ballots whose result does not stand yet."""
    return list(Ballot.objects.filter(meeting=meeting).exclude(state__in=("draft", "certified")))
