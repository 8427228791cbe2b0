"""Which years' equity a redemption pays, and what it costs to pay early."""

import doctest
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.allocation import redemption

LAYERS = st.dictionaries(st.integers(1950, 2030), st.one_of(st.integers(0, 5), st.integers(0, 10**12)), min_size=1)
PLANS = [
    redemption.oldest_first,
    redemption.newest_first,
    redemption.percent_of_all,
    redemption.hybrid,
    lambda layers, amount: redemption.hybrid(layers, amount, 33),
]


def test_the_worked_examples_in_the_docstrings_hold():
    assert doctest.testmod(redemption).failed == 0


@given(LAYERS, st.fractions(0, 1), st.sampled_from(PLANS))
def test_every_plan_pays_the_amount_and_no_layer_more_than_it_holds(layers, part, plan):
    amount = int(sum(layers.values()) * part)
    paid = plan(layers, amount)
    assert sum(paid.values()) == amount
    assert list(paid) == sorted(layers)
    assert all(0 <= paid[year] <= layers[year] for year in layers)


@given(LAYERS, st.fractions(0, 1))
def test_a_younger_layer_waits_until_the_older_are_paid(layers, part):
    paid = redemption.oldest_first(layers, int(sum(layers.values()) * part))
    years = sorted(layers)
    for older, younger in zip(years, years[1:], strict=False):
        assert not paid[younger] or all(paid[year] == layers[year] for year in years if year <= older)


@pytest.mark.parametrize("plan", PLANS)
def test_more_than_there_is_and_less_than_nothing_are_refused(plan):
    with pytest.raises(ValueError, match="outstanding"):
        plan({2020: 5}, 6)
    for layers, amount in (({2020: 5}, -1), ({2020: -5, 2021: 10}, 1)):
        with pytest.raises(ValueError, match="negative"):
            plan(layers, amount)


def test_a_part_for_the_oldest_is_a_percentage():
    for percent in (-1, 101):
        with pytest.raises(ValueError, match="100 per cent"):
            redemption.hybrid({2020: 5}, 1, percent)


@given(st.integers(0, 10**12), st.decimals(0, 1, places=4).map(str), st.integers(0, 40))
def test_paying_early_costs_no_less_and_no_more_than_the_discount(face, rate, years):
    value = redemption.present_value(face, rate, years)
    exact = face / (1 + Fraction(rate)) ** years
    assert value <= exact < value + 1
    assert redemption.present_value(face, rate, years + 1) <= value <= face


def test_a_discount_on_less_than_nothing_is_refused():
    for arguments in ((-1, "0.05", 1), (1, "-0.05", 1), (1, "0.05", -1)):
        with pytest.raises(ValueError, match="negative"):
            redemption.present_value(*arguments)
