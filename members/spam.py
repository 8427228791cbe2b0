"""Keeping machines out of a public form without anybody else's help: a trap, a stamp of time, a limit.

The trap is a field people do not see and must leave empty. The stamp is signed when the page is made: an answer within
two seconds is no person's, one after a day is stale. The limit counts sends per address in the shared cache.
"""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.core import signing
from django.core.cache import cache

from coop.kernel import clock

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
    if not address:
        return False
    secret = hashlib.sha256(f"{settings.SECRET_KEY}{coop.pk}{address}".encode()).hexdigest()[:24]
    key = f"apply-{secret}"  # the address itself is kept nowhere
    cache.add(key, 0, timeout=3600)
    return cache.incr(key) > PER_HOUR
