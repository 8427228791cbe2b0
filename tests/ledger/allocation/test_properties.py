"""What holds for any plan at all, looked for by Hypothesis."""

import json
from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from ledger.allocation import PlanRefused, allocate, build_plan, json_chunks, largest_remainder, parse_plan, text_lines
from ledger.allocation.result import COLUMNS
from tests.ledger.allocation import oracle
from tests.ledger.allocation.plans import simple

AMOUNTS = st.one_of(st.integers(0, 50), st.integers(0, 10**9), st.integers(0, 10**40))
SIGNED = st.one_of(AMOUNTS, AMOUNTS.map(int.__neg__))
MEMBERS = st.one_of(st.integers(0, 12), st.integers(0, 10**12)).map(str)
FIGURES = st.one_of(
    st.integers(0, 3).map(str),
    st.decimals(0, 10**6, places=2).map(lambda figure: format(figure, "f")),
    st.decimals(0, 1, places=9).map(lambda figure: format(figure, "f")),
)
BASES = st.dictionaries(MEMBERS, FIGURES, max_size=12)
PEOPLED = st.builds(lambda basis, member: basis | {member: "2.5"}, BASES, MEMBERS)  # somebody has a basis
PERCENTS = st.one_of(st.integers(0, 100).map(str), st.decimals(0, 100, places=3).map(lambda rate: format(rate, "f")))


@st.composite
def steps(draw, amounts=AMOUNTS):
    step = {"name": "step", "bound": draw(st.sampled_from(["minimum", "maximum"]))}
    if draw(st.booleans()):
        step |= {"percent": draw(PERCENTS)}
        step |= {"of": draw(st.sampled_from(["patronage", "nonpatronage", "surplus", "remaining"]))}
    else:
        step |= {"amount": draw(amounts)}
    for limit in ("at_least", "at_most"):
        step[limit] = draw(st.none() | amounts)
    step["until"] = draw(st.none() | st.fixed_dictionaries({"balance": amounts, "target": amounts}))
    return step


@st.composite
def settlements(draw, amounts=AMOUNTS):
    notice = draw(st.sampled_from(["qualified", "nonqualified", "none"]))
    return {
        "notice": notice,
        "cash_percent": "100" if notice == "none" else draw(PERCENTS),
        "minimum_cash_percent": draw(PERCENTS),
        "no_consent": draw(st.lists(MEMBERS, unique=True, max_size=4)),
        "de_minimis": draw(st.sampled_from([0, 5, 500, 10**6])),
        "debts": draw(st.dictionaries(MEMBERS, amounts, max_size=8)),
        "carried": draw(st.dictionaries(MEMBERS, st.integers(0, 10**6), max_size=4)),
    }


@st.composite
def plans(draw, amounts=AMOUNTS):
    """Draw a plan of the right shape; the engine may still refuse it for its figures."""
    loss = draw(st.integers(0, 3)) == 0
    bases = PEOPLED if draw(st.integers(0, 9)) else BASES
    pools = [{"name": "all", "rest": True, "basis": draw(bases)}]
    for size, values in (("percent", st.integers(0, 60).map(str)), ("amount", st.integers(0, 9))):
        if draw(st.booleans()):
            pools.insert(draw(st.integers(0, 1)), {"name": size, size: draw(values), "basis": draw(bases)})
    holdings = st.dictionaries(MEMBERS, st.integers(0, 10**4), max_size=6)
    return {
        "currency": draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        "fiscal_year_end": draw(st.dates().filter(lambda day: day.year < 9999)).isoformat(),
        "result": {
            "patronage": -draw(amounts) if loss else draw(amounts),
            "nonpatronage": draw(st.just(0) | amounts),
            "losses_carried": draw(st.just(0) | amounts),
        },
        "appropriations": [] if loss else draw(st.lists(steps(amounts), max_size=3)),
        "share_interest": draw(st.none() | st.fixed_dictionaries({"rate": PERCENTS, "holdings": holdings})),
        "pools": pools if draw(st.booleans()) else pools[:-1],
        "settlement": draw(settlements(amounts)),
    }


def carried_out(plan):
    """Return the allocation, or None for a plan whose figures refuse it."""
    try:
        return allocate(parse_plan(json.dumps(plan)))
    except PlanRefused:
        return None


@given(plans())
def test_the_engine_says_what_the_contract_says(plan):
    """Against the oracle: the same answer, or a refusal by both."""
    found = carried_out(plan)
    try:
        expected = oracle.answer(plan)
    except oracle.Refused:
        expected = None
    answer = found and found.as_dict()
    for step in answer["appropriations"] if answer else ():
        assert step.pop("because")
    assert answer == expected


@given(plans())
def test_every_level_adds_up_for_any_plan(plan):
    found = carried_out(plan)
    if found is None:
        return
    appropriated = sum(step.amount for step in found.appropriations)
    shared = sum(pool.amount for pool in found.pools)
    assert found.surplus == appropriated + found.share_interest.total + shared + found.unallocated
    result = plan["result"]
    kept = result["losses_carried"] - found.losses_remaining
    assert found.surplus == result["patronage"] + result["nonpatronage"] - kept
    for pool in found.pools:
        assert sum(pool.shares) == pool.amount
    assert sum(found.share_interest.amounts) == found.share_interest.total == found.totals["interest"]
    assert found.totals["allocated"] == shared
    assert found.totals == {name: sum(found.columns[name]) for name in COLUMNS}
    for _, allocated, _, *parts in found.rows():
        assert allocated == sum(parts)


@given(plans())
def test_nothing_is_negative_in_a_gain_and_nothing_positive_in_a_loss(plan):
    found = carried_out(plan)
    if found is None:
        return
    sign = -1 if found.surplus < 0 else 1
    for member, allocated, interest, *parts in found.rows():
        assert interest >= 0
        assert all(part * sign >= 0 for part in (allocated, *parts)), member
    assert found.losses_remaining >= 0
    assert found.unallocated * sign >= 0
    assert all(step.amount >= 0 for step in found.appropriations)


@given(plans())
def test_a_qualified_notice_always_has_its_part_in_cash(plan):
    found = carried_out(plan)
    if found is None:
        return
    terms = plan["settlement"]
    for member, allocated, _, cash, qualified, nonqualified, netted, rolled in found.rows():
        if qualified > 0:
            assert Fraction(cash + netted) >= allocated * Fraction(terms["minimum_cash_percent"]) / 100
            assert str(member) not in terms["no_consent"]
            assert nonqualified == 0
        if rolled:
            assert (cash, qualified, nonqualified, netted) == (0, 0, 0, 0)
        assert netted <= terms["debts"].get(str(member), 0)
    if terms["notice"] == "none":
        assert found.totals["qualified"] == found.totals["nonqualified"] == 0
        assert found.payment_due is None


@given(AMOUNTS, BASES)
def test_the_fifth_in_money_is_met_for_every_patron(amount, basis):
    found = carried_out(simple(amount, basis, cash_percent="0", notice="qualified"))
    for _, allocated, _, cash, qualified, *_ in found.rows() if found else ():
        assert qualified == allocated - cash
        assert 5 * cash >= allocated > 5 * (cash - 1) or allocated == 0


@given(plans(), st.randoms(use_true_random=False))
def test_the_order_of_members_is_worth_nothing(plan, random):
    def shuffled(value):
        if not isinstance(value, dict):
            return value
        entries = list(value.items())
        random.shuffle(entries)
        return {key: shuffled(inner) for key, inner in entries}

    other = shuffled(plan) | {"pools": [shuffled(pool) for pool in plan["pools"]]}
    random.shuffle(other["settlement"]["no_consent"])
    found, again = carried_out(plan), carried_out(other)
    assert (found and found.as_dict()) == (again and again.as_dict())


@given(plans())
def test_every_way_out_says_the_same(plan):
    found = carried_out(plan)
    if found is None:
        return
    answer = found.as_dict()
    assert json.loads("".join(json_chunks(found))) == answer
    assert json.loads(json.dumps(answer)) == answer
    assert build_plan(plan) == found.plan
    assert all(len(line.splitlines()) <= 1 for line in text_lines(found))
    keys = list(answer["members"])
    assert keys == sorted(keys, key=int)
    for member in found.members:
        lines = found.explain(member)
        figures = found.of(member)
        assert sum(line.amount for line in lines if line.kind == "share") == figures["allocated"]
        settled = {"cash", "qualified", "nonqualified", "netted", "rolled_forward"}
        assert sum(line.amount for line in lines if line.kind in settled) == figures["allocated"]
        assert sum(line.amount for line in lines if line.kind == "interest") == figures["interest"]


WEIGHTS = st.lists(st.one_of(st.integers(0, 4), st.integers(0, 10**6), st.integers(0, 10**30)), max_size=30)


@given(SIGNED, WEIGHTS)
def test_shares_are_exact_fair_and_mirrored(amount, weights):
    total = sum(weights)
    if not total and amount:
        return
    shares = largest_remainder(amount, weights)
    assert sum(shares) == amount
    assert [-share for share in shares] == largest_remainder(-amount, weights)
    for share, weight in zip(shares, weights, strict=True):
        quota = Fraction(amount * weight, total) if total else Fraction(0)
        assert floor(quota) <= share <= ceil(quota)
        assert weight or not share
    ranked = sorted(zip(weights, map(abs, shares), strict=True))
    for (lighter, less), (heavier, more) in zip(ranked, ranked[1:], strict=False):
        assert less <= more or lighter == heavier
    for place, weight in enumerate(weights):  # among equals the earlier never gets less
        same = [abs(share) for share, other in zip(shares[place:], weights[place:], strict=True) if other == weight]
        assert same[0] == max(same)


@given(st.integers(0, 10**6), WEIGHTS.filter(any))
def test_no_unit_could_go_to_a_larger_remainder(amount, weights):
    """The definition itself, checked pair by pair: who got a unit on top had no smaller remainder than who did not."""
    shares = largest_remainder(amount, weights)
    total = sum(weights)
    on_top, without = [], []
    for place, (share, weight) in enumerate(zip(shares, weights, strict=True)):
        whole, rest = divmod(amount * weight, total)
        (on_top if share > whole else without).append((-rest, place))
    assert not on_top or not without or max(on_top) < min(without)
