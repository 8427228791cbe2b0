"""How fast entries are posted, beside django-hordak, django-ledger and bare SQL, all in one run on one server.

With ``BENCH_PEERS`` naming the Python of an environment that holds ``requirements.txt``, the library takes turns with
us, slice by slice, so that whatever else the machine does falls on all of us; the figure is the ratio. Bare SQL is
the same rows into tables with the same keys, indexes and foreign keys, without a trigger.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from datetime import date
from pathlib import Path
from time import perf_counter

from bench.results import write_section

PROJECT = Path(__file__).resolve().parent.parent
ENTRIES = int(os.environ.get("BENCH_ENTRIES", "10000"))
SLICES = 10
POSTERS = 8
DAY = date(2026, 3, 1)


class Ours:
    """Our posting door, one by one and many at once, on books of two accounts that everything hits."""

    def __init__(self):
        from coop.kernel.models import Cooperative
        from coop.kernel.tenancy import Actor
        from ledger.services.accounts import account, create_chart

        self.coop = Cooperative.objects.create(slug="bench", name="Bench", currency="EUR", time_zone="UTC")
        create_chart(coop=self.coop, template="eu-consumer")
        self.actor = Actor.system(self.coop)
        self.bank, self.dues = account(self.coop, "bank"), account(self.coop, "dues")
        self.number = 0
        self.one(1)  # the year is made

    def _next(self):
        from ledger.services.posting import Line

        self.number += 1
        amount = self.number % 500 + 1
        return f"bench-{self.number}", [Line(self.bank, amount), Line(self.dues, -amount)]

    def one(self, n, prefix=""):
        from ledger.services.posting import post_entry

        for _number in range(n):
            key, lines = self._next()
            post_entry(actor=self.actor, on=DAY, kind="bench", memo="dues", lines=lines, key=prefix + key)

    def bulk(self, n):
        from ledger.services.posting_many import Draft, post_entries

        drafts = [Draft(DAY, "bench", "dues", lines, key) for key, lines in (self._next() for _number in range(n))]
        post_entries(actor=self.actor, drafts=drafts)

    def at_once(self, n):
        from django.db import connections

        from ledger.services.posting import Line, post_entry

        def work(who):
            for number in range(n // POSTERS):
                lines = [Line(self.bank, 1), Line(self.dues, -1)]
                post_entry(actor=self.actor, on=DAY, kind="bench", memo="", lines=lines, key=f"{who}-{number}")
            connections.close_all()

        hands = [threading.Thread(target=work, args=(who,)) for who in range(POSTERS)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()


class Bare:
    """The same rows into tables with the same keys and no trigger, by the plainest SQL there is."""

    def __init__(self, ours):
        from django.db import connections

        self.cursor = connections["owner"].cursor()
        self.connection = connections["owner"]
        self.coop, self.accounts, self.number = ours.coop.pk, (ours.bank.pk, ours.dues.pk), 0
        self.cursor.execute("SELECT id FROM ledger_period WHERE coop_id = %s", [self.coop])
        self.period = self.cursor.fetchone()[0]
        for table in ("entry", "posting"):
            self.cursor.execute(f"CREATE TABLE bare_{table} (LIKE ledger_{table} INCLUDING ALL)")
        for key in (
            "bare_entry ADD FOREIGN KEY (period_id) REFERENCES ledger_period",
            "bare_entry ADD FOREIGN KEY (coop_id) REFERENCES kernel_cooperative",
            "bare_posting ADD FOREIGN KEY (coop_id, account_id) REFERENCES ledger_account (coop_id, id)",
            "bare_posting ADD FOREIGN KEY (coop_id, entry_id) REFERENCES bare_entry (coop_id, id)",
        ):
            self.cursor.execute(f"ALTER TABLE {key}")

    def _rows(self, n):
        for _number in range(n):
            self.number += 1
            amount = self.number % 500 + 1
            head = (self.number, self.coop, self.period, DAY, "bench", "dues", f"bench-{self.number}", "0" * 64)
            yield (
                head,
                [(self.number, self.coop, self.accounts[k], s * amount, k + 1, DAY) for k, s in ((0, 1), (1, -1))],
            )

    HEAD = (
        "INSERT INTO bare_entry (id, coop_id, period_id, posted_on, kind, memo, key, request_hash, batch, recorded_at)"
    )
    LINE = "INSERT INTO bare_posting (entry_id, coop_id, account_id, amount, n, posted_on)"

    def one(self, n):
        from django.db import transaction

        for head, lines in self._rows(n):
            with transaction.atomic(using="owner"):
                self.cursor.execute(f"{self.HEAD} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 0, now())", head)
                self.cursor.execute(
                    f"{self.LINE} VALUES (%s, %s, %s, %s, %s, %s), (%s, %s, %s, %s, %s, %s)", sum(lines, ())
                )

    def bulk(self, n):
        from django.db import transaction
        from psycopg2.extras import execute_values

        rows = list(self._rows(n))
        with transaction.atomic(using="owner"):
            raw = self.cursor.cursor
            execute_values(
                raw,
                f"{self.HEAD} VALUES %s",
                [head for head, _lines in rows],
                template="(%s, %s, %s, %s, %s, %s, %s, %s, 0, now())",
                page_size=10_000,
            )
            execute_values(
                raw, f"{self.LINE} VALUES %s", [line for _h, lines in rows for line in lines], page_size=10_000
            )


class Peer:
    """Another library in another process, in a database of its own on the same server."""

    def __init__(self, python, library):
        from django.db import connections

        known = connections["owner"].get_connection_params()
        name = f"bench_{library}"
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        wanted = {key.upper(): known.get(key) for key in ("host", "port", "user", "password")} | {"NAME": name}
        self.process = subprocess.Popen(
            [python, "-m", "bench._ledger_peers", library],
            cwd=PROJECT, env=os.environ | {"BENCH_DATABASE": json.dumps(wanted)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{library} did not start")

    def took(self, what, n):
        self.process.stdin.write(f"{what} {n}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def timed(act, n):
    started = perf_counter()
    act(n)
    return perf_counter() - started


def turns(ours, others, what, n):
    """Seconds of every slice, by name: everybody posts a slice, then everybody the next."""
    found = {"ours": [], **{name: [] for name in others}}
    for _slice in range(SLICES):
        found["ours"].append(timed(getattr(ours, what), n // SLICES))
        for name, other in others.items():
            took = (
                other.took(what, n // SLICES) if isinstance(other, Peer) else timed(getattr(other, what), n // SLICES)
            )
            found[name].append(took)
    return found


def rows_of(what, n, found):
    for name, slices in found.items():
        ratios = [other / own for own, other in zip(found["ours"], slices, strict=True)]
        middle = statistics.median(ratios)
        yield f"| {what} | {name} | {n / sum(slices):,.0f} | {middle:.2f} | {min(ratios):.2f} – {max(ratios):.2f} |"


def run():
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    ours = Ours()
    bare, python, peers = Bare(ours), os.environ.get("BENCH_PEERS"), {}
    if python:
        peers = {library: Peer(python, library) for library in ("hordak", "django_ledger")}
    lines = list(rows_of("one by one", ENTRIES, turns(ours, {"bare SQL": bare, **peers}, "one", ENTRIES)))
    many = {name: peer for name, peer in peers.items() if name != "django_ledger"}  # which knows one by one only
    lines += rows_of("many at once", ENTRIES, turns(ours, {"bare SQL": bare, **many}, "bulk", ENTRIES))
    at_once = timed(ours.at_once, ENTRIES)
    lines.append(f"| {POSTERS} at once on one account | ours | {ENTRIES // POSTERS * POSTERS / at_once:,.0f} | – | – |")
    for peer in peers.values():
        peer.close()
    print("\n".join(lines))


def main():
    """Measure in a database of its own and write the section."""
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"ROCHDALE_DATA": data, "DJANGO_SETTINGS_MODULE": "coop.settings"}
        command = [sys.executable, "-m", "bench.ledger", "run"]
        done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    print("\n".join(table))
    peers = "" if os.environ.get("BENCH_PEERS") else " Not paired with another library: `BENCH_PEERS` names no Python."
    text = (
        f"{ENTRIES:,} two-line entries on two accounts, {SLICES} slices taken in turns on one server. Entries a second"
        " of the clock, and how many times as long the other takes as we do for the same slice (median, and the range"
        " over the slices): above 1 we are faster." + peers
    )
    head = ["| what | by | entries a second | their time by ours | range |", "|---|---|--:|--:|--:|"]
    write_section("Posting", "\n".join([text, "", *head, *table]))


if __name__ == "__main__":
    run() if sys.argv[1:] == ["run"] else main()
