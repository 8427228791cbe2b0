"""What a history amounts to: events in, standing out. Pure; the register's SQL says the same for everyone at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

# The state each kind of event leaves a membership in.
STATES = {
    "admitted": "admitted",
    "activated": "active",
    "suspended": "suspended",
    "reinstated": "active",
    "expelled": "suspended",
    "exit_effective": "ended",
}
# Kinds that set, or with no date clear, the last day of membership.
ENDINGS = (
    "notice_given",
    "notice_withdrawn",
    "expelled",
    "appealed",
    "appeal_decided",
    "died",
    "transferred",
    "exit_effective",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a membership is on a day. ``ends_on`` is its last day, and may lie ahead."""

    state: str
    class_id: int
    admitted_on: date
    active_on: date | None
    notice_on: date | None
    ends_on: date | None
    ending: str


def in_force(events: Iterable[Any], on: date, known: datetime | None = None) -> list[Any]:
    """The events that had taken effect by ``on`` and were neither unknown nor corrected at ``known``, in story order.

    ``known=None`` is everything recorded so far. Story order is by effective date, then by place, where a correction
    has the place of what it corrects.
    """
    seen = [event for event in events if known is None or event.recorded_at <= known]
    corrected = {event.corrects_id for event in seen if event.corrects_id is not None}
    standing = [event for event in seen if event.pk not in corrected and event.effective_on <= on]
    return sorted(standing, key=lambda event: (event.effective_on, event.place))


def replay(events: Iterable[Any], on: date, known: datetime | None = None) -> Standing | None:
    """The standing those events amount to on ``on``, as known at ``known``; None where nobody was admitted yet."""
    story = in_force(events, on, known)
    admissions = [event.effective_on for event in story if event.kind == "admitted"]
    if not admissions:
        return None
    states = [event for event in story if event.kind in STATES]
    classes = [event.member_class_id for event in story if event.member_class_id is not None]
    endings = [event for event in story if event.kind in ENDINGS]
    active = [event.effective_on for event in story if event.kind == "activated"]
    last = endings[-1] if endings else None
    notice = last if last is not None and last.kind == "notice_given" else None
    return Standing(
        state=STATES[states[-1].kind],
        class_id=classes[-1],
        admitted_on=min(admissions),
        active_on=max(active, default=None),
        notice_on=notice.effective_on if notice is not None else None,
        ends_on=last.ends_on if last is not None else None,
        ending=last.ending if last is not None else "",
    )
