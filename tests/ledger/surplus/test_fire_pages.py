"""The records of Form 1099-PATR from the page and from the API: the plan's figures, and no taxpayer number kept."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from coop.kernel.errors import Refused
from ledger.exchange.patr_fire import plain, read_taxpayers
from members.selectors.rights import traces
from tests.ledger.surplus.test_patr import drawn
from tests.ledger.surplus_factories import posted
from tests.members.factories import known_as

pytestmark = pytest.mark.django_db
PAYER = {
    "year": 2026, "tin": "12-3456789", "control_code": "55AA5", "name": "Prairie Grain",
    "street": "1 Elevator Rd",
    "city": "Hays", "state": "KS", "zip_code": "67601", "contact": "Lena Okafor", "phone": "5555555555",
    "email": "lena@example.org",
}  # fmt: skip
TINS = b"member,tin,type,state\n1,987-65-4321,SSN,KS\n"


@pytest.fixture
def plan(coop, lena, jonas, buyers):
    """100.00, 50.00 and 0.10: two returns are due."""
    coop.currency = "USD"
    coop.save(update_fields=["currency"])
    known_as(buyers[2].party, name={"given_names": "Béla", "family_name": "Søndergaard"})
    return posted(drawn(lena), lena, jonas)


def url(plan, name="ledger:plan-fire"):
    return reverse(name, kwargs={"coop": plan.coop.slug, "pk": plan.pk})


def test_the_page_makes_the_file_and_keeps_no_number(plan, lena, client_of):
    desk = client_of(lena)
    page = desk.get(reverse("ledger:plan", kwargs={"coop": plan.coop.slug, "pk": plan.pk})).content.decode()
    assert url(plan) in page
    answer = desk.post(url(plan), PAYER | {"taxpayers": SimpleUploadedFile("tins.csv", TINS)})
    assert answer.status_code == 200, answer.content.decode()
    lines = answer.content.decode("ascii").split("\r\n")
    assert [line[:1] for line in lines] == ["T", "A", "B", "B", "C", "F", ""]
    assert {len(line) for line in lines[:-1]} == {748}
    amara, bela, totals = lines[2], lines[3], lines[4]
    assert (amara[11:20], amara[10], amara[54:66]) == ("987654321", "2", "000000010000")
    assert (bela[11:20], bela[54:66]) == (" " * 9, "000000005000")
    assert bela[287:303] == "BELA SONDERGAARD"
    assert totals[15:33] == "000000000000015000"
    assert traces(["987654321", "987-65-4321"]) == {}


def test_the_api_makes_the_same_file(plan, lena, client_of):
    by_hand = client_of(lena).post(url(plan), PAYER | {"taxpayers": SimpleUploadedFile("tins.csv", TINS)})
    said = PAYER | {"taxpayers": [{"member": 1, "tin": "987654321", "type": "SSN", "state": "KS"}]}
    where = url(plan, "ledger-api:plan-fire")
    assert client_of(lena).post(where, json.dumps(said), "application/json").content == by_hand.content
    said["taxpayers"][0]["type"] = "exempt"
    assert client_of(lena).post(where, json.dumps(said), "application/json").content.count(b"\r\n") == 5


def test_euros_are_not_filed_and_the_page_says_so(plan, coop, lena, client_of):
    coop.currency = "EUR"
    coop.save(update_fields=["currency"])
    assert "There is nothing to file here" in client_of(lena).get(url(plan)).content.decode()
    answer = client_of(lena).post(url(plan, "ledger-api:plan-fire"), json.dumps(PAYER), "application/json")
    assert answer.status_code == 409


WRONG = (
    "member,number\n1,2\n",
    "member,tin\n1,12\n",
    "member,tin\n1,123456789\n1,123456789\n",
    "member,tin,type\nx,123456789,\n",
)


@pytest.mark.parametrize("text", WRONG)
def test_taxpayer_numbers_that_are_none_are_refused(text):
    with pytest.raises(Refused):
        read_taxpayers(text.encode(), "tins.csv")


def test_names_lose_their_accents_and_nothing_else():
    assert plain("Zoë O’Brien-Straße") == "Zoe O'Brien-Strasse"
