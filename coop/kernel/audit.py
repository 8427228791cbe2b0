"""The audit log: one hash chain per co-op.

Each event's hash runs over its own row, the hash of the one before and the hash of ``salt ‖ canonical payload``
(RFC 8785). Salt and payload lie in a side table and may be erased: the chain still verifies, and the salt being gone,
the erased text cannot be found again by guessing. The database refuses any change of an event and any event that does
not follow the last.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from django.db import connection, transaction

from . import clock
from .models import AuditEvent, AuditPayload, Cooperative

LOCK_CLASS = 7001  # advisory locks are pairs (class, id); the class names what is locked
START = "0" * 64
_COLUMNS = "coop_id seq at kind subject actor_id payload_hash previous hash".split()


@dataclass(frozen=True)
class Finding:
    """What ``verify`` found wrong, and where."""

    seq: int
    what: str


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def payload_hash(salt: str, body: dict) -> str:
    """SHA-256 of the salt's bytes followed by the payload's canonical JSON."""
    return _digest(bytes.fromhex(salt) + rfc8785.dumps(body))


def event_hash(event: AuditEvent) -> str:
    """SHA-256 of the canonical JSON of the event's own columns."""
    return _digest(
        rfc8785.dumps(
            {
                "coop": event.coop_id,
                "seq": event.seq,
                "at": event.at.isoformat(),
                "kind": event.kind,
                "subject": event.subject,
                "actor": event.actor_id,
                "payload": event.payload_hash,
                "previous": event.previous,
            }
        )
    )


@dataclass(frozen=True)
class Said:
    """What one event is to say; ``payload`` holds JSON values only."""

    kind: str
    subject: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def record(*, actor, kind: str, subject: str = "", **payload: Any) -> AuditEvent:
    """Append an event to the actor's co-op's chain, as the last act of the caller's transaction.

    ``payload`` holds JSON values only. The chain's lock is kept until commit, so call this last.
    """
    return record_all(actor, Said(kind, subject, payload))[0]


def record_all(actor, *events: Said) -> list[AuditEvent]:
    """Append one or more events in this order, as the last act of the caller's transaction. Two round trips."""
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record belongs into the transaction of the act it records.")
    with connection.cursor() as cursor:
        # One message, yet two statements: the second sees what whoever held the lock before has committed.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s);"
            "SELECT seq, hash FROM kernel_auditevent WHERE coop_id = %s ORDER BY seq DESC LIMIT 1",
            [LOCK_CLASS, actor.coop_id, actor.coop_id],
        )
        last, previous = cursor.fetchone() or (0, START)
        made, payloads = [], []
        for seq, said in enumerate(events, last + 1):
            salt = secrets.token_hex(16)
            event = AuditEvent(
                coop_id=actor.coop_id,
                seq=seq,
                at=clock.now(),
                kind=said.kind,
                subject=said.subject,
                actor_id=actor.user_id,
                payload_hash=payload_hash(salt, said.payload),
                previous=previous,
            )
            event.hash = previous = event_hash(event)
            made.append(event)
            payloads.append((seq, salt, json.dumps(said.payload)))
        rows = [tuple(getattr(event, name) for name in _COLUMNS) for event in made]
        row, beside = f"({', '.join(['%s'] * len(_COLUMNS))})", "(%s, %s, %s)"
        cursor.execute(
            f"WITH told AS (INSERT INTO kernel_auditevent ({', '.join(_COLUMNS)})"  # noqa: S608 - names of our own
            f" VALUES {', '.join([row] * len(rows))} RETURNING id, seq)"
            " INSERT INTO kernel_auditpayload (event_id, salt, body)"
            f" SELECT told.id, said.salt, said.body::jsonb FROM (VALUES {', '.join([beside] * len(rows))})"
            " AS said (seq, salt, body) JOIN told USING (seq) RETURNING event_id",
            [value for each in (*rows, *payloads) for value in each],
        )
        for event, (key,) in zip(made, sorted(cursor.fetchall()), strict=True):
            event.pk, event._state.adding, event._state.db = key, False, connection.alias
    return made


@transaction.atomic
def erase_payloads(*, actor, subject: str) -> int:
    """Erase what the chain says about one subject, and record that it was erased. Returns how many were."""
    count, _ = AuditPayload.objects.filter(event__coop_id=actor.coop_id, event__subject=subject).delete()
    record(actor=actor, kind="audit.erased", subject=subject, payloads=count)
    return count


def verify(coop: Cooperative) -> Iterator[Finding]:
    """Walk the chain from its first event and yield everything that does not hold. Nothing yielded: it is whole."""
    seq, previous = 0, START
    events = AuditEvent.objects.filter(coop=coop).select_related("payload").order_by("seq")
    for event in events.iterator(chunk_size=2000):
        if event.seq != seq + 1:
            yield Finding(event.seq, f"event {seq + 1} is missing")
        if event.previous != previous:
            yield Finding(event.seq, "does not point at the event before it")
        if event.hash != event_hash(event):
            yield Finding(event.seq, "its row was changed")
        payload = getattr(event, "payload", None)
        if payload is not None and payload_hash(payload.salt, payload.body) != event.payload_hash:
            yield Finding(event.seq, "its payload was changed")
        seq, previous = event.seq, event.hash
