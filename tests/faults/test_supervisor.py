"""The supervisor's promises, tried on real processes: nothing stays, everything comes back, only one runs."""

import os
import signal
import time

import pytest

from tests.faults.processes import ask, survivors, users_of, wait_for

pytestmark = pytest.mark.faults
EVERYTHING = ("manage.py up", "keeper.py", "postgres", "valkey", "gunicorn", "celery", "beat")
A_COOP = (
    "INSERT INTO kernel_cooperative (slug, name, registration, law, currency, time_zone, language,"
    " fiscal_year_end_month, address, email, logo, created_at)"
    " VALUES ('kept', 'Kept', '', 'generic', 'EUR', 'UTC', 'en-gb', 12, '', '', '', now())"
)


def find(processes, what):
    return sorted(pid for (pid, _), command in processes.items() if what in command)


def test_killed_supervisor_leaves_nothing_and_the_next_start_has_the_data(start, folder):
    first = start(ROCHDALE_EMBEDDED_FAST="")  # as in earnest: a commit is on disk
    took = first.wait_up()
    wait_for(first.ready)
    wait_for(lambda: len(find(first.tree(), "celery")) >= 4)  # the worker, its pool of two, and beat
    everything = first.tree()
    for part in EVERYTHING:
        assert find(everything, part), f"{part} does not run below the supervisor: {everything}"
    ask(folder, A_COOP)

    first.kill(signal.SIGKILL)
    killed = time.monotonic()
    while survivors(everything) and time.monotonic() < killed + 5:
        time.sleep(0.02)
    gone = time.monotonic() - killed
    assert survivors(everything) == {}
    assert users_of(folder) == {}

    second = start(ROCHDALE_EMBEDDED_FAST="")
    again = second.wait_up()
    assert ask(folder, "SELECT slug FROM kernel_cooperative") == [("kept",)]
    assert wait_for(second.ready)
    print(f"first start {took:.1f} s, gone {gone:.1f} s after SIGKILL, second start {again:.1f} s")


def test_of_two_starts_one_runs_mends_what_dies_and_stops_in_order_when_asked(lived_in, start, folder):
    """One life of one supervisor, for a start takes longer than what it is asked for."""
    up = winner([start(), start()])
    everything = mended(up)
    asked_to_stop(up, everything)
    assert users_of(folder) == {}
    assert "database system is shut down" in (folder / "log" / "postgres.log").read_text()


def winner(both):
    """The one of two starts that runs; the other has said why it does not."""
    wait_for(lambda: any(up.process.poll() is not None for up in both))
    (loser,) = [up for up in both if up.process.poll() is not None]
    (winner,) = [up for up in both if up is not loser]
    assert loser.process.returncode == 2
    assert "Rochdale" in loser.log()
    assert "Traceback" not in loser.log()
    winner.wait_up()
    wait_for(winner.ready)
    return winner


def mended(up):
    """Children die, then the keeper: each is replaced. Returns what runs then."""
    before = up.tree()
    worker = find(before, "celery --quiet -A coop worker")[0]
    for pid in (worker, find(before, "gunicorn")[0], find(before, "valkey")[0], find(before, "bin/postgres")[0]):
        signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL)

    def whole_again():
        now = up.tree()
        fresh = {key: command for key, command in now.items() if key not in before}
        return all(find(fresh, part) for part in ("worker", "gunicorn", "valkey", "bin/postgres")) and up.ready()

    wait_for(whole_again, 30)
    assert "worker was ended by SIGKILL" in up.log()

    keeper = find(up.tree(), "keeper.py")[0]
    signal.pidfd_send_signal(os.pidfd_open(keeper), signal.SIGKILL)
    wait_for(lambda: find(up.tree(), "keeper.py") not in ([], [keeper]), 30)
    wait_for(up.ready)
    return up.tree()


def asked_to_stop(up, everything):
    """By SIGTERM; test_make.py presses Ctrl-C."""
    up.kill(signal.SIGTERM)
    asked = time.monotonic()
    assert up.process.wait(timeout=10) == 0
    assert time.monotonic() - asked < 7
    assert survivors(everything) == {}


def test_a_taken_port_is_said_and_nothing_starts(start, folder):
    up = start(PORT="http")
    assert up.process.wait(timeout=30) == 2
    assert "PORT must be a number from 0 to 65535, not 'http'." in up.log()
    assert not (folder / "pg").exists()
