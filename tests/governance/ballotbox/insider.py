"""An insider who holds everything: dumps while voting and afterwards, the WAL's bytes, logs, broker, jobs, audit,
outbox. They try every order against every other, and read whatever can be read."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.conf import settings
from django.db import connections

from coop import embedded, embedded_files
from governance.models import Ballot

PAGE = 8192  # bytes of the write-ahead log behind one header
PLAIN = re.compile(rb'\{"marks":(\[[^{}"]*\]),"nonce":"[0-9a-f]{32}"\}')


def cluster() -> Path | None:
    """Where the embedded PostgreSQL keeps its files; None where another one is used."""
    if os.environ.get("DATABASE_URL"):
        return None
    found = sorted(embedded_files.home(embedded.data_dir()).rglob("pg_wal"))
    return found[0].parent if found else None


def owner(sql: str) -> list[tuple]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def whole_dump() -> bytes:
    """Every row of every table as text, as the owner of the schema reads them."""
    tables = [name for (name,) in owner("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")]
    return b"\n".join(row.encode() for table in tables for (row,) in owner(f'SELECT t::text FROM "{table}" t'))


def wal_now() -> tuple[str, int]:
    """Where the write-ahead log is written: the name of the segment, and the byte in it."""
    return owner("SELECT file_name, file_offset FROM pg_walfile_name_offset(pg_current_wal_insert_lsn())")[0]


def wal_segments(data: Path, since: tuple[str, int]) -> dict[str, bytes]:
    """The write-ahead log from ``since``, without page headers that would cut a record in two, by segment.

    What stands before ``since`` in its page is blank. Later names, and what follows the last byte written, are old
    segments that wait for their next use: what they hold is from before.
    """
    first, byte = since
    owner("SELECT pg_logical_emit_message(true, 'insider', '')::text")  # what is in memory goes along with its commit
    found, (last, end) = {}, wal_now()
    for segment in (data / "pg_wal").iterdir():
        if len(segment.name) == 24 and first <= segment.name <= last:
            raw = segment.read_bytes()[: end if segment.name == last else None]
            begin = byte if segment.name == first else 0
            raw = bytes(begin) + raw[begin:]
            pages = range(begin - begin % PAGE, len(raw), PAGE)
            found[segment.name] = b"".join(raw[at + (40 if at == 0 else 24) : at + PAGE] for at in pages)
    return found


def joined(segments: dict[str, bytes]) -> bytes:
    """Segments as one, oldest first."""
    return b"".join(segments[name] for name in sorted(segments))


def broker_bytes() -> bytes:
    client = redis.Redis.from_url(settings.REDIS_URL)
    return b"\n".join((client.dump(key) or b"") + key for key in client.scan_iter())


def server_log() -> bytes:
    path = embedded.log_files()["postgres"]
    return path.read_bytes() if path.exists() else b""


@dataclass
class Evidence:
    """What they hold. Orders of people are lists of member numbers, orders of papers lists of marks as text."""

    people: dict[str, list[int]] = field(default_factory=dict)
    papers: dict[str, list[str]] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)  # marks read out of the box's own bytes, in the order of the WAL


def gather(ballot: Ballot, box: dict[bytes, bytes], wal: bytes) -> Evidence:
    """``box`` is the box as dumped while voting: token hash → sealed bytes; ``wal`` the log before the shaking."""
    found, pk = Evidence(), ballot.pk
    strikes = f"FROM governance_strikeoff s JOIN governance_rollentry e ON e.id = s.entry_id WHERE s.ballot_id = {pk}"
    for name, order in {"id": "s.id", "time": "s.struck_at", "place": "s.ctid", "number": "e.number"}.items():
        found.people[name] = [number for (number,) in owner(f"SELECT e.number {strikes} ORDER BY {order}")]
    payloads = owner(
        "SELECT p.body FROM kernel_auditevent a JOIN kernel_auditpayload p ON p.event_id = a.id"
        f" WHERE a.kind = 'governance.credential_issued' AND a.subject = 'ballot:{pk}' ORDER BY a.seq"
    )
    said = [json.loads(each) if isinstance(each, str) else each for (each,) in payloads]
    found.people["audit"] = [each["number"] for each in said]
    papers = f"FROM governance_openedpaper WHERE ballot_id = {pk}"
    for name, order in {"id": "id", "place": "ctid", "receipt": "receipt", "version": "xmin::text, ctid"}.items():
        rows = owner(f"SELECT marks::text {papers} ORDER BY {order}")
        found.papers[name] = [marks for (marks,) in rows]
        found.papers[f"{name}, backwards"] = found.papers[name][::-1]
    in_wal = sorted((at, token) for token in box if (at := wal.find(token)) >= 0)
    for _at, token in in_wal:
        plain = PLAIN.search(box[token])
        if plain:
            found.read.append(json.dumps(json.loads(plain[1])))
    return found


def best(evidence: Evidence, truth: dict[int, str]) -> tuple[int, int]:
    """The most hits on marks any strategy has, and how many strategies were tried. Generous: it knows which is best."""
    hits = []
    for people in evidence.people.values():
        for papers in [*evidence.papers.values(), *([evidence.read] if evidence.read else [])]:
            hits.append(sum(truth[who] == marks for who, marks in zip(people, papers, strict=False)))
    return max(hits), len(hits)


def bound_of_chance(marks: Sequence[str], strategies: int, chance: random.Random) -> int:
    """How many hits the best of so many random assignments has in 99 of 100 trials."""
    marks, trials = list(marks), []
    for _trial in range(300):
        top = 0
        for _strategy in range(strategies):
            other = marks[:]
            chance.shuffle(other)
            top = max(top, sum(a == b for a, b in zip(marks, other, strict=True)))
        trials.append(top)
    return sorted(trials)[int(len(trials) * 0.99) - 1]
