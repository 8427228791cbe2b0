"""How often something came from one network in the last hour, counted in the shared cache. No address is kept."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.cache import cache

HOUR = 3600


def one_more(what: str, coop, address: str) -> int:
    """Count one more; how many it are now, this one included. Nought where no address is known."""
    if not address:
        return 0
    key = _key(what, coop, address)
    cache.add(key, 0, timeout=HOUR)
    return cache.incr(key)


def one_less(what: str, coop, address: str) -> None:
    """Take back what was counted and turned out to be in order."""
    if address:
        with suppress(ValueError):  # the hour has just passed
            cache.decr(_key(what, coop, address))


def _key(what: str, coop, address: str) -> str:
    network = f"{settings.SECRET_KEY}{coop.pk}{_network(address)}"
    return f"{what}-{hashlib.sha256(network.encode()).hexdigest()[:24]}"


def _network(address: str) -> str:
    """The address; of version 6 the /64 a household has, in which one may take a new address for every try."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)
