"""Member numbers: from a locked row, each given once, never given back."""

from __future__ import annotations

from django.db import connection


def take(coop, count: int) -> range:
    """The next ``count`` numbers of the co-op. The sequence stays locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_numbersequence AS known (coop_id, next_number) VALUES (%s, 1 + %s)"
            " ON CONFLICT (coop_id) DO UPDATE SET next_number = known.next_number + %s RETURNING next_number",
            [coop.pk, count, count],
        )
        (after,) = cursor.fetchone()
    return range(after - count, after)


def reserve(coop, upto: int) -> None:
    """Never give a number up to ``upto``: they are somebody's already, from before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_numbersequence AS known (coop_id, next_number) VALUES (%s, greatest(1, %s))"
            " ON CONFLICT (coop_id) DO UPDATE SET next_number = greatest(known.next_number, EXCLUDED.next_number)",
            [coop.pk, upto + 1],
        )
