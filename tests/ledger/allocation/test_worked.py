"""Ten distributions worked out by hand from the contract (LEDGER.md, “The command”), one for each of its corners.

Every figure of the answer is written down here; the sums in the comments are how it came about.
"""

import json

import pytest

from ledger.allocation import allocate, json_chunks, parse_plan

PARTS = ("allocated", "interest", "cash", "qualified", "nonqualified", "netted", "rolled_forward")
ALL_CASH = {"cash_percent": "100", "notice": "none"}


def plan(currency, end, result, appropriations=(), pools=(), settlement=ALL_CASH, **more):
    head = {"currency": currency, "fiscal_year_end": end, "result": result}
    return head | {"appropriations": [*appropriations], "pools": [*pools], "settlement": settlement} | more


def rest(basis, name="purchases"):
    return {"name": name, "rest": True, "basis": basis}


def answer(surplus, members, *, losses=0, appropriated=(), interest=None, pools=(), unallocated=0, due=None):
    """The whole answer; ``members`` has a row of :data:`PARTS` for each."""
    found = {member: dict(zip(PARTS, row, strict=True)) for member, row in members.items()}
    return {
        "surplus": surplus,
        "losses_remaining": losses,
        "appropriations": [{"name": name, "amount": amount} for name, amount in appropriated],
        "share_interest": {"total": sum((interest or {}).values()), "members": interest or {}},
        "pools": [{"name": name, "amount": amount, "members": shares} for name, amount, shares in pools],
        "members": found,
        "totals": {part: sum(row[part] for row in found.values()) for part in PARTS},
        "unallocated": unallocated,
        "payment_due": due,
    }


WORKED = {
    # 1,000 yen of loss on three equal members: 333⅓ each; the one unit over goes to the smallest number, as in a gain.
    "a loss, in a currency without decimals": (
        plan("JPY", "2025-12-31", {"patronage": -1000}, pools=[rest({"12": "1", "2": "1", "101": "1"})]),
        answer(
            -1000,
            {"2": (-334, 0, -334, 0, 0, 0, 0), "12": (-333, 0, -333, 0, 0, 0, 0), "101": (-333, 0, -333, 0, 0, 0, 0)},
            pools=[("purchases", -1000, {"2": -334, "12": -333, "101": -333})],
        ),
    ),
    # 1,000.00 of old losses take 500.00 of patronage and 300.00 of the rest; 200.00 stay; steps are listed with 0.
    "losses carried that eat the year": (
        plan(
            "EUR",
            "2025-12-31",
            {"patronage": 50_000, "nonpatronage": 30_000, "losses_carried": 100_000},
            [{"name": "reserve", "of": "surplus", "percent": "20", "bound": "minimum"}],
            [rest({"1": "5", "2": "0"})],
        ),
        answer(
            0,
            {"1": (0,) * 7, "2": (0,) * 7},
            losses=20_000,
            appropriated=[("reserve", 0)],
            pools=[("purchases", 0, {"1": 0, "2": 0})],
        ),
    ),
    # 1.00 on equal bases of 9, 10 and 11; 2 bought nothing: 33⅓ each, ties by number and not by text.
    "ties, and a zero basis": (
        plan("EUR", "2025-12-31", {"patronage": 100}, pools=[rest({"10": "0.5", "9": "0.5", "2": "0", "11": "0.50"})]),
        answer(
            100,
            {"2": (0,) * 7, **{n: (a, 0, a, 0, 0, 0, 0) for n, a in (("9", 34), ("10", 33), ("11", 33))}},
            pools=[("purchases", 100, {"2": 0, "9": 34, "10": 33, "11": 33})],
        ),
    ),
    # 1,001: 20 % of patronage is 200.2, up: 201 of 1,001, 800 left. Half of no other business: 0. At most 5 % of the
    # 800: 40, 760 left. 500, but 100 is missing to the target: 660 left. At least 10,000 of which 660 are there.
    "reserves: minimum, maximum, until, at least": (
        plan(
            "EUR",
            "2025-12-31",
            {"patronage": 1001},
            [
                {"name": "legal", "of": "patronage", "percent": "20", "bound": "minimum"},
                {"name": "other business", "of": "nonpatronage", "percent": "50"},
                {"name": "education", "of": "remaining", "percent": "5", "bound": "maximum"},
                {"name": "building", "amount": 500, "until": {"balance": 900, "target": 1000}},
                {"name": "floor", "of": "surplus", "percent": "1", "at_least": 10_000},
            ],
            [rest({"7": "1"})],
        ),
        answer(
            1001,
            {"7": (0,) * 7},
            appropriated=[("legal", 201), ("other business", 0), ("education", 40), ("building", 100), ("floor", 660)],
            pools=[("purchases", 0, {"7": 0})],
        ),
    ),
    # 3.75 % of 12.345 dinars is 0.46293…, down: 0.462; of 1,000.000 it is 37.500; of 0.026 nothing. 62.038 are left.
    "interest on shares, three decimals": (
        plan(
            "KWD",
            "2025-06-30",
            {"patronage": 100_000},
            pools=[rest({"8": "1.5", "7": "0.5"})],
            share_interest={"rate": "3.75", "cap": "8", "holdings": {"7": 12_345, "9": 1_000_000, "10": 26}},
        ),
        answer(
            100_000,
            {
                "7": (15_510, 462, 15_510, 0, 0, 0, 0),  # 62,038 ÷ 4 = 15,509.5; the tie's unit to the smaller number
                "8": (46_528, 0, 46_528, 0, 0, 0, 0),
                "9": (0, 37_500, 0, 0, 0, 0, 0),
                "10": (0,) * 7,
            },
            interest={"7": 462, "9": 37_500, "10": 0},
            pools=[("purchases", 62_038, {"7": 15_510, "8": 46_528})],
        ),
    ),
    # Of 501 first 400; of the 101 left 33.335 % twice are 33.66835, the unassigned 33.33 % are 33.6633: two units over
    # go to the two departments.
    "departments by amount and percent, the rest to one": (
        plan(
            "EUR",
            "2025-12-31",
            {"patronage": 501},
            pools=[
                {"name": "bakery", "percent": "33.335", "basis": {"1": "1"}},
                rest({"3": "2", "1": "1"}, "dairy"),
                {"name": "garden", "percent": "33.335", "basis": {"2": "7"}},
                {"name": "café", "amount": 400, "basis": {"2": "1", "3": "3"}},
            ],
        ),
        answer(
            501,
            {"1": (45, 0, 45, 0, 0, 0, 0), "2": (134, 0, 134, 0, 0, 0, 0), "3": (322, 0, 322, 0, 0, 0, 0)},
            pools=[
                ("bakery", 34, {"1": 34}),
                ("dairy", 33, {"1": 11, "3": 22}),
                ("garden", 34, {"2": 34}),
                ("café", 400, {"2": 100, "3": 300}),
            ],
        ),
    ),
    # Members bought 60 of 100: what the others' business earned is no member's, and half of it goes to the reserve by
    # law (30,000.01 × 50 % = 15,000.005, up). 20 % and 5 % of the 70,000.00. Nobody takes the last 40 %.
    "business with others, and an unallocated part": (
        plan(
            "EUR",
            "2025-12-31",
            {"patronage": 7_000_000, "nonpatronage": 3_000_001},
            [
                {"name": "fondo de reserva obligatorio", "of": "patronage", "percent": "20"},
                {"name": "fondo de educación", "of": "patronage", "percent": "5"},
                {"name": "resultados extracooperativos", "of": "nonpatronage", "percent": "50"},
            ],
            [{"name": "retornos", "percent": "60", "basis": {"4": "1"}}],
        ),
        # 10,000,001 − 1,400,000 − 350,000 − 1,500,001 = 6,750,000, of which 60 % are 4,050,000
        answer(
            10_000_001,
            {"4": (4_050_000, 0, 4_050_000, 0, 0, 0, 0)},
            appropriated=[
                ("fondo de reserva obligatorio", 1_400_000),
                ("fondo de educación", 350_000),
                ("resultados extracooperativos", 1_500_001),
            ],
            pools=[("retornos", 4_050_000, {"4": 4_050_000})],
            unallocated=2_700_000,
        ),
    ),
    # 1.01 each: 15 % is 15.15, up: 16; the law's 20 % is 20.2, up: 21, for whoever consented. A leap year's end of
    # February: the ninth month after is November.
    "qualified notices and one who did not consent": (
        plan(
            "USD",
            "2024-02-29",
            {"patronage": 202},
            pools=[rest({"1": "3", "2": "3"})],
            settlement={"cash_percent": "15", "notice": "qualified", "no_consent": ["2", "99"]},
        ),
        answer(
            202,
            {"1": (101, 0, 21, 80, 0, 0, 0), "2": (101, 0, 16, 0, 85, 0, 0)},
            pools=[("purchases", 202, {"1": 101, "2": 101})],
            due="2024-11-15",
        ),
    ),
    # Half in cash. 1: 499 stays under 5.00, all rolls forward. 2: 499 and 0.01 from before are 5.00: paid. 3: the debt
    # is larger than the cash. 4: 12.00 come off 50.00. 5: nothing in cash is nothing to roll forward.
    "small sums, money from before and debts": (
        plan(
            "USD",
            "2025-12-31",
            {"patronage": 998 + 998 + 2_000 + 10_000},
            pools=[rest({"1": "9.98", "2": "9.98", "3": "20", "4": "100.00", "5": "0"})],
            settlement={
                "cash_percent": "50",
                "notice": "nonqualified",
                "de_minimis": 500,
                "carried": {"2": 1, "5": 400},
                "debts": {"3": 1_001, "4": 1_200, "1": 7},
            },
        ),
        answer(
            13_996,
            {
                "1": (998, 0, 0, 0, 0, 0, 998),
                "2": (998, 0, 499, 0, 499, 0, 0),
                "3": (2_000, 0, 0, 0, 1_000, 1_000, 0),
                "4": (10_000, 0, 3_800, 0, 5_000, 1_200, 0),
                "5": (0,) * 7,
            },
            pools=[("purchases", 13_996, {"1": 998, "2": 998, "3": 2_000, "4": 10_000, "5": 0})],
            due="2026-09-15",
        ),
    ),
    # Debts are money for the 20 %: of 1,000 the 200 in cash go to a debt of 150 and 50 are paid. Nothing in cash was
    # asked for, the law raises it. A September year's payment is due in June.
    "nothing in cash, raised by law, set off": (
        plan(
            "USD",
            "2025-09-30",
            {"patronage": 1_000, "losses_carried": 0},
            pools=[rest({"0": "1"})],
            settlement={"cash_percent": "0", "notice": "qualified", "debts": {"0": 150}, "de_minimis": 201,
                        "carried": {"0": 1}},
        ),
        answer(
            1_000,
            {"0": (1_000, 0, 50, 800, 0, 150, 0)},
            pools=[("purchases", 1_000, {"0": 1_000})],
            due="2026-06-15",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORKED)
def test_what_was_worked_out_by_hand_comes_out(name):
    asked, wanted = WORKED[name]
    found = json.loads("".join(json_chunks(allocate(parse_plan(json.dumps(asked))))))
    for step in found["appropriations"]:
        assert step.pop("because")
    assert found == wanted
    assert list(found["members"]) == sorted(found["members"], key=int)
