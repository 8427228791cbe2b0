"""Two thousand members voting in secret at once against the running server, beside what the machine can do at most.

``python -m bench voting`` starts Rochdale as ``make up`` does (gunicorn, worker, clock, PostgreSQL that syncs every
commit) in a folder of its own, and removes it. Every voter does what a browser does: blind, take the credential,
unblind, seal, cast; all of them begin in the same moment, and the load comes from the same machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from types import SimpleNamespace
from urllib.parse import urlsplit

import django
import psycopg2

from bench.results import write_section
from coop import embedded
from governance.ballotbox import blind, keys
from tests.faults import processes
from tests.faults.house import House
from tests.faults.processes import wait_for

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
django.setup()  # what a voter's browser does is written beside the models

from tests.governance.ballotbox.voter import Voter  # noqa: E402

VOTERS = int(os.environ.get("BENCH_VOTERS", "2000"))
SERVER = {
    "ROCHDALE_EMBEDDED_FAST": "",  # every commit reaches the disk
    "WEB_WORKERS": "2",
    "WEB_THREADS": "8",
    "TICK_SECONDS": "1",
    "SWEEP_SECONDS": "2",
}
PATIENCE = 900  # seconds a voter goes on trying


class Booth(House):
    """The running server, one draft, and everybody signed in."""

    def __init__(self, folder):
        super().__init__(folder, "ballot_story", **SERVER)
        told = self.tell("begin", 1, VOTERS)
        self.slug, (self.pk,) = told["slug"], told["ballots"]
        self.officer, self.cookies = told["officers"][0], told["voters"]
        place = urlsplit(self.up.url)
        self.host, self.port = place.hostname, place.port

    def once(self, path, body, cookie="", kind="application/json"):
        token = "c" * 32
        headers = {"Content-Type": kind}
        if cookie:
            headers |= {"Cookie": f"sessionid={cookie}; csrftoken={token}", "X-CSRFToken": token}
        with closing(HTTPConnection(self.host, self.port, timeout=120)) as line:
            try:
                line.request("POST" if body is not None else "GET", path, body, headers)
                answer = line.getresponse()
                return answer.status, answer.read()
            except (OSError, HTTPException):
                return 0, b""

    def persist(self, path, body, cookie="", kind="application/json"):
        """(answer, tries): again after a moment where nobody answered or the server was busy."""
        until = time.monotonic() + PATIENCE
        for tries in range(1, 10_000):
            status, said = self.once(path, body, cookie, kind)
            if status in (200, 302):
                return said, tries
            if status not in (0, 503) or time.monotonic() > until:
                raise SystemExit(f"{path} answered {status}: {said[:300]!r}")
            time.sleep(0.2 + secrets.randbelow(300) / 1000)
        raise AssertionError

    def owner(self):
        os.environ["ROCHDALE_DATA"] = str(self.folder)
        return psycopg2.connect(**embedded.connection_params(embedded.OWNER_ROLE))


def release(booth: Booth) -> list[Voter]:
    """Release the ballot; the voters' browsers with their tokens blinded."""
    form = "application/x-www-form-urlencoded"
    booth.persist(f"/{booth.slug}/ballots/{booth.pk}/release/", b"", booth.officer, form)
    said, _tries = booth.persist(f"/{booth.slug}/votes/{booth.pk}/manifest.json", None, booth.cookies[0])
    ((kept,),) = booth.ask(f"SELECT manifest_hash FROM governance_ballot WHERE id = {booth.pk}")
    facts = SimpleNamespace(pk=booth.pk, manifest=json.loads(said), manifest_hash=kept)
    voters = [Voter(None, facts) for _cookie in booth.cookies]
    for voter in voters:
        voter.blind()
    return voters


def vote_at_once(booth: Booth, voters: list[Voter]) -> dict:
    """Everybody begins in the same moment. Seconds until each had the credential, and the answer of the box."""
    public = keys.load_public(voters[0].secret["credentials"][0])
    gate, took, cast, tries = threading.Barrier(len(voters) + 1), [], [], []

    def vote(at: int) -> None:
        voter = voters[at]
        asked = json.dumps({"blinded": base64.b64encode(voter.blind()).decode()}).encode()
        gate.wait()
        begin = time.perf_counter()
        said, first = booth.persist(f"/{booth.slug}/votes/{booth.pk}/credential/", asked, booth.cookies[at])
        took.append(time.perf_counter() - begin)
        signed = base64.b64decode(json.loads(said)["signature"])
        voter.signature = blind.finalize(public, voter.prepared, signed, voter.blinded.inverse)
        body = voter.seal([[at % 4, (at + 1) % 4], [at % 3]])
        begin = time.perf_counter()
        _said, second = booth.persist(f"/box/{booth.pk}/", body, kind="application/octet-stream")
        cast.append(time.perf_counter() - begin)
        tries.append(first + second)

    threading.stack_size(512 * 1024)
    threads = [threading.Thread(target=vote, args=(at,), daemon=True) for at in range(len(voters))]
    for each in threads:
        each.start()
    gate.wait()
    begin = time.perf_counter()
    for each in threads:
        each.join()
    if len(cast) != len(voters):
        raise SystemExit(f"only {len(cast)} of {len(voters)} were told that their paper is in the box")
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


def signings() -> float:
    """RSA blind signatures of the size used, a second, on one core."""
    key, message = keys.generate(), None
    message = blind.blind(key.public_key(), blind.prepare(secrets.token_bytes(32))).message
    begin, done = time.perf_counter(), 0
    while time.perf_counter() - begin < 3:
        blind.sign(key, message)
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
            f"comes from the same two cores, everything at nice {os.nice(0)} while other programs shared them "
            f"(load {load[0]:.0f} before, {load[1]:.0f} after). All {VOTERS:,} papers "
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
    folder = processes.new_folder()
    booth = None
    try:
        booth = Booth(folder)
        voters = release(booth)
        load = os.getloadavg()[0]
        found = vote_at_once(booth, voters)
        found |= {"load": (load, os.getloadavg()[0]), "count": close_and_check(booth, voters)}
        found["signings"] = signings()
        found["inserts"] = bare_inserts(booth, voters[0].secret["sealed_bytes"])
    finally:
        if booth is not None:
            booth.end()
        shutil.rmtree(folder, ignore_errors=True)
    write_section(f"Secret ballot, {VOTERS:,} at once", words(found))


if __name__ == "__main__":
    main()
