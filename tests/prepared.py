"""An installation that was started before: a data folder with the schema in it and nothing else, made once a run."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults import processes


@contextmanager
def locked(name: str, how: int):
    """Hold a lock on a file of that name in the machine's folder for passing things, and give the file."""
    with open(Path(tempfile.gettempdir()) / name, "a+") as file:
        fcntl.flock(file, how)
        yield file


@pytest.fixture(scope="session")
def prepared():
    """A data folder with a migrated database: only one test needs to see a first start.

    The processes of a run share it: whoever comes first makes it, whoever is the last to need it throws it away.
    """
    run = f"rochdale-prepared-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    with ExitStack() as need:
        with locked(run, fcntl.LOCK_EX) as note:
            note.seek(0)
            made = Path(note.read() or _make(note))
            needed = need.enter_context(locked(f"{run}-needed", fcntl.LOCK_SH))
        yield made
        with locked(run, fcntl.LOCK_EX) as note:
            try:
                fcntl.flock(needed, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            shutil.rmtree(made)
            note.truncate(0)  # for who waits for it at this moment
            os.unlink(note.name)
            os.unlink(needed.name)


def _make(note) -> str:
    made = processes.new_folder()
    command = [sys.executable, str(processes.PROJECT / "manage.py"), "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, env=processes.environment(made), check=True, capture_output=True, timeout=240)
    processes.wait_for(lambda: not processes.users_of(made), 20)
    note.write(str(made))
    note.flush()
    return str(made)
