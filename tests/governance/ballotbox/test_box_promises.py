"""What the database itself promises of the box: raw SQL, introspection, the closing second, keys that are gone."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import boxes, keyring, services
from governance.ballotbox import keys
from governance.models import BoxOpening, OpenedPaper, StrikeOff
from tests.cast import make_coop

from .voter import electorate, finish

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def coop(standing):
    return make_coop()


def ask(sql: str, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else None


def refused(sql: str, *values) -> str:
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        ask(sql, *values)
    return str(error.value)


def test_schema_by_introspection_the_box_has_no_time_serial_address_or_foreign_key_to_a_person(five):
    ballot, _voters = five
    for table in ("governance_box", f"governance_box_{ballot.pk}"):
        columns = ask(
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            table,
        )
        assert columns == [
            ("ballot_id", "bigint"),
            ("token_hash", "bytea"),
            ("credential", "smallint"),
            ("sealed", "bytea"),
        ]
        assert ask("SELECT count(*) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", table) == [
            (0,)
        ]
        assert ask("SELECT count(*) FROM pg_constraint WHERE confrelid = %s::regclass", table) == [(0,)]
        assert ask("SELECT count(*) FROM pg_attrdef WHERE adrelid = %s::regclass", table) == [(0,)], (
            "no serial, no now()"
        )
        assert ask("SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass", table) == [(0,)]


def test_papers_that_came_out_name_no_person_and_no_time_either():
    columns = {field.column for model in (OpenedPaper,) for field in model._meta.local_fields}
    assert columns == {"id", "coop_id", "ballot_id", "receipt", "marks"}


@pytest.mark.parametrize(
    "attack",
    [
        "SELECT * FROM {box}",
        "SELECT count(*) FROM {box}",
        "INSERT INTO {box} VALUES (1, sha256('a'), 0, 'x')",
        "UPDATE {box} SET sealed = 'x'",
        "DELETE FROM {box}",
        "TRUNCATE {box}",
        "COPY {box} TO STDOUT",
        "ALTER TABLE {box} ADD at timestamptz DEFAULT now()",
        "DROP TABLE {box}",
        "CREATE TABLE another PARTITION OF governance_box FOR VALUES IN (999999)",
    ],
)
def test_the_application_neither_reads_nor_writes_the_box(five, attack):
    ballot, _voters = five
    for box in ("governance_box", f"governance_box_{ballot.pk}"):
        assert any(word in refused(attack.format(box=box)) for word in ("permission denied", "must be owner"))


def test_no_list_of_papers_exists_before_the_close(five):
    ballot, (voter, *_rest) = five
    voter.take()
    voter.cast([[0], [0]])
    assert "after its ballot has closed" in refused("SELECT * FROM governance_box_take(%s)", ballot.pk)
    assert "once its opening is written down" in refused("SELECT governance_box_empty(%s)", ballot.pk)
    assert services.look_up(ballot_id=ballot.pk, prepared=bytes(64)) == ""
    assert services.look_up(ballot_id=ballot.pk, prepared=voter.prepared)


def test_the_box_answers_and_never_raises(five):
    """An error would write the row into the server's log."""
    ballot, (voter, *_rest) = five
    voter.blind()
    voter.signature = bytes(384)
    voter.seal([[0], [0]])
    now, good = clock.now(), hashlib.sha256(b"t").digest()
    for answer, values in {
        "unknown": (999_999, now, good, 0, voter.sealed),
        "early": (ballot.pk, ballot.opens_at - timedelta(seconds=1), good, 0, voter.sealed),
        "closed": (ballot.pk, ballot.closes_at, good, 0, voter.sealed),
        "shape": (ballot.pk, now, b"short", 0, voter.sealed),
        "cast": (ballot.pk, now, good, 0, voter.sealed),
    }.items():
        assert ask("SELECT governance_box_cast(%s, %s, %s, %s::smallint, %s)", *values) == [(answer,)]
    for broken in ((ballot.pk, now, None, 0, voter.sealed), (ballot.pk, now, good, None, voter.sealed)):
        assert ask("SELECT governance_box_cast(%s, %s, %s, %s::smallint, %s)", *broken) == [("shape",)]
    assert ask("SELECT governance_box_cast(%s, %s, %s, 0::smallint, NULL)", ballot.pk, now, good) == [("shape",)]


def test_cast_at_the_closing_second_is_refused_by_the_locked_clock(five):
    ballot, (voter, *_rest) = five
    voter.take()
    with clock.at(ballot.closes_at - timedelta(microseconds=1)):
        voter.cast([[0], [0]])
    with clock.at(ballot.closes_at), pytest.raises(Refused, match="too late"):
        voter.cast([[1], [1]])


def test_an_application_whose_clock_is_slow_is_held_to_the_databases_own(coop):
    ballot, (voter, *_rest) = electorate(coop, 5, lasts=timedelta(seconds=3))
    voter.take()
    voter.cast([[0], [0]])
    time.sleep(3.1)
    with clock.at(ballot.closes_at - timedelta(seconds=1)), pytest.raises(Refused, match="too late"):
        voter.cast([[1], [1]])


def test_a_roll_entry_is_struck_off_once_and_history_stays(coop, five):
    ballot, (voter, *_rest) = five
    voter.take()
    row = StrikeOff.objects.get()
    insert = (
        "INSERT INTO governance_strikeoff (coop_id, ballot_id, entry_id, channel, blinded_hash, struck_at)"
        " VALUES (%s, %s, %s, 'online', repeat('a', 64), %s)"
    )
    assert "struck_off_once" in refused(insert, coop.pk, ballot.pk, row.entry_id, clock.now())
    assert "not open" in refused(insert, coop.pk, ballot.pk, row.entry_id, ballot.closes_at)
    for attack in ("UPDATE governance_strikeoff SET channel = 'paper'", "DELETE FROM governance_strikeoff"):
        assert any(word in refused(attack) for word in ("append-only", "permission denied", "Cannot"))


def test_nothing_is_put_into_an_opened_box_and_no_box_counts_otherwise(coop, five):
    ballot, (voter, *_rest) = five
    voter.take()
    voter.cast([[0], [0]])
    paper = "INSERT INTO governance_openedpaper (coop_id, ballot_id, receipt) VALUES (%s, %s, repeat('a', 64))"
    assert "once its ballot is closed" in refused(paper, coop.pk, ballot.pk)
    with clock.at(ballot.closes_at):
        services.close_due()
    opening = (
        "INSERT INTO governance_boxopening (coop_id, ballot_id, papers, spoiled, struck_off, together, opened_at)"
        " VALUES (%s, %s, %s, 0, %s, false, now())"
    )
    assert "how many papers were in it" in refused(opening, coop.pk, ballot.pk, 7, 1)
    assert "how many papers were in it" in refused(opening, coop.pk, ballot.pk, 0, 0)
    finish(ballot)
    assert refused(paper, coop.pk, ballot.pk)
    assert BoxOpening.objects.count() == 1


def test_keys_of_closed_ballots_are_gone_from_disk_and_were_never_in_the_database(five):
    ballot, (voter, *_rest) = five
    place = keyring.folder() / str(ballot.pk)
    assert place.stat().st_mode & 0o077 == 0
    files = sorted(place.iterdir())
    assert [file.name for file in files] == ["credential-0.pem", "letters.key", "sealing.pem"]
    assert all(file.stat().st_mode & 0o177 == 0 for file in files)
    needles = {keyring.letters(ballot.pk).hex()}
    for file in (files[0], files[2]):
        numbers = keys.load_private(file.read_bytes()).private_numbers()
        needles |= {str(numbers.p), f"{numbers.p:x}", f"{numbers.d:x}"[:64]}
        needles |= {line for line in file.read_text().splitlines() if len(line) == 64}
    voter.take()
    voter.cast([[0], [0]])
    finish(ballot)
    assert not place.exists()
    tables = ask(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'governance_box%%'"
    )
    for (table,) in tables:
        try:
            with transaction.atomic():
                rows = ask(f'SELECT t::text FROM "{table}" t')
        except DatabaseError:
            continue  # the application may not read it; it cannot have written it either
        for (row,) in rows:
            assert not any(needle in row for needle in needles), table


def test_a_crash_between_each_two_steps_and_a_retry_votes_exactly_once(coop, five, monkeypatch):
    """The answer to each step is lost, and the step is taken again."""
    ballot, (voter, *_rest) = five
    lost = services.issue_credential(actor=voter.actor, ballot=ballot, blinded=[voter.blind()])
    assert voter.take().signatures == lost.signatures
    body = voter.seal([[1, 0], [0]])
    for _again in range(3):
        services.cast_secret(ballot_id=ballot.pk, body=body)
    with clock.at(ballot.closes_at):
        services.close_due()
        services.close_due()
        system = Actor.system(coop)
        for broken in ("empty", "take"):
            with monkeypatch.context() as crash:
                crash.setattr(boxes, broken, lambda *_: (_ for _ in ()).throw(ConnectionError("the power went")))
                with pytest.raises(ConnectionError):
                    services.open_box(actor=system, ballot_id=ballot.pk)
            assert not BoxOpening.objects.exists()
            assert not OpenedPaper.objects.exists()
        services.open_box(actor=system, ballot_id=ballot.pk)
        services.open_box(actor=system, ballot_id=ballot.pk)
        keyring.destroy(ballot.pk)  # and then the power went: the line is missing, the next tick writes it
        with monkeypatch.context() as crash:
            crash.setattr("governance.services.counting.publish", lambda *_: (_ for _ in ()).throw(ConnectionError()))
            with pytest.raises(ConnectionError):
                services.count_ballot(actor=system, ballot_id=ballot.pk)
        services.count_ballot(actor=system, ballot_id=ballot.pk)
        services.count_ballot(actor=system, ballot_id=ballot.pk)
    assert OpenedPaper.objects.get().receipt == voter.receipt


def test_a_forgotten_release_leaves_no_keys_for_long(coop, monkeypatch):
    keyring.create(987_654, sealing=keys.generate(1024), credentials=[keys.generate(1024)])
    services.destroy_spent_keys()
    assert keyring.there(987_654), "a release may be under way"
    monkeypatch.setattr("governance.services.opening.ORPHANED_AFTER", -1)
    assert services.destroy_spent_keys() >= 1
    assert not keyring.there(987_654)
