"""A draft is worked out to the cent, changed, proposed, frozen under its hash, and taken back."""

import pytest
from django.core.exceptions import PermissionDenied

from coop.kernel.errors import Refused
from ledger.allocation import allocate, build_plan
from ledger.models import PlanLine, SurplusPlan
from ledger.selectors import plan_reading as reading
from ledger.selectors import surplus as selectors
from ledger.services import surplus
from ledger.terms import engine_plan
from tests.ledger.surplus_factories import TERMS, YEAR, make_import, make_plan

pytestmark = pytest.mark.django_db
PURCHASES = {1: "2318.40", 2: "640.00", 3: "1.60"}


@pytest.fixture
def plan(lena, buyers):
    make_import(lena, PURCHASES)
    return make_plan(lena)


def test_a_draft_says_what_everybody_gets(plan):
    result = plan.result
    assert (result["earned"], result["surplus"], result["unallocated"]) == (4_831_000, 4_831_000, 0)
    assert [step["amount"] for step in result["appropriations"]] == [1_207_750, 241_550]
    (pool,) = result["pools"]
    assert (pool["amount"], pool["basis"], pool["members"], pool["unit"]) == (3_381_700, 296_000, 3, "money")
    lines = {line.number: line for line in plan.lines.all()}
    assert {number: line.basis for number, line in lines.items()} == {1: [231_840], 2: [64_000], 3: [160]}
    assert sum(line.allocated for line in lines.values()) == 3_381_700
    # 33 817.00 by 2318.40, 640.00, 1.60 of 2960.00: 26 486.936…, 7 311.783…, 18.279…; two cents go to the .9s
    assert [lines[number].allocated for number in (1, 2, 3)] == [2_648_694, 731_178, 1_828]
    assert [lines[number].cash for number in (1, 2, 3)] == [1_324_347, 365_589, 914]
    assert all(line.shares == [line.allocated] for line in lines.values())
    assert result["refunds"] == {"members": 3, "middle": 731_178, "largest": 2_648_694}


def test_the_lines_are_the_pure_engines(plan):
    figures = selectors.figures(plan.year)
    allocation = allocate(build_plan(engine_plan("EUR", plan.year.ends_on, plan.terms, figures)))
    assert [
        (
            row.number,
            row.allocated,
            row.interest,
            row.cash,
            row.qualified,
            row.nonqualified,
            row.netted,
            row.rolled_forward,
        )
        for row in plan.lines.all()
    ] == list(allocation.rows())


def test_several_plans_stand_side_by_side(lena, plan):
    generous = make_plan(
        lena,
        title="Most to members",
        appropriations=TERMS["appropriations"][:1],
        settlement={"cash_percent": "100", "notice": "none"},
    )
    assert (plan.letter, generous.letter) == ("A", "B")
    rows = {row.name: row.amounts for row in reading.compare([plan, generous])}
    assert rows["Statutory reserve"] == (1_207_750, 1_207_750)
    assert rows["Education fund"] == (241_550, 0)
    assert rows["Refunds kept as capital"] == (1_690_850, 0)
    for place, each in enumerate((plan, generous)):
        assert sum(amounts[place] for amounts in rows.values()) == each.result["surplus"]
    assert reading.refund_on_hundred(plan) == 114_246  # 33 817.00 on 2 960.00 of purchases


def test_a_draft_is_worked_out_again_and_thrown_away(lena, plan):
    surplus.redraw(actor=lena, plan=plan, title="Build  reserves", terms={**TERMS, "appropriations": []})
    plan.refresh_from_db()
    assert plan.title == "Build reserves"
    assert plan.result["pools"][0]["amount"] == 4_831_000
    assert plan.lines.count() == 3
    surplus.throw_away(actor=lena, plan=plan)
    assert not SurplusPlan.objects.exists()
    assert not PlanLine.objects.exists()


def test_a_draft_on_old_figures_says_so_and_is_not_proposed(lena, plan):
    make_import(lena, {2: "100.00"})
    plan.year.refresh_from_db()
    assert selectors.is_stale(plan)
    with pytest.raises(Refused, match="figures have changed since"):
        surplus.propose(actor=lena, plan=plan)
    again = surplus.redraw(actor=lena, plan=plan, title=plan.title, terms=plan.terms)
    surplus.propose(actor=lena, plan=again)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pools": [{"name": "purchases", "amount": 10_000_000}]}, "“purchases”: "),
        ({"pools": [{"name": "cheese", "rest": True}]}, "“cheese”: nobody has a basis in this pool"),
        ({"pools": [{"name": "purchases", "percent": "101"}]}, "“purchases”: is more than 100 per cent"),
        ({"appropriations": [{"name": "Reserve", "percent": "5", "account": "3200"}]}, "“Reserve”: is missing"),
        ({"settlement": {"cash_percent": "30", "notice": "none"}}, "How it is paid: must be 100"),
        ({"share_interest": {"rate": "9", "cap": "8"}}, "Interest on shares: 9 % is above the cap of 8 %"),
        ({"result": {"patronage": 1.5}}, "The result: must be an integer"),
        ({"result": {"patronage": 10**17}}, "more money than can be kept"),
    ],
)
def test_what_cannot_be_carried_out_is_said_in_a_sentence(lena, plan, change, sentence):
    with pytest.raises(Refused) as refused:
        make_plan(lena, **change)
    assert sentence in refused.value.message
    assert SurplusPlan.objects.count() == 1


def test_a_reserve_needs_its_account_before_the_members_see_it(lena, plan):
    loose = make_plan(lena, appropriations=[{"name": "Reserve", "amount": 100, "account": "1000"}])
    assert selectors.issues_before_proposing(loose) == ["Say which account “Reserve” goes to."]
    with pytest.raises(Refused, match="Say which account"):
        surplus.propose(actor=lena, plan=loose)


def test_a_loss_mirrors_a_gain(lena, buyers):
    make_import(lena, PURCHASES)
    loss = make_plan(lena, result={"patronage": -3_381_700, "nonpatronage": 0, "losses_carried": 0}, appropriations=[])
    assert [line.allocated for line in loss.lines.all()] == [-2_648_694, -731_178, -1_828]


def test_a_proposal_is_known_by_its_hash(lena, plan):
    proposed = surplus.propose(actor=lena, plan=plan)
    assert len(proposed.hash) == 64
    assert surplus.propose(actor=lena, plan=plan).proposed_at == proposed.proposed_at
    assert surplus.hash_of(proposed) == proposed.hash
    with pytest.raises(Refused, match="another state: before the members"):
        surplus.redraw(actor=lena, plan=plan, title="x", terms=TERMS)
    with pytest.raises(Refused, match="another state"):
        surplus.throw_away(actor=lena, plan=plan)
    back = surplus.take_back(actor=lena, plan=plan, because="a mistake")
    assert (back.state, back.hash) == ("draft", "")
    changed = surplus.redraw(actor=lena, plan=plan, title="Other words", terms=plan.terms)
    assert surplus.propose(actor=lena, plan=changed).hash != proposed.hash


def test_taking_back_needs_a_reason(lena, plan):
    surplus.propose(actor=lena, plan=plan)
    with pytest.raises(Refused, match="Say why"):
        surplus.take_back(actor=lena, plan=plan, because=" ")


def test_only_the_treasurer_draws_up(jonas, mei, nadia, lena, plan):
    for actor in (jonas, mei, nadia):
        with pytest.raises(PermissionDenied):
            surplus.draw_up(actor=actor, year=YEAR, title="x", terms=TERMS)
        with pytest.raises(PermissionDenied):
            surplus.propose(actor=actor, plan=plan)


def test_another_coops_plan_is_not_theirs(olga, plan):
    with pytest.raises(PermissionDenied):
        surplus.propose(actor=olga, plan=plan)


def test_the_histogram_counts_everybody_once(plan):
    brackets = reading.spread(plan)
    assert sum(bracket.members for bracket in brackets) == 3
    assert [bracket.low for bracket in brackets][:2] == [0, 500_000]
    assert [bracket.members for bracket in brackets if bracket.has_middle] == [1]
    assert brackets[-1].high is None
