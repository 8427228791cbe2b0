"""Worked examples of surplus rules, each turned into a plan and compared with its published figures.

The examples are read from ``patronage/`` in $CONFORMANCE_DATA or ../shared/data and are never copied here. The table
below is checked against the folder: an example without an entry fails, and so does an entry without a check or reason.
"""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.allocation import allocate, build_plan, largest_remainder, redemption
from ledger.allocation.settlement import qualified_cheque_cashed_by
from tests.beside import DATA, needed

PROJECT = Path(__file__).resolve().parents[2]
FOUND = sorted(path.stem for path in (DATA / "patronage").glob("*.json"))

CHECKS = {}
REASONS = {
    "25-irs-fire-b-record-patr": "It is the layout of a tax file, written from figures that are already allocated.",
}
pytestmark = pytest.mark.conformance


def checks(identifier):
    def register(function):
        CHECKS[identifier] = function
        return function

    return register


def carried_out(patronage, *, pools=(), year_end="2025-12-31", interest=None, steps=(), settlement=None, **result):
    return allocate(
        build_plan(
            {
                "currency": "EUR",
                "fiscal_year_end": year_end,
                "result": {"patronage": patronage, **result},
                "appropriations": list(steps),
                "share_interest": interest,
                "pools": list(pools),
                "settlement": settlement or {"cash_percent": "100", "notice": "none"},
            }
        )
    )


def amounts(allocation):
    return [step.amount for step in allocation.appropriations]


@checks("01-foodcoop-suzy")
def suzy(inputs, expected):
    """The denominator is member purchases only; half of what is declared is paid, half kept for the member."""
    assert inputs["total_sales"] * inputs["member_share_pct"] // 100 == expected["member_purchases_total"]
    suzy, all_others = 1, 2
    basis = {
        suzy: inputs["member_purchases"],
        all_others: inputs["member_purchases_total"] - inputs["member_purchases"],
    }
    settlement = {"cash_percent": inputs["paid_pct_of_declared"], "notice": "qualified"}
    declared = inputs["pool_paid"] * 100 // inputs["paid_pct_of_declared"]
    pool = {"name": "purchases", "rest": True, "basis": basis}
    figures = carried_out(declared, pools=[pool], settlement=settlement).of(suzy)
    assert figures["cash"] == expected["refund_paid"]
    assert figures["qualified"] == expected["retained_for_member"]
    line = carried_out(declared, pools=[pool], settlement=settlement).explain(suzy)[0]
    assert line.facts["basis_total"] == str(expected["member_purchases_total"])


@checks("03-resonate-multistakeholder")
def resonate(inputs, expected):
    """The reserve is a fifth of the surplus but at least 50,000; what goes on is the half the sheet takes as given."""
    earned = inputs["revenue"] - inputs["costs"] - inputs["pay"]
    tax = {"name": "tax", "of": "surplus", "percent": inputs["tax_pct"], "bound": "minimum"}
    after_tax = carried_out(earned, steps=[tax]).unallocated
    assert after_tax == expected["surplus"]
    reserve = {"name": "reserve", "of": "surplus", "percent": 20, "at_least": 5000000}
    assert amounts(carried_out(after_tax, steps=[reserve])) == [expected["reserve"]]
    fund = {"name": "redemption fund", "of": "surplus", "percent": inputs["redemption_fund_pct_of_reserve"]}
    assert amounts(carried_out(expected["reserve"], steps=[fund])) == [expected["redemption_fund"]]

    shares = dict(enumerate(inputs["supporter_shares"].values(), start=1))
    supporters = {"name": "supporters", "percent": inputs["supporter_pct"], "basis": shares}
    allocation = carried_out(inputs["available_surplus"], pools=[supporters])
    assert allocation.pools[0].amount == expected["supporter_pool"]
    assert list(allocation.pools[0].shares) == list(expected["supporters"].values())
    assert allocation.unallocated == expected["balance"]

    sector = {"name": "sector body", "of": "surplus", "percent": inputs["sector_body_pct_of_balance"]}
    pools = [
        {"name": name, "percent": of["pct"], "basis": dict.fromkeys(range(1, of["members"] + 1), 1)}
        for name, of in inputs["classes"].items()
    ]
    allocation = carried_out(expected["balance"], steps=[sector], pools=pools)
    assert amounts(allocation) == [expected["sector_body"]]
    assert sum(pool.amount for pool in allocation.pools) == expected["for_classes"]
    for pool in allocation.pools:
        counted = {str(share): list(pool.shares).count(share) for share in set(pool.shares)}
        assert pool.amount == expected["class_pools"].get(pool.name, 0)
        assert counted == expected["exact"].get(pool.name, {"0": 55})
        published = expected["published_per_member"].get(pool.name, 0)
        assert all(abs(share - published) <= 1 for share in pool.shares)


@checks("04-formance-allotment-15")
def formance(inputs, expected):
    """4/5, 2/25 and 3/25 in twenty-fifths; whichever way round they are listed."""
    assert inputs["portions"] == ["4/5", "2/25", "3/25"]
    assert largest_remainder(inputs["amount"], [20, 2, 3]) == expected["largest_remainder"]
    assert largest_remainder(inputs["amount"], [3, 2, 20]) == expected["largest_remainder"][::-1]
    allocation = carried_out(inputs["amount"], pools=[{"name": "all", "rest": True, "basis": {1: 20, 2: 2, 3: 3}}])
    assert list(allocation.pools[0].shares) == expected["largest_remainder"] != expected["formance_first_come"]


@checks("06-1385-nonqualified-notice")
def nonqualified_notice(inputs, expected):
    """What is taxed when it is issued is cash and qualified notices; the nonqualified amount waits for redemption."""
    settlement = {"cash_percent": "0", "notice": inputs["kind"]}
    pool = {"name": "patronage", "rest": True, "basis": {1: 1}}
    figures = carried_out(inputs["stated"], pools=[pool], settlement=settlement).of(1)
    assert figures["cash"] + figures["qualified"] == expected["taxable_at_issue"]
    assert figures["nonqualified"] == expected["taxable_at_redemption"]


@checks("08-1388-twenty-percent-cash")
def twenty_percent_in_cash(inputs, expected):
    """Each dividend as a plan's only one, and all together: the test is on each patron's own."""
    basis = dict(enumerate(inputs["dividends"], start=1))
    settlement = {"cash_percent": "0", "notice": "qualified"}
    pool = {"name": "patronage", "rest": True, "basis": basis}
    allocation = carried_out(sum(inputs["dividends"]), pools=[pool], settlement=settlement)
    assert list(allocation.columns["allocated"]) == inputs["dividends"]
    assert list(allocation.columns["cash"]) == expected["minimum_cash"]
    for dividend, cash in zip(inputs["dividends"], expected["minimum_cash"], strict=True):
        alone = carried_out(dividend, pools=[{"name": "p", "rest": True, "basis": {7: 1}}], settlement=settlement)
        assert alone.of(7)["cash"] == cash


@checks("09-1382-payment-period")
def payment_period(inputs, expected):
    settlement = {"cash_percent": "20", "notice": "qualified"}
    due = [carried_out(0, year_end=day, settlement=settlement).payment_due for day in inputs["fy_ends"]]
    assert [day.isoformat() for day in due] == expected["payment_period_ends"]
    assert [qualified_cheque_cashed_by(day).isoformat() for day in due] == expected["qualified_check_cash_by"]
    assert qualified_cheque_cashed_by(due[0]) - due[0] == timedelta(days=90)
    assert all(type(day) is date for day in due)


@checks("10-1099patr-thresholds")
def thresholds(inputs, expected):
    """Box 1 is cash and qualified at face, at least 10.00 of it; the boxes themselves belong to the tax files."""
    patrons = {patron["id"]: patron for patron in inputs["patrons"]}
    for name in ("p1", "p2", "p3"):
        patron = patrons[name]
        kind = "nonqualified" if "nonqualified" in patron else "qualified"
        dividend = patron["cash"] + patron[kind]
        settlement = {"cash_percent": 20, "notice": kind}
        pool = {"name": "patronage", "rest": True, "basis": {1: 1}}
        figures = carried_out(dividend, pools=[pool], settlement=settlement).of(1)
        assert (figures["cash"], figures[kind]) == (patron["cash"], patron[kind])
        box_1 = figures["cash"] + figures["qualified"]
        assert (expected["forms"][name] or {}).get("box1") == (box_1 if box_1 >= 1000 else None)


@checks("11-es-ley-27-1999-art58")
def spain(inputs, expected):
    steps = [
        {"name": "compulsory reserve", "of": "patronage", "percent": 20, "bound": "minimum"},
        {"name": "education fund", "of": "patronage", "percent": 5, "bound": "minimum"},
        {"name": "compulsory reserve, other business", "of": "nonpatronage", "percent": 50, "bound": "minimum"},
        {"name": "tax", "amount": inputs["tax"]},
    ]
    allocation = carried_out(
        inputs["cooperative_surplus"],
        nonpatronage=inputs["extracooperative_profit"],
        losses_carried=inputs["prior_losses"],
        steps=steps,
    )
    assert amounts(allocation)[:3] == [
        expected["fro_from_cooperative"], expected["fep"], expected["fro_from_extracooperative"],
    ]  # fmt: skip
    assert allocation.unallocated == expected["available_for_return_or_voluntary_reserve"]


@checks("13-it-2545quater")
def italy(inputs, expected):
    steps = [
        {"name": "legal reserve", "of": "surplus", "percent": 30, "bound": "minimum"},
        {"name": "mutual fund", "of": "surplus", "percent": 3, "bound": "minimum"},
    ]
    allocation = carried_out(inputs["net_profit"], steps=steps)
    assert amounts(allocation) == [expected["legal_reserve"], expected["mutual_fund"]]
    assert allocation.unallocated == expected["assembly_decides"]


@checks("16-eu-sce-art65")
def european_cooperative_society(inputs, expected):
    for case, minimum in zip(inputs["cases"], expected["minimum"], strict=True):
        step = {
            "name": "legal reserve", "of": "surplus", "percent": 15, "bound": "minimum",
            "until": {"balance": case["legal_reserve"], "target": inputs["article_3_2_capital"]},
        }  # fmt: skip
        allocation = carried_out(case["surplus"], losses_carried=case["losses_carried"], steps=[step])
        assert amounts(allocation) == [minimum]


@checks("19-kenkel-cash-neutral")
def cash_neutral(inputs, expected):
    """The two settlements of the same savings; the co-op keeps as much under either, after its own tax."""
    pool = {"name": "patronage", "rest": True, "basis": {1: 3, 2: 1}}
    for kind, published in expected.items():
        settlement = {"cash_percent": published["cash"] * 100 // inputs["net_savings"], "notice": kind}
        totals = carried_out(inputs["net_savings"], pools=[pool], settlement=settlement).totals
        assert (totals["cash"], totals[kind]) == (published["cash"], published["stock"])
        tax = (inputs["net_savings"] - totals["cash"]) * inputs["tax_pct"] // 100 if kind == "nonqualified" else 0
        assert tax == published["tax"]
        assert totals[kind] - tax == published["kept_in_coop"]
    assert expected["qualified"]["cash"] * 100 == inputs["cash_pct"] * inputs["net_savings"]


@checks("22-deminimis-roll-forward")
def de_minimis(inputs, expected):
    """Active members are credited whatever the amount; the others wait until it is more than the threshold."""
    patrons = {patron["id"]: patron for patron in inputs["members"]}
    inactive = {number: patrons[name] for number, name in ((2, "b"), (3, "c"))}
    settlement = {
        "cash_percent": 100, "notice": "none", "de_minimis": inputs["threshold_exclusive"] + 1,
        "carried": {number: patron["carried"] for number, patron in inactive.items()},
    }  # fmt: skip
    basis = {number: patron["retired"] for number, patron in inactive.items()}
    allocation = carried_out(
        sum(basis.values()), pools=[{"name": "retired", "rest": True, "basis": basis}], settlement=settlement
    )
    assert allocation.of(2)["rolled_forward"] == expected["pay"]["b"]["carry"]
    assert allocation.of(3)["cash"] + settlement["carried"][3] == expected["pay"]["c"]["check"]
    active = carried_out(patrons["a"]["retired"], pools=[{"name": "retired", "rest": True, "basis": {1: 1}}])
    assert active.of(1)["cash"] == expected["pay"]["a"]["bill_credit"]


@checks("20-kootenai-early-discount")
def early_discount(inputs, expected):
    value = redemption.present_value(inputs["face"], inputs["rate"], inputs["years"])
    assert value == expected["present_value"]
    assert inputs["face"] - value == expected["discount_to_unallocated"]


@checks("23-hybrid-retirement-50-50")
def hybrid(inputs, expected):
    layers = {int(year): held for year, held in inputs["layers"].items()}
    half = inputs["authorised"] // 2
    oldest = redemption.oldest_first(layers, half)
    assert {str(year): paid for year, paid in oldest.items() if paid} == expected["fifo_amounts"]
    for year, percent in expected["fifo"].items():
        assert oldest[int(year)] * 100 == int(percent.rstrip("%")) * layers[int(year)]
    newest = redemption.newest_first(layers, half)
    assert {str(year): f"{paid * 100 // layers[year]}%" for year, paid in newest.items() if paid} == expected["lifo"]
    assert sum(newest.values()) == expected["lifo_amount"]
    both = {year: oldest[year] + newest[year] for year in layers}
    assert redemption.hybrid(layers, inputs["authorised"]) == both


def test_the_examples_are_at_hand():
    assert FOUND, f"{needed('patronage')} is empty"


@pytest.mark.parametrize("identifier", FOUND)
def test_every_example_is_checked_or_has_its_reason(identifier):
    example = json.loads(needed("patronage", f"{identifier}.json").read_text(encoding="utf-8"))
    assert example["id"] == identifier
    assert (identifier in CHECKS) != (identifier in REASONS), f"{identifier} has no test here and no reason for none"
    if identifier in CHECKS:
        CHECKS[identifier](example["inputs"], example["expected"])
    else:
        assert REASONS[identifier].endswith(".")


def test_no_check_stands_for_an_example_that_is_gone():
    if FOUND:
        assert set(CHECKS) | set(REASONS) <= set(FOUND)
