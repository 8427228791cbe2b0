"""The register at a hundred thousand members: taken in from a file, then read and frozen, beside bare SQL.

``python -m bench register`` makes a database of its own in a temporary folder, and removes it.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import date, timedelta

from bench.results import write_section

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "100000"))
FIRST = "Amara Jonas Mei Lena Samir Nadia Yusuf Elsa Dele Gita Hanna Ivo Marta Tomasz Ines Kofi Lars Chiara".split()
LAST = "Okafor Weber Lindqvist Hoffmann Haddad Petrova Bakr Nystroem Fashola Mohan Krol Santini Oliveira".split()
TOWNS = "Kiel Lübeck Hamburg Bremen Rostock Schwerin Flensburg Husum Plön Eutin".split()


def a_list(members: int) -> bytes:
    """A file of that many members who came over ten years; every eighth has left."""
    rng, start = random.Random(7), date(2016, 1, 4)
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(["number", "given_names", "family_name", "email", "street", "postcode", "place", "admitted_on", "left_on"])
    for at in range(1, members + 1):
        came = start + timedelta(days=at * 3500 // members)
        left = came + timedelta(days=rng.randrange(30, 300)) if at % 8 == 0 else ""
        name, family = rng.choice(FIRST), f"{rng.choice(LAST)}{at % 997}"
        street = f"Quay {at % 400}"
        write([at, name, family, f"m{at}@example.net", street, 24000 + at % 100, rng.choice(TOWNS), came, left])
    return out.getvalue().encode()


@contextmanager
def timed(into: dict, name: str):
    """Seconds of the clock of a block."""
    begin = time.perf_counter()
    yield
    into[name] = round(time.perf_counter() - begin, 3)


def measure() -> dict:
    """In a fresh database: take in, read, freeze; each beside the bare SQL for the same rows."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from coop import embedded
    from coop.kernel import clock

    embedded.ensure(own=True)
    call_command("migrate", verbosity=0, skip_checks=True)
    from governance.services import freeze_roll
    from members import selectors, services
    from members.models import Membership
    from members.services.importing import check_lines
    from tests.cast import make_coop, make_officer
    from tests.members.factories import make_class

    coop = make_coop()
    make_class(coop)
    mei = make_officer(coop, "mei", "secretary", "returning_officer")
    found: dict = {"members": MEMBERS}
    services.importing.IN_A_REQUEST = services.admitting_imports.IN_A_REQUEST = 10**9
    data = a_list(MEMBERS)
    usual = {"member_class": "consumer", "admitted_on": "2016-01-01", "active": True}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with timed(found, "read and check"):
        batch = services.read_file(actor=mei, file_name="big.csv", data=data)
        batch = services.name_columns(actor=mei, batch=batch, mapping=batch.mapping, options=usual)
        if batch.state == "read":
            check_lines(batch, lambda done, total: None)
            batch.refresh_from_db()
    with timed(found, "write"):
        services.commit_import(actor=mei, batch=batch, members=batch.members)
    found["memory of the import, MB"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM members_membershipevent")
        found["events"] = cursor.fetchone()[0]
    found["taken in"] = Membership.objects.count()

    client = Client(SERVER_NAME="localhost")
    client.force_login(mei.user, backend="django.contrib.auth.backends.ModelBackend")
    home = f"/{coop.slug}/register/members/"
    client.get(home)
    for name, url in (
        ("members list", home),
        ("search, two words", f"{home}?q=amara+bakr"),
        ("search, a slip", f"{home}?q=Okafr12"),
        ("search, a number", f"{home}?q=4711"),
        ("timeline", f"{home}{MEMBERS // 2}/"),
        ("register as at, page", f"{home}?as_at=2021-12-31&known={clock.today(coop)}"),
    ):
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            timed(found, name),
        ):
            answer = client.get(url)
        found[f"{name}, queries"] = len(queries)
        if answer.status_code != 200:
            raise SystemExit(f"{url} answered {answer.status_code}")
    day = date(2021, 12, 31)
    with timed(found, "register as at, rows"):
        found["register rows"] = len(selectors.register(coop, day, clock.now()))
    from members.selectors.register import _REGISTER, standing_parameters

    with timed(found, "register as at, bare SQL"), connection.cursor() as cursor:
        cursor.execute(_REGISTER, {**standing_parameters(coop, day, clock.now()), "former": False})
        cursor.fetchall()
    with timed(found, "roll freeze"):
        roll = freeze_roll(actor=mei, record_date=clock.today(coop), title="All")
    found["roll rows"] = roll.size
    with connection.cursor() as cursor:
        with timed(found, "roll, bare INSERT … SELECT"):
            cursor.execute("BEGIN")
            cursor.execute(
                "INSERT INTO governance_roll SELECT (jsonb_populate_record(r, jsonb_build_object("
                "'id', 999, 'frozen_at', NULL, 'meeting_id', NULL, 'hash', ''))).* FROM governance_roll r"
            )
            cursor.execute(
                "INSERT INTO governance_rollentry (coop_id, roll_id, membership_id, number, name, class_name, eligible,"
                " reasons, salt, digest) SELECT coop_id, 999, membership_id, number, name, class_name, eligible,"
                " reasons, salt, digest FROM governance_rollentry"
            )
        with timed(found, "its foreign keys, checked at the commit"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ROLLBACK")
    found["memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    embedded.stop()
    return found


def main() -> None:
    """Measure in a fresh process and folder, and write the section."""
    with tempfile.TemporaryDirectory(prefix="bench-register-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - the database's own user has to reach it
        env = os.environ | {"ROCHDALE_DATA": folder, "DJANGO_SETTINGS_MODULE": "coop.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "bench.register"], env=env, check=True, stdout=subprocess.PIPE, text=True
        )
    found = json.loads(done.stdout.splitlines()[-1])
    write_section(f"Register, {found['members']:,} members", words(found))


def words(found: dict) -> str:
    """The table of the section."""
    rate = round(found["members"] / (found["read and check"] + found["write"]))
    ratio = found["roll freeze"] / found["roll, bare INSERT … SELECT"]
    whole = found["roll freeze"] / (
        found["roll, bare INSERT … SELECT"] + found["its foreign keys, checked at the commit"]
    )
    lines = [
        "Seconds of the clock, once each, on a machine whose two cores were shared by several others; "
        f"{found['events']:,} events. The import brought {found['taken in']:,} members in, {rate:,} lines a second, "
        f"with {found['memory of the import, MB']} MB more of memory. The roll, committed, took {ratio:.2f} times the "
        f"bare SQL alone, and {whole:.2f} times the bare SQL with the foreign keys that a commit checks.",
        "",
        "| what | seconds | queries |",
        "|---|--:|--:|",
    ]
    for name, value in found.items():
        if isinstance(value, float):
            lines.append(f"| {name} | {value:.2f} | {found.get(f'{name}, queries', '')} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(json.dumps(measure()))
