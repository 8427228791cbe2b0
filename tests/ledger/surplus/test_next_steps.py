"""What the pages fill in and say next, so that nobody who sees them for the first time is left standing."""

from __future__ import annotations

from datetime import date

import pytest

from coop.home import waiting_for
from coop.kernel import clock
from ledger.models import PatronageImport
from ledger.selectors import patronage as selectors
from ledger.selectors import surplus as plans
from ledger.services import allocation_notices, surplus
from ledger.web.surplus_steps import steps
from tests.governance.factories import carried_resolution
from tests.ledger.factories import make_entry
from tests.ledger.payout_factories import make_run, paid, ready, with_iban
from tests.ledger.surplus.test_pages import make_books, plan_form, upload, url
from tests.ledger.surplus_factories import YEAR, make_import, make_plan, posted

pytestmark = pytest.mark.django_db


def pool(total: int, outside: int, unit: str = "money") -> selectors.PoolTotal:
    return selectors.PoolTotal("purchases", unit, 2, total, outside)


@pytest.mark.parametrize(
    ("result", "pools", "elsewhere"),
    [
        (1_000_01, [pool(5_380_33, 619_67)], 103_28),  # 103.2794…, up: no cent too much is shared
        (500_00, [pool(2_000_00, 0)], 0),
        (500_00, [pool(0, 500_00)], 500_00),
        (-500_00, [pool(2_000_00, 500_00)], 0),  # a loss is parted by hand
        (500_00, [pool(2_000, 500, "hour")], 0),  # hours say nothing of turnover
        (300_00, [pool(100_00, 0), pool(100_00, 100_00)], 100_00),
        (500_00, [], 0),
    ],
)
def test_a_gain_is_parted_by_turnover(result, pools, elsewhere):
    assert plans.earned_elsewhere(result, pools) == elsewhere


def test_the_years_a_file_can_be_for(coop, lena, jonas, buyers):
    coop.fiscal_year_end_month = 9
    coop.save()
    today = date(2026, 11, 23)
    found = selectors.years_to_record(coop, today)
    assert [each.year for each in found] == [2027, 2026, 2025, 2024, 2023]
    assert (found[0].starts_on, found[0].ends_on, found[0].is_running) == (date(2026, 10, 1), date(2027, 9, 30), True)
    assert not found[1].is_running
    make_import(lena, {1: "10.00"})
    surplus.propose(actor=lena, plan=make_plan(lena))
    assert [each.plan for each in selectors.years_to_record(coop, today)] == ["", "", "A", "", ""]
    assert selectors.years_to_record(coop, date(2026, 9, 30))[0].is_running, "the last day belongs to the year"


def test_a_file_is_offered_for_the_last_year_that_takes_one(coop, lena, buyers, client_of):
    client, last = client_of(lena), clock.today(coop).year - 1
    assert client.get(url(coop, "patronage-new")).context["form"].initial["year"] == last
    make_import(lena, {1: "10.00"}, year=last)
    surplus.propose(actor=lena, plan=make_plan(lena, year=last))
    page = client.get(url(coop, "patronage-new"))
    assert page.context["form"].initial["year"] == last - 1
    assert f"{last}: its plan A stands, nothing can be added" in page.content.decode()
    assert client.get(url(coop, "patronage-new") + f"?year={last - 2}").context["form"].initial["year"] == last - 2


def test_the_corrected_file_finds_everything_as_it_was_said(coop, lena, buyers, client_of):
    client = client_of(lena)
    answer = upload(
        client, coop, b"Nr;Kasse\n1;5\n1;6\n", pool="Honey", unit="kg", amount_column="Kasse", year=YEAR - 1
    )
    found = PatronageImport.objects.get()
    assert f"patronage/new/?after={found.pk}" in client.get(answer.url).content.decode()
    initial = client.get(url(coop, "patronage-new") + f"?after={found.pk}").context["form"].initial
    assert initial == {
        "year": YEAR - 1,
        "pool": "honey",
        "unit": "kg",
        "replaces": None,
        "amount_column": "Kasse",  # “Nr” is known without being told
    }


def test_a_reserve_called_like_an_account_goes_there(coop, lena, buyers, client_of):
    make_books(coop)
    make_import(lena, {1: "10.00"})
    changes = {"a-0-account": "", "a-0-name": "statutory reserve", "a-1-account": "", "a-1-name": "Rainy days"}
    client_of(lena).post(url(coop, "plan-new", year=YEAR), plan_form(**changes))
    plan = plans.plans(coop).get()
    assert [step["account"] for step in plan.terms["appropriations"]] == ["3200", ""]
    assert plans.issues_before_proposing(plan) == ["Say which account “Rainy days” goes to."]


def said(coop, actor) -> list[str]:
    return [each.sentence for each in waiting_for(actor, clock.today(coop))]


def test_the_desk_tells_the_treasurer_what_comes_next(coop, lena, jonas, buyers):
    make_import(lena, {1: "10.00"})
    plan = surplus.propose(actor=lena, plan=make_plan(lena))
    assert said(coop, lena) == [], "nothing was carried yet"
    resolution = carried_resolution(coop, "Plan A")
    assert said(coop, lena) == ["Link the members’ decision to plan A for 2025"]
    plan = surplus.link_resolution(actor=lena, plan=plan, resolution=resolution)
    assert said(coop, lena) == []
    surplus.approve(actor=jonas, plan=plan, seen=plan.hash)
    assert said(coop, lena) == ["Post plan A for 2025"]
    assert said(coop, jonas) == []


def states(plan, actor) -> str:
    plan.refresh_from_db()
    return "".join({"done": "x", "now": "n", "": "."}[each.state] for each in steps(plan, actor))


def test_the_way_goes_on_after_posting(coop, lena, jonas, buyers, client_of):
    make_import(lena, {1: "10.00"})
    ready(coop, lena)
    with_iban(lena, buyers[1])
    plan = make_plan(lena)
    assert states(plan, lena) == "xn....."
    plan = posted(plan, lena, jonas)
    assert states(plan, lena) == "xxxxxn."
    page = client_of(lena).get(url(coop, "plan", pk=plan.pk)).content.decode()
    assert "Tell the members" in page
    assert "Tell the members" not in client_of(jonas).get(url(coop, "plan", pk=plan.pk)).content.decode()
    allocation_notices.send(actor=lena, plan_id=plan.pk, site="https://riverside.example/")
    assert states(plan, lena) == "xxxxxxn"
    assert "Pay it out" in client_of(lena).get(url(coop, "plan", pk=plan.pk)).content.decode()
    paid(make_run(lena), jonas)
    assert states(plan, lena) == "xxxxxxx"
    assert "See the statements" in client_of(lena).get(url(coop, "plan", pk=plan.pk)).content.decode()


def test_nothing_to_pay_is_no_step(coop, lena, jonas, buyers):
    make_import(lena, {1: "10.00"})
    settlement = {"cash_percent": "0", "notice": "nonqualified"}
    assert len(steps(make_plan(lena, settlement=settlement), lena)) == 6


def test_one_pay_out_at_a_time_is_said_before_the_form(coop, lena, jonas, buyers, client_of):
    make_import(lena, {1: "10.00"})
    ready(coop, lena)
    with_iban(lena, buyers[1])
    posted(make_plan(lena), lena, jonas)
    run = make_run(lena)
    page = client_of(lena).get(url(coop, "payouts")).content.decode()
    assert "Pay-out 1 waits for a second person to release it." in page
    assert "Draw up a pay-out" not in page
    paid(run, jonas)
    assert "Draw up a pay-out" in client_of(lena).get(url(coop, "payouts")).content.decode()


def test_the_words_for_the_motion_name_plan_and_fingerprint(coop, lena, jonas, buyers, client_of):
    make_import(lena, {1: "10.00"})
    plan = surplus.propose(actor=lena, plan=make_plan(lena))
    page = client_of(lena).get(url(coop, "plan", pk=plan.pk)).content.decode()
    assert "is used as plan A (Half and half) says: Statutory reserve €12,077.50;" in page
    assert f"{plan.hash[:4]} {plan.hash[4:8]}" in page
    assert "Words for the motion" not in client_of(jonas).get(url(coop, "plan", pk=plan.pk)).content.decode()


def test_the_books_stand_beside_the_file(coop, lena, buyers, client_of):
    make_books(coop)
    client = client_of(lena)
    page = client.get(upload(client, coop, b"member,amount\n1,5\n").url).content.decode()
    assert "by the books" not in page, "nothing is in the books"
    make_entry(coop, "bank", "sales_members", 700, on=date(YEAR, 5, 1))
    make_entry(coop, "bank", "sales_members", 900, on=date(YEAR + 1, 1, 1))
    page = client.get(upload(client, coop, b"member,amount\n1,5\n").url).content.decode()
    assert "Sold to members, by the books" in page
    assert "€7.00" in page
