"""A pay-out from what is owed to money that came back: who is paid, who waits and why, and what the books say."""

import zlib
from datetime import timedelta

import pytest
from lxml import etree

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, Job
from ledger.exchange import pain001
from ledger.models import PayoutLine, PayoutRun, Posting, Way
from ledger.selectors import payouts as selectors
from ledger.services import payout_details, payout_posting, payouts, posting
from tests.ledger.payout_factories import make_run, owe, paid, ready, with_iban
from tests.members.factories import dead, erased

pytestmark = pytest.mark.django_db(transaction=True)
Held = PayoutLine.Held


def balance(membership, purpose):
    found = Posting.objects.filter(account__membership=membership, account__purpose=purpose)
    return sum(found.values_list("amount", flat=True))


def bank(coop):
    return sum(Posting.objects.filter(coop=coop, account__purpose="bank").values_list("amount", flat=True))


def line(run, number):
    return run.lines.get(number=number)


@pytest.fixture
def owed(coop, lena, buyers):
    """Amara is owed a refund and interest, Ben a refund less a debt, Carla a little; the first two named an IBAN."""
    ready(coop, lena)
    owe(coop, buyers[1], refund=34_76, interest=2_10)
    owe(coop, buyers[2], refund=100_00, interest=50, debt=30_00)
    owe(coop, buyers[3], refund=80)
    with_iban(lena, buyers[1], 0)
    with_iban(lena, buyers[2], 1)
    return buyers


def test_everybody_owed_has_a_line_and_the_file_says_the_same(coop, lena, jonas, owed):
    run = make_run(lena)
    assert (run.count, run.total, run.netted, run.held, run.held_total) == (2, 36_86 + 100_50, 0, 1, 80)
    assert line(run, 3).held == Held.NO_DETAILS
    assert [each.ends for each in selectors.lines(run)] == ["3000", "2606", ""]
    document = etree.fromstring(zlib.decompress(run.file.content))
    amounts = [found.text for found in document.iter(f"{{{pain001.NAMESPACE}}}InstdAmt")]
    assert amounts == ["36.86", "100.50"]
    before = bank(coop)
    assert before == 0
    run = paid(run, jonas)
    assert (run.state, bank(coop)) == (PayoutRun.State.PAID, -137_36)
    assert [balance(owed[number], "patronage_payable") for number in (1, 2, 3)] == [0, 0, -80]
    assert balance(owed[1], "share_interest_payable") == 0
    assert balance(owed[2], "member_receivable") == 30_00  # nobody said to take it off
    kinds = AuditEvent.objects.filter(coop=coop, kind__startswith="ledger.payout_").values_list("kind", flat=True)
    assert set(kinds) >= {"ledger.payout_prepared", "ledger.payout_released", "ledger.payout_posted"}


def test_debts_come_off_and_small_sums_wait(coop, lena, jonas, owed):
    with_iban(lena, owed[3], 2)
    run = make_run(lena, set_off=True, more_than=100)
    ben = line(run, 2)
    assert (ben.refund, ben.interest, ben.netted, ben.amount) == (100_00, 50, 30_00, 70_50)
    assert (line(run, 3).held, line(run, 3).waiting) == (Held.SMALL, 80)
    paid(run, jonas)
    assert (balance(owed[2], "member_receivable"), balance(owed[2], "patronage_payable")) == (0, 0)
    assert bank(coop) == -(36_86 + 70_50)


def test_a_debt_larger_than_what_is_owed_is_set_off_in_full(coop, lena, jonas, owed):
    owe(coop, owed[2], debt=500_00)
    run = paid(make_run(lena, set_off=True), jonas)
    ben = line(run, 2)
    assert (ben.netted, ben.amount, ben.held) == (100_50, 0, "")
    assert balance(owed[2], "member_receivable") == 530_00 - 100_50


def test_the_dead_the_erased_and_other_ways_wait_with_their_reason(coop, lena, owed):
    with_iban(lena, owed[3], 2)
    dead(owed[1])
    erased(owed[3])
    run = make_run(lena, set_off=True)
    assert {each.number: each.held for each in run.lines.all()} == {1: Held.DIED, 2: "", 3: Held.ERASED}
    assert (line(run, 1).waiting, run.held_total) == (36_86, 36_86 + 80)
    said = {reason: (count, total) for reason, count, total in selectors.held_by_reason(run)}
    assert said[str(Held.DIED.label)] == (1, 36_86)
    payouts.cancel(actor=lena, run=run, because="wait for the heirs")
    payout_details.record_details(actor=lena, membership=owed[2], way=Way.CHEQUE)
    with pytest.raises(Refused, match="nothing"):
        make_run(lena)


def test_what_is_owed_in_another_currency_is_shown_and_waits(coop, lena, owed):
    """An account kept in another currency is never added to the euros, nor forgotten."""
    from ledger.models import Account
    from ledger.services.accounts import account, create_account, member_account

    own = member_account(owed[3], "share_interest_payable")
    Account.objects.filter(pk=own.pk).exists()
    general = account(coop, "share_interest_payable")
    foreign = Account.objects.create(
        coop=coop, code="2110-CHF-3", name="Interest, francs", kind=general.kind, currency="CHF",
        purpose="share_interest_payable", parent=general, membership=owed[3], year=2025,
    )  # fmt: skip
    counter = create_account(actor=lena, code="3901", name="Francs", kind="equity", currency="CHF")
    posting.post_entry(
        actor=lena, on=clock.today(coop), kind="manual", memo="francs", key="chf",
        lines=[posting.Line(counter, 7_00), posting.Line(foreign, -7_00)],
    )  # fmt: skip
    owe(coop, owed[3], debt=80)
    run = make_run(lena, set_off=True)
    carla = line(run, 3)
    assert (carla.netted, carla.amount, carla.held) == (80, 0, "")  # the euros were set off
    payouts.cancel(actor=lena, run=run, because="test")
    posting.post_entry(
        actor=lena, on=clock.today(coop), kind="manual", memo="paid by hand", key="hand",
        lines=[posting.Line(member_account(owed[3], "patronage_payable"), 80),
               posting.Line(account(coop, "bank"), -80)],
    )  # fmt: skip
    carla = line(make_run(lena), 3)
    assert (carla.held, carla.waiting, carla.amount) == (Held.CURRENCY, 7_00, 0)


def test_a_payment_comes_back_and_the_account_is_not_used_again(coop, lena, jonas, owed):
    run = paid(make_run(lena), jonas)
    today = clock.today(coop)
    came = payouts.record_return(actor=lena, line=line(run, 1), on=today, because="account closed", code="ac04")
    assert came.code == "AC04"
    assert payouts.record_return(actor=lena, line=line(run, 1), on=today, because="again").pk == came.pk
    assert balance(owed[1], "patronage_payable") == -34_76
    assert balance(owed[1], "share_interest_payable") == -2_10
    assert bank(coop) == -100_50
    with_iban(lena, owed[3], 2)
    second = make_run(lena)
    assert (line(second, 1).held, line(second, 3).amount) == (Held.RETURNED, 80)
    payouts.cancel(actor=lena, run=second, because="she sends another")
    with_iban(lena, owed[1], 3)
    assert line(make_run(lena), 1).amount == 36_86


def test_returns_that_cannot_be_are_refused(coop, lena, jonas, owed):
    run = make_run(lena)
    today = clock.today(coop)
    with pytest.raises(Refused, match="Nothing was paid"):
        payouts.record_return(actor=lena, line=line(run, 1), on=today, because="early")
    run = paid(run, jonas)
    with pytest.raises(Refused, match="Nothing was paid"):
        payouts.record_return(actor=lena, line=line(run, 3), on=today, because="was never sent")
    for day in (today + timedelta(days=1), today - timedelta(days=1)):
        with pytest.raises(Refused) as refused:
            payouts.record_return(actor=lena, line=line(run, 1), on=day, because="closed")
        assert refused.value.field == "on"
    with pytest.raises(Refused) as refused:
        payouts.record_return(actor=lena, line=line(run, 1), on=today, because="  ")
    assert refused.value.field == "because"


def test_two_people_and_exactly_what_they_saw(lena, jonas, mei, owed):
    run = make_run(lena)
    with pytest.raises(NotAllowed):
        payouts.release(actor=lena, run=run, seen=run.hash)
    with pytest.raises(NotAllowed):
        payouts.release(actor=mei, run=run, seen=run.hash)
    with pytest.raises(Refused, match="not the pay-out you looked at"):
        payouts.release(actor=jonas, run=run, seen="0" * 64)
    first = payouts.release(actor=jonas, run=run, seen=run.hash)
    assert payouts.release(actor=jonas, run=run, seen=run.hash).pk == first.pk
    assert Job.objects.filter(kind="ledger.post_payout").count() == 1
    with pytest.raises(Refused, match="another state"):
        payouts.cancel(actor=lena, run=run, because="too late")
    with pytest.raises(Refused, match="under way"):
        make_run(lena)


def test_a_run_over_money_that_is_gone_is_not_released_and_not_posted(coop, lena, jonas, owed):
    run = make_run(lena)
    owe(coop, owed[1], refund=-1_00)
    with pytest.raises(Refused, match="member 1"):
        payouts.release(actor=jonas, run=run, seen=run.hash)
    owe(coop, owed[1], refund=1_00)
    payouts.release(actor=jonas, run=run, seen=run.hash)
    owe(coop, owed[2], refund=-1_00)
    with pytest.raises(Refused, match="member 2"):
        payout_posting.post_payout(actor=jonas, run_id=run.pk, on=clock.today(coop))
    run.refresh_from_db()
    assert (run.state, run.entry) == (PayoutRun.State.RELEASED, None)


def test_many_members_are_posted_in_bulk_and_once(coop, lena, jonas, owed, settings):
    settings.EVERYDAY_MEMBERS = 1
    seen = []
    run = make_run(lena, set_off=True)
    payouts.release(actor=jonas, run=run, seen=run.hash)
    for _again in range(2):
        entry = payout_posting.post_payout(
            actor=jonas, run_id=run.pk, on=clock.today(coop), progress=lambda done, total: seen.append((done, total))
        )
    assert entry.batch > 0
    run.refresh_from_db()
    assert (run.entry, run.state) == (entry, PayoutRun.State.PAID)
    assert bank(coop) == -run.total
    assert [done for done, _total in seen] == sorted(done for done, _total in seen)
    payouts.record_return(actor=lena, line=line(run, 2), on=clock.today(coop), because="closed")
    assert balance(owed[2], "patronage_payable") == -70_00  # the debt of 30.00 stays settled


def test_a_pay_out_is_not_reversed_as_a_whole(lena, jonas, coop, owed):
    run = paid(make_run(lena), jonas)
    came = payouts.record_return(actor=lena, line=line(run, 1), on=clock.today(coop), because="closed")
    for entry in (run.entry, came.entry):
        with pytest.raises(Refused, match="come back one by one"):
            posting.reverse_entry(actor=lena, entry=entry, on=clock.today(coop), because="oops")


def test_what_cannot_be_drawn_up_is_refused_with_its_sentence(coop, lena, owed):
    today = clock.today(coop)
    for change, field in (
        ({"pay_on": today - timedelta(days=1)}, "pay_on"),
        ({"pay_on": today + timedelta(days=366)}, "pay_on"),
        ({"more_than": -1}, "more_than"),
        ({"way": Way.NACHA}, "way"),
        ({"way": "pigeon"}, "way"),
    ):
        with pytest.raises(Refused) as refused:
            make_run(lena, **change)
        assert refused.value.field == field
    with pytest.raises(Refused, match="no longer|nothing"):
        make_run(lena, more_than=10**9)


def test_cheques_need_an_address_and_leave_the_others_to_the_bank(lena, owed):
    with pytest.raises(Refused, match="nothing"):
        make_run(lena, way=Way.CHEQUE)
    held = {one.number: payouts._unreachable(one, Way.CHEQUE) for one in selectors.owed(lena.coop, clock.today(None))}
    assert held == {1: Held.OTHER_WAY, 2: Held.OTHER_WAY, 3: Held.NO_ADDRESS}


def test_one_query_reads_everybody_owed(coop, lena, owed, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert [one.number for one in selectors.owed(coop, clock.today(coop))] == [1, 2, 3]
