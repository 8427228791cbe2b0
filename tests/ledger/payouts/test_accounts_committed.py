"""Two people answer one request at once, over two connections: one sentence for the second, nothing half-done."""

import time
import zlib
from functools import partial
from threading import Event

import pytest
from django.db import transaction

from coop.kernel import audit
from coop.kernel.errors import Refused
from ledger.models import PayoutDetails
from ledger.selectors.payouts import details_of
from ledger.services import payout_requests, payouts
from ledger.services.payout_details import record_details
from members import services as members
from tests.cast import make_officer
from tests.ledger.payout_factories import IBANS, make_run, owe, ready, with_iban
from tests.ledger.surplus.test_races import at_once, errors, fresh, refusals

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(coop, lena, amara, buyers):
    ready(coop, lena)
    owe(coop, buyers[1], refund=34_76)
    with_iban(lena, buyers[1], 0)
    return payout_requests.name_account(actor=amara, party=buyers[1].party, way="sepa", iban=IBANS[2])


def grant(actor, asked):
    return members.decide_change(actor=fresh(actor), request=asked, grant=True)


def settled(coop, asked):
    asked.refresh_from_db()
    assert asked.said == {}, "no number is kept once it is answered"
    assert list(audit.verify(coop)) == []
    return asked.state


def test_two_secretaries_grant_once(coop, mei, asked, buyers):
    nell = make_officer(coop, "nell", "secretary")
    answers = at_once(*(partial(grant, who, asked) for who in (mei, nell)))
    assert (refusals(answers), errors(answers), settled(coop, asked)) == (["decided_already"], [], "done")
    assert PayoutDetails.objects.count() == 2
    assert details_of(buyers[1]).iban == IBANS[2]


def test_taken_back_while_it_is_granted(coop, mei, amara, asked, buyers):
    back = partial(members.withdraw_change, actor=fresh(amara), request=asked)
    answers = at_once(partial(grant, mei, asked), back)
    state = settled(coop, asked)
    assert (refusals(answers), errors(answers)) == (["decided_already"], [])
    assert (state, details_of(buyers[1]).iban) in {("done", IBANS[2]), ("withdrawn", IBANS[0])}


def test_the_treasurers_paper_while_it_is_granted(coop, mei, lena, asked, buyers):
    paper = partial(record_details, actor=fresh(lena), membership=buyers[1], way="sepa", iban=IBANS[3])
    answers = at_once(partial(grant, mei, asked), paper)
    state = settled(coop, asked)
    assert errors(answers) == []
    assert refusals(answers) == {"done": [], "refused": ["decided_already"]}[state]
    assert details_of(buyers[1]).iban == IBANS[3], "what the treasurer has on paper comes after the grant, or instead"


def test_released_while_it_is_granted(coop, mei, lena, jonas, asked, buyers):
    run = make_run(lena)
    answers = at_once(partial(grant, mei, asked), partial(payouts.release, actor=fresh(jonas), run=run, seen=run.hash))
    run.refresh_from_db()
    assert (errors(answers), settled(coop, asked)) == ([], "done")
    newest = details_of(buyers[1])
    assert newest.iban == IBANS[2]
    if run.state == "released":
        assert newest.recorded_at > run.released_at, "granted after the money had left"
    else:
        assert refusals(answers) == ["renamed"]


def beside(first, work):
    """What comes of ``work`` that begins while ``first`` has been written and is not yet committed."""
    written = Event()

    def writing():
        with transaction.atomic():
            first()
            written.set()
            time.sleep(0.5)

    def waiting():
        assert written.wait(20)
        return work()

    return at_once(writing, waiting)[1]


def test_no_run_leaves_between_a_grant_and_its_commit(mei, lena, jonas, asked):
    run = make_run(lena)
    answer = beside(partial(grant, mei, asked), partial(payouts.release, actor=fresh(jonas), run=run, seen=run.hash))
    assert isinstance(answer, Refused), answer
    assert answer.code == "renamed"


def test_no_run_is_drawn_up_between_a_grant_and_its_commit(mei, lena, asked):
    run = beside(partial(grant, mei, asked), partial(make_run, fresh(lena)))
    assert IBANS[2] in zlib.decompress(run.file.content).decode()


def test_a_first_account_beside_the_treasurers_is_a_second_one(lena, amara, buyers):
    paper = partial(record_details, actor=fresh(lena), membership=buyers[1], way="sepa", iban=IBANS[0])
    name = partial(payout_requests.name_account, actor=fresh(amara), party=buyers[1].party, way="sepa", iban=IBANS[2])
    asked = beside(paper, name)
    assert (asked.state, details_of(buyers[1]).iban) == ("open", IBANS[0])


def test_two_first_accounts_at_once_are_one_account_and_one_request(coop, amara, buyers):
    name = [
        partial(payout_requests.name_account, actor=fresh(amara), party=buyers[1].party, way="sepa", iban=iban)
        for iban in IBANS[:2]
    ]
    answers = at_once(*name)
    assert errors(answers) == []
    assert [answer is None for answer in answers].count(True) == 1
    assert PayoutDetails.objects.count() == 1
