"""Keeping machines out of a public form without anybody else's help: a trap, a stamp of time, a limit.

The trap is a field people do not see and must leave empty. The stamp is signed when the page is made: an answer within
two seconds is no person's, one after a day is stale. The limit counts sends per address in the shared cache.
"""

from __future__ import annotations

from django.core import signing

from coop.kernel import clock, limits

SALT = "members.application"
FASTEST = 2  # seconds
STALE = 24 * 3600
PER_HOUR = 20  # a school class or a shop's counter applies from one address


def stamp() -> str:
    """The present moment, signed."""
    return signing.dumps(int(clock.now().timestamp()), salt=SALT)


def age(stamped: str) -> int | None:
    """Seconds since the stamp was made; None if it is not ours."""
    try:
        made = signing.loads(stamped, salt=SALT)
    except signing.BadSignature:
        return None
    return int(clock.now().timestamp()) - made if isinstance(made, int) else None


def sent_too_often(coop, address: str) -> bool:
    """Count one more send from this network address in this co-op; True beyond the hour's limit."""
    return limits.one_more("apply", coop, address) > PER_HOUR
