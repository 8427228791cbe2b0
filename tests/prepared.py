"""An installation that was started before: a data folder with the schema in it and nothing else, made once a run."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults import processes


@pytest.fixture(scope="session")
def prepared():
    """A data folder with a migrated database: only one test needs to see a first start.

    The processes of a run share it. Whoever comes first makes it, behind a lock the others wait at; each holds that
    lock with all others while it needs the folder, and whoever is alone at the end throws it away.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with open(Path(tempfile.gettempdir()) / f"rochdale-prepared-{run}", "a+") as shared:
        fcntl.flock(shared, fcntl.LOCK_EX)
        shared.seek(0)
        made = Path(shared.read() or _make(shared))
        fcntl.flock(shared, fcntl.LOCK_SH)
        yield made
        try:
            fcntl.flock(shared, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(made)
        os.unlink(shared.name)


def _make(shared) -> str:
    made = processes.new_folder()
    command = [sys.executable, str(processes.PROJECT / "manage.py"), "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, env=processes.environment(made), check=True, capture_output=True, timeout=240)
    processes.wait_for(lambda: not processes.users_of(made), 20)
    shared.write(str(made))
    shared.flush()
    return str(made)
