"""``manage.py allocate`` as a person runs it: the answer, or one line and exit status 2."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ledger.allocation import allocate, build_plan
from ledger.management.commands.allocate import Command
from tests.ledger.allocation.plans import simple, whole

PROJECT = Path(__file__).resolve().parents[3]


def run(*arguments, stdin=b"", **environment):
    return subprocess.run(
        [sys.executable, "manage.py", "allocate", *map(str, arguments)],
        cwd=PROJECT, input=stdin, capture_output=True, timeout=60, env=os.environ | environment, check=False,
    )  # fmt: skip


@pytest.fixture
def here(capfdbinary):
    """The command in this process, which costs no start; the file descriptors say what it wrote."""

    def run_here(*arguments):
        try:
            status = Command().run_from_argv(["manage.py", "allocate", *map(str, arguments)]) or 0
        except SystemExit as end:
            status = end.code
        return subprocess.CompletedProcess(arguments, status, *capfdbinary.readouterr())

    return run_here


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(whole()))
    return path


def assert_refused(done, *words):
    assert done.returncode == 2, done
    assert done.stdout == b""
    line = done.stderr.decode()
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1, line
    assert "Traceback" not in line
    for word in words:
        assert word in line


def test_the_answer_is_one_json_object(plan, here):
    done = here(plan)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == allocate(build_plan(whole())).as_dict()
    assert here(plan, "--format", "json").stdout == done.stdout


def test_the_text_is_for_reading(plan, here):
    done = here(plan, "--format=text")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Payment is due by 2026-09-15." in done.stdout.decode()


def test_a_terminal_without_the_letters_is_answered_too(tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps(simple(5, {"1": "1"}) | {"currency": "EUR"}))
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    call_command("allocate", str(tmp_path / "plan.json"), "--format", "text", stdout=terminal)
    assert b"\\u20ac0.05" in terminal.buffer.getvalue()


def test_nothing_is_started_and_no_database_is_asked(plan, tmp_path):
    """A process of its own, with an address where nothing listens and a data folder that must stay unmade; the plan
    comes by standard input."""
    nowhere = {
        "DATABASE_URL": "postgres://nobody:nothing@127.0.0.1:9/none",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "x" * 60,
        "ROCHDALE_DATA": str(tmp_path / "data"),
    }
    done = run("-", stdin=json.dumps(whole()).encode(), **nowhere)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["surplus"] == 32000000
    embedded = {name: value for name, value in nowhere.items() if name == "ROCHDALE_DATA"}
    assert run(plan, **embedded).stdout == done.stdout
    assert not (tmp_path / "data").exists()


def test_options_that_make_no_sense_take_one_line(plan, here):
    assert_refused(here(), "PLAN.json")
    assert_refused(here(plan, plan), "unrecognized")
    assert_refused(here(plan, "--format", "xml"), "xml")
    assert_refused(here(plan, "--format"), "--format")
    assert_refused(here(plan, "--colour"), "--colour")


def test_files_that_are_no_plan_take_one_line(tmp_path, here):
    assert_refused(here(tmp_path / "missing.json"), "missing.json", "No such file")
    assert_refused(here(tmp_path / "two\nlines.json"), "No such file")
    assert_refused(here(tmp_path), "directory")
    assert_refused(here(""), "No such file")
    assert_refused(here(tmp_path / ("x" * 5000)), "too long")
    assert_refused(here("/dev/zero"), "not a text file")
    assert_refused(here("/proc/self/mem"), "cannot be read")  # unreadable even to root, whom no permission stops
    files = {
        "empty": b"", "binary": bytes(range(256)), "latin": '{"currency": "é"}'.encode("latin-1"),
        "utf-16": json.dumps(whole()).encode("utf-16"), "half": json.dumps(whole()).encode()[:200],
        "list": b"[1, 2]", "deep": b"[" * 200_000, "twice": b'{"currency": "EUR", "currency": "EUR"}',
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert_refused(here(tmp_path / name))


def test_a_refused_plan_is_named_by_its_place(tmp_path):
    """By the real program, so that what the shell sees is one line and 2."""
    wrong = whole()
    wrong["pools"][0]["basis"]["17"] = "-2600"
    (tmp_path / "plan.json").write_text(json.dumps(wrong))
    assert_refused(run(tmp_path / "plan.json"), 'pools[0].basis["17"]', "negative")


def test_a_reader_that_stops_early_is_no_error(tmp_path):
    basis = {str(number): "1" for number in range(20_000)}
    (tmp_path / "plan.json").write_text(json.dumps(simple(10**9, basis)))
    command = f"{sys.executable} manage.py allocate {tmp_path / 'plan.json'} | head -c 10"
    done = subprocess.run(["bash", "-c", command], cwd=PROJECT, capture_output=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == (b'{"surplus"', b"")


def test_an_answer_that_cannot_be_written_takes_one_line(plan):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "manage.py", "allocate", str(plan)],
            cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_called_from_code_it_raises():
    with pytest.raises(CommandError, match="cannot be read") as refused:
        call_command("allocate", "nowhere.json")
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("allocate", "nowhere.json", "--format=xml")
