"""The only door to history: append an event to a chain, and bring the membership's projection up to it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import rfc8785

from coop.kernel import canonical, clock
from members.models import EventNote, Membership, MembershipEvent
from members.replay import replay

START = "0" * 64
_DATES = ("effective_on", "ends_on", "decided_on")
_PLAIN = (
    "coop_id seq place kind actor_id membership_id member_class_id ending reason_code decided_by decision_ref"
    " decision_hash corrects_id batch_id note_hash previous"
).split()


def event_hash(event: MembershipEvent) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of the event's own columns, the hash of the one before included."""
    return hash_of_facts({name: getattr(event, name) for name in (*_PLAIN, *_DATES, "stream", "recorded_at")})


def hash_of_facts(facts: Mapping[str, Any]) -> str:
    """The same of an event that is not made yet; ``facts`` has every column that is hashed."""
    body: dict[str, Any] = {name: facts[name] for name in _PLAIN}
    body |= {name: value.isoformat() if (value := facts[name]) else None for name in _DATES}
    body |= {"stream": str(facts["stream"]), "recorded_at": facts["recorded_at"].isoformat()}
    return hashlib.sha256(canonical.plain(body)).hexdigest()


def note_hash(salt: str, body: dict) -> str:
    """SHA-256 of the salt's bytes followed by the note's canonical JSON."""
    return hashlib.sha256(bytes.fromhex(salt) + rfc8785.dumps(body)).hexdigest()


def verify(coop) -> Iterator[str]:
    """Walk every history of the co-op and yield a sentence for everything that does not hold; nothing: all is whole.

    Notes may have been erased; where one is left, its hash must be right.
    """
    last: MembershipEvent | None = None
    events = MembershipEvent.objects.filter(coop=coop).select_related("note").order_by("stream", "seq")
    for event in events.iterator(chunk_size=2000):
        before = last if last is not None and last.stream == event.stream else None
        where = f"history {event.stream}, event {event.seq}"
        if event.seq != (before.seq + 1 if before else 1) or event.previous != (before.hash if before else START):
            yield f"{where}: does not follow the event before it"
        if event.hash != event_hash(event):
            yield f"{where}: its row was changed"
        note = getattr(event, "note", None)
        if note is not None and note_hash(note.salt, note.body) != event.note_hash:
            yield f"{where}: its note was changed"
        last = event


def append(
    *,
    actor,
    stream: UUID,
    kind: str,
    effective_on: date,
    membership: Membership | None = None,
    corrects: MembershipEvent | None = None,
    note: dict | None = None,
    begins: bool = False,
    after: MembershipEvent | None = None,
    **facts: Any,
) -> MembershipEvent:
    """Add an event to a chain. The caller holds the lock of the membership or application it belongs to.

    ``note`` (JSON) is what was said in words: it is kept beside the event and may be erased. ``facts`` are columns of
    the event. A caller who knows that the chain ``begins`` here, or has just read under that lock what it comes
    ``after``, says so, and it is not read again. The moment of recording never lies before the last one's.
    """
    last = None if begins else after or last_of([stream]).get(stream)
    seq = last.seq + 1 if last else 1
    salt = secrets.token_hex(16) if note else ""
    event = MembershipEvent(
        coop_id=actor.coop_id,
        stream=stream,
        seq=seq,
        place=corrects.place if corrects else seq,
        kind=kind,
        effective_on=effective_on,
        recorded_at=max(clock.now(), last.recorded_at) if last else clock.now(),
        actor_id=actor.user_id,
        membership=membership,
        corrects=corrects,
        note_hash=note_hash(salt, note) if note else "",
        previous=last.hash if last else START,
        **facts,
    )
    event.hash = event_hash(event)
    event.save(force_insert=True)
    if note:
        EventNote.objects.create(event=event, salt=salt, body=note)
    return event


def last_of(streams: Iterable[UUID]) -> dict[UUID, MembershipEvent]:
    """The last event of each of these chains that has begun. One query."""
    found = MembershipEvent.objects.filter(stream__in=list(streams))
    return {each.stream: each for each in found.order_by("stream", "-seq").distinct("stream")}


def go_on(*, actor, membership: Membership, **event: Any) -> MembershipEvent:
    """Add an event to a locked membership's history, and bring its row up to it. The history is read once."""
    story = _story(membership)
    event |= {"actor": actor, "stream": membership.stream, "membership": membership}
    story.append(append(**event, after=story[-1]))
    _project(membership, story)
    return story[-1]


def project(membership: Membership) -> Membership:
    """Write what the history amounts to today into the membership's row."""
    return _project(membership, _story(membership))


def _story(membership: Membership) -> list[MembershipEvent]:
    return list(MembershipEvent.objects.filter(stream=membership.stream).order_by("seq"))


def _project(membership: Membership, events: list[MembershipEvent]) -> Membership:
    standing = replay(events, clock.today(membership.coop))
    if standing is None:
        raise ValueError("A membership without an admission cannot be projected.")
    membership.state = standing.state
    membership.member_class_id = standing.class_id
    membership.admitted_on = standing.admitted_on
    membership.active_on = standing.active_on
    membership.notice_on = standing.notice_on
    membership.ends_on = standing.ends_on
    membership.ending = standing.ending
    membership.last_seq = events[-1].seq
    membership.save(update_fields="state member_class admitted_on active_on notice_on ends_on ending last_seq".split())
    return membership


def lock(membership: Membership) -> Membership:
    """The membership, fresh and locked until the end of the transaction."""
    locked = Membership.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "party", "member_class", "coop"
    )
    return locked.get(pk=membership.pk)
