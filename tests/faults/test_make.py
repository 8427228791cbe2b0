"""The commands a person types first, as they type them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coop.keeper import tie_to_parent
from tests.faults.processes import PROJECT, ask, environment, kill_every, survivors, tree, wait_for

pytestmark = pytest.mark.faults


@pytest.fixture
def make(lived_in, folder):
    """``make`` in the project with its real environment, in a data folder of the test's own."""
    started = []

    def starter(target, **more):
        output = folder / f"make-{len(started)}.txt"
        env = environment(folder, **more)
        # The environment under test is already installed; make is told so instead of installing it again.
        command = ["make", target, f"VENV={Path(sys.prefix)}", "--assume-old=install"]
        with open(output, "wb") as out:
            process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=tie_to_parent,
            )
        started.append(process)
        return process, output

    yield starter
    for process in started:
        everything = tree(process.pid)
        lock = folder / "up.lock"
        if lock.exists() and lock.read_text():  # should make be gone without it
            everything |= tree(json.loads(lock.read_text())["pid"])
            kill_every(survivors(everything))
        process.kill()
        process.wait()
        wait_for(lambda left=everything: not survivors(left), 10)


def wait_up(process, output):
    def answered():
        assert process.poll() is None, output.read_text()
        return "http://localhost:" in output.read_text()

    wait_for(answered, 240)


def test_reset_waits_for_ctrl_c_which_reaches_everything_through_make_and_deletes_ours_alone(make, folder):
    process, output = make("up")
    wait_up(process, output)
    (folder / "letter.txt").write_text("mine")
    running = reset(folder, "--yes")
    assert running.returncode == 2
    assert "are running. Stop them first." in running.stderr

    everything = tree(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    wait_for(lambda: not survivors(everything), 10)
    assert "Traceback" not in output.read_text()
    assert "database system is shut down" in (folder / "log" / "postgres.log").read_text()

    assert "Nothing was deleted." in reset(folder).stderr
    assert (folder / "pg").exists()
    assert reset(folder, "--yes").returncode == 0
    left = {path.name for path in folder.iterdir() if not path.name.startswith("make-")}
    assert left == {"letter.txt"}
    assert "There is nothing in" in reset(folder, "--yes").stdout


def reset(folder, *arguments):
    """``manage.py reset_data``; whoever is asked says no."""
    command = [sys.executable, str(PROJECT / "manage.py"), "reset_data", *arguments]
    return subprocess.run(
        command, env=environment(folder), capture_output=True, text=True, input="no\n", timeout=60, check=False
    )


def test_the_demo_does_not_run_on_a_real_database(folder):
    env = environment(folder, DATABASE_URL="postgres://app@db.example/coop", DEBUG="true")
    command = [sys.executable, str(PROJECT / "manage.py"), "demo"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert (
        done.stderr.strip() == "CommandError: The demo has logins everybody knows. Unset DATABASE_URL to run it here."
    )


def test_an_interrupted_story_is_told_again_and_then_kept(lived_in, folder, start, make):
    """The demo is killed while it is told, told again, and started by ``make demo`` on the data it has then."""
    first = start(command="demo")
    wait_for(lambda: (folder / "demo-begun").exists(), 120)
    wait_for(lambda: ask(folder, "SELECT 1 FROM kernel_cooperative"), 120)
    everything = first.tree()
    first.kill()
    wait_for(lambda: not survivors(everything), 10)
    second = start(command="demo")
    second.wait_up(240)
    assert "telling it from the start" in second.log()
    assert not (folder / "demo-begun").exists()
    assert second.ready()
    second.kill(signal.SIGTERM)
    assert second.process.wait(timeout=15) == 0
    process, output = make("demo")
    wait_up(process, output)
    assert "Telling" not in output.read_text(), "the data is kept"
    everything = tree(process.pid)
    assert any("postgres" in command for command in everything.values())
    process.kill()  # make alone: nobody passes Ctrl-C on any more
    wait_for(lambda: not survivors(everything), 10)
    assert "up       | stopped" in output.read_text()
