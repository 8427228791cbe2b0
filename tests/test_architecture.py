"""The dependency rule holds, and each of its contracts is shown to bite by planting an offence against it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("coop", "members", "governance", "ledger")
LINT = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [LINT, "--no-cache", "--config", folder / "pyproject.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def copy(tmp_path) -> Path:
    """The project's code without its data, to plant offences in."""
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold():
    answer = lint(PROJECT)
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


@pytest.mark.parametrize(
    ("where", "offence", "contract"),
    [
        ("members/selectors/planted.py", "import governance.models", "Between apps"),
        ("governance/services/planted.py", "import ledger.models", "Between apps"),
        ("members/models/planted.py", "import coop.home", "Between apps"),
        ("coop/kernel/planted.py", "import members.models", "The kernel knows nobody"),
        ("members/services/planted.py", "import members.forms", "Inside an app"),
        ("ledger/services/planted.py", "import ledger.tasks", "Inside an app"),
        ("governance/models/planted.py", "import governance.services", "Inside an app"),
        ("governance/tally/planted.py", "import django.conf", "The mathematics imports no framework"),
        ("governance/ballotbox/planted.py", "import django.conf", "The mathematics imports no framework"),
        ("ledger/allocation/planted.py", "from django.db import connection", "The mathematics imports no framework"),
    ],
)
def test_an_offence_breaks_its_contract(copy, where, offence, contract):
    (copy / where).write_text(offence + "\n")
    answer = lint(copy)
    assert answer.returncode == 1, answer.stdout
    broken = [line for line in answer.stdout.splitlines() if line.rstrip().endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), answer.stdout


def test_signals_are_refused(tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text("from django.db.models.signals import post_save\n\nprint(post_save)\n")
    answer = subprocess.run(
        [LINT.parent / "ruff", "check", "--no-cache", "--config", PROJECT / "pyproject.toml", planted],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "TID251" in answer.stdout


def test_no_row_is_held_with_its_key():
    """``FOR UPDATE`` holds a row's key too, and every row that names it waits at its commit: with the audit chain's
    lock in its hand, for somebody who waits for that lock. ``FOR NO KEY UPDATE`` keeps apart whoever changes a row."""
    held = [
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*.py")
        if "migrations" not in path.parts
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") == "select_for_update"
        and "no_key" not in {keyword.arg for keyword in call.keywords}
    ]
    assert held == []


def test_files_stay_small():
    """A file past 400 lines is two rooms nobody named yet."""
    files = [path for package in (*PACKAGES, "tests", "bench") for path in (PROJECT / package).rglob("*.py")]
    long = {
        str(path.relative_to(PROJECT)): count
        for path in files
        if "migrations" not in path.parts and (count := len(path.read_text().splitlines())) > 400
    }
    assert long == {}
