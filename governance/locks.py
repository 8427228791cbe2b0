"""The locks a vote runs under. Voters share a ballot's lock; who closes it has it alone."""

from __future__ import annotations

from django.db import connection

from .models import Ballot

ENTRY_CLASS = 7003  # advisory: one person's line on a roll, for one cast at a time
NUMBER_CLASS = 7004  # advisory: a co-op's resolution numbers
LETTER_CLASS = 7007  # advisory: the print runs of a ballot, one at a time


def shared(ballot_id: int, coop_id: int) -> Ballot:
    """The ballot as it is now, held so that nobody closes or changes it before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM governance_ballot WHERE id = %s AND coop_id = %s FOR SHARE", [ballot_id, coop_id]
        )
    return Ballot.objects.select_related("roll", "coop").get(pk=ballot_id, coop_id=coop_id)


def alone(ballot_id: int) -> Ballot:
    """The ballot as it is now, held alone: everybody who was casting has finished."""
    return Ballot.objects.select_for_update(no_key=True, of=("self",)).select_related("roll", "coop").get(pk=ballot_id)


def roll(roll_id: int) -> None:
    """Hold a roll so that nobody corrects it, or objects to it, before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM governance_roll WHERE id = %s FOR SHARE", [roll_id])


def advisory(lock_class: int, key: int) -> None:
    """Wait for, and hold to the end of the transaction, a lock that belongs to no row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [lock_class, key % 2**31])
