"""Makes small faults in the tally, one at a time, and asks the tests whether they notice.

    python -m tests.mutation [MODULE ...] [--list]

Each mutant is imported in a process forked from one that has pytest and Hypothesis loaded already, so a try costs a
second or two and nothing on disk changes. A mutant the tests let pass is a survivor; those that are argued to be no
fault stand in ``tests/conformance/survivors.md``. Ends with status 1 when a survivor is not among them or fewer than
95 % are killed.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import sys
import time
from pathlib import Path

import hypothesis  # noqa: F401 - loaded here once for all the forked processes
import pytest

from tests.mutation.operators import Mutant, mutants

PROJECT = Path(__file__).resolve().parents[2]
TALLY = PROJECT / "governance" / "tally"
SURVIVORS = PROJECT / "tests" / "conformance" / "survivors.md"
QUICK = ["edges", "papers", "ties", "marks", "motion", "runoff", "stv", "beatpath", "doctests"]
FIRST = {"irv": "runoff", "meek": "stv", "scottish": "stv", "limits": "stv", "schulze": "beatpath"}
SLOW = ["many", "against_reference", "properties"]
PROCESSES = int(os.environ.get("PROCESSES", "2"))


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a tree instead of from its file."""

    def __init__(self, name: str, path: Path, tree) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        package = self.path.name == "__init__.py"
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(self.path), is_package=package)
        if package:
            spec.submodule_search_locations = [str(self.path.parent)]
        return spec

    def exec_module(self, module) -> None:
        module.__file__ = str(self.path)
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)  # noqa: S102 - that is what it is for


def arguments(names: list[str]) -> list[str]:
    """Pytest without the house's fixtures, databases and plugins: the tally needs none of them."""
    tests = [f"tests/governance/tally/test_{name}.py" for name in names]
    alone = ["-c", os.devnull, "--rootdir", str(PROJECT), "--noconftest"]
    # the last two collect garbage, over and over, to tell of what no test here does
    quiet = [
        word for name in ("cacheprovider", "unraisableexception", "threadexception") for word in ("-p", f"no:{name}")
    ]
    return [*tests, "-x", "-q", "--no-header", "--tb=no", "--assert=plain", "-W", "ignore", *alone, *quiet]


def try_one(mutant: Mutant, tree: ast.Module, tests: list[str]) -> None:
    """In a forked process: import the mutant, run the tests, end with 0 where they all pass."""
    patience = 10 if tests == QUICK else 90  # seconds of CPU: a loop without end is noticed too
    resource.setrlimit(resource.RLIMIT_CPU, (patience, patience))
    path = TALLY / f"{mutant.module}.py"
    name = "governance.tally" + ("" if mutant.module == "__init__" else f".{mutant.module}")
    sys.meta_path.insert(0, _Planted(name, path, tree))
    sys.dont_write_bytecode = True
    os.environ |= {"HYPOTHESIS_EXAMPLES": "12", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    own = [name for name in tests if name == FIRST.get(mutant.module, mutant.module)]
    status = 1
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        with contextlib.suppress(BaseException):  # its own tests first, and mostly they are enough
            status = int(pytest.main(arguments(own)) if own else 0) or int(
                pytest.main(arguments([name for name in tests if name not in own]))
            )
    os._exit(min(status, 255))


Pair = tuple[Mutant, ast.Module]


def survivors(pairs: list[Pair], tests: list[str]) -> list[Pair]:
    """Those of the mutants that the tests let pass."""
    waiting, left = pairs[::-1], []
    running: dict[int, Pair] = {}
    while waiting or running:
        while waiting and len(running) < PROCESSES:
            pair = waiting.pop()
            pid = os.fork()
            if not pid:
                try_one(*pair, tests)
            running[pid] = pair
        pid, status = os.wait()
        pair = running.pop(pid)
        if os.waitstatus_to_exitcode(status) == 0:
            left.append(pair)
        if len(waiting) % 50 == 0:
            print(f"{len(waiting)} to go, {len(left)} not noticed yet", file=sys.stderr, flush=True)
    return left


def _unharmed() -> bool:
    """The tests pass on the tally as it is; else every mutant would seem killed."""
    tree = ast.parse((TALLY / "words.py").read_text("utf-8"))
    nothing = (Mutant("words", 0, "", "nothing"), tree)
    return len(survivors([nothing], QUICK)) == len(survivors([nothing], SLOW)) == 1


def main(asked: list[str]) -> int:
    modules = [name for name in asked if not name.startswith("-")] or sorted(p.stem for p in TALLY.glob("*.py"))
    if "--list" in asked:
        for module in modules:
            for mutant, _ in mutants(module, (TALLY / f"{module}.py").read_text("utf-8")):
                print(f"{mutant.line}: {mutant}")
        return 0
    if not _unharmed():
        raise SystemExit("the tests do not pass without any fault")
    start = time.monotonic()
    gc.freeze()  # forked processes need not walk what pytest and Hypothesis left
    pairs = [pair for module in modules for pair in mutants(module, (TALLY / f"{module}.py").read_text("utf-8"))]
    unnoticed = survivors(pairs, QUICK)
    for mutant, _ in unnoticed:
        print(f"passed the quick tests: {mutant} (line {mutant.line})", file=sys.stderr, flush=True)
    total, left = len(pairs), [mutant for mutant, _ in survivors(unnoticed, SLOW)]
    for mutant in left:
        print(f"survived: {mutant} (line {mutant.line})")
    argued = SURVIVORS.read_text("utf-8") if SURVIVORS.exists() else ""
    open_ = [mutant for mutant in left if str(mutant) not in argued]
    killed = 100 * (total - len(left)) / max(total, 1)
    took = (time.monotonic() - start) / 60
    print(f"{total} mutants, {total - len(left)} killed ({killed:.1f} %), {len(left)} survived, {took:.0f} minutes")
    for mutant in open_:
        print(f"not argued: {mutant}")
    return int(bool(open_) or killed < 95)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
