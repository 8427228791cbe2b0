"""One foreground process that starts all others, writes their lines into one log, and ends them.

It has one thread, so the kernel's parent-death signal (``coop.keeper.tie_to_parent``) is a promise: were this process
killed outright, gunicorn, the worker and beat die in the same moment, their own children with them, and the keeper
stops database and broker. Each child leads a session of its own: Ctrl-C reaches the supervisor alone, which then stops
the children in order.
"""

import errno
import fcntl
import json
import os
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from coop import embedded
from coop.keeper import tie_to_parent
from coop.processes import TABLE, Process

POLITE, FIRM = 4.0, 1.0  # seconds after SIGTERM, and after SIGQUIT, before the next step
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY = 30.0  # a child that lived this long is no longer "failing over and over"
HOPELESS = 5  # quick failures in a row, before the first page was ever served, that end the whole start
LOOK = 0.5  # seconds between looks at the servers' logs and the children
SOON = 0.1  # the same while a person still waits for the first page


class CannotStart(RuntimeError):
    """Nothing was started, and the message says why."""


class OnlyOne:
    """The claim to be the one supervisor of a data folder, released by the kernel however we end."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "up.lock"
        self.file = open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(self._who()) from None

    def _who(self) -> str:
        with suppress(ValueError, KeyError):
            other = json.loads(self.file.read())
            return f"Rochdale already runs at {other['url']} (process {other['pid']}). Stop it first, or use that one."
        return "Rochdale is just being started by another process."

    def announce(self, url: str) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.file.write(json.dumps({"pid": os.getpid(), "url": url}))
        self.file.flush()


def listen(host: str, wanted: str | None) -> socket.socket:
    """A listening socket on ``wanted``, or on 8000 or the next free port if nothing particular is wanted."""
    if wanted is not None and not (wanted.isdigit() and int(wanted) < 65536):
        raise CannotStart(f"PORT must be a number from 0 to 65535, not '{wanted}'.")
    for port in [int(wanted)] if wanted is not None else range(8000, 8100):
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as problem:
            listener.close()
            if problem.errno == errno.EADDRINUSE and wanted is None:
                continue
            raise CannotStart(f"Port {port} on {host} cannot be used: {os.strerror(problem.errno or 0)}.") from None
        listener.listen(256)
        return listener
    raise CannotStart("Every port from 8000 to 8099 is taken. Set PORT to a free one.")


class Log:
    """Lines from everywhere, each behind the name of who said it."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stdout
        self.coloured = self.stream.isatty() and "NO_COLOR" not in os.environ
        self.width = max(len("postgres"), *(len(process.name) for process in TABLE))

    def line(self, name: str, text: str, colour: int = 32) -> None:
        label = name.ljust(self.width)
        if self.coloured:
            label = f"\x1b[{colour}m{label}\x1b[0m"
        with suppress(BrokenPipeError):
            self.stream.write(f"{label} | {text}\n")
            self.stream.flush()


class Tail:
    """The lines a server adds to its log file from now on."""

    def __init__(self, name: str, path: Path):
        self.name, self.path = name, path
        self.at = path.stat().st_size if path.exists() else 0

    def lines(self) -> list[str]:
        with suppress(OSError), open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(self.at if size >= self.at else 0)
            whole, newline, _rest = file.read().rpartition(b"\n")
            self.at = (self.at if size >= self.at else 0) + len(whole) + len(newline)
            return whole.decode("utf-8", "replace").splitlines()
        return []


class Child:
    """One of the table's processes: started, read, restarted."""

    def __init__(self, process: Process, environment: dict[str, str], fds: tuple[int, ...]):
        self.process, self.environment, self.fds = process, environment, fds
        self.running: subprocess.Popen[bytes] | None = None
        self.rest = b""
        self.failures = 0
        self.started = 0.0
        self.retry_at: float | None = 0.0

    def start(self) -> None:
        me = os.getpid()
        self.running = subprocess.Popen(  # noqa: S603 - our own table
            [sys.executable, "-m", *shlex.split(self.process.command)],
            cwd=Path(__file__).resolve().parent.parent,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.fds,
            preexec_fn=lambda: tie_to_parent(signal.SIGKILL, me),  # noqa: PLW1509 - one thread only
        )
        os.set_blocking(self.running.stdout.fileno(), False)  # type: ignore[union-attr]
        self.started, self.retry_at = time.monotonic(), None

    def read(self) -> tuple[list[str], bool]:
        """The lines there are now, and whether more can come."""
        try:
            got = os.read(self.running.stdout.fileno(), 65536)  # type: ignore[union-attr]
        except BlockingIOError:
            return [], True
        if not got:
            last, self.rest = self.rest, b""
            return ([last.decode("utf-8", "replace")] if last else []), False
        *lines, self.rest = (self.rest + got).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines], True

    def ended(self) -> bool:
        return self.running is None or self.running.poll() is not None

    def fail(self) -> float:
        """Note an end nobody asked for and return the pause before the next start, in seconds."""
        self.signal_group(signal.SIGKILL)  # what it left behind must not serve beside its successor
        now = time.monotonic()
        self.failures = 1 if now - self.started > STEADY else self.failures + 1
        pause = PAUSES[min(self.failures, len(PAUSES)) - 1]
        self.retry_at = now + pause
        return pause

    def signal(self, sig: int) -> None:
        if not self.ended():
            self.running.send_signal(sig)  # type: ignore[union-attr]

    def signal_group(self, sig: int) -> None:
        if self.running is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, sig)


class Supervisor:
    """``run`` returns an exit code. ``once_up`` is called with the address as soon as pages answer."""

    def __init__(self, *, listener: socket.socket, claim: OnlyOne, once_up: Callable[[str], None]):
        self.listener, self.claim, self.once_up = listener, claim, once_up
        self.log = Log()
        self.selector = selectors.DefaultSelector()
        self.tails = [Tail(name, path) for name, path in embedded.log_files().items()] if embedded.needed() else []
        self.asked = 0  # how often we were told to stop
        self.up = False
        host, port = listener.getsockname()[:2]
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::1", "::") else host  # noqa: S104
        self.url = f"http://{shown}:{port}"
        self.probe = f"http://127.0.0.1:{port}/livez" if shown == "localhost" else f"{self.url}/livez"
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "ROCHDALE_SUPERVISOR": str(os.getpid()),
            "ROCHDALE_LISTEN_FD": str(listener.fileno()),
        }
        fds = {"web": (listener.fileno(),)}
        self.children = [Child(process, environment, fds.get(process.name, ())) for process in TABLE]

    def run(self) -> int:
        self._hear_signals()
        try:
            while not self.asked:
                if not self._turn():
                    return 1
        finally:
            self._stop()
        return 0

    def _hear_signals(self) -> None:
        self.waker, wakes = socket.socketpair()
        for end in (self.waker, wakes):
            end.setblocking(False)
        self.wakes = wakes  # kept open: the interpreter writes into it
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._ask)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.waker, selectors.EVENT_READ, None)

    def _ask(self, *_: object) -> None:
        self.asked += 1

    def _turn(self) -> bool:
        """Wait a little, pass lines on, mend what ended. False when going on is hopeless."""
        self._listen_to_children(LOOK if self.up else SOON)
        for tail in self.tails:
            for text in tail.lines():
                self.log.line(tail.name, text, 90)
        for child in self.children:
            if child.retry_at is None and child.ended():
                self._note_end(child)
                if not self.up and child.failures >= HOPELESS:
                    self.log.line("up", f"{child.process.name} does not start; stopping everything.", 31)
                    return False
            if child.retry_at is not None and time.monotonic() >= child.retry_at:
                child.start()
                self.selector.register(child.running.stdout, selectors.EVENT_READ, child)  # type: ignore[union-attr, arg-type]
        if embedded.needed():
            with suppress(embedded.EmbeddedError):  # it says why in its own log; the next turn tries again
                embedded.ensure(own=True)
        self._look_up()
        return True

    def _note_end(self, child: Child) -> None:
        code = child.running.returncode  # type: ignore[union-attr]
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        pause = child.fail()
        self.log.line("up", f"{child.process.name} {how}; starting it again in {pause:g} s.", 31)

    def _listen_to_children(self, patience: float) -> None:
        for key, _ in self.selector.select(patience):
            if key.data is None:
                with suppress(BlockingIOError):
                    self.waker.recv(4096)
                continue
            lines, more = key.data.read()
            for text in lines:
                self.log.line(key.data.process.name, text, key.data.process.colour)
            if not more:
                self.selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]

    def _look_up(self) -> None:
        """Once, as soon as pages are served: say where."""
        if self.up or self.children[0].ended():
            return
        try:
            urlopen(self.probe, timeout=0.5).close()  # noqa: S310 - our own address
        except HTTPError:
            pass  # an answer is an answer
        except (URLError, OSError):
            return
        self.up = True
        self.claim.announce(self.url)
        self.once_up(self.url)

    def _stop(self) -> None:
        """SIGTERM; after a few seconds SIGQUIT; then SIGKILL for whole groups. A second Ctrl-C skips the waiting."""
        self.log.line("up", "stopping")
        asked = self.asked
        for sig, patience in ((signal.SIGTERM, POLITE), (signal.SIGQUIT, FIRM)):
            for child in self.children:
                child.signal(sig)
            until = time.monotonic() + patience
            while time.monotonic() < until and self.asked == asked and not all(c.ended() for c in self.children):
                self._listen_to_children(0.05)
        for child in self.children:
            child.signal_group(signal.SIGKILL)
            if child.running is not None:
                child.running.wait()
        self._listen_to_children(0)
        if embedded.needed():
            embedded.stop()
        self.log.line("up", "stopped")
