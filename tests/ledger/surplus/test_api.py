"""The treasurer's way through the API, batches that may be sent twice, and a problem for everything that is wrong."""

from copy import deepcopy

import pytest

from ledger.models import PatronageImport, PatronageRecord, SurplusPlan
from ledger.services.accounts import create_chart
from tests.ledger.stood import cast, parts, stands
from tests.ledger.surplus_factories import TERMS, YEAR, make_buyers, make_import, make_plan, posted

pytestmark = pytest.mark.django_db
coop, lena, jonas, buyers = parts("coop", "lena", "jonas", "buyers")


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena", "jonas")
    return stands(made, buyers=make_buyers(made.coop))


def rows(**quantities):
    return [{"member": int(name.removeprefix("m")), "quantity": said} for name, said in quantities.items()]


def test_a_batch_sent_twice_is_recorded_once(coop, lena, buyers, api):
    treasurer = api(lena)
    batch = {"key": "till-7-2025", "year": YEAR, "rows": rows(m1="10.00", m2="5")}
    first, second = treasurer.post("patronage-batches", batch), treasurer.post("patronage-batches", batch)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert PatronageRecord.objects.count() == 2
    other = treasurer.post("patronage-batches", batch | {"rows": rows(m1="11.00")})
    assert (other.status_code, other.json()["code"]) == (409, "key_used")
    same_rows = treasurer.post("patronage-batches", batch | {"key": "till-8-2025"})
    assert (same_rows.status_code, same_rows.json()["code"]) == (422, "twice")
    more = treasurer.post(
        "patronage-batches", {"key": "others", "year": YEAR, "rows": [{"member": None, "quantity": "3"}]}
    )
    assert more.json()["outside"] == 300


WRONG_BATCHES = [
    ({"rows": []}, 400, "rows"),
    ({"rows": [{"member": 99, "quantity": "1"}]}, 422, "Line 1: no member has the number 99."),
    ({"rows": rows(m1="1") + rows(m1="2")}, 422, "Line 2: member 1 stands on line 1 already"),
    ({"rows": rows(m1="-1")}, 422, "Line 1: -1 is negative"),
    ({"rows": rows(m1="1.005")}, 422, "more than 2 decimal places"),
    ({"rows": rows(m1="=1")}, 422, "holds a formula"),
    ({"rows": [{"member": "x", "quantity": "1"}]}, 400, "integer"),
    ({"rows": [{"member": 10**30, "quantity": "1"}]}, 400, "member"),
    ({"key": ""}, 400, "key"),
    ({"year": 1700}, 422, "1700 is not a year"),
    ({"pool": "x" * 61}, 400, "pool"),
    ({"unit": "bushels"}, 400, "unit"),
    ({"rows": rows(m1="9" * 40)}, 422, ""),
]


def test_a_wrong_batch_is_one_problem_and_records_nothing(coop, lena, buyers, api):
    usual, treasurer = {"key": "k", "year": YEAR, "rows": rows(m1="1.00")}, api(lena)
    for change, code, detail in WRONG_BATCHES:
        answer = treasurer.post("patronage-batches", usual | change)
        assert answer.status_code == code, change
        assert answer["Content-Type"] == "application/problem+json"
        assert detail in answer.json()["detail"]
        assert not PatronageImport.objects.exists()


def altered(**changes):
    return {**deepcopy(TERMS), **changes}


WRONG_TERMS = [
    ([], "The plan must be an object."),
    ({}, "says nothing about the result"),
    (altered(surprise=1), "“surprise” is not known"),
    (altered(result={"patronage": 5, "luck": 1}), "“result.luck” is not known"),
    (altered(result={"patronage": 1.5}), "must be an integer of minor units"),
    (altered(result={"patronage": True}), "must be an integer of minor units"),
    (altered(result=7), "result must be an object"),
    (altered(pools={}), "pools must be a list"),
    (altered(pools=[{"name": "purchases", "rest": True, "basis": {"1": "5"}}]), "“pools[0].basis” is not known"),
    (altered(pools=[{"rest": True}]), "name"),
    (altered(appropriations=[{"name": "x", "amount": 5, "account": 3200}]), "is named by its code"),
    (altered(appropriations=[{"name": "x", "percent": 5, "of": "surplus"}]), "is a percentage in quotation marks"),
    (altered(share_interest={"rate": 2.5}), "is a percentage in quotation marks"),
    (altered(settlement={"cash_percent": "50", "notice": "nonqualified", "debts": {"1": 5}}), "settlement.debts"),
    (altered(obligation={"since": "yesterday"}), "obligation.since is a day"),
]


def test_wrong_terms_are_one_problem_and_make_no_plan(coop, lena, buyers, api):
    create_chart(coop=coop)
    make_import(lena, {1: "10.00"})
    treasurer = api(lena)
    for terms, detail in WRONG_TERMS:
        answer = treasurer.post("plans", {"year": YEAR, "title": "x", "terms": terms})
        assert answer.status_code == 422, terms
        assert detail in answer.json()["detail"]
        assert not SurplusPlan.objects.exists()


def test_a_draft_is_replaced_and_deleted_and_a_proposal_is_not(coop, lena, buyers, api):
    make_import(lena, {1: "10.00"})
    plan, treasurer = make_plan(lena), api(lena)
    again = treasurer.put("plan", {"title": "Other", "terms": altered(appropriations=[])}, pk=plan.pk)
    assert (again.json()["title"], again.json()["result"]["pools"][0]["amount"]) == ("Other", 4_831_000)
    treasurer.post("plan-propose", pk=plan.pk)
    for answer in (
        treasurer.put("plan", {"title": "x", "terms": TERMS}, pk=plan.pk),
        treasurer.delete("plan", pk=plan.pk),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "not_now")
    assert treasurer.post("plan-take-back", {"because": "wrong"}, pk=plan.pk).json()["state"] == "draft"
    assert treasurer.delete("plan", pk=plan.pk).status_code == 204


def test_corrections_through_the_api(coop, lena, buyers, api):
    make_import(lena, {1: "10.00"})
    said = {"year": YEAR, "member": 1, "pool": "purchases", "quantity": 800, "because": "a return"}
    row = api(lena).post("patronage-corrections", said)
    assert (row.status_code, row.json()["quantity"]) == (201, -200)
    assert api(lena).get("patronage-corrections").json()["results"][0]["because"] == "a return"
    unknown = api(lena).post("patronage-corrections", said | {"member": 77})
    assert (unknown.status_code, unknown.json()["detail"]) == (422, "No member has this number.")


def test_another_coop_sees_nothing(coop, other_coop, lena, olga, jonas, buyers, client_of):
    make_import(lena, {1: "10.00"})
    plan = posted(make_plan(lena), lena, jonas)
    client = client_of(olga)
    base = f"/api/v1/{other_coop.slug}"
    assert client.get(f"{base}/plans/{plan.pk}/").status_code == 404
    assert client.get(f"{base}/plans/{plan.pk}/lines/").status_code == 404
    assert client.get(f"{base}/plans/").json()["count"] == 0
    assert client.get(f"{base}/patronage/imports/").json()["count"] == 0
    assert client.get(f"/api/v1/{coop.slug}/plans/{plan.pk}/").status_code == 404
