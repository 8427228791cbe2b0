"""Drawing up, releasing and returning through the API, with the rules of the pages."""

import pytest
from django.urls import reverse

from coop.kernel import clock
from coop.kernel.models import Job
from ledger import tasks
from tests.ledger.payout_factories import owe, ready, with_iban

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
