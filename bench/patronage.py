"""A million members' purchases brought in by the real jobs: read, then recorded, beside one bare COPY of the same rows.

The file goes the way a treasurer's does: kept at once, checked by a Celery worker, agreed to, recorded by the worker.
The clock is the job's own row; beside it the worker's memory, and COPY of the rows into an empty table without keys.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from time import perf_counter, sleep

from bench.distribution import PATIENCE, PROJECT, add_members, new_coop, peaks, purchases, started
from bench.results import write_section

SIZES = (10_000, 100_000, 1_000_000)
TIMES = "SELECT state, extract(epoch FROM finished_at - created_at)::float, error FROM kernel_job WHERE id ="


def bring_in(members: int) -> dict:
    """Make the members, send the file, wait for both jobs. Seconds of each, and of the bare COPY."""
    from django.db import connections

    from ledger.services import patronage_jobs
    from tests.ledger.surplus_factories import csv_of

    lena = new_coop(members)
    add_members(lena.coop, members)
    bought = purchases(members, 2025)
    data = csv_of({number: f"{cents // 100}.{cents % 100:02d}" for number, cents in bought.items()})
    patronage_jobs.AT_ONCE = 0  # small sizes take the same way here
    said = {"year": 2025, "pool": "purchases", "unit": "money", "file_name": "till.csv"}
    found, job = patronage_jobs.take_file(actor=lena, data=data, **said)
    read = _waited(connections["default"], job.pk)
    found.refresh_from_db()
    assert (found.state, found.rows, found.problem_count) == ("checked", members, 0), found.problems
    found, job = patronage_jobs.record(actor=lena, patronage_import=found)
    return {"read": read, "record": _waited(connections["default"], job.pk), "copy": bare_copy(connections["owner"])}


def bare_copy(connection) -> float:
    """Seconds of one COPY of a year's figures into an empty table without keys, for the import's rate."""
    columns = "coop_id, year_id, membership_id, pool, unit, quantity, source_id, line, because, recorded_at"
    newest = "SELECT max(id) FROM ledger_patronageimport"
    with connection.cursor() as cursor, tempfile.TemporaryFile() as rows:
        cursor.execute(f"CREATE TEMP TABLE bare AS SELECT {columns} FROM ledger_patronagerecord LIMIT 0")
        cursor.copy_expert(
            f"COPY (SELECT {columns} FROM ledger_patronagerecord WHERE source_id = ({newest})) TO STDOUT", rows
        )
        rows.seek(0)
        started = perf_counter()
        cursor.copy_expert("COPY bare FROM STDIN", rows)
        took = perf_counter() - started
        cursor.execute("DROP TABLE bare")
        return took


def _waited(connection, job: int) -> float:
    began = perf_counter()
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"{TIMES} {job:d}")
            state, seconds, error = cursor.fetchone()
        if state in ("done", "failed"):
            assert state == "done", error
            return seconds
        assert perf_counter() - began < PATIENCE
        sleep(0.05)


def measure(members: int) -> dict:
    """One size in a data folder of its own."""
    from tests.faults import processes

    folder = processes.new_folder()
    up = started(folder)
    try:
        up.wait_up(180)
        processes.wait_for(up.ready)
        before = max(peaks(up).values())
        child = subprocess.run(
            [sys.executable, "-m", "bench.patronage", "bring_in", str(members)],
            cwd=PROJECT,
            env=processes.environment(folder) | {"DJANGO_SETTINGS_MODULE": "coop.settings"},
            stdout=subprocess.PIPE,
            check=True,
        )
        got = json.loads(child.stdout.decode().splitlines()[-1])
        return {**got, "before": before // 1024, "memory": max(peaks(up).values()) // 1024}
    finally:
        up.end()
        shutil.rmtree(folder, ignore_errors=True)


def main(sizes=SIZES) -> None:
    """Measure, print and write the section."""
    rows = []
    for members in sizes:
        got = measure(members)
        whole = got["read"] + got["record"]
        rows.append(
            f"| {members:,} | {got['read']:.1f} | {got['record']:.1f} | {members / whole:,.0f} | {got['copy']:.2f} | "
            f"{members / got['copy']:,.0f} | {got['before']} → {got['memory']} MB |"
        )
        print(rows[-1], file=sys.stderr, flush=True)
    text = [
        "A file with a line a member, through the worker: seconds to read and check it, seconds to record it, both by "
        "the job's row; lines a second over both; one COPY of the same rows into an empty table without keys; the "
        "largest process of the worker before and during it. Once each.",
        "",
        "| lines | read | record | lines/s | bare COPY | lines/s | memory |",
        "|--:|--:|--:|--:|--:|--:|--:|",
        *rows,
    ]
    write_section("Purchases brought in", "\n".join(text))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "bring_in":
        import django

        django.setup()
        print(json.dumps(bring_in(int(sys.argv[2]))))
    else:
        main(tuple(int(each) for each in sys.argv[1:]) or SIZES)
