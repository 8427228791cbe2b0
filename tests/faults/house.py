"""A whole Rochdale in real processes, and everything that can be done to it: killed, restarted, emptied, held still."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing, contextmanager, suppress

import psycopg2
import redis

from coop import embedded
from coop.keeper import tie_to_parent
from tests.faults import processes
from tests.faults.processes import PROJECT, ask, environment, kill_every, wait_for

WEB = "gunicorn coop.wsgi"
WORKER = "celery --quiet -A coop worker"


class House:
    """Started with a ``story``, a module of tests.faults run in a process of its own that makes the data."""

    def __init__(self, folder, story, **settings):
        self.folder = folder
        self.up = processes.Up(folder, **settings)
        self.up.wait_up(180)
        self.story = subprocess.Popen(
            [sys.executable, "-m", f"tests.faults.{story}"],
            cwd=PROJECT,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=tie_to_parent,
        )

    def end(self):
        self.story.kill()
        self.story.communicate()
        self.up.end()

    def tell(self, *words):
        self.story.stdin.write(json.dumps(words) + "\n")
        self.story.stdin.flush()
        answer = self.story.stdout.readline()
        assert answer, "the story broke off; what it said stands above"
        return json.loads(answer)

    def settle(self):
        """Wait until there is a worker that is ready for work, and pages are served."""
        wait_for(lambda: len(self.pids(WORKER)) >= 3, 60)
        wait_for(self.up.ready, 60)

    def ask(self, query):
        return ask(self.folder, query)

    def pids(self, what):
        """Processes of that kind, the parent before its children."""
        found = [(int(started), pid) for (pid, started), command in self.up.tree().items() if what in command]
        return [pid for _, pid in sorted(found)]

    @contextmanager
    def holding(self, statement):
        """Hold the locks the statement takes; let go on the way out."""
        os.environ["ROCHDALE_DATA"], before = str(self.folder), os.environ["ROCHDALE_DATA"]
        try:
            line = psycopg2.connect(**embedded.connection_params(embedded.OWNER_ROLE))
        finally:
            os.environ["ROCHDALE_DATA"] = before
        with closing(line), line.cursor() as cursor:
            cursor.execute(statement)
            yield
            with suppress(psycopg2.Error):  # the database itself may have been the victim
                line.rollback()

    def somebody_waits(self):
        return self.ask("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'")[0][0] > 0

    # --- faults ------------------------------------------------------------------------------------------------------
    def kill_pool(self):
        """The processes that do the work; their parent stays."""
        kill_every(self.pids(WORKER)[1:])

    def kill_worker(self):
        """The worker and all its processes."""
        kill_every(self.pids(WORKER))

    def kill_web(self):
        """gunicorn and all its processes; the supervisor keeps the port and starts it again."""
        kill_every(self.pids(WEB))

    def kill_database(self):
        """A crash: PostgreSQL recovers from its log."""
        self._end_postgres(signal.SIGKILL)

    def restart_database(self):
        """An orderly restart, as for an update: every connection is closed."""
        self._end_postgres(signal.SIGINT)

    def _end_postgres(self, sig):
        postmaster = self.pids("bin/postgres -D")[0]
        os.kill(postmaster, sig)
        wait_for(lambda: postmaster not in self.pids("bin/postgres -D"), 20)
        wait_for(self.answers, 60)

    def answers(self):
        try:
            return self.ask("SELECT 1") == [(1,)]
        except psycopg2.OperationalError:
            return False

    def empty_broker(self):
        """Every message is gone, those being worked on included."""
        with closing(redis.Redis(unix_socket_path=str(self.folder / "run" / "valkey.sock"))) as broker:
            broker.flushall()

    def kill_broker(self):
        """The broker dies and comes back."""
        (pid,) = self.pids("valkey-server")
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.pids("valkey-server") not in ([], [pid]), 20)

    def wait_over(self, job, patience=120):
        """Until the job is over; its worker is allowed to have been anything in between. Or fail with what went on."""
        try:
            wait_for(lambda: self._over(job), patience)
        except AssertionError as vain:
            seen = [
                self.ask(f"SELECT * FROM kernel_job WHERE id = {job}"),
                self.ask("SELECT pid, state, wait_event_type, wait_event, left(query, 200) FROM pg_stat_activity"),
                self.up.tree(),
            ]
            raise AssertionError(f"{vain}\n{seen}\n{self.up.log()[-6000:]}") from None

    def _over(self, job):
        try:
            return self.ask(f"SELECT state FROM kernel_job WHERE id = {job} AND state IN ('done', 'failed')")
        except psycopg2.OperationalError:
            return None


@contextmanager
def paused(pids):
    """Hold these processes still."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextmanager
def moved_in(prepared, kind):
    """A house of that kind in a copy of the prepared folder, ended and deleted afterwards."""
    folder = processes.new_folder()
    subprocess.run(["cp", "-a", f"{prepared}/.", str(folder)], check=True)
    made = None
    try:
        made = kind(folder)
        yield made
    finally:
        if made:
            made.end()
        shutil.rmtree(folder, ignore_errors=True)
