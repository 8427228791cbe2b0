"""A refund in three parts: always all of it, whole shares, the gift gives way first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.allocation.choosing import Chosen, chosen

money = st.integers(0, 10**9)
few = st.integers(0, 10**4)


@given(money, money, few, st.integers(0, 10**6), few)
def test_the_parts_are_all_of_it_and_never_more_than_was_wished(available, donated, shares, par, most):
    got = chosen(available, donated=donated, shares=shares, par=par, most_shares=most)
    assert got.donated + got.capital + got.cash == available
    assert got.capital == got.shares * par
    assert min(got) >= 0
    assert got.donated <= donated
    assert got.shares <= min(shares, most)
    if par and got.shares < min(shares, most):
        assert available - got.capital < par  # not one share more would have fitted
    if got.donated < donated:
        assert got.cash == 0  # a gift gives way only where nothing else is left


@given(money, money, few, st.integers(1, 10**6), few)
def test_what_can_be_done_is_done(available, donated, shares, par, most):
    if shares <= most and shares * par + donated <= available:
        got = chosen(available, donated=donated, shares=shares, par=par, most_shares=most)
        assert got == Chosen(donated, shares, shares * par, available - donated - shares * par)


@pytest.mark.parametrize("wrong", [{"donated": -1}, {"shares": -1}, {"par": -1}, {"most_shares": -1}])
def test_nothing_below_nothing(wrong):
    with pytest.raises(ValueError, match="not less than nothing"):
        chosen(5, **wrong)
