import shutil
import subprocess
import sys

import pytest

from tests.faults import processes


@pytest.fixture
def folder():
    """An empty data folder, thrown away afterwards together with whatever still runs in it."""
    made = processes.new_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def prepared():
    """A data folder with a migrated database, made once: only one test needs to see a first start."""
    made = processes.new_folder()
    command = [sys.executable, str(processes.PROJECT / "manage.py"), "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, env=processes.environment(made), check=True, capture_output=True, timeout=240)
    processes.wait_for(lambda: not processes.users_of(made), 20)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def lived_in(folder, prepared):
    """The test's own folder, as after an earlier run: schema there, nothing in it."""
    subprocess.run(["cp", "-a", f"{prepared}/.", str(folder)], check=True)
    return folder


@pytest.fixture
def start(folder):
    """Start ``manage.py up`` in the folder, as often as the test likes."""
    started = []

    def starter(**more):
        started.append(processes.Up(folder, **more))
        return started[-1]

    yield starter
    for each in started:
        each.end()
