"""The histories can be checked by anybody with the command, and a changed row shows."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction

from .factories import make_member

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def verify(**options) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("verify_register", stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_whole_histories_are_said_to_be_whole(coop):
    make_member(coop, on=date(2024, 1, 9))
    assert verify() == ("riverside: one membership, every history is whole\n", "")
    with pytest.raises(CommandError, match="no co-op called nowhere"):
        verify(coop="nowhere")


def test_an_owner_who_goes_behind_the_guards_is_found_out(coop, capsys):
    make_member(coop, on=date(2024, 1, 9))
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE members_membershipevent SET effective_on = '2023-01-01' WHERE kind = 'admitted'")
        cursor.execute('UPDATE members_eventnote SET body = \'{"because": "nothing"}\'')
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_register")
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert "event 2: its row was changed" in said
    assert "event 3: its note was changed" in said
