"""A secret ballot's life with web, worker or database killed between its steps: it ends right, or waits safely.

Real processes, and voters who do what their browser does: blind, ask, seal, cast, and try again until they are
answered. The middle of a step is found without touching our code, as in ``test_posting.py``: a transaction of the
owner's holds a lock which the step needs there, the fault strikes while the step waits, and the lock is let go.
``make test`` lives one life with four faults; ``make soak`` strikes every step in every way, and twenty lives at
moments of chance.
"""

import base64
import json
import os
import random
import threading
import time
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException
from types import SimpleNamespace
from urllib.parse import urlsplit

import psycopg2
import pytest

from governance.ballotbox import blind, keys, verify
from tests.faults.house import House, moved_in
from tests.faults.processes import wait_for
from tests.governance.ballotbox.voter import Voter

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
SOAK = "ROCHDALE_SOAK" in os.environ
QUICK = {
    "HEARTBEAT_SECONDS": "0.2",
    "SWEEP_SECONDS": "0.5",
    "TICK_SECONDS": "1",
    "SHAKE_SECONDS": "2",
    "WEB_THREADS": "8",
}
MIDDLE = {  # step: what it has done by then, and the lock it waits for there
    "release": "LOCK TABLE governance_boardentry IN EXCLUSIVE MODE",  # its keys are on the disk
    "issue": "LOCK TABLE kernel_auditevent IN EXCLUSIVE MODE",  # signed and struck off
    "cast": "SELECT 1 FROM governance_ballot WHERE id = {pk} FOR UPDATE",  # the token is checked
    "close": "LOCK TABLE kernel_auditevent IN EXCLUSIVE MODE",  # closed, and the count asked for
    "open the box": "LOCK TABLE governance_boxopening IN EXCLUSIVE MODE",  # every paper is unsealed and written down
    "count": "LOCK TABLE governance_bundle IN EXCLUSIVE MODE",  # every question is counted
    "certify": "LOCK TABLE governance_boardentry IN EXCLUSIVE MODE",  # both have signed
}
STEPS = (*MIDDLE, "keys")
FAULTS = {step: ("kill_web", "kill_worker", "kill_pool", "kill_database", "restart_database") for step in STEPS}
EVERYDAY = {
    "release": "kill_web",
    "issue": "kill_database",
    "cast": "kill_web",
    "open the box": "kill_worker",
    "count": "kill_database",
    "certify": "kill_web",
}
LIVES = [EVERYDAY] + [{step: fault} for step in FAULTS for fault in FAULTS[step] if SOAK]
SEEDS = range(20) if SOAK else ()
MARKS = [[[0, 2], [0]], [[1], [1]], [[], [0]], [[3, 2, 1, 0], [2]], [[2], [0]]]


class Booth(House):
    """A running Rochdale with drafts of secret ballots, one for each life."""

    def __init__(self, folder):
        super().__init__(folder, "ballot_story", **QUICK)
        told = self.tell("begin", len(LIVES) + len(SEEDS))
        self.slug, self.ballots, self.officers = told["slug"], told["ballots"], told["officers"]
        self.cookies = told["voters"]

    def post(self, path, body, cookie="", kind="application/json"):
        """(status, answer) of one try; status 0 where nobody answered."""
        place, token = urlsplit(self.up.url), "c" * 32
        line = HTTPConnection(place.hostname, place.port, timeout=60)
        headers = {"Content-Type": kind}
        if cookie:
            headers |= {"Cookie": f"sessionid={cookie}; csrftoken={token}", "X-CSRFToken": token}
        try:
            line.request("POST" if body is not None else "GET", path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException):
            return 0, b""
        finally:
            line.close()

    def persist(self, path, body, cookie="", kind="application/json", good=(200,)):
        """Try until the answer is a good one; any other word than "later" fails the test."""

        def tried():
            status, said = self.post(path, body, cookie, kind)
            assert status in (0, 500, 502, 503, *good), said
            return (said,) if status in good else None

        return wait_for(tried, 90, pause=0.2)[0]

    def ask(self, query):
        """As always, and again while the database is down."""
        until = time.monotonic() + 60
        while True:
            try:
                return super().ask(query)
            except psycopg2.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def state(self, pk):
        with suppress(psycopg2.OperationalError):
            return self.ask(f"SELECT state FROM governance_ballot WHERE id = {pk}")[0][0]

    def let_it_close(self, pk):
        """The hour is over: the owner moves the closing time, which nobody else can."""
        table = "ALTER TABLE governance_ballot {} TRIGGER USER"
        now = f"UPDATE governance_ballot SET closes_at = clock_timestamp() WHERE id = {pk}"
        self.ask(f"BEGIN; {table.format('DISABLE')}; {now}; {table.format('ENABLE')}; COMMIT")

    def keys_of(self, pk):
        return self.folder / "ballot-keys" / str(pk)


class Life:
    """One ballot from its draft to the bundle, with ``faults``: step → what is done to the house in its middle."""

    def __init__(self, booth, faults=()):
        booth.settle()
        self.booth, self.faults, self.pk = booth, dict(faults), booth.ballots.pop()
        self.votes = f"/{booth.slug}/votes/{self.pk}/"
        self.struck = []

    def strike(self, step, act):
        """Do ``act``; where a fault is wanted in this step, hold it in its middle, and strike."""
        if step not in self.faults:
            return act()
        with ExitStack() as held:
            held.enter_context(self.booth.holding(MIDDLE[step].format(pk=self.pk)))
            answer = []
            acting = threading.Thread(target=lambda: answer.append(act()))
            acting.start()
            wait_for(self.booth.somebody_waits, 60)
            getattr(self.booth, self.faults[step])()
            self.struck.append(step)
        acting.join(120)
        return answer[0]

    def release(self):
        booth, samir = self.booth, self.booth.officers[0]
        path, form = f"/{booth.slug}/ballots/{self.pk}/release/", "application/x-www-form-urlencoded"
        self.strike("release", lambda: booth.persist(path, b"", samir, form, good=(200, 302)))
        assert booth.state(self.pk) == "open"
        assert sorted(key.name for key in booth.keys_of(self.pk).iterdir()) == [
            "credential-0.pem",
            "letters.key",
            "sealing.pem",
        ]
        manifest = booth.persist(self.votes + "manifest.json", None, booth.cookies[0])
        ((kept,),) = booth.ask(f"SELECT manifest_hash FROM governance_ballot WHERE id = {self.pk}")
        facts = SimpleNamespace(pk=self.pk, manifest=json.loads(manifest), manifest_hash=kept)
        self.voters = [Voter(None, facts) for _cookie in booth.cookies]

    def take(self, at):
        voter = self.voters[at]
        asked = json.dumps({"blinded": [base64.b64encode(voter.blind()).decode()]}).encode()
        act = lambda: self.booth.persist(self.votes + "credential/", asked, self.booth.cookies[at])  # noqa: E731
        said = json.loads(self.strike("issue", act) if at == 0 else act())
        key = keys.load_public(voter.secret["credentials"][0])
        signed = base64.b64decode(said["signatures"][0])
        voter.signature = blind.finalize(key, voter.prepared, signed, voter.blinded.inverse)

    def cast(self, at):
        body = self.voters[at].seal(MARKS[at])
        act = lambda: self.booth.persist(f"/box/{self.pk}/", body, kind="application/octet-stream")  # noqa: E731
        return self.strike("cast", act) if at == 0 else act()

    def vote(self):
        for at in range(len(self.voters)):
            self.take(at)
        for at in (*range(len(self.voters)), 0):  # and the first one casts again, which replaces the paper
            self.cast(at)
            self.faults.pop("cast", None)

    def close(self):
        self.strike("close", lambda: self.booth.let_it_close(self.pk))

    def count(self):
        booth = self.booth
        for step in ("open the box", "count"):
            if step in self.faults:
                with booth.holding(MIDDLE[step].format(pk=self.pk)):
                    self.close()
                    wait_for(booth.somebody_waits, 60)
                    assert booth.state(self.pk) == "closed", "it waits safely"
                    getattr(booth, self.faults.pop(step))()
                    self.struck.append(step)
        if "keys" in self.faults:
            self.keys()
        self.close()
        wait_for(lambda: booth.state(self.pk) in ("counted", "certified"), 120, pause=0.2)

    def certify(self):
        """Both officers sign the bundle; who is asked to sign twice says no more than that it is done."""
        booth = self.booth
        ((digest,),) = booth.ask(f"SELECT sha256 FROM governance_bundle WHERE ballot_id = {self.pk}")
        path, form = f"/{booth.slug}/ballots/{self.pk}/certify/", "application/x-www-form-urlencoded"
        for officer in booth.officers:
            act = lambda who=officer: booth.persist(path, f"seen={digest}".encode(), who, form, good=(302, 422))  # noqa: E731
            self.strike("certify", act) if officer == booth.officers[1] else act()
        assert booth.state(self.pk) == "certified"
        signed = f"SELECT position, office, digest FROM governance_certification WHERE ballot_id = {self.pk} ORDER BY 1"
        assert booth.ask(signed) == [(1, "returning_officer", digest), (2, "board", digest)]

    def keys(self):
        """Strike when the keys are gone and nobody has written that down: the box's opener holds the ballot's row,
        and we are next in its queue, before whoever destroys the keys."""
        booth, row = self.booth, f"SELECT 1 FROM governance_ballot WHERE id = {self.pk} FOR UPDATE"
        with ExitStack() as ours, ExitStack() as before:
            before.enter_context(booth.holding(MIDDLE["open the box"]))
            self.close()
            wait_for(booth.somebody_waits, 60)
            queued = threading.Thread(target=lambda: ours.enter_context(booth.holding(row)))
            queued.start()
            waiting = "SELECT count(*) > 1 FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'"
            wait_for(lambda: booth.ask(waiting) == [(True,)], 30)
            before.close()
            queued.join(60)
            wait_for(lambda: not booth.keys_of(self.pk).exists(), 60)
            assert self.board()[-1] == "opened"
            getattr(booth, self.faults.pop("keys"))()
            self.struck.append("keys")

    def board(self):
        rows = self.booth.ask(
            f"SELECT entry ->> 'event' FROM governance_boardentry WHERE ballot_id = {self.pk} ORDER BY position"
        )
        return [event for (event,) in rows]

    # --- what must be true -------------------------------------------------------------------------------------------
    def check(self):
        """Struck off once each, nobody's paper lost or counted twice, keys gone, everything published and whole."""
        ask, mine = self.booth.ask, f"ballot_id = {self.pk}"
        wait_for(lambda: not self.booth.keys_of(self.pk).exists(), 30)
        wait_for(lambda: "keys_destroyed" in self.board(), 30)
        assert sorted(self.board()) == ["certified", "counted", "keys_destroyed", "opened", "released"]
        assert ask(f"SELECT papers, spoiled, struck_off FROM governance_boxopening WHERE {mine}") == [(5, 0, 5)]
        assert ask(f"SELECT count(*), count(DISTINCT entry_id) FROM governance_strikeoff WHERE {mine}") == [(5, 5)]
        found = {receipt for (receipt,) in ask(f"SELECT receipt FROM governance_openedpaper WHERE {mine}")}
        assert found == {voter.receipt for voter in self.voters}, "everybody who was told is counted, as last cast"
        assert ask(f"SELECT votes FROM governance_resolution WHERE {mine}") == [
            ({"for": 3, "against": 1, "abstain": 1},)
        ]
        done = f"SELECT kind, count(*) FROM kernel_auditevent WHERE subject = 'ballot:{self.pk}' GROUP BY kind"
        once = dict.fromkeys(("ballot_released", "ballot_closed", "box_opened", "keys_destroyed", "ballot_counted"), 1)
        said = {kind.removeprefix("governance."): n for kind, n in ask(done)}
        assert once | {"credential_issued": 5} == {kind: said.get(kind) for kind in (*once, "credential_issued")}
        jobs = f"SELECT state FROM kernel_job WHERE kind = 'governance.count_ballot' AND args = '[{self.pk}]'"
        wait_for(lambda: ask(jobs) == [("done",)], 60)
        ((content, kept),) = ask(
            f"SELECT content, manifest_hash FROM governance_bundle u JOIN governance_ballot b ON b.id = u.ballot_id"
            f" WHERE u.{mine}"
        )
        findings = verify.verify(bytes(content), manifest=kept, receipt=self.voters[0].receipt)
        assert [finding for finding in findings if not finding.holds] == []
        assert self.booth.tell("walk", self.booth.slug) == []

    def live(self):
        wanted = set(self.faults)
        self.release()
        self.vote()
        self.count()
        self.certify()
        self.check()
        assert set(self.struck) == wanted


@pytest.fixture(scope="module")
def booth(prepared):
    with moved_in(prepared, Booth) as made:
        yield made


def named(faults):
    return " ".join(f"{step}:{fault}" for step, fault in faults.items())


@pytest.mark.parametrize("faults", LIVES, ids=named)
def test_something_dies_in_the_middle_of_a_step(booth, faults):
    Life(booth, faults).live()


def some_moments(booth, seed):
    chance, life, over = random.Random(seed), Life(booth), threading.Event()
    faults = [booth.kill_web, booth.kill_pool, booth.kill_worker, booth.kill_database, booth.restart_database]
    faults += [booth.empty_broker, booth.kill_broker]

    def strike():
        for _ in range(6):
            if over.wait(chance.uniform(0.5, 4)):
                return
            fault = chance.choice(faults)
            print(f"seed {seed}: {fault.__name__}")
            with suppress(IndexError, ProcessLookupError, ValueError):  # the victim may be down already
                fault()

    striking = threading.Thread(target=strike)
    striking.start()
    try:
        life.release()
        life.vote()
        wait_for(booth.answers, 60)
        life.count()
        life.certify()
    finally:
        over.set()
        striking.join(90)
    time.sleep(0.5)
    wait_for(booth.up.ready, 90)
    life.check()


if SOAK:

    @pytest.mark.parametrize("seed", SEEDS)
    def test_something_dies_at_some_moment(booth, seed):
        some_moments(booth, seed)
