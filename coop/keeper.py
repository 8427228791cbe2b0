"""The process that keeps the embedded servers: a small program of its own, standard library only.

``coop.embedded`` starts it as ``python -I -S keeper.py`` with a JSON order on standard input. It runs PostgreSQL and
Valkey as its direct children, restarts one that dies, and ends when the processes that need it are gone - whether they
left in order or were killed. Why not let the Django process be the parent? Because the kernel's parent-death signal
fires when the *thread* that forked ends, and a web worker's thread ends long before its process does. The keeper has
one thread, and learns of the others' deaths from pidfds, which belong to whole processes.

Control socket, one line a connection, answered by ``ok``:
    join PID    stay at least as long as PID lives
    own PID     PID decides alone: when it is gone, stop, whoever else is connected
    stop        stop now
"""

import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
QUIET_STOP = 10.0  # seconds a server has to stop in order when asked
CRASH_STOP = 2.5  # seconds it has when its owner was killed: nothing may be left after five
STEADY = 30.0  # a server that lived this long is no longer "starting over and over"
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)


def tie_to_parent(sig: int = signal.SIGKILL, parent: int | None = None) -> None:
    """Ask the kernel to send this process ``sig`` when its parent's forking thread dies. Linux only; else nothing.

    Call it in the child, after any change of user (which would clear it). ``parent`` is the pid the caller had when it
    forked: if the parent died in between, the child ends at once, for no signal would come any more.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def alive(pid: int) -> bool:
    """True while a process with this number runs (a zombie counts as gone)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return sys.platform != "linux"


def clear_stale_postmaster(folder: str | Path, patience: float = 5.0) -> None:
    """Remove the ``postmaster.pid`` a killed server left behind.

    PostgreSQL itself refuses to start if the number in that file has meanwhile been given to any other process, which
    is common in containers. The caller holds the lock of the data folder, so whoever is named there is either an
    unrelated process or a server whose keeper was killed; the latter is stopped first.
    """
    pidfile = Path(folder) / "postmaster.pid"
    try:
        pid = int(pidfile.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        pidfile.unlink(missing_ok=True)
        return
    for sig in (signal.SIGQUIT, signal.SIGKILL):
        if not _serves(pid, folder):
            break
        os.kill(pid, sig)
        until = time.monotonic() + patience
        while _serves(pid, folder) and time.monotonic() < until:
            time.sleep(0.02)
    pidfile.unlink(missing_ok=True)


def _serves(pid: int, folder: str | Path) -> bool:
    try:
        return alive(pid) and os.path.samefile(f"/proc/{pid}/cwd", folder)
    except OSError:
        return False


class Server:
    """One child: how to start it, how to see that it answers, how to stop it."""

    def __init__(self, order: dict[str, Any]):
        self.name = order["name"]
        self.argv = order["argv"]
        self.folder = order["folder"]
        self.socket = order["socket"]
        self.log = order["log"]
        self.uid, self.gid = order["uid"], order["gid"]
        self.signals = [getattr(signal, name) for name in order["signals"]]
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.failures = 0
        self.retry_at: float | None = None

    def start(self) -> None:
        if self.name == "postgres":
            clear_stale_postmaster(self.folder)
            for left in (self.socket, f"{self.socket}.lock"):  # it names a number that may be another's by now, too
                Path(left).unlink(missing_ok=True)
        me, patient = os.getpid(), self.signals[-1]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the order comes from coop.embedded
                self.argv,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
                umask=0o077,
                preexec_fn=lambda: tie_to_parent(patient, me),  # noqa: PLW1509 - one thread only
            )
        self.started = time.monotonic()
        self.retry_at = None

    def ready(self) -> bool:
        if self.name == "postgres":
            try:
                lines = (Path(self.folder) / "postmaster.pid").read_text().split("\n")
            except OSError:
                return False
            ours = self.process is not None and lines[0] == str(self.process.pid)
            return ours and len(lines) > 7 and lines[7].strip() == "ready"
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(2)
                probe.connect(self.socket)
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def wait_ready(self, patience: float) -> None:
        until = time.monotonic() + patience
        while not self.ready():
            if self.gone():
                raise RuntimeError(f"{self.name} ended with code {self.code()}; its log: {self.log}")
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name} did not answer within {patience:.0f} seconds; its log: {self.log}")
            time.sleep(0.01)

    def note_death(self) -> None:
        """Plan the restart of a server that ended by itself."""
        if self.retry_at is not None or not self.gone():
            return
        now = time.monotonic()
        self.failures = 0 if now - self.started > STEADY else self.failures + 1
        self.retry_at = now + PAUSES[min(self.failures, len(PAUSES) - 1)]
        say(f"{self.name} ended with code {self.code()}; starting it again")

    def signal(self, sig: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sig)

    def code(self) -> int | None:
        return self.process.returncode if self.process else None

    def gone(self) -> bool:
        return self.process is None or self.process.poll() is not None


def say(text: str) -> None:
    """One line into the keeper's log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} keeper: {text}\n")
    sys.stderr.flush()


class Keeper:
    def __init__(self, order: dict[str, Any]):
        self.servers = [Server(each) for each in order["servers"]]
        self.path = order["control"]
        self.patience = order["patience"]
        self.members: dict[int, int | None] = {}  # pid -> pidfd, or None where the kernel has none
        self.owner: int | None = None
        self.stopping: float | None = None  # how long the servers get, once we are asked to end
        self.selector = selectors.DefaultSelector()
        self.control = socket.socket(socket.AF_UNIX)
        if order["owner"]:
            self.owner = order["pid"]
        self.watch(order["pid"])

    # --- who needs us ------------------------------------------------------------------------------------------------
    def watch(self, pid: int) -> None:
        if pid in self.members or not alive(pid):
            return
        fd = None
        if hasattr(os, "pidfd_open"):
            try:
                fd = os.pidfd_open(pid)
            except OSError:
                fd = None
        self.members[pid] = fd
        if fd is not None:
            self.selector.register(fd, selectors.EVENT_READ, pid)

    def forget(self, pid: int) -> None:
        fd = self.members.pop(pid, None)
        if fd is not None:
            self.selector.unregister(fd)
            os.close(fd)

    def judge(self) -> None:
        """Decide whether anybody is left to stay for."""
        for pid, fd in list(self.members.items()):
            if fd is None and not alive(pid):
                self.forget(pid)
        if self.owner is not None and self.owner not in self.members:
            say(f"process {self.owner} is gone; stopping")
            self.stopping = CRASH_STOP
        elif not self.members:
            say("nobody is left; stopping")
            self.stopping = CRASH_STOP

    # --- the control socket ------------------------------------------------------------------------------------------
    def listen(self) -> None:
        Path(self.path).unlink(missing_ok=True)
        self.control.bind(self.path)
        os.chmod(self.path, 0o600)
        self.control.listen(128)
        self.selector.register(self.control, selectors.EVENT_READ, "control")

    def answer(self) -> None:
        connection, _ = self.control.accept()
        with connection:
            connection.settimeout(1)
            try:
                verb, _, pid = connection.recv(64).decode("ascii", "replace").strip().partition(" ")
                self.obey(verb, int(pid or 0))
                connection.sendall(b"ok\n")
            except (OSError, ValueError):
                return

    def obey(self, verb: str, pid: int) -> None:
        if verb == "stop":
            self.stopping = QUIET_STOP
        if verb in ("join", "own") and pid:
            self.watch(pid)
        if verb == "own" and pid:
            self.owner = pid

    # --- life --------------------------------------------------------------------------------------------------------
    def run(self) -> int:
        try:
            self.start()
        except (OSError, RuntimeError) as failure:
            self.stop(CRASH_STOP)
            self.report({"error": str(failure)})
            return 1
        self.report({"ready": True})
        while self.stopping is None:
            self.turn()
        self.control.close()
        Path(self.path).unlink(missing_ok=True)
        self.stop(self.stopping)
        return 0

    def start(self) -> None:
        if sys.platform == "linux":  # a killed server's children become ours, and are waited for
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        waker, wakes = socket.socketpair()
        for end in (waker, wakes):
            end.setblocking(False)
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        self.wakes = (waker, wakes)
        self.selector.register(waker, selectors.EVENT_READ, "signal")
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, self.on_signal)
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.wait_ready(self.patience)
        self.listen()

    def on_signal(self, number: int, _frame: object) -> None:
        self.stopping = QUIET_STOP

    def report(self, message: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)

    def turn(self) -> None:
        """Sleep until something happens, then look at everything once."""
        pauses = [s.retry_at - time.monotonic() for s in self.servers if s.retry_at is not None]
        if any(fd is None for fd in self.members.values()):
            pauses.append(0.3)
        for key, _ in self.selector.select(max(0.0, min(pauses)) if pauses else None):
            if key.data == "control":
                self.answer()
            elif key.data == "signal":
                self.wakes[0].recv(4096)
            else:
                self.forget(key.data)
        self.judge()
        if self.stopping is None:
            self.mend()

    def mend(self) -> None:
        if any(server.gone() for server in self.servers) and not Path(self.path).exists():
            say("the folder was taken away; stopping")
            self.stopping = CRASH_STOP
            return
        for server in self.servers:
            server.note_death()
            if server.retry_at is not None and time.monotonic() >= server.retry_at:
                server.start()

    def stop(self, patience: float) -> None:
        """Politely, then firmly, then by force; wait for what the killed leave behind."""
        for stage in range(3):
            for server in self.servers:
                server.signal(server.signals[stage] if stage < len(server.signals) else signal.SIGKILL)
            until = time.monotonic() + (patience if stage == 0 else 0.7)
            while time.monotonic() < until and not all(server.gone() for server in self.servers):
                time.sleep(0.01)
        until = time.monotonic() + 1
        while time.monotonic() < until:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    time.sleep(0.02)
            except ChildProcessError:
                return


if __name__ == "__main__":
    sys.exit(Keeper(json.load(sys.stdin)).run())
