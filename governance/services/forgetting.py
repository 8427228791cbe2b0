"""An erased member's name leaves the frozen rolls."""

from __future__ import annotations

from django.db import connection

from coop.kernel import rules


def forget_on_rolls(*, actor, membership) -> int:
    """Empty the name and salt on every roll; how many. The digests stay, so each roll's hash still holds.

    The database refuses it for anybody whose party was not erased. What the ballots published about candidates stays:
    it is the society's minutes.
    """
    rules.require(actor, "members.keep_register", membership)
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_forget(%s, %s)", [actor.coop_id, membership.pk])
        return cursor.fetchone()[0]
