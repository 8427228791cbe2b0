"""Account statements, members' equity and the member's statement of the surplus."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.allocation import allocate, build_plan
from ledger.reports import (
    OPENING,
    EquityRow,
    Movement,
    PoolShare,
    ReportError,
    members_equity,
    statement,
    surplus_statement,
)
from tests.ledger.allocation.test_properties import carried_out, plans

AMOUNTS = st.integers(-(10**12), 10**12)
DAYS = st.integers(0, 400).map(lambda days: date(2026, 1, 1) + timedelta(days))


@st.composite
def movements(draw):
    rows = draw(st.lists(st.tuples(DAYS, AMOUNTS), max_size=15))
    return [Movement(on, entry, "", amount) for entry, (on, amount) in enumerate(sorted(rows, key=lambda row: row[0]))]


def test_a_statement_opens_runs_and_closes():
    rows = [
        Movement(date(2026, 1, 5), 1, "Shares", -5_000),
        Movement(date(2026, 3, 1), 2, "Shares", -2_500),
        Movement(date(2026, 3, 1), 3, "Redeemed", 1_000),
        Movement(date(2027, 1, 1), 4, "Shares", -100),
    ]
    found = statement(rows, opening=-700, starts=date(2026, 2, 1), ends=date(2026, 12, 31), credit=True)
    assert (found.opening, found.added, found.taken, found.closing) == (5_700, 2_500, 1_000, 7_200)
    assert [(line.entry, line.amount, line.balance) for line in found.lines] == [(2, 2_500, 8_200), (3, -1_000, 7_200)]


@given(movements(), AMOUNTS, st.none() | DAYS, st.none() | DAYS, st.booleans())
def test_opening_and_lines_make_the_closing_balance(rows, opening, starts, ends, credit):
    found = statement(rows, opening=opening, starts=starts, ends=ends, credit=credit)
    assert found.opening + found.added - found.taken == found.closing
    balance = found.opening
    for line in found.lines:
        balance += line.amount
        assert line.balance == balance
        assert (starts or line.on) <= line.on <= (ends or line.on)
    sign = -1 if credit else 1
    last = [row for row in rows if ends is None or row.on <= ends]
    assert found.closing == sign * (opening + sum(row.amount for row in last))


@given(movements(), DAYS)
def test_a_statement_may_be_cut_anywhere(rows, day):
    before = statement(rows, ends=day)
    after = statement(rows, starts=day + timedelta(1))
    assert before.closing == after.opening
    assert [*before.lines, *after.lines] == [*statement(rows).lines]


def test_rows_out_of_order_are_refused():
    with pytest.raises(ReportError, match="entry 1 of 2026-01-01"):
        statement([Movement(date(2026, 1, 2), 2, "", 1), Movement(date(2026, 1, 1), 1, "", 1)])


def test_members_equity_by_part_and_kind():
    rows = [
        EquityRow("Shares", OPENING, 30_000),
        EquityRow("Kept 2019", OPENING, 4_000),
        EquityRow("Shares", "paid in", 500),
        EquityRow("Shares", "paid in", 250),
        EquityRow("Kept 2019", "redeemed", -4_000),
        EquityRow("Kept 2026", "allocated", 3_475),
    ]
    found = members_equity(rows)
    assert found.kinds == ("paid in", "redeemed", "allocated")
    assert [(line.part, line.opening, line.closing) for line in found.lines] == [
        ("Shares", 30_000, 30_750), ("Kept 2019", 4_000, 0), ("Kept 2026", 0, 3_475),
    ]  # fmt: skip
    assert dict(found.total.changes) == {"paid in": 750, "redeemed": -4_000, "allocated": 3_475}
    assert (found.total.opening, found.total.closing) == (34_000, 34_225)


@given(st.lists(st.builds(EquityRow, st.sampled_from("abc"), st.sampled_from(["", "in", "out"]), AMOUNTS)))
def test_equity_adds_up_along_lines_and_columns(rows):
    found = members_equity(rows)
    for line in (*found.lines, found.total):
        assert line.closing == line.opening + sum(line.changes.values())
        assert tuple(line.changes) == found.kinds
    assert found.total.closing == sum(row.amount for row in rows) == sum(line.closing for line in found.lines)
    for kind in found.kinds:
        assert found.total.changes[kind] == sum(line.changes[kind] for line in found.lines)


AMARA = {
    "shares": [PoolShare("purchases", 231_840, 96_620_410, 2_896_350, 6_950, places=2)],
    "figures": {"allocated": 6_950, "interest": 600, "cash": 3_475, "qualified": 3_475, "nonqualified": 0, "netted": 0,
                "rolled_forward": 0},
    "capital": 30_000,
    "kept_before": 10_743,
    "whole": [("appropriation", "reserve", 1_207_750), ("appropriation", "education", 241_550),
              ("appropriation", "community", 241_550), ("interest", "", 243_800), ("cash", "", 1_448_271),
              ("kept", "", 1_448_079)],
}  # fmt: skip


def test_the_statement_of_the_drawn_page():
    """design/pages/8-statement.html, figure by figure."""
    found = surplus_statement(**AMARA)
    assert (found.paid_now, found.kept, found.allocated) == (4_075, 3_475, 6_950)
    why = found.why[0]
    assert (why.exact, why.extra, why.per_hundred) == (69_497_716, True, 300)
    assert [(item.kind, item.amount) for item in found.paid] == [("cash", 3_475), ("interest", 600)]
    assert [(line.kind, line.before, line.change, line.now) for line in (*found.owned, found.owned_total)] == [
        ("capital", 30_000, 0, 30_000), ("kept", 10_743, 3_475, 14_218), ("total", 40_743, 3_475, 44_218),
    ]  # fmt: skip
    assert [part.tenths for part in found.whole] == [250, 50, 50, 50, 300, 300]


def test_what_waited_is_paid_with_the_first_cash_or_goes_on_waiting():
    base = dict.fromkeys(("interest", "cash", "qualified", "nonqualified", "netted", "rolled_forward"), 0)
    share = [PoolShare("p", 1, 1, 400, 400)]
    paid = surplus_statement(shares=share, figures=base | {"allocated": 400, "cash": 400}, carried=310)
    assert (paid.paid_now, paid.waiting) == (710, 0)
    waits = surplus_statement(shares=share, figures=base | {"allocated": 400, "rolled_forward": 400}, carried=310)
    assert (waits.paid_now, waits.waiting) == (0, 710)
    kept = surplus_statement(shares=share, figures=base | {"allocated": 400, "nonqualified": 400}, carried=310)
    assert (kept.paid_now, kept.waiting, kept.kept) == (0, 310, 400)


def test_figures_that_do_not_add_up_are_refused():
    wrong = AMARA | {"figures": AMARA["figures"] | {"cash": 3_476}}
    with pytest.raises(ReportError):
        surplus_statement(**wrong)
    with pytest.raises(ReportError):
        surplus_statement(**AMARA | {"shares": []})


@given(plans())
def test_every_member_of_any_plan_has_a_statement_that_adds_up(plan):
    allocation = carried_out(plan)
    for member in allocation.members if allocation else ():
        figures = allocation.of(member)
        shares = [
            PoolShare(pool.name, pool.basis.figures.get(member), pool.basis.total, pool.amount,
                      pool.by_member.get(member), pool.basis.places)
            for pool in allocation.pools
        ]  # fmt: skip
        whole = [(step.kind, step.name, step.amount) for step in allocation.steps if step.kind != "result"]
        found = surplus_statement(shares=shares, figures=figures, capital=5, kept_before=7, carried=3, whole=whole)
        assert sum(item.amount for item in found.settled) == found.allocated
        assert sum(item.amount for item in found.paid) == found.paid_now
        assert found.owned_total.now - found.owned_total.before == found.kept + found.waiting - 3
        assert not found.whole or sum(part.tenths for part in found.whole) == 1000
        for why in found.why:
            assert abs(why.part.share) == abs(why.exact) // 10_000 + why.extra


def test_explained_lines_are_the_sentences_of_the_statement():
    basis = {187: "2318.40", 200: "963885.70"}
    plan = {
        "currency": "EUR", "fiscal_year_end": "2026-09-30", "result": {"patronage": 2_896_350},
        "pools": [{"name": "purchases", "rest": True, "basis": basis}],
        "settlement": {"cash_percent": "50", "notice": "nonqualified"},
    }  # fmt: skip
    lines = allocate(build_plan(plan)).explain(187)
    assert [(line.kind, line.amount) for line in lines] == [
        ("share", 6_950), ("allocated", 6_950), ("cash_part", 3_475), ("cash", 3_475), ("nonqualified", 3_475),
    ]  # fmt: skip
    assert lines[0].facts == {
        "basis": "2318.40", "basis_total": "966204.10", "pool": 2_896_350, "exact": "6949.7716", "extra": True,
    }  # fmt: skip
