"""The audit chain: whole under concurrency, closed to change, open to erasure of what it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from coop.kernel import audit
from coop.kernel.models import AuditEvent, AuditPayload


@pytest.fixture
def three_events(system):
    with transaction.atomic():
        for number in range(3):
            audit.record(actor=system, kind="test.event", subject=f"thing:{number}", note=f"Zoë №{number}")


def test_a_chain_of_events_verifies(coop, three_events):
    assert list(audit.verify(coop)) == []
    assert [event.seq for event in AuditEvent.objects.filter(coop=coop).order_by("seq")] == [1, 2, 3]


def test_several_events_of_one_act_cost_two_queries(coop, system, three_events, django_assert_num_queries):
    with django_assert_num_queries(2):
        made = audit.record_all(system, audit.Said("test.one", "thing:9", {"note": "Zoë"}), audit.Said("test.other"))
    stored = list(AuditEvent.objects.filter(coop=coop, seq__gt=3).order_by("seq"))
    assert stored == made
    assert [each.hash for each in stored] == [each.hash for each in made]
    assert [each.payload.body for each in stored] == [{"note": "Zoë"}, {}]
    assert list(audit.verify(coop)) == []


def test_record_refuses_to_stand_outside_a_transaction(transactional_db, coop, system):
    with pytest.raises(RuntimeError):
        audit.record(actor=system, kind="test.event")


def test_fifty_concurrent_appends_leave_one_unbroken_chain(transactional_db, coop, system):
    def append(number: int) -> None:
        try:
            with transaction.atomic():
                audit.record(actor=system, kind="test.event", subject=f"thing:{number}", number=number)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=25) as pool:
        list(pool.map(append, range(50)))
    assert AuditEvent.objects.filter(coop=coop).count() == 50
    assert list(audit.verify(coop)) == []


def test_two_coops_have_two_chains(coop, other_coop, system, olga):
    with transaction.atomic():
        audit.record(actor=system, kind="test.event")
        audit.record(actor=olga, kind="test.event")
    assert AuditEvent.objects.get(coop=coop).seq == AuditEvent.objects.get(coop=other_coop).seq == 1


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE kernel_auditevent SET kind = 'nothing happened' WHERE seq = 2",
        "UPDATE kernel_auditevent SET hash = previous",
        "DELETE FROM kernel_auditevent WHERE seq = 3",
        "TRUNCATE kernel_auditevent CASCADE",
        "UPDATE kernel_auditpayload SET body = '{}'",
        "TRUNCATE kernel_auditpayload",
        "INSERT INTO kernel_auditevent (coop_id, seq, at, kind, subject, payload_hash, previous, hash)"
        " SELECT coop_id, 9, at, kind, subject, payload_hash, hash, repeat('a', 64) FROM kernel_auditevent"
        " WHERE seq = 3",
        "INSERT INTO kernel_auditevent (coop_id, seq, at, kind, subject, payload_hash, previous, hash)"
        " SELECT coop_id, 4, at, kind, subject, payload_hash, previous, repeat('a', 64) FROM kernel_auditevent"
        " WHERE seq = 3",
        "ALTER TABLE kernel_auditevent DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_the_database_refuses_to_change_the_chain(coop, three_events, attack):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == "rochdale_app"
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(attack)
    assert list(audit.verify(coop)) == []


@pytest.mark.parametrize("what", ["kind = 'nothing happened'", "hash = repeat('a', 64)", "actor_id = NULL, at = now()"])
def test_even_a_superuser_behind_the_triggers_is_found_out(transactional_db, coop, system, what):
    with transaction.atomic():
        for number in range(3):
            audit.record(actor=system, kind="test.event", number=number)
    from tests.database import as_owner

    with as_owner(connection.settings_dict["NAME"]) as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"UPDATE kernel_auditevent SET {what} WHERE seq = 2")
    assert [finding.seq for finding in audit.verify(coop)][0] == 2


def test_a_removed_event_is_missed(transactional_db, coop, system):
    with transaction.atomic():
        for number in range(3):
            audit.record(actor=system, kind="test.event", number=number)
    from tests.database import as_owner

    with as_owner(connection.settings_dict["NAME"]) as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "DELETE FROM kernel_auditpayload WHERE event_id IN (SELECT id FROM kernel_auditevent WHERE seq = 2)"
        )
        cursor.execute("DELETE FROM kernel_auditevent WHERE seq = 2")
    assert [finding.what for finding in audit.verify(coop)][0] == "event 2 is missing"


def test_erasing_what_an_event_says_leaves_the_chain_whole(coop, system, three_events):
    assert audit.erase_payloads(actor=system, subject="thing:1") == 1
    assert not AuditPayload.objects.filter(event__seq=2).exists()
    assert list(audit.verify(coop)) == []
    assert AuditEvent.objects.get(coop=coop, seq=4).kind == "audit.erased"


def test_the_command_says_whether_the_chain_is_whole(coop, three_events, capsys):
    call_command("verify_audit")
    assert "riverside: 3 events, the chain is whole" in capsys.readouterr().out
