"""A year's surplus for 10,000, 100,000 and a million members, posted by the real job on the embedded database.

For each size: a year's purchases read from a CSV and recorded, a plan worked out, proposed, carried and approved by the
services; then the treasurer asks for the posting and the clock runs until the job's row says done. Beside it stands the
floor in the same database: COPY of the very same lines into an empty table, then primary key, two indexes and two
foreign keys. Three years are posted and the floor is taken three times; the best of each counts. While the job runs,
another co-op posts entry after entry, the job's row is read for its progress and the worker's memory for its peak.

``BENCH_SIZES="10000 100000"`` takes those sizes only, ``BENCH_YEARS=2025`` posts one year of each. At the end it says
which targets are missed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path
from time import perf_counter, sleep, time

from bench.results import write_section

PROJECT = Path(__file__).resolve().parent.parent
SIZES = tuple(map(int, os.environ.get("BENCH_SIZES", "10000 100000 1000000").split()))
YEARS = tuple(int(year) for year in os.environ.get("BENCH_YEARS", "2023 2024 2025").split())
TIMES_THE_FLOOR, MOST_WAIT, MOST_MEMORY, MOST_STILL, STEEPEST = 5, 1.0, 200, 10, 15
PATIENCE = 1800
OPENING = "kind = 'ledger.open_accounts' AND (args ->> 0)::bigint"
MEMBERS = """
    INSERT INTO members_party (coop_id, kind, name, sort_name, email, phone, place, search, grams, created_at)
    SELECT %(coop)s, 'person', 'Member ' || n, 'Member ' || n, '', '', '', '', '{}', now()
      FROM generate_series(%(first)s, %(last)s) n;
    CREATE TEMP TABLE one AS SELECT * FROM members_membership WHERE coop_id = %(coop)s AND number = 1;
    CREATE TEMP TABLE many AS
    SELECT p.id AS party, substr(p.name, 8)::bigint AS number
      FROM members_party p WHERE p.coop_id = %(coop)s AND p.name LIKE 'Member %%';
    INSERT INTO members_membership ({columns}) SELECT {values} FROM one m, many x;
"""


def purchases(members: int, year: int) -> dict[int, int]:
    """What everybody bought, in cents, the same on every machine; nobody nothing."""
    draw = random.Random(year).randrange
    return {number: 1 + draw(1_000_000) for number in range(1, members + 1)}


def prepare(members: int) -> dict:
    """A co-op of that size with approved plans for every year."""
    from ledger.models import PatronageImport
    from ledger.services import patronage, surplus
    from tests.cast import make_officer
    from tests.governance.factories import carried_resolution
    from tests.ledger.surplus_factories import csv_of, make_plan

    lena = new_coop(members)
    coop = lena.coop
    jonas = make_officer(coop, "jonas", "board")
    made = {"coop": coop.slug, "plans": []}
    resolutions = [carried_resolution(coop, f"The surplus of {year}") for year in YEARS]
    add_members(coop, members)
    for year, resolution in zip(YEARS, resolutions, strict=True):
        bought = purchases(members, year)
        data = csv_of({number: f"{cents // 100}.{cents % 100:02d}" for number, cents in bought.items()})
        checked = patronage.check_file(
            actor=lena, year=year, pool="purchases", unit="money", file_name=f"till-{year}.csv", data=data
        )
        assert checked.problem_count == 0, checked.problems
        patronage.record_import(actor=lena, patronage_import=checked)
        assert PatronageImport.objects.get(pk=checked.pk).rows == members
        plan = surplus.propose(actor=lena, plan=make_plan(lena, year=year))
        plan = surplus.link_resolution(actor=lena, plan=plan, resolution=resolution)
        made["plans"].append(surplus.approve(actor=jonas, plan=plan, seen=plan.hash).pk)
    return made


def new_coop(members: int):
    """A co-op that is to have so many members, with one of them; its treasurer."""
    from datetime import date

    from coop.kernel.models import Cooperative
    from tests.cast import make_officer
    from tests.members.factories import make_member

    coop = Cooperative.objects.create(slug=f"size-{members}", name="Size", currency="EUR", time_zone="Europe/Berlin")
    make_member(coop, name="Buyer One", on=date(2020, 5, 1))
    return make_officer(coop, "lena", "treasurer")


def add_members(coop, members: int) -> None:
    """Put the others in by SQL, without their histories."""
    from django.db import connections

    from members.models import Membership

    with connections["owner"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT max(number) FROM members_membership WHERE coop_id = %s", [coop.pk])
        last = cursor.fetchone()[0]
        columns = [field.column for field in Membership._meta.concrete_fields if not field.primary_key]
        fresh = {"stream": "gen_random_uuid()", "number": "x.number", "party_id": "x.party"}
        values = ", ".join(fresh.get(column, f"m.{column}") for column in columns)
        sql = MEMBERS.replace("{columns}", ", ".join(columns)).replace("{values}", values)
        cursor.execute(sql, {"coop": coop.pk, "first": last + 1, "last": members})
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE members_membership")


def ask(coop: str, plan: str) -> int:
    """The treasurer asks for the posting, as the button does. The number of the job."""
    from tests.faults.story import post

    return post(coop, int(plan))


def neighbour() -> dict:
    """Post small entries in another co-op until standard input closes: when each began, and the seconds it took."""
    from coop.kernel.models import Cooperative
    from coop.kernel.tenancy import Actor
    from ledger.services.accounts import account, create_chart
    from ledger.services.posting import Line, post_entry
    from tests.ledger.factories import make_entry

    coop, _new = Cooperative.objects.get_or_create(
        slug="neighbour", defaults={"name": "Neighbour", "currency": "EUR", "time_zone": "Europe/Berlin"}
    )
    create_chart(coop=coop)
    first = make_entry(coop, "bank", "opening", 100, key=f"first-{os.getpid()}")
    lines = [Line(account(coop, "bank"), 5), Line(account(coop, "opening"), -5)]
    over, took = threading.Event(), []
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    print("ready", flush=True)
    while not over.wait(0.02):
        started = perf_counter()
        post_entry(
            actor=Actor.system(coop),
            on=first.posted_on,
            kind="manual",
            memo="small",
            lines=lines,
            key=f"small-{os.getpid()}-{len(took)}",
        )
        took.append((time() - perf_counter() + started, perf_counter() - started))
    return {"posts": took}


def floor(folder: str, plan: int) -> float:
    """COPY of a posted plan's lines into an empty table, primary key, two indexes, two foreign keys: best of three."""
    from tests.faults.processes import ask as query

    (batch,) = query(folder, f"SELECT e.batch FROM ledger_surplusplan p JOIN ledger_entry e ON e.id = p.entry_id"
                             f" WHERE p.id = {plan:d}")[0]  # fmt: skip
    columns = "batch, entry_id, n, coop_id, account_id, amount, posted_on, memo"
    best = []
    with closing(_owner(folder)) as line, line.cursor() as cursor, tempfile.TemporaryFile() as rows:
        cursor.copy_expert(f"COPY (SELECT {columns} FROM ledger_posting WHERE batch = {batch:d}) TO STDOUT", rows)
        for _round in range(3):
            rows.seek(0)
            cursor.execute(f"CREATE TABLE bare AS SELECT {columns} FROM ledger_posting LIMIT 0")
            line.commit()
            started = perf_counter()
            cursor.copy_expert("COPY bare FROM STDIN", rows)
            for statement in (
                "ALTER TABLE bare ADD PRIMARY KEY (batch, entry_id, n)",
                "CREATE INDEX ON bare (account_id, posted_on) INCLUDE (amount)",
                "CREATE INDEX ON bare (coop_id, posted_on)",
                "ALTER TABLE bare ADD FOREIGN KEY (coop_id, account_id) REFERENCES ledger_account (coop_id, id)",
                "ALTER TABLE bare ADD FOREIGN KEY (entry_id) REFERENCES ledger_entry (id)",
            ):
                cursor.execute(statement)
            line.commit()
            best.append(perf_counter() - started)
            cursor.execute("DROP TABLE bare")
            line.commit()
    return min(best)


def _owner(folder: str):
    import psycopg2

    from coop import embedded

    before, os.environ["ROCHDALE_DATA"] = os.environ.get("ROCHDALE_DATA"), str(folder)
    try:
        return psycopg2.connect(**embedded.connection_params(embedded.OWNER_ROLE))
    finally:
        os.environ.pop("ROCHDALE_DATA") if before is None else os.environ.update(ROCHDALE_DATA=before)


def peaks(up) -> dict[int, int]:
    """The most memory each process of the worker has held, in kilobytes."""
    found = {}
    for (pid, _started), command in up.tree().items():
        if "celery" in command and "worker" in command:
            status = Path(f"/proc/{pid}/status")
            if status.exists():
                found[pid] = int(status.read_text().split("VmHWM:")[1].split()[0])
    return found


def run(folder, up, made: dict, plan: int) -> dict:
    """One posting: how long, how often its progress moved and its longest standstill, the neighbour, the memory."""
    from tests.faults.processes import ask as query

    opened = f"SELECT extract(epoch FROM finished_at - created_at)::float FROM kernel_job WHERE {OPENING} = {plan:d}"
    until = perf_counter() + PATIENCE
    while not (found := query(folder, f"{opened} AND state = 'done'")):
        assert perf_counter() < until
        sleep(0.5)
    beside = _child(folder, "neighbour", wait=False)
    beside.stdout.readline()
    before, memory, seen = max(peaks(up).values()), 0, []
    started = perf_counter()
    job = int(_child(folder, "ask", made["coop"], str(plan)))
    while True:
        state, done, error = query(folder, f"SELECT state, done, error FROM kernel_job WHERE id = {job:d}")[0]
        if not seen or seen[-1][1] != done:
            seen.append((perf_counter() - started, done))
        memory = max(memory, *peaks(up).values())
        if state in ("done", "failed"):
            break
        assert perf_counter() - started < PATIENCE
        sleep(0.05)
    assert state == "done", error
    ran = "SELECT extract(epoch FROM finished_at - created_at)::float, extract(epoch FROM finished_at)::float"
    ((seconds, over),) = query(folder, f"{ran} FROM kernel_job WHERE id = {job:d}")
    posts = json.loads(beside.communicate(b"")[0].splitlines()[-1])["posts"]
    # A moment before the sealing transaction says when it began, until the job was over.
    sealing = query(
        folder,
        "SELECT extract(epoch FROM b.sealed_at)::float FROM ledger_surplusplan p"
        f" JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_bulkbatch b ON b.id = e.batch WHERE p.id = {plan:d}",
    )
    from_then = sealing[0][0] if sealing else over
    meeting = [length for began, length in posts if began <= over and began + length >= from_then]
    steps = [moment for moment, _done in seen] + [perf_counter() - started]
    return {
        "opening": found[0][0],
        "seconds": seconds,
        "moves": len(seen),
        "still": max(b - a for a, b in zip(steps, steps[1:], strict=False)),
        "before": before // 1024,
        "memory": memory // 1024,
        "entries": len(posts),
        "longest": max(length for _began, length in posts),
        "at_the_seal": max(meeting, default=0.0),
    }


def _child(folder, *words: str, wait: bool = True):
    from tests.faults.processes import environment

    command = [sys.executable, "-m", "bench.distribution", *words]
    child = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment(folder) | {"DJANGO_SETTINGS_MODULE": "coop.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if not wait:
        return child
    out, _none = child.communicate()
    assert child.returncode == 0, f"{words} failed"
    return out.decode().splitlines()[-1]


def started(folder):
    """An operator's servers over a cluster made so that members can be put in without their histories."""
    from tests.faults import processes

    first = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(first, cwd=PROJECT, env=processes.environment(folder), check=True, timeout=300)
    processes.wait_for(lambda: not processes.users_of(folder), 60)
    return processes.Up(folder, ROCHDALE_EMBEDDED_FAST="", SWEEP_SECONDS="5", TICK_SECONDS="60")


def measure(members: int) -> dict:
    """Everything for one size, in a data folder of its own."""
    from tests.faults import processes

    folder = processes.new_folder()
    up = started(folder)
    try:
        up.wait_up(180)
        processes.wait_for(up.ready)
        assert processes.ask(folder, "SHOW fsync") == [("on",)]
        made = json.loads(_child(folder, "prepare", str(members)))
        runs = [run(folder, up, made, plan) for plan in made["plans"]]
        best = min(runs, key=lambda one: one["seconds"])
        return {
            **best,
            "opening": min(one["opening"] for one in runs),
            "longest": max(one["longest"] for one in runs),
            "at_the_seal": max(one["at_the_seal"] for one in runs),
            "still": max(one["still"] for one in runs),
            "memory": max(one["memory"] for one in runs),
            "floor": floor(folder, made["plans"][-1]) if members > 2_000 else None,
        }
    finally:
        up.end()
        shutil.rmtree(folder, ignore_errors=True)


def targets(found: dict[int, dict]) -> list[tuple[str, bool]]:
    """What was asked for (issue 7, acceptance 3), as sentences, and whether it is met."""
    said = []
    for members, got in found.items():
        times = got["seconds"] / got["floor"]
        if members >= 100_000:  # below, a second of starting outweighs the rest
            said.append(
                (f"{members:,}: {times:.1f} times the floor, {TIMES_THE_FLOOR} allowed", times <= TIMES_THE_FLOOR)
            )
        for name, value, most, unit in (
            ("another co-op's post waits at the seal", got["at_the_seal"], MOST_WAIT, "s"),
            ("another co-op's post waits at any moment", got["longest"], MOST_WAIT, "s"),
            ("the worker's memory", got["memory"], MOST_MEMORY, "MB"),
            ("the longest standstill of the progress", got["still"], MOST_STILL, "s"),
        ):
            said.append((f"{members:,}: {name}: {value:.3g} {unit}, {most:g} allowed", value <= most))
    for less, more in zip(sorted(found), sorted(found)[1:], strict=False):
        if less >= 100_000:
            grown, by = found[more]["seconds"] / found[less]["seconds"], more / less
            said.append((f"{more:,} take {grown:.1f} times as long as {less:,}", grown <= by * STEEPEST / 10))
    return said


def main(sizes=SIZES) -> None:
    """Measure, print and write the section; say which targets are met."""
    rows, found = [], {}
    for members in sizes:
        got = found[members] = measure(members)
        rows.append(
            f"| {members:,} | {got['seconds']:.1f} | {got['opening']:.1f} | {got['floor']:.1f} | "
            f"{got['seconds'] / got['floor']:.1f} | {got['before']} → {got['memory']} MB | "
            f"{got['at_the_seal'] * 1000:.0f} / {got['longest'] * 1000:.0f} ms | "
            f"{got['moves']} / {got['still']:.1f} s |"
        )
        print(rows[-1], json.dumps(got), file=sys.stderr, flush=True)
    text = [
        f"Seconds from the button to the end of the job, best of {len(YEARS)} years posted in turn. Every member's "
        "accounts were opened by a job of its own when the plan was approved: the second column, again the best "
        "year. Floor: COPY of the same lines into an empty table, primary key, two indexes, two foreign keys, best of "
        "three in the same database. Memory: the largest process of the worker before and during the job. Neighbour: "
        "the slowest of the entries another co-op posted at the seal, and at any moment of the job. Progress: how "
        "often the job's row moved, and its longest standstill.",
        "",
        "| members | job | accounts | floor | job ÷ floor | memory | neighbour | progress |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
        *rows,
        "",
        *(f"- {'met' if met else '**missed**'}: {sentence}" for sentence, met in targets(found)),
    ]
    write_section("Distribution", "\n".join(text))
    print("targets missed:", "; ".join(each for each, met in targets(found) if not met) or "none", flush=True)


CHILDREN = {"prepare": lambda members: prepare(int(members)), "ask": ask, "neighbour": neighbour}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in CHILDREN:
        import django

        django.setup()
        print(json.dumps(CHILDREN[sys.argv[1]](*sys.argv[2:])))
    else:
        main(tuple(int(each) for each in sys.argv[1:]) or SIZES)
