"""Malformed plans: each is refused with its place and one sentence, and nothing else happens."""

import json

import pytest

from ledger.allocation import PlanRefused, allocate, build_plan, parse_plan
from tests.ledger.allocation.plans import simple, whole

MISSING = object()


def changed(path, value):
    """Return the whole plan with one place changed, or left out."""
    plan = whole()
    *way, last = path
    at = plan
    for step in way:
        at = at[step]
    if value is MISSING:
        del at[last]
    else:
        at[last] = value
    return plan


POOL, STEP = ("pools", 0), ("appropriations", 0)
CHANGES = [
    # keys
    (("currency",), MISSING, "currency"),
    (("fiscal_year_end",), MISSING, "fiscal_year_end"),
    (("result",), MISSING, "result"),
    (("settlement",), MISSING, "settlement"),
    (("result", "patronage"), MISSING, "result.patronage"),
    ((*STEP, "name"), MISSING, "appropriations[0].name"),
    ((*STEP, "of"), MISSING, "appropriations[0].of"),
    ((*STEP, "percent"), MISSING, "appropriations[0]"),
    ((*STEP, "until", "target"), MISSING, "appropriations[0].until.target"),
    (("share_interest", "rate"), MISSING, "share_interest.rate"),
    (("share_interest", "holdings"), MISSING, "share_interest.holdings"),
    ((*POOL, "name"), MISSING, "pools[0].name"),
    ((*POOL, "percent"), MISSING, "pools[0]"),
    ((*POOL, "basis"), MISSING, "pools[0].basis"),
    (("settlement", "cash_percent"), MISSING, "settlement.cash_percent"),
    (("settlement", "notice"), MISSING, "settlement.notice"),
    (("surplus",), 1, '"surplus"'),
    (("result", "tax"), 1, 'result["tax"]'),
    ((*STEP, "round"), "up", 'appropriations[0]["round"]'),
    ((*STEP, "until", "to"), 1, 'appropriations[0].until["to"]'),
    (("share_interest", "floor"), "1", 'share_interest["floor"]'),
    ((*POOL, "Basis"), {}, 'pools[0]["Basis"]'),
    (("settlement", "cash"), "1", 'settlement["cash"]'),
    # shapes
    (("result",), [1], "result"),
    (("result",), None, "result"),
    (("appropriations",), {}, "appropriations"),
    (("appropriations",), None, "appropriations"),
    (STEP, "20", "appropriations[0]"),
    (("share_interest",), "5", "share_interest"),
    (("share_interest", "holdings"), [], "share_interest.holdings"),
    (("pools",), "all", "pools"),
    (POOL, None, "pools[0]"),
    ((*POOL, "basis"), [["17", "1"]], "pools[0].basis"),
    (("settlement",), None, "settlement"),
    (("settlement", "no_consent"), "18", "settlement.no_consent"),
    (("settlement", "no_consent"), {"18": True}, "settlement.no_consent"),
    # money
    (("result", "patronage"), 28000000.0, "result.patronage"),
    (("result", "patronage"), "28000000", "result.patronage"),
    (("result", "patronage"), True, "result.patronage"),
    (("result", "patronage"), None, "result.patronage"),
    (("result", "nonpatronage"), -1, "result.nonpatronage"),
    (("result", "losses_carried"), -1, "result.losses_carried"),
    (("result", "patronage"), -1, "appropriations"),
    ((*STEP, "at_least"), 0.5, "appropriations[0].at_least"),
    ((*STEP, "at_least"), -5, "appropriations[0].at_least"),
    ((*STEP, "at_most"), "5", "appropriations[0].at_most"),
    ((*STEP, "amount"), 5, "appropriations[0]"),  # beside its percentage
    ((*STEP, "until", "balance"), 1.5, "appropriations[0].until.balance"),
    (("share_interest", "holdings", "17"), -1, 'share_interest.holdings["17"]'),
    (("share_interest", "holdings", "17"), "500", 'share_interest.holdings["17"]'),
    (("share_interest", "holdings", "17"), 10**18, "share_interest"),  # more interest than remains
    (("settlement", "de_minimis"), -1, "settlement.de_minimis"),
    (("settlement", "de_minimis"), False, "settlement.de_minimis"),
    (("settlement", "debts", "17"), -1, 'settlement.debts["17"]'),
    (("settlement", "carried", "18"), 3.10, 'settlement.carried["18"]'),
    # rates
    ((*STEP, "percent"), 20, "appropriations[0].percent"),
    ((*STEP, "percent"), "20%", "appropriations[0].percent"),
    ((*STEP, "percent"), "-1", "appropriations[0].percent"),
    ((*STEP, "percent"), "100.001", "appropriations[0].percent"),
    ((*STEP, "percent"), "1e1", "appropriations[0].percent"),
    ((*STEP, "percent"), ".5", "appropriations[0].percent"),
    ((*STEP, "percent"), "5.", "appropriations[0].percent"),
    ((*STEP, "percent"), "+5", "appropriations[0].percent"),
    ((*STEP, "percent"), " 5", "appropriations[0].percent"),
    ((*STEP, "percent"), "5\n", "appropriations[0].percent"),
    ((*STEP, "percent"), "5,5", "appropriations[0].percent"),
    ((*STEP, "percent"), "\u0665", "appropriations[0].percent"),  # an Arabic five is a digit, but not ours
    ((*STEP, "percent"), "", "appropriations[0].percent"),
    ((*STEP, "percent"), "9" * 5000, "appropriations[0].percent"),
    (("share_interest", "rate"), "8.01", "share_interest.rate"),
    (("share_interest", "rate"), 5, "share_interest.rate"),
    (("share_interest", "cap"), "4.99", "share_interest.rate"),
    (("settlement", "cash_percent"), "101", "settlement.cash_percent"),
    (("settlement", "minimum_cash_percent"), "101", "settlement.minimum_cash_percent"),
    (("settlement", "minimum_cash_percent"), None, "settlement.minimum_cash_percent"),
    (("settlement", "notice"), "none", "settlement.cash_percent"),
    # choices
    ((*STEP, "of"), "profit", "appropriations[0].of"),
    ((*STEP, "of"), ["surplus"], "appropriations[0].of"),
    ((*STEP, "bound"), "nearest", "appropriations[0].bound"),
    (("settlement", "notice"), "Qualified", "settlement.notice"),
    (("settlement", "notice"), True, "settlement.notice"),
    (("currency",), "euro", "currency"),
    (("currency",), 978, "currency"),
    (("fiscal_year_end",), "2025-02-29", "fiscal_year_end"),
    (("fiscal_year_end",), "20251231", "fiscal_year_end"),
    (("fiscal_year_end",), "2025-12-31T00:00:00", "fiscal_year_end"),
    (("fiscal_year_end",), "9999-12-31", "fiscal_year_end"),
    (("fiscal_year_end",), 2025, "fiscal_year_end"),
    ((*STEP, "name"), " ", "appropriations[0].name"),
    ((*STEP, "name"), 7, "appropriations[0].name"),
    ((*STEP, "name"), "a\nb", "appropriations[0].name"),
    ((*POOL, "name"), "\ud800", "pools[0].name"),
    # pools and members
    ((*POOL, "basis", "17"), "-2600", 'pools[0].basis["17"]'),
    ((*POOL, "basis", "17"), 2600, 'pools[0].basis["17"]'),
    ((*POOL, "basis", "17"), 2600.5, 'pools[0].basis["17"]'),
    ((*POOL, "basis", "17"), None, 'pools[0].basis["17"]'),
    ((*POOL, "basis", "17"), "NaN", 'pools[0].basis["17"]'),
    ((*POOL, "basis"), {}, "pools[0].basis"),
    ((*POOL, "basis"), {"17": "0", "18": "0.00"}, "pools[0].basis"),
    ((*POOL, "basis", "amara"), "1", 'pools[0].basis["amara"]'),
    ((*POOL, "basis", "017"), "1", 'pools[0].basis["017"]'),
    ((*POOL, "basis", "-3"), "1", 'pools[0].basis["-3"]'),
    ((*POOL, "basis", "1.0"), "1", 'pools[0].basis["1.0"]'),
    ((*POOL, "basis", " 3"), "1", 'pools[0].basis[" 3"]'),
    ((*POOL, "basis", ""), "1", 'pools[0].basis[""]'),
    ((*POOL, "basis", "\u0663"), "1", 'pools[0].basis["\\u0663"]'),
    (("settlement", "no_consent"), [18], "settlement.no_consent[0]"),
    (("settlement", "no_consent"), ["18", "18"], "settlement.no_consent[1]"),
    ((*POOL, "percent"), "100.01", "pools[0].percent"),
    ((*POOL, "amount"), 1, "pools[0]"),
    ((*POOL, "rest"), True, "pools[0]"),
    (POOL, {"name": "a", "rest": False, "basis": {}}, "pools[0].rest"),
    (POOL, {"name": "a", "rest": 1, "basis": {}}, "pools[0].rest"),
    (POOL, {"name": "a", "amount": -1, "basis": {"1": "1"}}, "pools[0].amount"),
    (POOL, {"name": "a", "amount": 25597501, "basis": {"1": "1"}}, "pools[0].amount"),
    (POOL, {"name": "a", "amount": 1.0, "basis": {"1": "1"}}, "pools[0].amount"),
    (("pools",), [{"name": "a", "percent": "60", "basis": {"1": "1"}}] * 2, "pools"),
    (("pools",), [{"name": "a", "rest": True, "basis": {"1": "1"}}] * 2, "pools[1].rest"),
]


@pytest.mark.parametrize(("path", "value", "where"), CHANGES, ids=range(len(CHANGES)))
def test_a_malformed_plan_is_refused_where_it_is_wrong(path, value, where):
    with pytest.raises(PlanRefused) as refused:
        allocate(parse_plan(json.dumps(changed(path, value))))
    assert refused.value.where == where
    assert refused.value.why
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


TEXTS = [
    ("", "", "empty"),
    (" \n", "", "empty"),
    ("[]", "", "object"),
    ("null", "", "object"),
    ('"plan"', "", "object"),
    ("12", "", "object"),
    ("1.5", "", "object"),
    ("NaN", "", "object"),
    ("{", "line 1, column 2", "not JSON"),
    ("{} {}", "line 1, column 4", "not JSON"),
    ("{\"currency\": 'EUR'}", "line 1, column 14", "not JSON"),
    ('{"currency": "EUR",}', "line 1, column 20", "not JSON"),
    ('{"currency": "E\tUR"}', "line 1, column 16", "not JSON"),
    ("// a comment\n{}", "line 1, column 1", "not JSON"),
    ("[" * 100_000, "", "nested"),
    ('{"a":' * 100_000, "", "nested"),
    ('{"currency": "EUR", "currency": "EUR"}', '"currency"', "twice"),
    ('{"currency": "EUR", "\\u0063urrency": "EUR"}', '"currency"', "twice"),
    (b"\xff\xfe{\x00}\x00", "byte 0", "UTF-8"),
    (b'{"currency": "\xe9"}', "byte 14", "UTF-8"),
]


@pytest.mark.parametrize(("text", "where", "word"), TEXTS, ids=range(len(TEXTS)))
def test_a_text_that_is_no_plan_is_refused(text, where, word):
    with pytest.raises(PlanRefused, match=word) as refused:
        parse_plan(text)
    assert refused.value.where == where


INSIDE = [
    ('"losses_carried": 0', '"losses_carried": 0, "losses_carried": 0', 'result["losses_carried"]'),
    ('"17": "2600.00"', '"17": "1", "17": "2600.00"', 'pools[0].basis["17"]'),
    ('"17": 50000', '"17": 50000, "17": 50000', 'share_interest.holdings["17"]'),
    ('"17": 1200', '"17": 1200, "17": 1200', 'settlement.debts["17"]'),
    ('"notice": "qualified"', '"notice": "qualified", "notice": "none"', 'settlement["notice"]'),
    ('"patronage": 28000000', '"patronage": NaN', "result.patronage"),
    ('"patronage": 28000000', '"patronage": -Infinity', "result.patronage"),
    ('"patronage": 28000000', '"patronage": 28e6', "result.patronage"),
    ('"patronage": 28000000', '"patronage": 1e999', "result.patronage"),
    ('"patronage": 28000000', '"patronage": 1' + "0" * 5000, "result.patronage"),
    ('"patronage": 28000000', '"patronage": -0.0', "result.patronage"),
]


@pytest.mark.parametrize(("old", "new", "where"), INSIDE, ids=range(len(INSIDE)))
def test_what_only_json_text_can_say_is_refused_in_its_place(old, new, where):
    text = json.dumps(whole())
    assert text.count(old) == 1
    with pytest.raises(PlanRefused) as refused:
        parse_plan(text.replace(old, new))
    assert refused.value.where == where


def test_what_is_optional_may_be_left_out():
    plan = {"currency": "EUR", "fiscal_year_end": "2025-12-31", "result": {"patronage": 7}}
    answer = allocate(parse_plan(json.dumps(plan))).as_dict()
    assert (answer["surplus"], answer["unallocated"], answer["members"], answer["payment_due"]) == (7, 7, {}, None)


def test_a_byte_order_mark_is_no_offence():
    text = json.dumps(whole())
    assert parse_plan(b"\xef\xbb\xbf" + text.encode()) == parse_plan(text)


def test_a_share_of_interest_above_what_remains_is_refused_in_a_loss_too():
    plan = simple(-100, {"1": "1"}) | {"share_interest": {"rate": "5", "holdings": {"1": 100}}}
    with pytest.raises(PlanRefused, match="share_interest"):
        allocate(build_plan(plan))
    plan["share_interest"]["holdings"] = {}
    assert allocate(build_plan(plan)).share_interest.total == 0


def test_a_member_named_by_number_and_by_text_is_refused():
    with pytest.raises(PlanRefused, match="twice") as refused:
        build_plan(simple(10, {17: "1", "17": "1"}))
    assert refused.value.where == 'pools[0].basis["17"]'


@pytest.mark.parametrize("figure", [1.5, float("nan"), True, object(), -1, None])
def test_python_values_are_no_way_around_the_checks(figure):
    with pytest.raises(PlanRefused) as refused:
        build_plan(simple(10, {17: figure}))
    assert refused.value.where == 'pools[0].basis["17"]'
    with pytest.raises(PlanRefused):
        build_plan(simple(10, {figure: "1"}))
