"""Box 5 of Form 1099-PATR: nonqualified notices when they are paid back, once each, to the cent.

The worked example: in 2025 the members get 100.00, 50.00 and 0.10, a fifth in cash and the rest by nonqualified
notices of 80.00, 40.00 and 0.08. A payback of 60.04, oldest years first, gives each member half of what is kept:
40.00, 20.00 and 0.04. Box 5 says so; box 1 says what the plan pays in the same year.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from coop.kernel import clock
from ledger.exchange.patr_csv import patr_csv
from ledger.models import Entry, EquityPlan
from ledger.selectors.redeemed import _part, nonqualified_redeemed, reports_redemptions
from ledger.services import equity
from tests.ledger.surplus.test_fire_pages import PAYER
from tests.ledger.surplus.test_patr import drawn
from tests.ledger.surplus_factories import make_import, make_plan, posted

pytestmark = pytest.mark.django_db
CASH = {"cash_percent": "100", "notice": "none"}


@pytest.fixture
def american(coop):
    coop.currency = "USD"
    coop.save(update_fields=["currency"])
    return coop


def in_year(year: int):
    return clock.at(datetime(year, 6, 1, 12, tzinfo=UTC))


def pay_back(lena, jonas, amount: int | None):
    plan = equity.draw_up(actor=lena, decided="board 7", order="oldest", amount=amount)
    equity.approve(actor=jonas, plan=plan, seen=plan.hash)
    equity.post(actor=lena, plan=plan)
    return plan


def rows(plan, year=None):
    return list(csv.reader(io.StringIO("".join(patr_csv(plan, year)))))


def box5(table):
    return {row[0]: row[7] for row in table[1:-2] if row[7] != "0.00"}


@pytest.fixture
def story(american, lena, jonas, buyers):
    """Notices of 2025 given in 2026; half of them paid back in 2027, the rest in 2028."""
    with in_year(2026):
        first = posted(drawn(lena, "nonqualified"), lena, jonas)
    with in_year(2027):
        pay_back(lena, jonas, 60_04)
    with in_year(2028):
        pay_back(lena, jonas, None)
    return first


def test_the_worked_example(story, american):
    assert nonqualified_redeemed(american, 2026).by_member == {}
    assert sorted(nonqualified_redeemed(american, 2027).by_member.values()) == [4, 20_00, 40_00]
    _head, *lines, everybody, returns = rows(story, 2027)
    assert [(line[0], line[2], line[7]) for line in lines] == [
        ("1", "yes", "40.00"),
        ("2", "yes", "20.00"),
        ("3", "no", "0.04"),
    ]
    assert (everybody[2], everybody[7]) == ("3", "60.04")
    assert (returns[2], returns[7]) == ("2", "60.00")
    whole = {year: sum(nonqualified_redeemed(american, year).by_member.values()) for year in (2026, 2027, 2028, 2029)}
    assert whole == {2026: 0, 2027: 60_04, 2028: 60_04, 2029: 0}, "80.00, 40.00 and 0.08, once"


def test_the_record_of_the_irs_has_it_in_its_place(story, lena, client_of):
    """Publication 1220: in the B record amount 5 stands at 103–114, in the C record its total at 88–105."""
    where = reverse("ledger:plan-fire", kwargs={"coop": story.coop.slug, "pk": story.pk})
    tins = SimpleUploadedFile("tins.csv", b"member,tin\n1,987654321\n")
    answer = client_of(lena).post(where, PAYER | {"year": 2027, "taxpayers": tins})
    assert answer.status_code == 200, answer.content.decode()
    _transmitter, payer, amara, ben, totals, _end, _nothing = answer.content.decode("ascii").split("\r\n")
    assert payer[27:32] == "12345"
    assert (amara[1:5], amara[102:114]) == ("2027", "000000004000")
    assert ben[102:114] == "000000002000"
    assert totals[87:105] == "000000000000006000"


def test_the_page_says_which_year(story, lena, client_of):
    where = reverse("ledger:plan-download", kwargs={"coop": story.coop.slug, "pk": story.pk, "form": "1099-patr.csv"})
    text = b"".join(client_of(lena).get(f"{where}?year=2027").streaming_content).decode()
    assert "40.00" in text.splitlines()[1]
    default = b"".join(client_of(lena).get(where).streaming_content).decode()
    assert default == b"".join(client_of(lena).get(f"{where}?year=nonsense").streaming_content).decode()
    assert default.splitlines()[1].endswith("20.00,0.00,0.00,0.00,0.00"), "the year it was posted in"


def test_the_payback_leads_there(story, american, lena, client_of):
    payback = EquityPlan.objects.select_related("entry").get(number=1)
    page = client_of(lena).get(reverse("ledger:equity-plan", kwargs={"coop": american.slug, "pk": payback.pk}))
    where = reverse("ledger:plan-download", kwargs={"coop": american.slug, "pk": story.pk, "form": "1099-patr.csv"})
    assert f"{where}?year={payback.entry.posted_on.year}" in page.content.decode()


def test_of_two_plans_posted_in_a_year_one_carries_it(story, american, lena, jonas):
    with in_year(2027):
        make_import(lena, {1: "10.00"}, year=2026)
        result = {"patronage": 50_00, "nonpatronage": 0, "losses_carried": 0}
        second = posted(make_plan(lena, year=2026, result=result, appropriations=[], settlement=CASH), lena, jonas)
    assert not reports_redemptions(story, 2027), "a plan of that year does"
    assert reports_redemptions(second, 2027)
    table = rows(second)
    assert box5(table) == {"1": "40.00", "2": "20.00", "3": "0.04"}
    assert [(row[0], row[3]) for row in table[1:-2]] == [("1", "50.00"), ("2", "0.00"), ("3", "0.00")], "by number"
    assert box5(rows(story, 2027)) == {}
    assert Entry.objects.filter(kind="payback").count() == 2


def test_a_qualified_notice_paid_back_is_no_income(american, lena, jonas, buyers):
    with in_year(2026):
        plan = posted(drawn(lena, "qualified"), lena, jonas)
    with in_year(2027):
        pay_back(lena, jonas, None)
    assert nonqualified_redeemed(american, 2027).by_member == {}
    assert box5(rows(plan, 2027)) == {}


def test_parts_of_both_kinds_add_up():
    for qualified, nonqualified in ((0, 7), (7, 0), (3, 4), (1, 999), (0, 0)):
        whole = qualified + nonqualified
        taken = [_part(n + 1, qualified, nonqualified) - _part(n, qualified, nonqualified) for n in range(whole)]
        assert sum(taken) == nonqualified
        assert set(taken) <= {0, 1}
