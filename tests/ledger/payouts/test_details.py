"""Where money goes: checked numbers, the newest row, nothing in the audit chain that could be misused."""

import json

import pytest

from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent
from ledger.models import Way
from ledger.selectors.payouts import details_of, paying_account
from ledger.services.payout_details import record_details, record_paying_account
from ledger.services.payout_requests import name_account
from tests.ledger.payout_factories import IBANS, OURS

pytestmark = pytest.mark.django_db


def test_the_newest_counts_and_the_chain_holds_four_digits(coop, lena, amara, buyers):
    said = {"way": Way.SEPA, "holder": "Amara", "iban": "de89 3704 0044 0532 0130 00"}
    assert name_account(actor=amara, party=buyers[1].party, **said) is None
    assert details_of(buyers[1]).iban == IBANS[0]
    record_details(actor=lena, membership=buyers[1], way=Way.CHEQUE)
    assert (details_of(buyers[1]).way, details_of(buyers[1]).masked) == ("cheque", "")
    events = AuditEvent.objects.filter(coop=coop, kind="ledger.payout_details_recorded").select_related("payload")
    said = [event.payload.body for event in events]
    assert [each["way"] for each in said] == ["sepa", "cheque"]
    assert "370400440532013" not in json.dumps(said)


def test_nobody_names_another_members_account(amara, jonas, buyers):
    for actor in (amara, jonas):
        with pytest.raises(NotAllowed):
            record_details(actor=actor, membership=buyers[2], way=Way.SEPA, iban=IBANS[0])


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"way": Way.SEPA, "iban": "DE89370400440532013001"}, "iban"),
        ({"way": Way.SEPA, "iban": "DE98370400440532013000"}, "iban"),
        ({"way": Way.SEPA, "iban": "DE8937040044053201300"}, "iban"),
        ({"way": Way.SEPA, "iban": "3704 0044"}, "iban"),
        ({"way": Way.SEPA, "iban": ""}, "iban"),
        ({"way": Way.SEPA, "iban": IBANS[0], "bic": "NOT"}, "bic"),
        ({"way": Way.NACHA, "routing": "123456789", "account": "1"}, "routing"),
        ({"way": Way.NACHA, "routing": "121042882", "account": ""}, "account"),
        ({"way": Way.NACHA, "routing": "121042882", "account": "1" * 18}, "account"),
        ({"way": "pigeon"}, "way"),
    ],
)
def test_numbers_that_are_none_are_refused(lena, buyers, said, field):
    with pytest.raises(Refused) as refused:
        record_details(actor=lena, membership=buyers[1], **said)
    assert refused.value.field == field


def test_an_american_account_is_kept_without_its_blanks(lena, buyers):
    made = record_details(
        actor=lena, membership=buyers[1], way=Way.NACHA, routing="121-042-882", account="12 34", savings=True
    )
    assert (made.routing, made.account, made.savings, made.masked) == ("121042882", "1234", True, "•••• 1234")


def test_the_account_that_pays(coop, lena, jonas):
    with pytest.raises(NotAllowed):
        record_paying_account(actor=jonas, way=Way.SEPA, holder="X", iban=OURS)
    for said in ({"holder": " ", "iban": OURS}, {"holder": "X", "iban": "DE1"}, {"holder": "X", "way": Way.CHEQUE}):
        with pytest.raises(Refused):
            record_paying_account(actor=lena, **{"way": Way.SEPA, **said})
    record_paying_account(actor=lena, way=Way.SEPA, holder="Riverside", iban=OURS)
    record_paying_account(actor=lena, way=Way.SEPA, holder="Riverside", iban=IBANS[2])
    assert paying_account(coop, Way.SEPA).iban == IBANS[2]
