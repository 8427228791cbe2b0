"""Debts, small sums and what is left: nothing is lost, nobody is paid what they owe."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.allocation import paying as module
from ledger.allocation.paying import paying

SUMS = st.integers(0, 10**12)


def test_the_worked_example_in_the_docstring_holds():
    assert doctest.testmod(module).failed == 0


@given(st.lists(SUMS, min_size=1, max_size=3), SUMS, st.booleans(), SUMS)
def test_what_is_owed_is_set_off_paid_or_waits(owed, debt, set_off, more_than):
    got = paying(owed, debt=debt, set_off=set_off, more_than=more_than)
    off = sum(got.netted)
    assert off == (min(debt, sum(owed)) if set_off else 0)
    rest = sum(owed) - off
    assert got.waits == (0 < rest <= more_than)
    assert got.amount == (0 if got.waits else rest)
    assert all(0 <= n <= o and 0 <= p <= o - n for o, n, p in zip(owed, got.netted, got.paid, strict=True))


@pytest.mark.parametrize("figures", [{"owed": [-1], "debt": 0}, {"owed": [1], "debt": -1}])
def test_less_than_nothing_is_refused(figures):
    with pytest.raises(ValueError, match="negative"):
        paying(**figures, set_off=True)
