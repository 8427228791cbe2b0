"""Drawing up, releasing and returning through the API, with the rules of the pages."""

import pytest
from django.urls import reverse

from coop.kernel import clock
from coop.kernel.models import Job
from ledger import tasks
from tests.ledger.payout_factories import IBANS, owe, ready, with_iban

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(coop, client_of):
    def speak(actor, method, name, data=None, **kwargs):
        url = reverse(f"ledger-api:{name}", kwargs={"coop": coop.slug, **kwargs})
        options = {"content_type": "application/json"} if method == "post" else {}
        return getattr(client_of(actor), method)(url, data, **options)

    return speak


def test_from_drawing_up_to_a_return(coop, lena, jonas, buyers, api):
    ready(coop, lena)
    owe(coop, buyers[1], refund=34_76)
    owe(coop, buyers[2], refund=5_00)
    with_iban(lena, buyers[1])
    today = clock.today(coop).isoformat()
    made = api(lena, "post", "payouts", {"way": "sepa", "pay_on": today})
    assert made.status_code == 201, made.content
    run = made.json()
    assert (run["state"], run["count"], run["total"], run["held_total"]) == ("draft", 1, 34_76, 5_00)
    again = api(lena, "post", "payouts", {"way": "sepa", "pay_on": today})
    assert (again.status_code, again.json()["code"]) == (409, "one_at_a_time")
    wrong = api(jonas, "post", "payout-release", {"hash": "0" * 64}, pk=run["id"])
    assert wrong.status_code == 409
    assert api(lena, "post", "payout-release", {"hash": run["hash"]}, pk=run["id"]).status_code == 403
    released = api(jonas, "post", "payout-release", {"hash": run["hash"]}, pk=run["id"])
    assert released.status_code == 202
    tasks.post_payout(Job.objects.get(kind="ledger.post_payout").pk)
    assert api(jonas, "get", "payout", pk=run["id"]).json()["state"] == "paid"
    lines = api(lena, "get", "payout-lines", pk=run["id"]).json()["results"]
    assert [(line["number"], line["amount"], line["held"], line["ends"]) for line in lines] == [
        (1, 34_76, "", "3000"),
        (2, 0, "no_details", ""),
    ]
    back = api(lena, "post", "payout-returned", {"number": 1, "on": today, "because": "closed"}, pk=run["id"])
    assert (back.status_code, back.json()["came_back"]) == (200, True)
    assert (
        api(lena, "post", "payout-returned", {"number": 2, "on": today, "because": "x"}, pk=run["id"]).status_code
        == 404
    )
    assert len(api(lena, "get", "payouts").json()["results"]) == 1


def test_an_account_is_named_asked_for_granted_and_taken_back(coop, lena, mei, amara, buyers, api, client_of):
    first = api(amara, "post", "money-account", {"way": "sepa", "iban": IBANS[0]})
    assert (first.status_code, first.json()["until_now"]) == (200, "SEPA credit transfer •••• 3000")
    wrong = api(amara, "post", "money-account", {"way": "sepa", "iban": "DE11"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "iban")
    second = api(amara, "post", "money-account", {"way": "sepa", "iban": IBANS[2]})
    said = second.json()
    assert second.status_code == 202
    assert (said["until_now"], said["waiting"]["account"]) == (
        "SEPA credit transfer •••• 3000",
        "SEPA credit transfer •••• 4300",
    )
    again = api(amara, "post", "money-account", {"way": "cheque"})
    assert (again.status_code, again.json()["code"]) == (409, "asked_already")
    me, desk, room = client_of(amara), client_of(mei), f"/api/v1/{coop.slug}"
    pk = said["waiting"]["id"]
    assert me.get(f"{room}/me/requests/").json()["results"][0]["state"] == "open"
    assert client_of(lena).get(f"{room}/requests/{pk}/").status_code == 403
    seen = desk.get(f"{room}/requests/{pk}/").json()
    assert seen["until_now"] == "SEPA credit transfer •••• 3000"
    assert {"what": "IBAN", "value": "NL91 ABNA 0417 1643 00"} in seen["asked_for"]
    done = desk.post(f"{room}/requests/{pk}/decide/", {"grant": True}, content_type="application/json")
    assert (done.status_code, done.json()["state"]) == (200, "done")
    late = me.post(f"{room}/me/requests/{pk}/withdraw/")
    assert (late.status_code, late.json()["code"]) == (409, "decided_already")
    assert api(amara, "get", "money-account").json()["until_now"] == "SEPA credit transfer •••• 4300"
    asked = {"kind": "bank", "iban": IBANS[3]}
    made = me.post(f"{room}/me/requests/", asked, content_type="application/json")
    assert made.status_code == 201, made.content
    back = me.post(f"{room}/me/requests/{made.json()['id']}/withdraw/")
    assert (back.status_code, back.json()["state"]) == (200, "withdrawn")
