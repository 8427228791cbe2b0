"""The boxes of 1099-PATR from a posted plan: who gets a return, and totals that agree with the plan."""

import csv
import io

import pytest
from django.urls import reverse

from ledger.exchange.patr_csv import of_line
from ledger.models import PlanLine
from tests.ledger.surplus_factories import make_import, make_plan, posted

pytestmark = pytest.mark.django_db(transaction=True)


def url(plan):
    return reverse("ledger:plan-download", kwargs={"coop": plan.coop.slug, "pk": plan.pk, "form": "1099-patr.csv"})


def rows_of(client, plan):
    text = b"".join(client.get(url(plan)).streaming_content).decode()
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture
def american(coop):
    coop.currency = "USD"
    coop.save(update_fields=["currency"])
    return coop


def drawn(lena, notice="qualified"):
    """Purchases of 1,000.00, 500.00 and 1.00 share 150.10: the last gets 0.10."""
    make_import(lena, {1: "1000.00", 2: "500.00", 3: "1.00"})
    return make_plan(
        lena,
        result={"patronage": 15_010, "nonpatronage": 0, "losses_carried": 0},
        appropriations=[],
        settlement={"cash_percent": "20", "notice": notice},
    )


def test_boxes_and_totals_of_a_qualified_plan(american, client_of, lena, jonas, buyers):
    plan = posted(drawn(lena), lena, jonas)
    head, *lines, everybody, returns = rows_of(client_of(lena), plan)
    assert head == ["member", "name", "return", "box1", "box2", "box3", "box4", "box5"]
    assert [(line[0], line[2], line[3]) for line in lines] == [
        ("1", "yes", "100.00"),
        ("2", "yes", "50.00"),
        ("3", "no", "0.10"),
    ]
    assert everybody[2:4] == ["3", "150.10"]
    assert returns[2:4] == ["2", "150.00"]
    assert plan.result["totals"]["allocated"] == 15_010


def test_a_nonqualified_notice_is_not_reported_now(american, client_of, lena, jonas, buyers):
    plan = posted(drawn(lena, "nonqualified"), lena, jonas)
    _head, *lines, everybody, _returns = rows_of(client_of(lena), plan)
    assert [line[3] for line in lines] == ["20.00", "10.00", "0.02"]
    assert everybody[3] == "30.02"


def test_what_waited_is_reported_when_it_is_paid_and_a_loss_never():
    paid = PlanLine(allocated=900, cash=500, qualified=400, carried=120)
    assert of_line(paid).as_dict() == {"box1": 1020}
    waits = PlanLine(allocated=90, rolled_forward=90, carried=120)
    assert of_line(waits).as_dict() == {}
    assert of_line(PlanLine(allocated=-500, cash=-500)).as_dict() == {}


def test_only_of_posted_plans_in_dollars(coop, client_of, lena, jonas, buyers):
    euros = posted(drawn(lena), lena, jonas)
    assert client_of(lena).get(url(euros)).status_code == 404
