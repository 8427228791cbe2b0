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

FREEZE = 5  # times the bare INSERT … SELECT, at most
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
    """Seconds of the clock of a block; the least, if it runs more than once."""
    begin = time.perf_counter()
    yield
    into[name] = min(into.get(name, 1e9), round(time.perf_counter() - begin, 4))


def measure() -> dict:
    """In a fresh database: take in, read, freeze; each beside the bare SQL for the same rows."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    from coop import embedded

    embedded.ensure(own=True)
    call_command("migrate", verbosity=0, skip_checks=True)
    from members import services
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

    with connections["owner"].cursor() as cursor:  # as autovacuum does within a minute
        cursor.execute("ANALYZE")
    read(found, coop, mei)
    freeze(found, coop, mei)
    found["memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    embedded.stop()
    return found


ROWS = """
    SELECT m.*, p.*, k.name FROM members_membership m
      JOIN members_party p ON p.id = m.party_id JOIN members_membershipclass k ON k.id = m.member_class_id
     WHERE m.coop_id = %(coop)s AND m.admitted_on <= %(today)s AND (m.ends_on IS NULL OR m.ends_on >= %(today)s)
"""
SHARED = "cardinality(ARRAY(SELECT unnest(p.grams) INTERSECT SELECT unnest(%(grams)s::varchar[])))"
BARE = {
    "members list": ROWS + "ORDER BY m.number LIMIT 50",
    "search, two words": ROWS + "AND p.search LIKE '%%amara%%' AND p.search LIKE '%%bakr%%' ORDER BY m.number LIMIT 50",
    "search, a slip": ROWS + f"AND {SHARED} >= 4 ORDER BY {SHARED} DESC, m.number LIMIT 50",
    "search, a number": ROWS + "AND (m.number = 4711 OR p.search LIKE '%%4711%%') ORDER BY m.number LIMIT 50",
    "timeline": "SELECT e.* FROM members_membershipevent e JOIN members_membership m ON m.stream = e.stream"
    " WHERE m.coop_id = %(coop)s AND m.number = %(number)s ORDER BY e.seq",
}


def read(found: dict, coop, mei) -> None:
    """Each page beside the bare SQL of its rows, the best of three."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from coop.kernel import clock
    from members import selectors
    from members.folding import fold, grams
    from members.selectors.register import ONE_STATEMENT, standing_parameters

    today, day = clock.today(coop), date(2021, 12, 31)
    client = Client(SERVER_NAME="localhost")
    client.force_login(mei.user, backend="django.contrib.auth.backends.ModelBackend")
    home = f"/{coop.slug}/register/members/"
    client.get(home)
    whole = {**standing_parameters(coop, day, clock.now()), "former": False}
    asked = {"coop": coop.pk, "today": today, "number": MEMBERS // 2, "grams": grams(fold("Okafr12"))}
    for name, url in (
        ("members list", home),
        ("search, two words", f"{home}?q=amara+bakr"),
        ("search, a slip", f"{home}?q=Okafr12"),
        ("search, a number", f"{home}?q=4711"),
        ("timeline", f"{home}{MEMBERS // 2}/"),
        ("register as at, a page", f"{home}?as_at=2021-12-31&known={today}"),
    ):
        for _again in range(3):
            with CaptureQueriesContext(connection) as queries, timed(found, name):
                answer = client.get(url)
            if answer.status_code != 200:
                raise SystemExit(f"{url} answered {answer.status_code}")
            with timed(found, f"{name}, bare"), connection.cursor() as cursor:
                cursor.execute(BARE.get(name, ONE_STATEMENT + " LIMIT 50"), whole if name not in BARE else asked)
                cursor.fetchall()
        found[f"{name}, queries"] = len(queries)
    for _again in range(3):
        with timed(found, "register as at, all rows"):
            found["register rows"] = len(selectors.register(coop, day, clock.now()))
        with timed(found, "register as at, all rows, bare"), connection.cursor() as cursor:
            cursor.execute(ONE_STATEMENT, whole)
            cursor.fetchall()


def freeze(found: dict, coop, mei) -> None:
    """A roll frozen and committed beside the bare INSERT … SELECT of its rows, twice each in turns, the better one."""
    from django.db import connection

    from coop.kernel import clock
    from governance.services import freeze_roll

    for again in range(2):
        with timed(found, "roll freeze, committed"):
            roll = freeze_roll(actor=mei, record_date=clock.today(coop), title="All")
        found["roll rows"] = roll.size
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            with timed(found, "roll freeze, committed, bare"):
                cursor.execute(
                    "INSERT INTO governance_roll SELECT (jsonb_populate_record(r, jsonb_build_object("
                    "'id', %s, 'frozen_at', NULL, 'meeting_id', NULL, 'hash', ''))).* FROM governance_roll r"
                    " WHERE r.id = %s",
                    [999 + again, roll.pk],
                )
                cursor.execute(
                    "INSERT INTO governance_rollentry (coop_id, roll_id, membership_id, number, name, class_name,"
                    " eligible, reasons, salt, digest) SELECT coop_id, %s, membership_id, number, name, class_name,"
                    " eligible, reasons, salt, digest FROM governance_rollentry WHERE roll_id = %s",
                    [999 + again, roll.pk],
                )
            with timed(found, "foreign keys, which a commit checks"):
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ROLLBACK")


def main() -> None:
    """Measure in a fresh process and folder, write the section, and say which target was missed."""
    with tempfile.TemporaryDirectory(prefix="bench-register-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - the database's own user has to reach it
        env = os.environ | {"ROCHDALE_DATA": folder, "DJANGO_SETTINGS_MODULE": "coop.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "bench.register"], env=env, check=True, stdout=subprocess.PIPE, text=True
        )
    found = json.loads(done.stdout.splitlines()[-1])
    section = words(found)
    write_section(f"Register, {found['members']:,} members", section)
    print(section)


def words(found: dict) -> str:
    """The table of the section, and the target met or missed."""
    rate = round(found["members"] / (found["read and check"] + found["write"]))
    frozen, bare = found["roll freeze, committed"], found["roll freeze, committed, bare"]
    whole = frozen / (bare + found["foreign keys, which a commit checks"])
    missed = "none" if frozen <= FREEZE * bare else f"the roll, {frozen / bare:.2f} times its bare SQL"
    lines = [
        f"Seconds of the clock, the best of three (roll: of two; import: once); {found['events']:,} events. Bare: one "
        "SQL statement for the same rows, nothing around it. Statistics as autovacuum leaves them. The import brought "
        f"{found['taken in']:,} members in, {rate:,} lines a second, with {found['memory of the import, MB']} MB more "
        f"of memory. The roll of {found['roll rows']:,}, committed, took {frozen / bare:.2f} times the bare INSERT … "
        f"SELECT (at most {FREEZE} asked), and {whole:.2f} times one whose foreign keys are checked as a commit does.",
        "",
        "| what | seconds | queries | bare SQL |",
        "|---|--:|--:|--:|",
    ]
    for name, value in found.items():
        if isinstance(value, float) and not name.endswith(", bare"):
            beside = f"{found[f'{name}, bare']:.3f}" if f"{name}, bare" in found else ""
            lines.append(f"| {name} | {value:.3f} | {found.get(f'{name}, queries', '')} | {beside} |")
    return "\n".join([*lines, "", f"Targets missed: {missed}."])


if __name__ == "__main__":
    print(json.dumps(measure()))
