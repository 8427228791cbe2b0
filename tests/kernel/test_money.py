"""Money: whole minor units in, whole minor units out, and nothing guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.kernel.money import LARGEST, MINUS, decimal_text, format_minor, parse_minor

CURRENCIES = ("EUR", "USD", "JPY", "BHD", "CHF")


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("1234.5", "EUR", 123450),
        ("1.234,50", "EUR", 123450),
        ("1'234.50", "CHF", 123450),
        ("12\u202f345,67", "EUR", 1234567),
        ("€ 1,234.50", "EUR", 123450),
        ("1234 EUR", "EUR", 123400),
        ("−3", "EUR", -300),
        ("(3.00)", "EUR", -300),
        ("-€5.00", "EUR", -500),
        ("1,234", "JPY", 1234),
        ("0.005", "BHD", 5),
        ("1.234", "BHD", 1234),
    ],
)
def test_what_people_write(text, currency, amount):
    assert parse_minor(text, currency) == amount


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1e5", "1.2.3", "1,23,456", "1.234", "1,234", "0.001", "٣", "--3", "=1+1", "NaN", "1 23", "9" * 39],
)
def test_what_is_refused(text):
    with pytest.raises(ValueError, match="“"):
        parse_minor(text, "EUR")


@given(st.integers(-LARGEST, LARGEST), st.sampled_from(CURRENCIES))
def test_what_is_shown_reads_back(amount, currency):
    if abs(amount) < 10**18:
        assert parse_minor(decimal_text(amount, currency), currency) == amount
        if not currency == "BHD":  # with three places, a grouped amount is as ambiguous as it looks
            assert parse_minor(format_minor(amount, currency), currency) == amount


def test_a_real_minus_sign():
    assert format_minor(-123450, "EUR") == f"{MINUS}€1,234.50"
    assert format_minor(5, "JPY") == "¥5"
