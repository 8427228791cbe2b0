"""An installation that was started before: a data folder with the schema in it and nothing else, made once a run."""

import shutil
import subprocess
import sys

import pytest

from tests.faults import processes


@pytest.fixture(scope="session")
def prepared():
    """A data folder with a migrated database, made once: only one test needs to see a first start."""
    made = processes.new_folder()
    command = [sys.executable, str(processes.PROJECT / "manage.py"), "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, env=processes.environment(made), check=True, capture_output=True, timeout=240)
    processes.wait_for(lambda: not processes.users_of(made), 20)
    yield made
    shutil.rmtree(made)
