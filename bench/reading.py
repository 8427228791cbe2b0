"""How long the books take to read: a trial balance over very many postings, with and without a checkpoint, and a
member's statement of twenty years.

``BENCH_POSTINGS`` lines (5,000,000) on a hundred members' accounts over twenty years, loaded by the bulk door a year;
one member's own thousand and more are everyday entries among them. Nothing is cached between two readings but what the
database itself keeps in memory; each figure is the best and the middle of seven.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter

from bench.results import write_section

PROJECT = Path(__file__).resolve().parent.parent
POSTINGS = int(os.environ.get("BENCH_POSTINGS", "5000000"))
YEARS = 20
MEMBERS = 100
A_WEEK = 52
TIMES = 7

# A year's refunds, made in the database: the members in turns, and the bank for all of them.
REFUNDS = """
    WITH refund AS (
        SELECT (%(ids)s::bigint[])[n %% %(members)s + 1] AS account, (n %% 500 + 1)::bigint AS amount
          FROM generate_series(0, %(last)s) n
    )
    SELECT account, -amount FROM refund UNION ALL SELECT %(bank)s, sum(amount)::bigint FROM refund
"""


def load():
    """The co-op with its books of twenty years; the last year is still open, none is closed yet."""
    from coop.kernel import clock
    from coop.kernel.models import Cooperative
    from coop.kernel.tenancy import Actor
    from ledger.models import Account
    from ledger.services.accounts import account, create_chart, member_accounts
    from ledger.services.posting import Line, Query, post_in_bulk
    from ledger.services.posting_many import Draft, post_entries
    from tests.members.factories import make_class, make_member

    coop = Cooperative.objects.create(slug="reading", name="Reading", currency="EUR", time_zone="UTC")
    create_chart(coop=coop, template="eu-consumer")
    actor = Actor.system(coop)
    first = clock.today(coop).year - YEARS
    make_class(coop)
    owners = [make_member(coop, name=f"Member {n}", active=False) for n in range(1, MEMBERS + 1)]
    member_accounts(coop, "retained_equity", [each.pk for each in owners])
    found = list(Account.objects.filter(coop=coop, purpose="retained_equity").exclude(membership=None).order_by("pk"))
    bank = account(coop, "bank")
    each_year = POSTINGS // YEARS
    ids = [each.pk for each in found]
    for year in range(first, first + YEARS):
        rows = Query(REFUNDS, {"ids": ids, "members": MEMBERS, "last": each_year - 2, "bank": bank.pk})
        post_in_bulk(actor=actor, on=date(year, 6, 30), kind="bench", memo="refunds", key=f"bulk-{year}", rows=rows)
        lines = [Line(bank, 5), Line(found[0], -5)]
        drafts = [
            Draft(date(year, 1 + week // 5, 1 + week % 28), "bench", "a purchase", lines, f"{year}-{week}")
            for week in range(A_WEEK)
        ]
        post_entries(actor=actor, drafts=drafts)
    return coop, actor, owners[0], found[0]


def timed(act):
    """Best and middle of some readings, in milliseconds."""
    took = []
    for _time in range(TIMES):
        started = perf_counter()
        act()
        took.append((perf_counter() - started) * 1000)
    return min(took), statistics.median(took)


def run():
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    started = perf_counter()
    coop, actor, owner, account = load()
    print(f"loaded in {perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    from django.core.paginator import Paginator

    from ledger.models import Period, Posting
    from ledger.selectors.balances import account_balances
    from ledger.selectors.journal import account_statement, member_lines
    from ledger.services.closing import close_period

    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    count = Posting.objects.filter(coop=coop).count()

    def bare():
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT account_id, sum(amount) FROM ledger_posting WHERE coop_id = %s GROUP BY 1", [coop.pk]
            )
            cursor.fetchall()

    def say(what, best, middle):
        print(f"| {what} | {best:,.1f} | {middle:,.1f} |", flush=True)

    say(f"trial balance over {count:,} postings, nothing closed", *timed(lambda: account_balances(coop)))
    say("the same sum in bare SQL", *timed(bare))
    lines = Posting.objects.filter(account=account).count()
    say(
        f"member's statement, {lines:,} lines of {YEARS} years, every line",
        *timed(lambda: list(member_lines(owner).order_by("posted_on", "entry_id", "n"))),
    )
    say("the member's page, newest 25", *timed(lambda: list(Paginator(member_lines(owner), 25).get_page(1))))
    say("the account's page, 50 lines with their balance", *timed(lambda: account_statement(account, page=3)))
    for period in Period.objects.filter(coop=coop).order_by("starts"):
        if period.ends < date.today():  # noqa: DTZ011 - a bench asks the machine
            close_period(actor=actor, period=period)
    say(f"trial balance over {count:,} postings, from the checkpoint", *timed(lambda: account_balances(coop)))


def main():
    """Measure in a database of its own and write the section."""
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"ROCHDALE_DATA": data, "DJANGO_SETTINGS_MODULE": "coop.settings"}
        command = [sys.executable, "-m", "bench.reading", "run"]
        done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    print("\n".join(table))
    text = (
        f"{POSTINGS:,} postings on a hundred members' accounts over {YEARS} years, one of the members with"
        f" {A_WEEK} everyday entries a year besides. Milliseconds, best and middle of {TIMES}."
    )
    write_section("Reading the books", "\n".join([text, "", "| what | best | middle |", "|---|--:|--:|", *table]))


if __name__ == "__main__":
    run() if sys.argv[1:] == ["run"] else main()
