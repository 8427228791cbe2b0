"""The steps of a plan, each against figures worked out by hand."""

import doctest
import importlib
import json

import pytest

from ledger.allocation import PlanRefused, allocate, build_plan, json_chunks, parse_plan, text_lines
from tests.ledger.allocation.plans import simple, whole

MODULES = ("", ".columns", ".remainder", ".settlement", ".plan", ".values", ".waterfall")


@pytest.mark.parametrize("module", MODULES)
def test_the_worked_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(importlib.import_module(f"ledger.allocation{module}")).failed == 0


def answer(plan):
    return allocate(parse_plan(json.dumps(plan))).as_dict()


def test_the_plan_of_the_contract_gives_the_whole_answer():
    found = answer(whole())
    because = found["appropriations"][0].pop("because")
    assert "20 % of the surplus" in because
    assert found == {
        "surplus": 32000000,
        "losses_remaining": 0,
        "appropriations": [{"name": "statutory reserve", "amount": 6400000}],
        "share_interest": {"total": 2500, "members": {"17": 2500}},
        # 45 % of 25,597,500; 2600 : 41.5 of it is 11,337,904.9… : 180,970.0…
        "pools": [{"name": "purchases", "amount": 11518875, "members": {"17": 11337905, "18": 180970}}],
        "members": {
            "17": {"allocated": 11337905, "interest": 2500, "cash": 3400172, "qualified": 7936533, "nonqualified": 0,
                   "netted": 1200, "rolled_forward": 0},
            "18": {"allocated": 180970, "interest": 0, "cash": 54291, "qualified": 0, "nonqualified": 126679,
                   "netted": 0, "rolled_forward": 0},
        },
        "totals": {"allocated": 11518875, "interest": 2500, "cash": 3454463, "qualified": 7936533,
                   "nonqualified": 126679, "netted": 1200, "rolled_forward": 0},
        "unallocated": 14078625,
        "payment_due": "2026-09-15",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "surplus", "remaining_losses"),
    [
        ((100, 50, 0), 150, 0),
        ((100, 50, 30), 120, 0),
        ((100, 50, 120), 30, 0),  # 100 from patronage, 20 from elsewhere
        ((100, 50, 200), 0, 50),
        ((-100, 0, 40), -100, 40),  # a loss sets nothing off
        ((-100, 50, 40), -90, 0),
    ],
)
def test_losses_carried_come_off_patronage_first_and_then_elsewhere(result, surplus, remaining_losses):
    keys = ("patronage", "nonpatronage", "losses_carried")
    found = answer(simple(0, {"1": "1"}) | {"result": dict(zip(keys, result, strict=True))})
    assert (found["surplus"], found["losses_remaining"]) == (surplus, remaining_losses)


@pytest.mark.parametrize(
    ("step", "amount"),
    [
        ({"of": "patronage", "percent": "33"}, 33),
        ({"of": "nonpatronage", "percent": "33"}, 17),  # 16.5 up
        ({"of": "nonpatronage", "percent": "33", "bound": "maximum"}, 16),
        ({"of": "surplus", "percent": "33.3"}, 50),  # 49.95 up
        ({"of": "surplus", "percent": "33.3", "bound": "maximum"}, 49),
        ({"of": "surplus", "percent": "0"}, 0),
        ({"amount": 70}, 70),
        ({"amount": 170}, 150),
        ({"of": "surplus", "percent": "10", "at_least": 40}, 40),
        ({"of": "surplus", "percent": "10", "at_least": 4000}, 150),
        ({"of": "surplus", "percent": "10", "at_most": 4}, 4),
        ({"amount": 10, "at_least": 40, "at_most": 20}, 20),  # raised, then cut
        ({"amount": 50, "until": {"balance": 80, "target": 100}}, 20),
        ({"amount": 50, "until": {"balance": 100, "target": 80}}, 0),
        ({"amount": 10, "at_least": 50, "until": {"balance": 80, "target": 100}}, 20),
        ({"amount": 10, "at_least": None, "at_most": None, "until": None}, 10),
    ],
)
def test_an_appropriation_is_raised_and_cut_in_the_order_of_the_contract(step, amount):
    result = {"patronage": 100, "nonpatronage": 50, "losses_carried": 0}
    found = answer(whole(result=result, appropriations=[{"name": "a", **step}], pools=[], share_interest=None))
    assert found["appropriations"][0]["amount"] == amount
    assert found["unallocated"] == 150 - amount


def test_appropriations_follow_one_another_and_each_is_listed():
    steps = [
        {"name": "first", "of": "surplus", "percent": "60"},
        {"name": "second", "of": "remaining", "percent": "50"},
        {"name": "third", "of": "surplus", "percent": "60"},  # only 20 of 100 remain
        {"name": "fourth", "of": "surplus", "percent": "5"},
    ]
    found = answer(whole(result={"patronage": 100}, appropriations=steps, pools=[], share_interest=None))
    assert [step["amount"] for step in found["appropriations"]] == [60, 20, 20, 0]
    assert "remained" in found["appropriations"][2]["because"]


def test_percentages_are_of_the_result_after_losses():
    """Regulation (EC) 1435/2003 art. 65(2): of the surplus after deduction of any losses carried over."""
    step = {"name": "legal reserve", "of": "surplus", "percent": "15"}
    result = {"patronage": 1000000, "losses_carried": 200000}
    found = answer(whole(result=result, appropriations=[step], pools=[], share_interest=None))
    assert found["appropriations"][0]["amount"] == 120000


def test_interest_is_rounded_down_for_each_member_and_comes_before_the_pools():
    terms = {"rate": "3.5", "cap": None, "holdings": {"2": 99, "10": 1000, "30": 28}}
    found = answer(simple(1000, {"2": "1"}) | {"share_interest": terms})
    assert found["share_interest"] == {"total": 38, "members": {"2": 3, "10": 35, "30": 0}}
    assert found["pools"][0]["amount"] == 962
    assert found["members"]["30"]["interest"] == 0
    assert list(found["members"]) == ["2", "10", "30"]


def test_fixed_pools_come_first_then_percentages_then_the_rest():
    pools = [
        {"name": "rest", "rest": True, "basis": {"1": "1"}},
        {"name": "a", "percent": "33.3", "basis": {"1": "1"}},
        {"name": "b", "percent": "33.3", "basis": {"1": "1"}},
        {"name": "fixed", "amount": 100, "basis": {"1": "1"}},
    ]
    found = answer(simple(200, {}) | {"pools": pools})
    # of the 100 that remain: 33.3, 33.3 and 33.4, so the unit left over goes to the unassigned rest
    assert [pool["amount"] for pool in found["pools"]] == [34, 33, 33, 100]
    assert found["unallocated"] == 0


def test_equal_remainders_among_pools_go_to_the_earlier_and_to_the_unassigned_last():
    pools = [{"name": name, "percent": "25", "basis": {"1": "1"}} for name in "abc"]
    found = answer(simple(2, {}) | {"pools": pools})
    assert [pool["amount"] for pool in found["pools"]] == [1, 1, 0]
    assert found["unallocated"] == 0


def test_what_no_pool_takes_stays_unallocated():
    assert answer(simple(1000, {}) | {"pools": []})["unallocated"] == 1000
    pools = [{"name": "a", "percent": "40", "basis": {"1": "1"}}]
    assert answer(simple(1000, {}) | {"pools": pools})["unallocated"] == 600


def test_a_pool_of_nothing_needs_no_basis():
    pools = [{"name": "founders", "percent": "0"}, {"name": "none", "amount": 0, "basis": {}},
             {"name": "all", "rest": True, "basis": {"1": "1", "2": "0"}}]  # fmt: skip
    found = answer(simple(10, {}) | {"pools": pools})
    assert [pool["members"] for pool in found["pools"]] == [{}, {}, {"1": 10, "2": 0}]


def test_ties_go_to_the_smallest_number_not_to_the_first_text():
    found = answer(simple(1, {"10": "1", "9": "1", "100": "1.0"}))
    assert found["pools"][0]["members"] == {"9": 1, "10": 0, "100": 0}
    assert list(found["members"]) == ["9", "10", "100"]


def test_a_loss_is_shared_as_the_mirror_of_a_gain():
    terms = {"cash_percent": "30", "notice": "qualified", "no_consent": ["2"]}
    gain = answer(simple(10001, {"1": "1.5", "2": "1", "3": "1"}, **terms))
    loss = answer(simple(-10001, {"1": "1.5", "2": "1", "3": "1"}, **terms))
    assert loss["totals"] == {name: -amount for name, amount in gain["totals"].items()}
    for member, figures in gain["members"].items():
        assert loss["members"][member] == {name: -amount for name, amount in figures.items()}


def test_a_loss_may_have_fixed_pools_of_its_own_sign():
    pools = [{"name": "a", "amount": -60, "basis": {"1": "1"}}, {"name": "b", "rest": True, "basis": {"2": "1"}}]
    found = answer(simple(-100, {}) | {"pools": pools})
    assert [pool["amount"] for pool in found["pools"]] == [-60, -40]
    for amount in (-101, 1):
        pools[0]["amount"] = amount
        with pytest.raises(PlanRefused, match=r"pools\[0\].amount"):
            answer(simple(-100, {}) | {"pools": pools})


def test_numbers_of_any_size_stay_exact():
    found = answer(simple(10**100 + 1, {"1": "1", "2": "1" + "0" * 90, str(10**50): "0." + "0" * 90 + "1"}))
    assert sum(found["pools"][0]["members"].values()) == 10**100 + 1


def test_every_step_says_why_and_what_remains():
    steps = allocate(build_plan(whole(result={"patronage": 30000000, "losses_carried": 1000000}))).steps
    kinds = ["result", "losses", "appropriation", "interest", "pool", "unallocated"]
    assert [step.kind for step in steps] == kinds
    assert all(step.because.endswith(".") for step in steps)
    remaining = steps[0].amount
    for step in steps[1:]:
        remaining -= step.amount
        assert step.remaining == remaining
    assert steps[-1].remaining == 0


def test_python_values_make_the_same_plan_as_json():
    from datetime import date
    from decimal import Decimal

    plan = whole(fiscal_year_end=date(2025, 12, 31))
    plan["pools"][0] = {"name": "purchases", "percent": 45, "basis": {18: Decimal("41.50"), 17: 2600}}
    plan["settlement"] |= {"cash_percent": Decimal(30), "no_consent": (18,), "debts": {17: 1200}, "carried": {18: 310}}
    plan["share_interest"]["holdings"] = {17: 50000}
    assert allocate(build_plan(plan)).as_dict() == answer(whole())


def test_the_text_is_a_table_with_every_member_and_the_totals():
    lines = list(text_lines(allocate(build_plan(whole()))))
    assert lines[0] == "Surplus of the year ended 2025-12-31: €320,000.00"
    assert any(line.split()[:3] == ["17", "113379.05", "25.00"] for line in lines)
    assert any(line.split()[:2] == ["total", "115188.75"] for line in lines)
    assert "Payment is due by 2026-09-15." in lines


def test_the_chunks_are_one_line_of_the_same_json():
    allocation = allocate(build_plan(whole()))
    text = "".join(json_chunks(allocation))
    assert "\n" not in text
    assert json.loads(text) == allocation.as_dict()
    assert list(json.loads(text)) == list(allocation.as_dict())
