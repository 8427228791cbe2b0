"""A file's rows in arrays say what a list and sets would say."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.exchange import columns
from ledger.exchange.columns import Numbers, Row, Rows

numbers = st.integers(0, 300) | st.integers(0, 10**18)


@settings(max_examples=60)
@given(given_=st.lists(numbers, max_size=80), asked=st.lists(numbers, max_size=20))
@pytest.mark.parametrize("many", [0, 5, 20_000])
def test_numbers_are_a_set(many, given_, asked):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(columns, "MANY", many)
        found, plain = Numbers(), set()
        for number in given_:
            assert found.add(number) is (number not in plain)
            plain.add(number)
        assert len(found) == len(plain)
        assert [each in found for each in [*asked, *given_, -1]] == [each in plain for each in [*asked, *given_, -1]]
    assert "1" not in found


@settings(max_examples=60)
@given(st.lists(st.tuples(st.none() | numbers, st.sampled_from(["a", "b", "c"]), st.integers(0, 10**15)), max_size=60))
def test_rows_are_what_was_read_without_the_second_of_two(given_):
    rows, plain, seen = Rows(), [], {}
    for line, (number, pool, quantity) in enumerate(given_, start=2):
        new = (number, pool) not in seen
        assert rows.add(line, number, pool, quantity) is new
        if new:
            seen[number, pool] = line
            plain.append(Row(line, number, pool, quantity))
        assert rows.line_of(number, pool) == seen[number, pool]
    assert list(rows) == plain == rows[:]
    assert [rows[-1]] == plain[-1:] if plain else not len(rows)
    assert rows.total == sum(row.quantity for row in plain if row.number is not None)
    assert rows.outside == sum(row.quantity for row in plain if row.number is None)
    members = [row.number for row in plain if row.number is not None]
    assert (len(rows.numbers), rows.members(0, len(plain))) == (len(set(members)), members)
    assert rows.members(1, 3) == [row.number for row in plain[1:3] if row.number is not None]
    assert rows.pools == list(dict.fromkeys(row.pool for row in plain))


def test_a_hundred_thousand_rows_are_a_few_megabytes():
    tracemalloc.start()
    try:
        rows = Rows()
        for number in range(100_000):
            rows.add(number, number * 7, "purchases", number * 13)
        held, _most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(rows) == 100_000
    assert held < 6_000_000  # as objects, a set and a dict they are about 40


def test_a_column_grows_wider_where_it_has_to():
    rows = Rows()
    wanted = [Row(2 + place, 10 ** (place % 18), f"pool {place}", 10 ** (place % 19) - 1) for place in range(300)]
    for row in wanted:
        rows.add(row.line, row.number, row.pool, row.quantity)
    assert list(rows) == wanted
