"""Every worked example of the shared folder by its id: shown by a test, or the reason it has none.

An id in the folder without an entry here fails, and so does an entry without its example.
"""

import calendar
from datetime import date, timedelta
from fractions import Fraction

import pytest

from ledger.allocation import allocate, build_plan, largest_remainder
from ledger.allocation.paying import paying
from ledger.allocation.redemption import hybrid, present_value
from ledger.exchange.fire import Payee, payee_record
from ledger.reports.patr import boxes, is_due
from tests.beside import needed
from tests.ledger.allocation.plans import simple
from tests.ledger.shared_data import example, example_ids

SHOWN = {}
REASONS = {}  # id → why no test shows it; at present none


def shows(name):
    """Mark a test as the one of an example, and hand it the example."""

    def note(check):
        SHOWN[name] = check
        return check

    return note


def carried_out(**plan):
    base = {"currency": "USD", "fiscal_year_end": "2025-12-31", "appropriations": [], "pools": []}
    return allocate(build_plan({**base, **plan})).as_dict()


@shows("01-foodcoop-suzy")
def suzy(inputs, expected):
    mine, everybody = inputs["member_purchases"], inputs["member_purchases_total"]
    assert everybody == inputs["total_sales"] * inputs["member_share_pct"] // 100 == expected["member_purchases_total"]
    declared = inputs["pool_paid"] * 100 // inputs["paid_pct_of_declared"]
    plan = simple(declared, {"1": str(mine), "2": str(everybody - mine)}, cash_percent="50", notice="nonqualified")
    suzy_gets = allocate(build_plan(plan)).of(1)
    assert (suzy_gets["cash"], suzy_gets["nonqualified"]) == (expected["refund_paid"], expected["retained_for_member"])


@shows("03-resonate-multistakeholder")
def resonate(inputs, expected):
    surplus = (inputs["revenue"] - inputs["costs"] - inputs["pay"]) * (100 - inputs["tax_pct"]) // 100
    assert surplus == expected["surplus"]
    reserve = {"name": "reserve", "of": "surplus", "percent": "20", "bound": "minimum", "at_least": 5_000_000}
    step = carried_out(result={"patronage": surplus}, appropriations=[reserve])["appropriations"][0]
    assert step["amount"] == expected["reserve"]
    assert expected["redemption_fund"] * 100 == step["amount"] * inputs["redemption_fund_pct_of_reserve"]
    classes, first = [], 1
    for name, one in inputs["classes"].items():
        basis = {str(first + number): "1" for number in range(one["members"])} if one["pct"] else {}
        classes.append({"name": name, "percent": str(one["pct"]), "basis": basis})
        first += one["members"]
    available = inputs["available_surplus"]
    shares = {str(number): str(held) for number, held in enumerate(inputs["supporter_shares"].values(), 1)}
    supporters = allocate(build_plan(simple(expected["supporter_pool"], shares)))
    assert expected["supporter_pool"] * 100 == available * inputs["supporter_pct"]
    paid = [supporters.of(number)["allocated"] for number in range(1, len(shares) + 1)]
    assert paid == list(expected["supporters"].values())
    got = carried_out(
        result={"patronage": expected["balance"]},
        appropriations=[{"name": "sector body", "of": "remaining", "percent": "1", "bound": "maximum"}],
        pools=classes,
        settlement={"cash_percent": "100", "notice": "none"},
    )
    assert got["appropriations"][0]["amount"] == expected["sector_body"]
    for pool in got["pools"]:
        if pool["name"] in expected["exact"]:
            assert pool["amount"] == expected["class_pools"][pool["name"]]
            times = {}
            for amount in pool["members"].values():
                times[str(amount)] = times.get(str(amount), 0) + 1
            assert times == expected["exact"][pool["name"]]


@shows("04-formance-allotment-15")
def formance(inputs, expected):
    portions = [Fraction(text) for text in inputs["portions"]]
    weights = [int(portion * 25) for portion in portions]
    assert largest_remainder(inputs["amount"], weights) == expected["largest_remainder"]


@shows("06-1385-nonqualified-notice")
def nonqualified(inputs, expected):
    plan = simple(inputs["stated"], {"1": "1"}, cash_percent="0", notice="nonqualified")
    noted = allocate(build_plan(plan)).of(1)
    assert noted["nonqualified"] == inputs["stated"]
    at_issue = boxes(cash=noted["cash"], qualified=noted["qualified"])
    assert at_issue.reportable == expected["taxable_at_issue"] == expected["basis"]
    redeemed = boxes(redeemed_nonqualified=inputs["redeemed"])
    assert redeemed.as_dict() == {f"box{expected['form_1099_patr_box']}": expected["taxable_at_redemption"]}


@shows("08-1388-twenty-percent-cash")
def twenty_percent(inputs, expected):
    for dividend, cash in zip(inputs["dividends"], expected["minimum_cash"], strict=True):
        patron = allocate(build_plan(simple(dividend, {"1": "1"}, cash_percent="0", notice="qualified"))).of(1)
        assert patron["cash"] == cash
        assert patron["qualified"] == dividend - cash


@shows("09-1382-payment-period")
def payment_period(inputs, expected):
    for ends, due, cashed in zip(
        inputs["fy_ends"], expected["payment_period_ends"], expected["qualified_check_cash_by"], strict=True
    ):
        plan = {**simple(100, {"1": "1"}, cash_percent="20", notice="qualified"), "fiscal_year_end": ends}
        answer = allocate(build_plan(plan)).as_dict()
        assert answer["payment_due"] == due
        assert (date.fromisoformat(due) + timedelta(days=90)).isoformat() == cashed
    assert calendar.isleap(2024)  # the last case closes on a leap day


@shows("10-1099patr-thresholds")
def thresholds(inputs, expected):
    for patron in inputs["patrons"]:
        found = boxes(
            cash=patron.get("cash", 0),
            qualified=patron.get("qualified", 0),
            redeemed_nonqualified=patron.get("redeemed_nonqualified", 0),
            withheld=patron.get("withheld", 0),
        )
        due = is_due(found, is_corporation=patron.get("is_corporation", False))
        assert (found.as_dict() if due else None) == expected["forms"][patron["id"]], patron


@shows("11-es-ley-27-1999-art58")
def spain(inputs, expected):
    steps = [
        {"name": "FRO", "of": "patronage", "percent": "20"},
        {"name": "FEP", "of": "patronage", "percent": "5"},
        {"name": "FRO, other business", "of": "nonpatronage", "percent": "50"},
        {"name": "tax", "amount": inputs["tax"]},
    ]
    got = carried_out(
        result={
            "patronage": inputs["cooperative_surplus"],
            "nonpatronage": inputs["extracooperative_profit"],
            "losses_carried": inputs["prior_losses"],
        },
        appropriations=steps,
    )
    names = ("fro_from_cooperative", "fep", "fro_from_extracooperative")
    assert [step["amount"] for step in got["appropriations"][:3]] == [expected[name] for name in names]
    assert got["unallocated"] == expected["available_for_return_or_voluntary_reserve"]


@shows("13-it-2545quater")
def italy(inputs, expected):
    steps = [
        {"name": "legal reserve", "of": "surplus", "percent": "30"},
        {"name": "mutual fund", "of": "surplus", "percent": "3"},
    ]
    got = carried_out(result={"patronage": inputs["net_profit"]}, appropriations=steps)
    assert [step["amount"] for step in got["appropriations"]] == [expected["legal_reserve"], expected["mutual_fund"]]
    assert got["unallocated"] == expected["assembly_decides"]


@shows("16-eu-sce-art65")
def european_society(inputs, expected):
    for case, minimum in zip(inputs["cases"], expected["minimum"], strict=True):
        until = {"balance": case["legal_reserve"], "target": inputs["article_3_2_capital"]}
        got = carried_out(
            result={"patronage": case["surplus"], "losses_carried": case["losses_carried"]},
            appropriations=[{"name": "legal reserve", "of": "surplus", "percent": "15", "until": until}],
        )
        assert got["appropriations"][0]["amount"] == minimum


@shows("19-kenkel-cash-neutral")
def kenkel(inputs, expected):
    """The engine settles both ways; the co-op's own tax is a fact outside it, so it is worked out here."""
    for notice, said in expected.items():
        percent = str(Fraction(said["cash"] * 100, inputs["net_savings"]))
        plan = simple(inputs["net_savings"], {"1": "1"}, cash_percent=percent, notice=notice)
        totals = allocate(build_plan(plan)).as_dict()["totals"]
        assert (totals["cash"], totals[notice]) == (said["cash"], said["stock"])
        tax = totals["nonqualified"] * inputs["tax_pct"] // 100
        assert tax == said["tax"]
        assert inputs["net_savings"] - totals["cash"] - tax == said["kept_in_coop"]


@shows("20-kootenai-early-discount")
def kootenai(inputs, expected):
    value = present_value(inputs["face"], inputs["rate"], inputs["years"])
    assert value == expected["present_value"]
    assert inputs["face"] - value == expected["discount_to_unallocated"]


@shows("22-deminimis-roll-forward")
def de_minimis(inputs, expected):
    """Credited on the bill: a bill is a debt the sum is set off against."""
    for member in inputs["members"]:
        owed = member["retired"] + member.get("carried", 0)
        debt = owed if member["active"] else 0
        got = paying([owed], debt=debt, set_off=True, more_than=inputs["threshold_exclusive"])
        said = expected["pay"][member["id"]]
        told = (
            {"carry": owed} if got.waits else {"check": got.amount} if got.amount else {"bill_credit": sum(got.netted)}
        )
        assert told == said


@shows("23-hybrid-retirement-50-50")
def half_and_half(inputs, expected):
    layers = {int(year): held for year, held in inputs["layers"].items()}
    paid = hybrid(layers, inputs["authorised"])
    assert {str(year): paid[year] for year in (1990, 1991)} == expected["fifo_amounts"]
    assert paid[2025] == expected["lifo_amount"]
    shares = {**expected["fifo"], **expected["lifo"]}
    assert {str(year): f"{paid[year] * 100 // layers[year]}%" for year in layers} == shares


@shows("25-irs-fire-b-record-patr")
def fire(inputs, expected):
    import json

    said = json.loads(needed("patronage", inputs["json"]).read_text())
    payee = Payee(
        tin=said["payees_tin"],
        tin_type=said["type_of_tin"],
        name=said["first_payee_name_line"],
        second_name=said["second_payee_name_line"],
        street=said["payee_mailing_address"],
        city=said["payee_city"],
        state=said["payee_state"],
        zip_code=said["payee_zip_code"],
        account=said["payers_account_number_for_payee"],
        office=said["payers_office_code"],
        name_control=said["payees_name_control"],
        state_code=str(said["combined_federal_state_code"]),
    )
    record = payee_record(
        payee,
        {name.rpartition("_")[2]: amount for name, amount in said.items() if name.startswith("payment_amount_")},
        year=said["payment_year"],
        sequence=said["record_sequence_number"],
        corrected=said["corrected_return_indicator"],
        state_withheld=said["state_income_tax_withheld"],
        local_withheld=said["local_income_tax_withheld"],
        special=said["special_data_entries"],
    )
    assert len(record) == expected["length"]
    assert record == needed("patronage", expected["ascii"]).read_text()


@pytest.mark.conformance
def test_every_example_in_the_folder_is_here():
    """A new example fails until it is shown or its reason is written down."""
    needed("patronage")
    assert set(example_ids()) == set(SHOWN) | set(REASONS)
    assert not set(SHOWN) & set(REASONS)


@pytest.mark.conformance
@pytest.mark.parametrize("name", sorted(SHOWN))
def test_example(name):
    """One example, by its id."""
    said = example(name)
    SHOWN[name](said["inputs"], said["expected"])
