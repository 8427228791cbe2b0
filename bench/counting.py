"""How long a count takes and how much memory, on a million papers of three made-up electorates and one real election.

Each figure is the best of three in processes of their own; a process loads the aggregated papers first, and the clock
then runs over ``count`` alone: checking every paper, all rounds, the result. Memory is the process's peak, papers
and Python included. The real election is Minneapolis's mayor with every paper taken 13 times, if it is here.

With ``BENCH_PEERS`` naming the Python of an environment that holds ``requirements.txt``, two libraries count the same
papers, in processes that are stopped after five minutes.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

PROJECT = Path(__file__).resolve().parent.parent
ROUNDS = 3
PATIENCE = 300
COUNTS = {"scottish-stv": 3, "meek-stv": 3, "irv": 1, "schulze": 3, "block": 3, "approval": 3}
TARGETS = {"scottish-stv": 1.0, "meek-stv": 2.5, "irv": 1.0, "schulze": 2.5}
PEERS = {
    "scottish-stv": ("pref_voting",),
    "meek-stv": ("pref_voting",),
    "irv": ("pyrankvote", "pref_voting"),
    "schulze": ("pref_voting",),
}
TIMES = 13


def peak() -> float:
    """The most memory this process has held, in MB; unlike getrusage's figure it owes nothing to the parent's."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def one(path: str, method: str) -> dict:
    """Count a pickled electorate once, in this process."""
    from governance.tally import Contest, count

    with open(path, "rb") as file:
        names, papers = pickle.load(file)  # noqa: S301 - written by this program a moment ago
    contest = Contest(tuple(names), papers, COUNTS[method])
    start, clock = process_time(), perf_counter()
    result = count(method, contest)
    return {
        "cpu": process_time() - start,
        "wall": perf_counter() - clock,
        "peak": peak(),
        "rounds": len(result.rounds),
        "winners": result.winner_names,
    }


def child(python: str, *arguments: str) -> dict | None:
    """Run ``arguments`` under ``python`` and read the JSON it prints; None where it fails or takes too long."""
    try:
        done = subprocess.run(
            [python, *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return {"stopped": True}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def best(path: str, method: str) -> dict:
    tries = [child(sys.executable, "-m", "bench.counting", path, method) for _ in range(ROUNDS)]
    return min(tries, key=lambda figures: figures["cpu"])


def minneapolis(folder: Path) -> tuple[str, int] | None:
    """The real election, every paper 13 times: pickled, and as JSON for the command."""
    from tests.conformance import elections

    found = [path for path in elections.paths() if path.stem == "rctab_2013_minneapolis_mayor"]
    if not found:
        return None
    election = json.loads(found[0].read_bytes())
    election["ballots"] = [[count * TIMES, ranking] for count, ranking in election["ballots"]]
    (folder / "minneapolis.json").write_text(json.dumps(election))
    papers: dict = {}
    for count, ranking in election["ballots"]:
        papers[tuple(ranking)] = papers.get(tuple(ranking), 0) + count
    with (folder / "minneapolis").open("wb") as file:
        pickle.dump((election["candidates"], papers), file)
    return str(folder / "minneapolis"), sum(papers.values())


def main() -> None:
    """Measure, print and write the section."""
    from bench.electorates import ELECTORATES, OPTIONS
    from bench.results import write_section

    names = [chr(ord("A") + i) for i in range(OPTIONS)]
    rows, missed = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for label, make in ELECTORATES.items():
            papers = dict(make())
            with (folder / label).open("wb") as file:
                pickle.dump((names, papers), file)
            for method, target in ((method, TARGETS.get(method)) for method in COUNTS):
                got = best(str(folder / label), method)
                aim = f"{target:g} s" if target and label == "blocs" else "–"
                rows.append(
                    f"| {label} | {len(papers):,} | {method} | {got['cpu']:.2f} | {aim} | {got['peak']:.0f} MB | "
                    f"{got['rounds'] or '–'} |"
                )
                print(rows[-1], file=sys.stderr, flush=True)
                if label == "blocs" and target and (got["cpu"] > target or got["peak"] > 300):
                    missed.append(f"{method}: {got['cpu']:.2f} s, {got['peak']:.0f} MB")
        real = minneapolis(folder)
        text = [
            "A million papers, ten options, three seats (instant runoff: one). Seconds of CPU for the count alone, "
            "best of three processes; peak memory of the whole process. The targets are for the first electorate, and "
            "300 MB.",
            "",
            "| electorate | different papers | method | seconds | target | memory | rounds |",
            "|---|--:|---|--:|--:|--:|--:|",
            *rows,
            "",
            f"Targets missed: {'; '.join(missed) or 'none'}.",
        ]
        if real:
            text += ["", *_command(folder, real[1])]
        text += ["", *_paired(folder, real is not None)]
    write_section("Counting", "\n".join(text))
    print("\n".join(text))


def _command(folder: Path, papers: int) -> list[str]:
    """The whole command on the real election."""
    took = []
    for _ in range(ROUNDS):
        start = perf_counter()
        subprocess.run(
            [sys.executable, "manage.py", "count", str(folder / "minneapolis.json"), "--format", "json"],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        took.append(perf_counter() - start)
    return [
        f"`manage.py count` on Minneapolis's mayor 2013, every paper {TIMES} times ({papers:,} papers, 36 options, 33 "
        f"rounds), start and reading included: {min(took):.1f} s of the clock."
    ]


def _paired(folder: Path, real: bool) -> list[str]:
    """The same papers counted by other libraries."""
    python = os.environ.get("BENCH_PEERS")
    if not python:
        return ["Not paired with other libraries in this run: `BENCH_PEERS` names no Python."]
    lines = [
        f"The same papers by other libraries, one run each, stopped after {PATIENCE // 60} minutes; time is their "
        "counting alone, after the papers are in their own classes. pyrankvote takes one object a paper.",
        "",
        "| papers | method | ours | library | theirs | their memory | same winners |",
        "|---|---|--:|---|--:|--:|---|",
    ]
    for label in ["blocs", *(["minneapolis"] if real else [])]:
        for method, libraries in PEERS.items():
            if label == "minneapolis" and method != "irv":
                continue
            ours = best(str(folder / label), method)
            for library in libraries:
                theirs = child(python, "bench/_peers.py", str(folder / label), library, method)
                lines.append(_pair(label, method, ours, library, theirs))
                print(lines[-1], file=sys.stderr, flush=True)
    return lines


def _pair(label: str, method: str, ours: dict, library: str, theirs: dict | None) -> str:
    head = f"| {label} | {method} | {ours['cpu']:.2f} s | {library} |"
    if not theirs or "failed" in theirs:
        return f"{head} failed: {(theirs or {}).get('failed', '')[:60]} | – | – |"
    if "stopped" in theirs:
        return f"{head} over {PATIENCE} s | – | – |"
    count = len(theirs["winners"]) if method == "schulze" else None  # theirs names the first place only
    same = sorted(theirs["winners"]) == sorted(ours["winners"][:count])
    said = "yes" if same else "no: " + ", ".join(theirs["winners"])
    return f"{head} {theirs['cpu']:.2f} s | {theirs['peak']:.0f} MB | {said} |"


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(one(*sys.argv[1:])))
    else:
        main()
