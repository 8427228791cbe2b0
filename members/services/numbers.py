"""Member numbers: from a locked row, each given once, never given back."""

from __future__ import annotations

from django.db import connection

from members.models import NumberSequence


def take(coop, count: int) -> range:
    """The next ``count`` numbers of the co-op. The sequence stays locked until the transaction ends."""
    _make_sure_there_is_one(coop)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_numbersequence SET next_number = next_number + %s WHERE coop_id = %s RETURNING next_number",
            [count, coop.pk],
        )
        (after,) = cursor.fetchone()
    return range(after - count, after)


def reserve(coop, upto: int) -> None:
    """Never give a number up to ``upto``: they are somebody's already, from before."""
    _make_sure_there_is_one(coop)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_numbersequence SET next_number = greatest(next_number, %s) WHERE coop_id = %s",
            [upto + 1, coop.pk],
        )


def _make_sure_there_is_one(coop) -> None:
    NumberSequence.objects.bulk_create([NumberSequence(coop=coop)], ignore_conflicts=True)
