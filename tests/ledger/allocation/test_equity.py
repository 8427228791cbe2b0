"""Kept refunds paid back: sums exact, nobody more than held, the oldest first where the plan says so."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.allocation import equity
from ledger.allocation.equity import ORDERS, paid_back

HOLDINGS = st.dictionaries(
    st.tuples(st.integers(1990, 1996), st.integers(1, 12)), st.integers(1, 10**9), min_size=1, max_size=40
)


def test_the_worked_examples_hold():
    assert doctest.testmod(equity).failed == 0


@given(HOLDINGS, st.sampled_from(ORDERS), st.integers(0, 1000), st.integers(0, 100))
def test_sums_are_exact_and_nobody_gets_more_than_they_hold(held, order, thousandths, percent):
    amount = sum(held.values()) * thousandths // 1000
    found = paid_back(held, order, amount, percent)
    assert sum(found.values()) == amount
    assert all(0 < part <= held[key] for key, part in found.items())
    assert found == paid_back(dict(sorted(held.items(), reverse=True)), order, amount, percent), "order-free"


@given(HOLDINGS, st.integers(0, 1000))
def test_oldest_first_leaves_no_older_year_open(held, thousandths):
    found = paid_back(held, "oldest", sum(held.values()) * thousandths // 1000)
    paid_years = {year for year, _member in found}
    for year, member in held:
        if paid_years and year < max(paid_years):
            assert found.get((year, member), 0) == held[year, member]


def test_what_cannot_be_is_an_error():
    for order, amount in (("oldest", 101), ("oldest", -1), ("sideways", 1)):
        with pytest.raises(ValueError):
            paid_back({(2020, 1): 100}, order, amount)
