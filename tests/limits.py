"""Limits on logins are counted in the shared cache, over all tests of a run; a test that knocks begins at nought."""

import pytest
from django.conf import settings
from django.core.cache import cache


def forget_limits() -> None:
    """Delete what this process of the run keeps in the cache, and nothing of the broker or of its neighbours."""
    client = cache._cache.get_client(write=True)
    for key in list(client.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:*", count=1000)):
        client.delete(key)


@pytest.fixture
def fresh_limits():
    forget_limits()
    yield
    forget_limits()
