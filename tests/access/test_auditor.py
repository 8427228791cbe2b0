"""The auditor sees everything of the books, and nothing an auditor sends changes a row.

The literal tables say who may come in, and ``test_matrix.py`` holds them against the code. Here they are read as the
auditor's: no act of the books is allowed, and what may not be looked at is named with its reason.
"""

from __future__ import annotations

import re
from dataclasses import replace

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.access.harness import all_cases, ask
from tests.standing import rolled_back

BOOKS = [case for case in all_cases() if case.name.startswith(("ledger:", "ledger-api:"))]
WRITES = re.compile(r"(?!\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK))", re.I)

ELSEWHERE = {  # not to be opened by an auditor, for what it says stands on pages that may be
    "ledger:reminders": "letters to print, of what the arrears say",
    "ledger:reminder": "one of them",
    "ledger:notices-sheets": "letters to print, of what the plan's lines say",
    "ledger:payout-file": "moves money when the bank gets it; the run says every line",
    "ledger:debit-file": "moves money when the bank gets it; the collection says every line",
    "ledger:unclaimed-file": "a list for the state with persons' numbers; the list's page says every line",
}


def test_no_act_of_the_books_is_the_auditors():
    assert [case.id for case in BOOKS if case.method != "get" and "auditor" in case.allowed] == []


def takes_posts(client, url: str) -> bool:
    """What an address answers to, asked by a method it does not know: that is said before anything else is."""
    answer = client.trace(url)
    assert answer.status_code in (403, 405), url
    return "POST" in answer.headers.get("Allow", "")


def test_everything_else_is_open_to_the_auditor(world, client_of):
    """But for forms of acts, a member's own money and what is named above."""
    client = client_of(world.nadia)
    shut = [case for case in BOOKS if case.method == "get" and not case.allowed & {"auditor", "member"}]
    assert {case.name for case in shut if not takes_posts(client, case.url(world))} == ELSEWHERE.keys()


def test_an_auditor_who_tries_every_act_writes_nothing(world, client_of):
    """By its case, or as an empty form: refused, and not one statement that would write was sent to the database."""
    client, tried = client_of(world.nadia), 0
    for case in BOOKS:
        with rolled_back():  # an address, and what is sent there, may be of rows made for it
            url, data = case.url(world), case.data(world)
            made = replace(case, data=lambda world, data=data: data)
            if case.method == "get" and (case.api or not takes_posts(client, url)):
                continue
            with CaptureQueriesContext(connection) as sent:
                answer = client.post(url) if case.method == "get" else ask(client, made, url, world)
            tried += 1
            assert answer.status_code in (403, 404), case.id
            assert [each["sql"] for each in sent if WRITES.match(each["sql"])] == [], case.id
    assert tried > 120
