"""How long an allocation takes and how much memory, for 10,000, 100,000 and a million members.

Every figure is the best of three in processes of their own, so that the peak of one is not the floor of the next:
the engine on a plan in Python values, the whole command on a plan of JSON text, and the set-based statements on the
embedded PostgreSQL with their answer stored in a table.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from bench.results import write_section

PROJECT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 3
POOL = 28_000_000_00  # cents


def figures(members):
    """Return purchases in cents and paid capital by member, the same on every machine."""
    draw = random.Random(1844).randrange
    return {n: draw(1_000_000) for n in range(1, members + 1)}, {n: draw(100_000) for n in range(1, members + 1)}


def plan(members, text):
    """Return a plan with one pool, interest, a cash part, de minimis and some debts; for JSON with ``text``."""
    purchases, capital = figures(members)
    key = str if text else int
    return {
        "currency": "EUR",
        "fiscal_year_end": "2025-12-31",
        "result": {"patronage": POOL, "nonpatronage": 4_000_000_00},
        "appropriations": [{"name": "reserve", "of": "surplus", "percent": "20"}],
        "share_interest": {"rate": "2", "holdings": {key(n): paid for n, paid in capital.items()}},
        "pools": [
            {
                "name": "purchases",
                "rest": True,
                "basis": {key(n): f"{cents // 100}.{cents % 100:02d}" for n, cents in purchases.items()},
            }
        ],
        "settlement": {
            "cash_percent": "30",
            "notice": "qualified",
            "de_minimis": 500,
            "debts": {key(n): 1_200 for n in range(1, members, 50)},
        },
    }


def megabytes(name):
    """Return a figure of this process from the kernel: VmRSS is now, VmHWM the highest since it was last reset."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{name}:")[1].split()[0]) // 1024


def measure_engine(members):
    """CPU seconds to check and to carry out, and megabytes this process needed beyond what it began with."""
    from ledger.allocation import allocate, build_plan

    raw = plan(members, text=False)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far is forgotten
    before = megabytes("VmRSS")
    started = process_time()
    checked = build_plan(raw)
    between = process_time()
    allocation = allocate(checked)
    ended = process_time()
    assert allocation.totals["allocated"] == allocation.pools[0].amount
    return {"check": between - started, "allocate": ended - between, "engine_mb": megabytes("VmHWM") - before}


def measure_command(members):
    """CPU seconds and peak megabytes of ``manage.py allocate`` from the file to the last byte of the answer."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.json"
        with open(file, "wb") as text:  # by another process: a child is born with its parent's peak
            subprocess.run([sys.executable, "-m", "bench.allocation", "plan", str(members)], stdout=text, check=True)
        command = [sys.executable, "manage.py", "allocate", file]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        return {"command": usage.ru_utime + usage.ru_stime, "command_mb": usage.ru_maxrss // 1024}


def measure_sql(members):
    """Seconds of the statements that share and settle, into tables, on an embedded database of its own."""
    import django

    django.setup()
    from django.db import connections

    from ledger.allocation import sql
    from ledger.allocation.plan import Percent, Settlement

    terms = Settlement(Percent.of("30"), "qualified", de_minimis=500)
    purchases, _ = figures(members)
    found = {}
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE purchases (member_number bigint, basis bigint)")
        cursor.execute(
            "INSERT INTO purchases SELECT * FROM unnest(%s::bigint[], %s::bigint[])",
            [list(purchases), list(purchases.values())],
        )
        cursor.execute("ANALYZE purchases")
        parameters = {"amount": POOL} | sql.settlement_parameters(terms)
        statements = {
            "numeric": sql.pool_shares("purchases"),
            "narrow": sql.pool_shares("purchases", narrow=True),
            "settled": sql.settled("allocations"),
        }
        for name, statement in statements.items():
            cursor.execute("DROP TABLE IF EXISTS answer")
            started = perf_counter()
            cursor.execute(f"CREATE TEMP TABLE answer AS {statement}", parameters)
            found[name] = perf_counter() - started
            if name == "narrow":
                cursor.execute(
                    "CREATE TEMP TABLE allocations AS SELECT member_number, share AS allocated, 0 AS carried,"
                    " CASE WHEN member_number %% 50 = 1 THEN 1200 ELSE 0 END AS debt, true AS consents FROM answer",
                    {},
                )
    return found


def write_plan(members):
    return plan(members, text=True)


MEASURES = {"engine": measure_engine, "command": measure_command, "sql": measure_sql}


def best(name, members):
    """Run one measure three times, each in a fresh process, and return the smallest of every figure."""
    rounds = []
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"ROCHDALE_DATA": data, "DJANGO_SETTINGS_MODULE": "coop.settings"}
        for _ in range(ROUNDS):
            done = subprocess.run(
                [sys.executable, "-m", "bench.allocation", name, str(members)],
                cwd=PROJECT, env=environment, capture_output=True, text=True, check=True,
            )  # fmt: skip
            rounds.append(json.loads(done.stdout.splitlines()[-1]))
    return {figure: min(one[figure] for one in rounds) for figure in rounds[0]}


def main():
    """Measure all sizes and write the section."""
    lines = [
        "Seconds, best of three fresh processes each; of CPU for the engine and the command, of the clock for SQL."
        " Check and allocate: a plan in Python values, and the memory that both added to the process. Command:"
        " `manage.py allocate PLAN.json`, start and JSON in and out included. SQL: largest remainder (in numeric, and"
        " in bigint where it fits) and settlement, each stored in a table.",
        "",
        "| members | check | allocate | memory | command | its memory | SQL shares | in bigint | SQL settlement |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for members in SIZES:
        got = {figure: value for name in MEASURES for figure, value in best(name, members).items()}
        seconds = {figure: f"{value:.2f}" for figure, value in got.items()}
        lines.append(
            f"| {members:,} | {seconds['check']} | {seconds['allocate']} | {got['engine_mb']} MB "
            f"| {seconds['command']} | {got['command_mb']} MB "
            f"| {seconds['numeric']} | {seconds['narrow']} | {seconds['settled']} |"
        )
        print(lines[-1], flush=True)
    write_section("Allocation", "\n".join(lines))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps({**MEASURES, "plan": write_plan}[sys.argv[1]](int(sys.argv[2]))))
    else:
        main()
