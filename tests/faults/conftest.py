import shutil
import subprocess

import pytest

from tests.faults import processes


@pytest.fixture
def folder():
    """An empty data folder, thrown away afterwards together with whatever still runs in it."""
    made = processes.new_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


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
