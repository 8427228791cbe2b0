import shutil

import pytest

from tests.faults import processes


@pytest.fixture
def folder():
    """An empty data folder, thrown away afterwards together with whatever still runs in it."""
    made = processes.new_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


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
