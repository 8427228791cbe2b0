"""Two thousand members voting in secret at once against the running server, beside what the machine can do at most.

``python -m bench voting`` starts Rochdale as ``make up`` does (gunicorn, worker, clock, PostgreSQL that syncs every
commit) in a folder of its own, and removes it. Every voter does what a browser does: blind, take the credential,
unblind, cast. What a browser does by itself (token, blinding, sealing) is done before the clock starts, by as many
processes as there are cores, so that the server and not two thousand browsers is measured; the load, one program with a
line for every voter, comes from the same machine. All of them begin in the same moment.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import multiprocessing
import os
import secrets
import shutil
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psycopg2

from bench.results import write_section
from coop import embedded
from governance.ballotbox import blind, keys, message, paper, sealing
from tests.faults import processes
from tests.faults.house import House
from tests.faults.processes import wait_for

VOTERS = int(os.environ.get("BENCH_VOTERS", "2000"))
SERVER = {
    "ROCHDALE_EMBEDDED_FAST": "",  # every commit reaches the disk
    "WEB_WORKERS": "2",
    "WEB_THREADS": "8",
    "TICK_SECONDS": "1",
    "SWEEP_SECONDS": "2",
}
PATIENCE = 900  # seconds a voter goes on trying
CSRF = "c" * 32


class Booth(House):
    """The running server, one draft, and everybody signed in."""

    def __init__(self, folder):
        super().__init__(folder, "ballot_crowd", **SERVER)
        told = self.tell("begin", VOTERS)
        self.slug, self.pk = told["slug"], told["ballot"]
        self.officer, self.cookies = told["officer"], told["voters"]
        place = urlsplit(self.up.url)
        self.host, self.port = place.hostname, place.port

    def once(self, path, body, cookie, kind="application/json"):
        headers = {"Content-Type": kind, "Cookie": f"sessionid={cookie}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
        with closing(HTTPConnection(self.host, self.port, timeout=120)) as line:
            line.request("POST" if body is not None else "GET", path, body, headers)
            answer = line.getresponse()
            said = answer.read()
        if answer.status not in (200, 302):
            raise SystemExit(f"{path} answered {answer.status}: {said[:300]!r}")
        return said

    def owner(self):
        os.environ["ROCHDALE_DATA"] = str(self.folder)
        return psycopg2.connect(**embedded.connection_params(embedded.OWNER_ROLE))


@dataclass(slots=True)
class Voter:
    """What a browser has in its memory before it asks for anything."""

    prepared: bytes
    blinded: blind.Blinded
    sealed: bytes
    receipt: str


def prepare(manifest: dict, manifest_hash: str, share: range) -> list[Voter]:
    """The tokens and sealed papers of a share of the voters; run in a process of its own."""
    secret = manifest["secret"]
    key, shut = keys.load_public(secret["credentials"][0]), keys.load_public(secret["sealing"])
    made = []
    for at in share:
        prepared, nonce = blind.prepare(secrets.token_bytes(32)), secrets.token_bytes(16)
        marks = [[at % 4, (at + 1) % 4], [at % 3]]
        bound = sealing.bound_to(manifest_hash, message.token_hash(prepared))
        sealed = sealing.seal(shut, paper.write(marks, nonce), secret["paper_bytes"], bound)
        made.append(Voter(prepared, blind.blind(key, prepared), sealed, paper.receipt(marks, nonce)))
    return made


def release(booth: Booth) -> tuple[dict, list[Voter]]:
    """Release the ballot; its manifest, and the voters' browsers with their tokens blinded and papers sealed."""
    form = "application/x-www-form-urlencoded"
    booth.once(f"/{booth.slug}/ballots/{booth.pk}/release/", b"", booth.officer, form)
    manifest = json.loads(booth.once(f"/{booth.slug}/votes/{booth.pk}/manifest.json", None, booth.cookies[0]))
    ((kept,),) = booth.ask(f"SELECT manifest_hash FROM governance_ballot WHERE id = {booth.pk}")
    shares = [range(at, min(at + 50, VOTERS)) for at in range(0, VOTERS, 50)]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        voters = [
            each for part in pool.map(prepare, [manifest] * len(shares), [kept] * len(shares), shares) for each in part
        ]
    return manifest, voters


# --- the load ---------------------------------------------------------------------------------------------------------


async def _post(booth: Booth, path: str, body: bytes, headers: str) -> tuple[int, bytes]:
    """(status, answer); status 0 where the line broke."""
    head = f"POST {path} HTTP/1.1\r\nHost: {booth.host}:{booth.port}\r\nConnection: close\r\n"
    head += f"Content-Length: {len(body)}\r\n{headers}\r\n"
    try:
        reader, writer = await asyncio.open_connection(booth.host, booth.port)
    except OSError:
        return 0, b""
    try:
        writer.write(head.encode() + body)
        answer = await reader.read()
    except OSError:
        return 0, b""
    finally:
        writer.close()
    top, _gap, said = answer.partition(b"\r\n\r\n")
    words = top.split(b" ", 2)
    return (int(words[1]) if len(words) == 3 else 0), said


async def _persist(booth: Booth, path: str, body: bytes, headers: str) -> tuple[bytes, float, int]:
    """(answer, seconds, tries): again after a moment where the line broke or the server was busy."""
    begin = time.perf_counter()
    for tries in range(1, 10_000):
        status, said = await _post(booth, path, body, headers)
        took = time.perf_counter() - begin
        if status == 200:
            return said, took, tries
        if status not in (0, 503) or took > PATIENCE:
            raise SystemExit(f"{path} answered {status}: {said[:300]!r}")
        await asyncio.sleep(0.2 + secrets.randbelow(300) / 1000)
    raise AssertionError


async def _everybody(booth: Booth, manifest: dict, voters: list[Voter]) -> dict:
    public, gate = keys.load_public(manifest["secret"]["credentials"][0]), asyncio.Event()
    took, cast, tries = [], [], []

    async def vote(at: int) -> None:
        voter, cookie = voters[at], booth.cookies[at]
        asked = json.dumps({"blinded": [base64.b64encode(voter.blinded.message).decode()]}).encode()
        signed_in = f"Content-Type: application/json\r\nX-CSRFToken: {CSRF}\r\n"
        signed_in += f"Cookie: sessionid={cookie}; csrftoken={CSRF}\r\n"
        await gate.wait()
        said, seconds, first = await _persist(booth, f"/{booth.slug}/votes/{booth.pk}/credential/", asked, signed_in)
        took.append(seconds)
        signature = base64.b64decode(json.loads(said)["signatures"][0])
        signature = blind.finalize(public, voter.prepared, signature, voter.blinded.inverse)
        body = message.write(message.Cast(0, voter.prepared, signature, voter.sealed))
        kind = "Content-Type: application/octet-stream\r\n"
        _said, seconds, second = await _persist(booth, f"/box/{booth.pk}/", body, kind)
        cast.append(seconds)
        tries.append(first + second)

    async with asyncio.TaskGroup() as group:
        for at in range(len(voters)):
            group.create_task(vote(at))
        await asyncio.sleep(0.1)
        begin = time.perf_counter()
        gate.set()
    whole = time.perf_counter() - begin
    return {"seconds": whole, "credential": took, "cast": cast, "retries": sum(tries) - 2 * len(voters)}


def close_and_check(booth: Booth, voters: list[Voter]) -> float:
    """Close by the clock, and see that every paper anybody was told of is counted. Seconds from close to result."""
    table = "ALTER TABLE governance_ballot {} TRIGGER USER"
    now = f"UPDATE governance_ballot SET closes_at = clock_timestamp() WHERE id = {booth.pk}"
    booth.ask(f"BEGIN; {table.format('DISABLE')}; {now}; {table.format('ENABLE')}; COMMIT")
    begin, state = time.perf_counter(), f"SELECT state FROM governance_ballot WHERE id = {booth.pk}"
    wait_for(lambda: booth.ask(state) == [("counted",)], PATIENCE, pause=0.5)
    seconds = time.perf_counter() - begin
    opened = booth.ask(f"SELECT papers, spoiled FROM governance_boxopening WHERE ballot_id = {booth.pk}")
    found = {each for (each,) in booth.ask(f"SELECT receipt FROM governance_openedpaper WHERE ballot_id = {booth.pk}")}
    if opened != [(len(voters), 0)] or found != {voter.receipt for voter in voters}:
        raise SystemExit(f"{opened} came out of the box, and not {len(voters)} papers with the voters' receipts")
    return seconds


# --- the floors -------------------------------------------------------------------------------------------------------


def signings() -> float:
    """RSA blind signatures of the size used, a second, on one core."""
    key, asked = keys.generate(), None
    asked = blind.blind(key.public_key(), blind.prepare(secrets.token_bytes(32))).message
    begin, done = time.perf_counter(), 0
    while time.perf_counter() - begin < 3:
        blind.sign(key, asked)
        done += 1
    return done / (time.perf_counter() - begin)


def bare_inserts(booth: Booth, size: int) -> float:
    """Voters a second if all that had to be done were two commits: a line struck off, a sealed paper kept."""
    with closing(booth.owner()) as line:
        line.autocommit = True
        line.cursor().execute(
            "CREATE TABLE bare_line (id bigint PRIMARY KEY, at timestamptz);"
            " CREATE TABLE bare_paper (token bytea PRIMARY KEY, sealed bytea)"
        )
    sealed = secrets.token_bytes(size)

    def some(share: range) -> None:
        with closing(booth.owner()) as line:
            line.autocommit = True
            cursor = line.cursor()
            for at in share:
                cursor.execute("INSERT INTO bare_line VALUES (%s, now())", [at])
                token = hashlib.sha256(str(at).encode()).digest()
                cursor.execute("INSERT INTO bare_paper VALUES (%s, %s)", [token, sealed])

    begin = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(some, [range(at, VOTERS, 8) for at in range(8)]))
    return VOTERS / (time.perf_counter() - begin)


def shares(values: list[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    return f"{statistics.median(ordered):.2f} | {p95:.2f} | {ordered[-1]:.2f}"


def words(found: dict) -> str:
    """The section's text."""
    rate, load = VOTERS / found["seconds"], found["load"]
    return "\n".join(
        [
            f"{VOTERS:,} members take a credential and cast a sealed paper, all beginning in the same moment, against "
            "gunicorn (2 processes of 8 threads) and the embedded PostgreSQL with every commit on the disk; the load "
            f"comes from the same two cores, everything at nice {os.nice(0)} "
            f"(load average {load[0]:.0f} before, {load[1]:.0f} after). Tokens and sealed papers were prepared before "
            f"the clock started. All {VOTERS:,} papers "
            "were counted and all receipts found. Seconds each voter waited, the queue "
            f"of everybody in front included; {found['retries']:,} requests were sent again.",
            "",
            "| request | median | p95 | slowest |",
            "|---|--:|--:|--:|",
            f"| credential | {shares(found['credential'])} |",
            f"| cast | {shares(found['cast'])} |",
            "",
            "| voters a second | |",
            "|---|--:|",
            f"| ours, from the first click to the last receipt ({found['seconds']:.1f} s) | {rate:.1f} |",
            f"| floor: RSA-3072 blind signatures on one core | {found['signings']:.0f} |",
            f"| floor: bare INSERTs, two commits a voter, 8 connections | {found['inserts']:.0f} |",
            "",
            f"From the closing second to the published result: {found['count']:.1f} s.",
        ]
    )


def main() -> None:
    """Measure in a folder of its own, and write the section."""
    folder, began = processes.new_folder(), time.perf_counter()
    booth = None

    def told(what: str) -> None:
        print(f"{time.perf_counter() - began:7.1f} s  {what}", file=sys.stderr, flush=True)

    try:
        booth = Booth(folder)
        told(f"the server runs, {VOTERS:,} members are signed in")
        manifest, voters = release(booth)
        told("released; every paper is sealed")
        load = os.getloadavg()[0]
        found = asyncio.run(_everybody(booth, manifest, voters))
        told(f"everybody has voted, in {found['seconds']:.1f} s")
        found |= {"load": (load, os.getloadavg()[0]), "count": close_and_check(booth, voters)}
        told("counted, every receipt is there")
        found["signings"] = signings()
        found["inserts"] = bare_inserts(booth, manifest["secret"]["sealed_bytes"])
        told("floors measured")
    finally:
        if booth is not None:
            booth.end()
        shutil.rmtree(folder, ignore_errors=True)
    write_section(f"Secret ballot, {VOTERS:,} at once", words(found))


if __name__ == "__main__":
    main()
