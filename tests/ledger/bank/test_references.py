"""References by ISO 11649, and the members they name."""

from __future__ import annotations

import doctest

from hypothesis import given
from hypothesis import strategies as st

from ledger import references


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(references).attempted >= 5
    assert doctest.testmod(references).failed == 0


def test_the_published_reference_holds():
    """ISO 11649's own example."""
    assert references.is_valid("RF18 5390 0754 7034")
    assert not references.is_valid("RF81 5390 0754 7034")
    assert not references.is_valid("RF18 5390 0754 70341 22222 33333")
    assert not references.is_valid("RF18")


@given(st.integers(1, 99_999_999), st.text("0123456789 abcXYZ.-/", max_size=20), st.booleans())
def test_a_members_reference_is_found_in_any_text(number, around, spaced):
    own = references.of_member(number)
    written = references.printed(own) if spaced else own.lower()
    assert references.is_valid(own)
    assert references.members_named(f"{around}, {written}; {around}") == {number}


@given(st.integers(1, 99_999_999), st.integers(2, 11), st.integers(1, 9))
def test_one_wrong_digit_names_nobody(number, place, off):
    own = references.of_member(number)
    wrong = own[:place] + str((int(own[place]) + off) % 10) + own[place + 1 :]
    assert references.members_named(wrong) == set()


@given(st.integers(1, 99_999_999), st.integers(2, 10))
def test_two_digits_turned_round_name_nobody(number, place):
    own = references.of_member(number)
    wrong = own[:place] + own[place + 1] + own[place] + own[place + 2 :]
    assert wrong == own or references.members_named(wrong) == set()


def test_a_number_too_long_has_no_reference():
    assert references.of_member(100_000_000) == ""
    assert references.of_member(0) == ""
