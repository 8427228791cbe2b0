"""An installation as an operator starts it: web server, worker and beat as processes over an empty database."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import processes

STARTS_WITHIN = 120  # seconds, on a machine that has much else to do


@contextmanager
def new_house(prepared: Path) -> Iterator[processes.Up]:
    """Everything is up on entering, and gone with its data on leaving. Beat looks for what is due every second.

    ``prepared`` is the folder of the fixture of that name: the schema is there, nobody has founded anything.
    """
    folder = processes.new_folder()
    subprocess.run(["cp", "-a", f"{prepared}/.", str(folder)], check=True)
    up = processes.Up(folder, TICK_SECONDS="1", SWEEP_SECONDS="5")
    try:
        up.wait_up(STARTS_WITHIN)
        yield up
    finally:
        up.end()
        shutil.rmtree(folder, ignore_errors=True)
