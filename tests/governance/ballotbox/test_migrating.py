"""A migration is refused while a ballot is open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from coop.checks import _privileges_beyond
from coop.kernel import guards
from coop.management.commands.demo import Command as Demo
from coop.management.commands.migrate import DjangoMigrate, ballots_taking_votes
from coop.management.commands.up import Command as Up
from tests.governance.factories import make_ballot, make_roll, make_voter

from .voter import electorate

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_migration_is_refused_while_a_ballot_is_open(coop, monkeypatch, capsys):
    make_voter(coop)
    roll = make_roll(coop)
    make_ballot(coop, roll=roll, title="Not yet", opens_in=timedelta(days=1))
    assert ballots_taking_votes(connections["owner"]) == []
    ballot = make_ballot(coop, roll=roll, title="Summer hours", lasts=timedelta(hours=3))
    (named,) = ballots_taking_votes(connections["owner"])
    assert named.startswith("“Summer hours” (riverside, until ")
    call_command("migrate", verbosity=0)  # nothing waits, so nothing is refused
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [("a migration", False)])
    with pytest.raises(CommandError, match="people are voting: “Summer hours”") as refused:
        call_command("migrate", verbosity=0)
    assert refused.value.returncode == 2
    assert ballot.state == "open"
    assert "One migration waits, and people are voting" in str(refused.value)
    migrated = []
    monkeypatch.setattr(DjangoMigrate, "handle", lambda *_, **said: migrated.append(said["with_open_ballots"]))
    with pytest.raises(CommandError, match="run “manage.py migrate --with-open-ballots” first"):
        Up().prepare()
    assert not migrated
    Demo().prepare()  # nobody's real vote: the demo always has a ballot open, and starts after an update all the same
    assert migrated == [True]


def test_migrating_does_not_open_a_box_that_is_there(coop):
    """A partition made since the last migration is still nobody's to read."""
    ballot, _voters = electorate(coop, 5)
    guards.ensure(connections["owner"])
    for table in ("governance_box", f"governance_box_{ballot.pk}"):
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT has_table_privilege(%s, %s)", [table, privilege])
                assert cursor.fetchone() == (False,), f"{privilege} on {table}"
    assert guards.privileges_on(f"governance_box_{ballot.pk}", guards.privileges()) == ()
    with connections["owner"].cursor() as cursor:  # what a careless hand would do, the start-up check reports
        cursor.execute(f"GRANT SELECT ON governance_box_{ballot.pk} TO {connection.settings_dict['USER']}")
    with connection.cursor() as cursor:
        (found,) = list(_privileges_beyond(cursor, "the application"))
    assert f"SELECT on governance_box_{ballot.pk}" in found.msg
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"DROP TABLE governance_box_{ballot.pk}")
