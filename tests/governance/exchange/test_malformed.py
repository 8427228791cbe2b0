"""Files nobody can count: status exactly 2, one line naming line and fault, no traceback (issue 4, acceptance 3)."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from governance.exchange import model
from governance.management.commands.count import Command
from tests.governance.exchange.malformed import BLT, CSV, FILES, IRV, JSON, SOC

PROJECT = Path(__file__).resolve().parents[3]
MEGABYTE = 1024 * 1024
SOAK = "ROCHDALE_SOAK" in os.environ
# A fifth of the list and a tenth of the papers, and less memory for each of them than 30 MB and all have in 1024.
LIST, PAPERS, LITTLE = (30, 2_000_000, 1024) if SOAK else (6, 200_000, 256)
FEWER = f"from governance.exchange import model; model.MAX_DISTINCT = {PAPERS}; import manage; manage.main()"


def count(capfd, *arguments):
    """Run the command in this process; returns status, standard output and standard error."""
    try:
        Command().run_from_argv(["manage.py", "count", *map(str, arguments)])
        status = 0
    except SystemExit as end:
        status = end.code
    said = capfd.readouterr()
    return status, said.out, said.err


def process(*arguments, program=("manage.py",), **options):
    """Run the command as people do, with no environment of ours."""
    return subprocess.run(
        [sys.executable, *program, "count", *map(str, arguments)],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        timeout=120,
        check=False,
        **options,
    )


def test_there_are_enough_of_them():
    assert len(FILES) >= 40
    assert len({name for name, *_ in FILES}) == len(FILES)


@pytest.mark.parametrize(("name", "options", "content", "line", "fault"), FILES, ids=[entry[0] for entry in FILES])
def test_refused_in_one_line(tmp_path, capfd, name, options, content, line, fault):
    path = tmp_path / name
    path.write_bytes(content)
    status, out, err = count(capfd, path, *options)
    assert status == 2
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert fault in err
    assert err.startswith("count: " + ("" if line is None else f"line {line}: ")), err
    assert (line is None) == (" line " not in f" {err[:12]}")
    assert len(err) < 700


@pytest.mark.parametrize(
    ("name", "options", "content"),
    [("a.blt", (), BLT), ("a.json", (), JSON), ("a.soc", IRV, SOC), ("a.csv", IRV, CSV), ("blt", (), BLT)],
)
def test_the_files_they_are_made_from_are_counted(tmp_path, capfd, name, options, content):
    path = tmp_path / name
    path.write_bytes(content)
    status, out, err = count(capfd, path, *options)
    assert (status, err) == (0, "")
    assert "Elected: " in out


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "FILE"),
        (("--seats", "0"), "whole number from 1"),
        (("--seats", "-1"), "whole number from 1"),
        (("--seats", "two"), "whole number from 1"),
        (("--method", "borda"), "invalid choice"),
        (("--equal-ranks", "share"), "invalid choice"),
        (("--format", "xml"), "invalid choice"),
        (("--colour",), "required: FILE"),
        (("a.blt", "b.blt"), "unrecognized"),
        (("nowhere.blt",), "No such file"),
        (("/",), "directory"),
        (("a\0b",), "cannot be opened"),
    ],
)
def test_wrong_options_are_refused_alike(capfd, arguments, fault):
    status, out, err = count(capfd, *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert fault in err


def test_as_a_process_too(tmp_path):
    path = tmp_path / "broken.blt"
    path.write_bytes(BLT.replace(b"3 2 3 0", b"3 2 9 0"))
    done = process(path)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr == b"count: line 3: a paper names option 9, and there are 3\n"


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """200 MB of bytes without rhyme, made of one random megabyte to spare time."""
    path = tmp_path_factory.mktemp("noise") / "noise"
    piece = os.urandom(MEGABYTE)
    with path.open("wb") as file:
        for _ in range(200):
            file.write(piece)
    yield path
    path.unlink()


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """Papers without end, each one different and each one right: they fit no ballot box."""
    path = tmp_path_factory.mktemp("papers") / "papers.blt"
    group = range(1, 51)
    with path.open("w") as file:
        file.write("200 3\n")
        for a in range(151, 151 + PAPERS // 125_000 + 1):
            for b in range(101, 151):
                file.write("".join(f"1 {a} {b} {c} {d} 0\n" for c in group for d in range(51, 101)))
    yield path
    path.unlink()


def _little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (1024 * MEGABYTE, 1024 * MEGABYTE))


def _less_memory():
    resource.setrlimit(resource.RLIMIT_AS, (LITTLE * MEGABYTE, LITTLE * MEGABYTE))


@pytest.mark.parametrize("ending", ["", ".blt", ".json", ".csv", ".soi"])
def test_200_megabytes_of_noise_are_refused_in_little_memory(noise, ending):
    named = noise.with_name(f"noise{ending or '.bin'}")
    os.link(noise, named)
    done = process(named, "--method", "irv", "--seats", "1", preexec_fn=_little_memory)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_more_different_papers_than_memory_is_kept_for(papers):
    assert model.MAX_DISTINCT == 2_000_000
    done = process(papers, program=("manage.py",) if SOAK else ("-c", FEWER), preexec_fn=_less_memory)
    assert done.returncode == 2
    assert done.stderr.decode() == f"count: line {PAPERS + 2}: more than {PAPERS:,} different papers\n"


@pytest.mark.parametrize("ballot", [b"[1,[0]],", b"[[", b"[1,[0]]\n", b'"', b"1e9,"])
def test_long_lists_of_nothing_are_refused_in_little_memory(tmp_path, ballot):
    path = tmp_path / "long.json"
    with path.open("wb") as file:
        file.write(b'{"candidates": ["A", "B"], "seats": 1, "rule": {"name": "irv"}, "ballots": [')
        file.write(ballot * (LIST * MEGABYTE // len(ballot)))
    done = process(path, preexec_fn=_less_memory)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr
