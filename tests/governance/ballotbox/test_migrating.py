"""A migration is refused while a ballot is open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from coop.management.commands.migrate import ballots_taking_votes
from tests.governance.factories import make_ballot, make_roll, make_voter

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
