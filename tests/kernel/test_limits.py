"""What comes from one network is counted together, and nothing of the address is kept."""

import pytest
from django.core.cache import cache

from coop.kernel import limits

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_limits")]


def test_a_network_is_an_address_or_the_64_a_household_has(coop, other_coop):
    count = lambda address, what="try", where=coop: limits.one_more(what, where, address)  # noqa: E731
    assert [count("192.0.2.7"), count("::ffff:192.0.2.7"), count("192.0.2.8")] == [1, 2, 1]
    assert [count("2001:db8:0:1::1"), count("2001:db8:0:1:ffff::9"), count("2001:db8:0:2::1")] == [1, 2, 1]
    assert [count("192.0.2.7", "other"), count("192.0.2.7", where=other_coop)] == [1, 1]
    assert [count(""), count(""), count("unknown"), count("unknown")] == [0, 0, 1, 2]


def test_what_was_in_order_is_taken_back(coop):
    for _in_order in range(3):
        limits.one_more("try", coop, "192.0.2.7")
        limits.one_less("try", coop, "192.0.2.7")
    assert limits.one_more("try", coop, "192.0.2.7") == 1
    limits.one_less("try", coop, "192.0.2.9")  # its hour has passed
    limits.one_less("try", coop, "")
    keys = [key.decode() for key in cache._cache.get_client().scan_iter("*try-*")]
    assert keys
    assert not any("192.0.2" in key for key in keys)
