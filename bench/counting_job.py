"""A million recorded votes counted as a co-op's are: closed by beat, counted by the worker, in one task.

Minneapolis's mayor 2013 by instant runoff, every paper taken 13 times: 1,041,313 votes, each a row beside a line of the
roll. A real Rochdale runs in a folder of its own. Only the planting of the votes goes past the services, for a million
casts are not what is measured; the floor is the database's own aggregation of the same rows, in the same run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

ELECTION = "rctab_2013_minneapolis_mayor"
TIMES = 13
PLANT = """
    SET session_replication_role = replica;
    CREATE TEMP TABLE paper (mark jsonb, papers bigint);
    INSERT INTO paper SELECT value -> 1, (value -> 0)::bigint * {times} FROM jsonb_array_elements($json${papers}$json$);
    CREATE TEMP TABLE vote AS SELECT row_number() OVER () AS n, mark FROM paper, generate_series(1, papers);
    WITH line AS (
        INSERT INTO governance_rollentry
               (coop_id, roll_id, membership_id, number, name, class_name, eligible, reasons, salt, digest)
        SELECT {coop}, {roll}, 1000000 + n, 1000000 + n, 'Voter ' || n, 'Member', true, '[]', '', md5(n::text) FROM vote
        RETURNING id, number
    )
    INSERT INTO governance_recordedvote (coop_id, ballot_id, entry_id, marks, nonce, receipt, cast_at)
    SELECT {coop}, {ballot}, line.id, jsonb_build_object('{question}', vote.mark), md5(n::text), md5('r' || n), now()
      FROM vote JOIN line ON line.number = 1000000 + vote.n;
    ANALYZE governance_rollentry, governance_recordedvote;
"""


def begin(names: list[str]) -> dict:
    """In the folder's own environment: a co-op, a roll and an open ballot with one question of these options."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
    django.setup()
    from datetime import timedelta

    from coop.kernel.models import Cooperative
    from tests.governance.factories import make_ballot, make_roll, question

    coop = Cooperative.objects.create(slug="many", name="Many", currency="EUR", time_zone="Europe/Berlin")
    ballot = make_ballot(
        coop, roll=make_roll(coop, voters=1), board=names, seats=1, motion="", method="irv", lasts=timedelta(days=1)
    )
    return {"coop": coop.pk, "roll": ballot.roll_id, "ballot": ballot.pk, "question": question(ballot).pk}


@contextmanager
def running():
    """A Rochdale of its own, up and ready, gone afterwards."""
    from tests.faults import processes

    folder = processes.new_folder()
    up = processes.Up(folder, TICK_SECONDS="1")
    try:
        up.wait_up(180)
        processes.wait_for(up.ready, 60)
        yield up
    finally:
        up.end()
        shutil.rmtree(folder, ignore_errors=True)


def peak(up) -> float:
    """The most memory that any of the worker's processes has held, in MB."""
    found = []
    for (pid, _started), command in up.tree().items():
        if "celery --quiet -A coop worker" in command:
            said = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            found.append(int(said[1]) / 1024 if said else 0)
    return max(found)


def main() -> None:
    """Measure, print and write the section."""
    from bench.results import write_section
    from tests.conformance import elections
    from tests.faults.processes import ask, environment, wait_for

    path = next((each for each in elections.paths() if each.stem == ELECTION), None)
    if path is None:
        print(f"{ELECTION} is not here; nothing measured", file=sys.stderr)
        return
    election = json.loads(path.read_bytes())
    votes = TIMES * sum(count for count, _ranking in election["ballots"])
    with running() as up, tempfile.NamedTemporaryFile("w", suffix=".json") as names:
        json.dump(election["candidates"], names)
        names.flush()
        made = subprocess.run(
            [sys.executable, "-m", "bench.counting_job", names.name],
            env=environment(up.folder),
            capture_output=True,
            text=True,
            check=True,
        )
        at = json.loads(made.stdout.splitlines()[-1])
        ask(up.folder, PLANT.format(**at, times=TIMES, papers=json.dumps(election["ballots"])))
        before = peak(up)
        floor = min(_floor(up.folder, at) for _ in range(3))
        close = "SET session_replication_role = replica; UPDATE governance_ballot SET closes_at = now() WHERE id = {}"
        ask(up.folder, close.format(at["ballot"]))
        job = "SELECT extract(epoch FROM finished_at - created_at)::float8, state, error FROM kernel_job"
        over = f"{job} WHERE kind = 'governance.count_ballot' AND state IN ('done', 'failed')"
        ((seconds, state, error),) = wait_for(lambda: ask(up.folder, over), 300, pause=0.5)
        assert state == "done", error
        ((papers, winner, rounds),) = ask(
            up.folder,
            "SELECT papers, result #> '{exact,winners}', result #> '{exact,rounds}' FROM governance_count",
        )
        after = peak(up)
    assert papers == votes
    text = [
        f"{votes:,} recorded votes, a row each, {len(election['candidates'])} options, {len(rounds)} rounds; "
        f"elected: {election['candidates'][winner[0]]}. Seconds of the clock from the close to the stored result: the "
        "way to the worker, aggregating, the digest of the papers, counting, every round stored. Memory: the peak of "
        "the worker's process.",
        "",
        "| what | seconds | target | memory | before | target |",
        "|---|--:|--:|--:|--:|--:|",
        f"| the task | {seconds:.1f} | 10 | {after:.0f} MB | {before:.0f} MB | 300 MB |",
        f"| floor: the same rows aggregated by the bare query | {floor:.1f} | – | – | – | – |",
        "",
        f"The task takes {seconds / floor:.1f} times its floor.",
    ]
    write_section("Counting in the worker", "\n".join(text))
    print("\n".join(text))


def _floor(folder: Path, at: dict) -> float:
    from tests.faults.processes import ask

    start = perf_counter()
    ask(
        folder,
        f"SELECT count(*) FROM (SELECT marks -> '{at['question']}', count(*) FROM governance_recordedvote"  # noqa: S608
        f" WHERE ballot_id = {at['ballot']} GROUP BY 1) papers",
    )
    return perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(begin(json.loads(Path(sys.argv[1]).read_text()))))
