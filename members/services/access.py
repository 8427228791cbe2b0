"""Who looked at whose data is written down, so that the person can see it."""

from __future__ import annotations

from members.models import AccessLog, Party


def looked_at(
    *, actor, what: str, party: Party | None = None, subject: str = "", rows: int = 1, basis: str = ""
) -> None:
    """Note that the actor saw another person's data. One's own is not noted."""
    if party is not None and party.account_id is not None and party.account_id == actor.user_id:
        return
    AccessLog.objects.create(
        coop_id=actor.coop_id,
        actor_id=actor.user_id,
        what=what,
        about=party.pk if party is not None else None,
        subject=subject,
        rows=rows,
        basis=basis or ", ".join(sorted(actor.offices)),
    )
