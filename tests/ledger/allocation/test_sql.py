"""The set-based twin: PostgreSQL gives what the pure engine gives, to the unit, for any input."""

import doctest

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ledger.allocation import largest_remainder, sql
from ledger.allocation.plan import Percent
from tests.ledger.allocation.test_properties import PERCENTS, carried_out, plans

pytestmark = pytest.mark.django_db
held = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # nothing is written
MONEY = st.one_of(st.integers(0, 50), st.integers(0, 10**15))
SIGNED = st.one_of(MONEY, MONEY.map(int.__neg__))
MEMBERS = st.integers(0, 2**62)
DECIMALS = st.one_of(st.decimals(0, 3, places=1), st.decimals(0, 10**9, places=9), st.decimals(0, 10**25, places=0))
WHOLE = st.one_of(st.integers(0, 3), st.integers(0, 10**6))


def rows(columns, query, parameters):
    """Run ``query`` over a source made of ``columns``: name → (type, values)."""
    arrays = ", ".join(f"%({name})s::{kind}[]" for name, (kind, _) in columns.items())
    source = f"WITH source AS (SELECT * FROM unnest({arrays}) AS s({', '.join(columns)}))"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{source} SELECT * FROM ({query}) AS answer ORDER BY 1",
            {name: list(values) for name, (_, values) in columns.items()} | parameters,
        )
        return cursor.fetchall()


def shares(basis, amount, kind="numeric", **options):
    columns = {"member_number": ("bigint", basis), "basis": (kind, basis.values())}
    return rows(columns, sql.pool_shares("source", **options), {"amount": amount})


def test_the_worked_example_in_the_docstring_holds():
    assert doctest.testmod(sql).failed == 0


@held
@given(st.dictionaries(MEMBERS, DECIMALS, max_size=20), SIGNED)
@example({1: 1, 2: 1, 3: 1}, -100)
@example({1: 0}, 0)
def test_one_pool_is_shared_to_the_same_unit(basis, amount):
    assume(any(basis.values()) or not amount)
    members = sorted(basis)
    scaled = [int(basis[member] * 10**9) for member in members]
    found = shares(basis, amount)
    assert found == list(zip(members, largest_remainder(amount, scaled), strict=True))
    assert all(type(share) is int for _, share in found)


@held
@given(st.dictionaries(MEMBERS, WHOLE, max_size=20), SIGNED)
def test_the_narrow_statement_says_the_same(basis, amount):
    assume(any(basis.values()) or not amount)
    assume(sql.is_narrow(amount, max(basis.values(), default=0), sum(basis.values())))
    assert shares(basis, amount, "bigint", narrow=True) == shares(basis, amount)


def test_the_narrow_statement_fails_rather_than_be_wrong():
    assert not sql.is_narrow(10**15, 10**4, 10**4)
    with pytest.raises(DatabaseError, match="out of range"), transaction.atomic():
        shares({1: 10**4}, 10**15, "bigint", narrow=True)
    with pytest.raises(DatabaseError, match="operator does not exist"), transaction.atomic():
        shares({1: 1}, 10, "numeric", narrow=True)


def test_an_amount_that_nobody_has_a_basis_for_fails():
    for narrow in (False, True):
        with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
            shares({1: 0, 2: 0}, 10, "bigint", narrow=narrow)
    assert shares({}, 0) == []


@held
@given(st.dictionaries(MEMBERS, MONEY, max_size=20), PERCENTS)
def test_interest_is_rounded_down_alike(holdings, rate):
    percent = Percent.of(rate)
    columns = {"number": ("bigint", holdings), "paid": ("bigint", holdings.values())}
    query = sql.interest_on_shares("source", member="number", capital="paid")
    expected = [(member, percent.down(holdings[member])) for member in sorted(holdings)]
    assert rows(columns, query, sql.rate_parameters(percent)) == expected


@held
@given(plans(MONEY))
def test_a_whole_plan_comes_out_alike(plan):
    """Interest, every pool and the settlement of any plan, against the columns of the engine."""
    allocation = carried_out(plan)
    assume(allocation and all(member < 2**62 for member in allocation.members))
    for pool in allocation.pools:
        assert shares(dict(pool.basis.figures), pool.amount) == list(pool.by_member)
    terms = allocation.plan.settlement
    members = allocation.members
    columns = {
        "member_number": ("bigint", members),
        "allocated": ("bigint", allocation.columns["allocated"]),
        "carried": ("numeric", terms.carried.along(members)),
        "debt": ("numeric", terms.debts.along(members)),
        "consents": ("boolean", [member not in terms.no_consent for member in members]),
    }
    found = rows(columns, sql.settled("source"), sql.settlement_parameters(terms))
    assert found == [(row[0], row[1], *row[3:]) for row in allocation.rows()]


@pytest.mark.parametrize("name", ["", "a b", "a;", 'a"', "A", "a.b.c", "1a", "a)--", "é"])
def test_only_plain_names_get_into_the_text(name):
    for build in (
        sql.pool_shares, sql.interest_on_shares, sql.settled,
        lambda text: sql.pool_shares("a", basis=text), lambda text: sql.interest_on_shares("a", capital=text),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="plain name"):
            build(name)
