"""The whole way through the API with the worker's jobs between, committed step by step."""

import pytest

from coop.kernel.models import Job
from coop.kernel.tenancy import Actor
from ledger import tasks
from ledger.services.accounts import create_chart
from tests.governance.factories import carried_resolution
from tests.ledger.surplus_factories import TERMS, YEAR, make_import, make_plan, posted

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_whole_way_through_the_api(coop, lena, jonas, buyers, api):
    create_chart(coop=coop)
    treasurer, board = api(lena), api(jonas)
    content = "member,amount\n1,2318.40\n2,640.00\n3,1.60\n"
    found = treasurer.post("patronage-imports", {"content": content, "year": YEAR})
    assert (found.status_code, found.json()["total"], found.json()["state"]) == (201, 296_000, "checked")
    pk = found.json()["id"]
    assert treasurer.post("patronage-record", pk=pk).json()["state"] == "recorded"
    assert treasurer.get("patronage-years").json()[0]["pools"][0]["total"] == 296_000

    plan = treasurer.post("plans", {"year": YEAR, "title": "By program", "terms": TERMS}).json()
    assert plan["result"]["totals"]["allocated"] == 3_381_700
    assert [line["allocated"] for line in treasurer.get("plan-lines", pk=plan["id"]).json()["results"]] == [
        2_648_694,
        731_178,
        1_828,
    ]
    plan = treasurer.post("plan-propose", pk=plan["id"]).json()
    number = carried_resolution(coop, "By program").number
    assert treasurer.post("plan-resolution", {"resolution": number}, pk=plan["id"]).json()["state"] == "resolved"
    wrong = board.post("plan-approve", {"hash": "0" * 64}, pk=plan["id"])
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_what_was_seen")
    assert board.post("plan-approve", {"hash": plan["hash"]}, pk=plan["id"]).json()["state"] == "approved"
    job = treasurer.post("plan-post", pk=plan["id"])
    assert (job.status_code, job.json()["state"]) == (202, "queued")
    tasks.post_distribution(job.json()["id"])
    assert treasurer.get("plan", pk=plan["id"]).json()["state"] == "posted"
    mine = api(Actor.of(buyers[1].party.account, coop))
    statement = mine.get("statement", year=YEAR).json()
    assert (statement["allocated"], statement["paid_now"], statement["kept"]) == (2_648_694, 1_324_347, 1_324_347)
    assert statement["arithmetic"][0] == {
        "pool": "purchases",
        "unit": "money",
        "basis": 231_840,
        "basis_total": 296_000,
        "amount": 3_381_700,
        "share": 2_648_694,
    }
    assert mine.get("statement-pdf", year=YEAR).content.startswith(b"%PDF-")


def test_a_void_plan_says_so(coop, lena, jonas, buyers, api):
    make_import(lena, {1: "10.00"})
    plan = posted(make_plan(lena), lena, jonas)
    answer = api(jonas).post("plan-void", {"because": "The result was wrong."}, pk=plan.pk)
    assert answer.status_code == 202
    tasks.void_distribution(Job.objects.get(pk=answer.json()["id"]).pk)
    found = api(lena).get("plan", pk=plan.pk).json()
    assert (found["state"], found["because"]) == ("void", "The result was wrong.")
