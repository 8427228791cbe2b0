"""The doors of the ballot box, as the database has them (``migrations/0003_the_box.py``)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from coop.kernel import guards

# The application's role may neither read nor write the box; a partition made later is no exception.
guards.raw_table("governance_box")
guards.raw_table("governance_box_*")


def make(ballot_id: int) -> None:
    """A partition for a ballot that has just been released."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_box_make(%s)", [ballot_id])


def cast(ballot_id: int, *, at: datetime, token_hash: bytes, credential: int, sealed: bytes) -> str:
    """Put a paper in, or in the place of the one under this token. ``cast``, or why not: ``unknown``, ``early``,
    ``closed``, ``shape``. Under the ballot's shared lock; raises nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT governance_box_cast(%s, %s, %s, %s::smallint, %s)", [ballot_id, at, token_hash, credential, sealed]
        )
        return cursor.fetchone()[0]


def find(ballot_id: int, token_hash: bytes) -> str:
    """SHA-256, in hex, of the sealed paper under this token's hash; empty where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_box_find(%s, %s)", [ballot_id, token_hash])
        (found,) = cursor.fetchone()
    return bytes(found).hex() if found else ""


def shake(ballot_id: int) -> None:
    """Every paper into the order of its token's hash, under the ballot's own lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_box_shake(%s)", [ballot_id])


def take(ballot_id: int) -> list[tuple[bytes, int, bytes]]:
    """Token hash, credential key and sealed paper of every paper of a closed ballot."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT token_hash, credential, sealed FROM governance_box_take(%s)", [ballot_id])
        return [(bytes(token), credential, bytes(sealed)) for token, credential, sealed in cursor]


def empty(ballot_id: int) -> None:
    """Throw the sealed papers and the tokens' hashes away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_box_empty(%s)", [ballot_id])
