"""Many hands at the box, over real connections: one token is one paper, and shaking loses nothing it acknowledged."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from governance import boxes, services
from governance.ballotbox.message import token_hash
from governance.models import BoxOpening, OpenedPaper, StrikeOff
from tests.database import as_owner
from tests.governance.test_concurrency import at_once

from .voter import electorate, finish

pytestmark = pytest.mark.django_db(transaction=True)
# A minute where time allows (ROCHDALE_SOAK=1), and long enough for dozens of shakings where it does not.
SHAKING = 60.0 if os.environ.get("ROCHDALE_SOAK") else 4.0


def test_500_concurrent_casts_of_one_token_are_one_paper_the_one_acknowledged_last(coop):
    ballot, (voter, *_rest) = electorate(coop, 5)
    voter.take()
    papers = []
    for number in range(500):
        body = voter.seal([[number % 4], [number % 3]])
        papers.append((body, voter.receipt))
    spans = {}

    def cast(number):
        began = time.monotonic()
        acknowledged = services.cast_secret(ballot_id=ballot.pk, body=papers[number][0])
        spans[acknowledged] = (began, time.monotonic(), papers[number][1])
        return acknowledged

    answers = at_once(25, cast, range(500))
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert len(set(answers)) == 500
    kept = services.look_up(ballot_id=ballot.pk, prepared=voter.prepared)
    # The paper that stays is the last one written: no other was only begun after this one had been acknowledged.
    acknowledged_at = spans[kept][1]
    later = [paper for paper, (began, _ended, _receipt) in spans.items() if began > acknowledged_at]
    assert later == []
    finish(ballot)
    assert OpenedPaper.objects.get().receipt == spans[kept][2], "its receipt checks"


def test_one_person_asking_from_many_windows_gets_one_credential(coop):
    ballot, (voter, *_rest) = electorate(coop, 5)
    blinded = voter.blind()

    def take(_number):
        return services.issue_credential(actor=voter.actor, ballot=ballot, blinded=[blinded]).signatures

    answers = at_once(10, take, range(20))
    assert len(set(answers)) == 1
    assert StrikeOff.objects.count() == 1


def _write(mine, over, acknowledged, failures):
    """Cast again and again for these voters, and write down what was acknowledged."""
    try:
        while not over.is_set():
            for voter in mine:
                paper = voter.cast([[len(acknowledged) % 4], [0]])
                acknowledged.setdefault(voter.prepared, []).append((paper, voter.receipt))
    except Exception as failure:  # noqa: BLE001 - the test looks at it
        failures.append(failure)
    finally:
        connection.close()


def _older(ballot, acknowledged, before) -> list[bytes]:
    """The tokens whose paper is gone, or is an older one than was acknowledged ``before`` the shaking."""
    found = {token: boxes.find(ballot.pk, token_hash(token)) for token in before}
    older = {token: {paper for paper, _receipt in acknowledged[token][: last - 1]} for token, last in before.items()}
    return [token for token in before if not found[token] or found[token] in older[token]]


def test_shaking_against_eight_writers_loses_no_acknowledged_paper(coop):
    ballot, voters = electorate(coop, 16, lasts=timedelta(hours=2))
    for voter in voters:
        voter.take()
    over, acknowledged, failures, shaken = threading.Event(), {}, [], 0
    writers = [threading.Thread(target=_write, args=(voters[at::8], over, acknowledged, failures)) for at in range(8)]
    for writer in writers:
        writer.start()
    until = time.monotonic() + SHAKING
    while time.monotonic() < until:
        before = {token: len(papers) for token, papers in list(acknowledged.items())}
        services.shake_open()
        shaken += 1
        assert _older(ballot, acknowledged, before) == []
    over.set()
    for writer in writers:
        writer.join(60)
    print(f"\n{shaken} shakings against 8 writers in {SHAKING:.0f} s; {len(acknowledged)} papers, none lost")
    assert failures == []
    assert shaken >= 5
    finish(ballot)
    assert BoxOpening.objects.get().papers == len(acknowledged) == len(voters) == 16
    assert set(OpenedPaper.objects.values_list("receipt", flat=True)) == {
        papers[-1][1] for papers in acknowledged.values()
    }


def test_a_shaking_waits_for_a_paper_that_is_being_cast_before_it_reads_the_box(coop):
    """Copying first would lose it: the copy is made without it, and TRUNCATE then waits until it is acknowledged."""
    ballot, (voter, *_rest) = electorate(coop, 5)
    voter.take()

    def shake():
        services.shake_open()
        connection.close()

    shaking, until = threading.Thread(target=shake), time.monotonic() + 30
    with transaction.atomic(), connection.cursor() as cursor:
        paper = voter.cast([[1], [0]])
        shaking.start()
        waits = False
        while not waits and time.monotonic() < until:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() <> pid)")
            (waits,) = cursor.fetchone()
        assert waits, "the shaking waits for whoever is casting"
    shaking.join(30)
    assert boxes.find(ballot.pk, token_hash(voter.prepared)) == paper


def closes_in_two_seconds(ballot) -> None:
    """Only the owner can move it there; everybody has a credential by then, however busy the machine is."""
    table = "ALTER TABLE governance_ballot {} TRIGGER USER"
    soon = f"UPDATE governance_ballot SET closes_at = clock_timestamp() + '2 s' WHERE id = {ballot.pk}"
    with as_owner(connection.settings_dict["NAME"]) as cursor:
        cursor.execute(f"BEGIN; {table.format('DISABLE')}; {soon}; {table.format('ENABLE')}; COMMIT")
    ballot.refresh_from_db()


def test_casting_races_the_close_and_every_acknowledged_paper_is_counted(coop):
    ballot, voters = electorate(coop, 8, lasts=timedelta(hours=1))
    for voter in voters:
        voter.take()
    closes_in_two_seconds(ballot)
    acknowledged = {}

    def write(voter):
        while True:
            try:
                voter.cast([[0], [1]])
            except Exception as refused:  # noqa: BLE001 - the close
                return str(refused)
            acknowledged[voter.token] = voter.receipt

    answers = at_once(8, write, voters)
    assert all("too late" in answer for answer in answers)
    services.close_due()
    finish(ballot)
    assert set(OpenedPaper.objects.values_list("receipt", flat=True)) == set(acknowledged.values())
