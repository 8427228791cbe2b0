"""Real processes under test: start them in a data folder of their own, see their whole tree, see it gone."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psycopg2

from coop import embedded
from coop.keeper import tie_to_parent

PROJECT = Path(__file__).resolve().parent.parent.parent


def new_folder():
    """A data folder the database's own user can reach even when we are root; pytest's own folders are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="rochdale-test-"))
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder


def environment(folder, **more):
    """The environment of an operator who just cloned the project: nothing of the tests' own leaks in."""
    ours = ("ROCHDALE_", "DJANGO_", "DATABASE_", "REDIS_", "PYTEST_", "SECRET_", "PORT", "HOST")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return clean | {"ROCHDALE_DATA": str(folder), "ROCHDALE_EMBEDDED_FAST": "1", "PORT": "0", "WEB_WORKERS": "1"} | more


def _of_process(pid, what):
    """What the kernel says of a process, as bytes; nothing if there is none. Read often while tests wait."""
    try:
        with open(f"/proc/{pid}/{what}", "rb", buffering=0) as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _command(pid):
    return _of_process(pid, "cmdline").replace(b"\0", b" ").decode("utf-8", "replace")


def facts(pid):
    """(parent, start time, state) of a process, or None if there is none."""
    stat = _of_process(pid, "stat").rpartition(b")")[2].decode().split()
    return (int(stat[1]), stat[19], stat[0]) if stat else None


def _pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def tree(root):
    """{(pid, start time): command line} of ``root`` and everything below it."""
    every = {pid: facts(pid) for pid in _pids()}
    found, wave = {}, [root]
    while wave:
        pid = wave.pop()
        if every.get(pid):
            found[pid, every[pid][1]] = _command(pid)
            wave += [child for child, seen in every.items() if seen and seen[0] == pid]
    return found


def survivors(processes):
    """Those of a tree that still run; a dead one nobody has waited for yet is dead."""
    left = {}
    for (pid, started), command in processes.items():
        seen = facts(pid)
        if seen and seen[1] == started and seen[2] not in "ZX":
            left[pid] = command
    return left


def users_of(folder):
    """Command lines of every process on this machine that names the folder."""
    named = {pid: command for pid in _pids() if str(folder) in (command := _command(pid))}
    return {pid: command for pid, command in named.items() if (seen := facts(pid)) and seen[2] not in "ZX"}


def kill_every(pids):
    """No word of warning to any of them; one that ended meanwhile, as its parent did, is as dead as it should be."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_for(what, patience=30.0, pause=0.05):
    """Call ``what`` until it answers something true; return that, or fail loudly."""
    until = time.monotonic() + patience
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < until, f"waited {patience} s in vain for {what}"
        time.sleep(pause)


class Up:
    """``manage.py up`` (or ``demo``) as an operator runs it."""

    def __init__(self, folder, command="up", **env):
        self.folder = Path(folder)
        self.output = self.folder / f"output-{time.monotonic_ns()}.txt"
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(PROJECT / "manage.py"), command],
                env=environment(folder, **env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tie_to_parent,  # tests that are killed leave nothing either
            )
        self.began = time.monotonic()

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.output.read_text(errors="replace")

    def wait_up(self, patience=180.0):
        """Seconds from the start until pages are served."""

        def answered():
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log()}"
            return "http://localhost:" in self.log()

        wait_for(answered, patience)
        return time.monotonic() - self.began

    @property
    def url(self):
        return json.loads((self.folder / "up.lock").read_text())["url"].replace("localhost", "127.0.0.1")

    def get(self, path):
        """(status, body) of a page."""
        try:
            with urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as answer:
            return answer.code, answer.read().decode()
        except (URLError, OSError) as problem:
            return 0, str(problem)

    def ready(self):
        return self.get("/readyz")[0] == 200

    def tree(self):
        return tree(self.pid)

    def kill(self, sig=signal.SIGKILL):
        self.process.send_signal(sig)

    def end(self):
        """Whatever happened in the test: nothing of ours stays."""
        with suppress(ProcessLookupError):
            processes = self.tree()
            self.process.kill()
            self.process.wait()
            with suppress(AssertionError):
                wait_for(lambda: not survivors(processes), 6)
            kill_every(survivors(processes))


def ask(folder, query, role=embedded.OWNER_ROLE):
    """Rows of a query put to the folder's database over its socket, without starting it."""
    before = os.environ.get("ROCHDALE_DATA")
    os.environ["ROCHDALE_DATA"] = str(folder)
    try:
        params = embedded.connection_params(role)
    finally:
        os.environ.pop("ROCHDALE_DATA") if before is None else os.environ.update(ROCHDALE_DATA=before)
    connection = psycopg2.connect(**params)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
