"""Members' choices as they are committed: through the worker, raced on real connections, attacked by raw SQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent
from coop.kernel.tenancy import Actor
from ledger import tasks
from ledger.models import Account, Entry, RefundOffer, RefundOutcome
from ledger.selectors import choices as selectors
from ledger.selectors.shares import holding_of, reconciliation
from ledger.services import choices, posting, surplus
from ledger.services.accounts import account
from tests.ledger.attacking import all_refused
from tests.ledger.conftest import TABLES
from tests.ledger.payout_factories import make_run, paid, with_iban
from tests.ledger.surplus.test_choices import after, balance, carried, choose, done, make_refund, opened
from tests.ledger.surplus.test_races import at_once, errors, fresh, refusals

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def plan(lena, jonas, buyers):
    return make_refund(lena, jonas)


OURS = ("ledger_refundoffer", "ledger_refundchoice", "ledger_refundoutcome")


def test_from_the_offer_to_the_pay_out_every_cent_is_somewhere(coop, lena, jonas, buyers, plan):
    amara = Actor.of(buyers[1].party.account, coop)
    offer = opened(lena, plan)
    choices.choose(actor=amara, offer=offer, membership=buyers[1], donated=600_00)
    choices.choose(actor=amara, offer=offer, membership=buyers[1], donated=125_50, shares=3)  # she thinks again
    assert choose(lena, offer, buyers[1], 125_50, 3).pk == selectors.newest(offer, buyers[1].pk).pk  # twice is once
    choose(lena, offer, buyers[2], shares=6)
    assert selectors.tally(offer) == selectors.Tally(heard=2, giving=1, donated=125_50, taking=2, shares=9)
    with pytest.raises(Refused, match="Members choose until"):
        make_run(lena)
    with after(offer):
        with pytest.raises(Refused, match="First carry out"):
            make_run(lena)
        job = choices.ask_to_carry_out(actor=lena, offer=offer)
        tasks.carry_out_choices(job.pk)
        job.refresh_from_db()
        assert (job.state, job.error) == ("done", "")
        offer = choices.carry_out(actor=lena, offer=offer)
        assert choices.carry_out(actor=lena, offer=offer).entry_id == offer.entry_id
        assert Entry.objects.filter(kind="refund_choices").count() == 1
        assert done(offer) == {1: (125_50, 3, 324_50, ""), 2: (0, 6, 0, "")}
        assert (offer.donated, offer.capital) == (125_50, 450_00)
        assert (balance(coop, "community_fund"), balance(coop, "share_capital")) == (125_50, 450_00)
        assert [balance(coop, "patronage_payable", buyers[n]) for n in (1, 2, 3)] == [324_50, 0, 100_00]
        assert (holding_of(buyers[1]).shares, holding_of(buyers[2]).paid_up) == (3, 300_00)
        assert reconciliation(coop).agrees
        for number in (1, 2, 3):
            with_iban(lena, buyers[number], number - 1)
        run = paid(make_run(lena), jonas)
    assert {each.number: each.amount for each in run.lines.all()} == {1: 324_50, 3: 100_00}
    assert run.total + offer.donated + offer.capital == 1_000_00
    kinds = set(AuditEvent.objects.filter(coop=coop).values_list("kind", flat=True))
    assert kinds >= {"ledger.choices_opened", "ledger.refund_chosen", "ledger.choices_carried_out"}
    with pytest.raises(Refused, match="belongs to the register of shares"):
        posting.reverse_entry(actor=lena, entry=offer.entry, on=clock.today(coop), because="oops")
    with pytest.raises(Refused, match="cannot be voided"):
        surplus.void(actor=lena, plan=plan, because="too late")


def test_two_workers_carry_out_once_and_a_choice_meets_the_end_or_not(coop, lena, buyers, plan):
    offer = opened(lena, plan)
    choose(lena, offer, buyers[1], donated=10_00, shares=2)
    answers = at_once(*[lambda: carried(fresh(lena), offer)] * 3)
    assert errors(answers) == []
    assert refusals(answers) == []
    assert {each.entry_id for each in answers} == {Entry.objects.get(kind="refund_choices").pk}
    assert holding_of(buyers[1]).shares == 2


def test_an_offer_and_a_pay_out_never_meet(coop, lena, buyers, plan):
    with_iban(lena, buyers[1])
    answers = at_once(lambda: opened(fresh(lena), plan), lambda: make_run(fresh(lena)))
    assert errors(answers) == []
    assert refusals(answers) in (["choices"], ["paid"])


@pytest.fixture
def all_tables(monkeypatch):
    """A refused attack leaves our tables as they were, too."""
    monkeypatch.setattr("tests.ledger.conftest.TABLES", (*TABLES, *OURS))


CHOICE = (
    "INSERT INTO ledger_refundchoice (coop_id, offer_id, membership_id, donated, shares, chosen_on, recorded_at)"
    " VALUES ({coop}, {offer}, {member}, {donated}, {shares}, '{day}', now())"
)


OUTCOME = (
    "INSERT INTO ledger_refundoutcome (coop_id, offer_id, membership_id, number, donated, shares, capital, cash, less)"
    " VALUES ({coop}, {offer}, {member}, 1, {donated}, {shares}, {capital}, 0, '')"
)


CARRY = (
    "UPDATE ledger_refundoffer SET state = 'carried', ended_at = now(), donated = {donated}, capital = {capital},"
    " entry_id = {entry} WHERE id = {offer}"
)


def test_choices_are_not_forged_widened_or_moved(coop, lena, buyers, plan, all_tables):
    offer = opened(lena, plan, share_class=None)
    choose(lena, offer, buyers[1], donated=10_00)
    day = offer.closes_on
    usual = {"coop": coop.pk, "offer": offer.pk, "member": buyers[1].pk, "donated": 1, "shares": 0, "day": day}
    all_refused([CHOICE.format(**usual | {"day": day + timedelta(days=1)})], "while they are asked")
    more = ({"donated": 600_01}, {"donated": 0, "shares": 1})
    all_refused([CHOICE.format(**usual | change) for change in more], "about their own refund")
    all_refused([CHOICE.format(**usual | {"donated": -1})], "not_negative")
    history = [
        "UPDATE ledger_refundchoice SET donated = 1",
        "DELETE FROM ledger_refundchoice",
        "TRUNCATE ledger_refundchoice",
        "DELETE FROM ledger_refundoffer",
        "TRUNCATE ledger_refundoffer CASCADE",
    ]
    all_refused(history, "append-only|Cannot update or delete|permission denied|Cannot delete")
    changes = ("closes_on = closes_on + 1", "goes_to_id = NULL, share_class_id = 1", "bylaws = 'x'", "id = 99")
    update = f"UPDATE ledger_refundoffer SET {{}} WHERE id = {offer.pk}"
    all_refused([update.format(change) for change in changes], "offered is not changed")
    choices.withdraw(actor=lena, offer=offer, because="test")
    all_refused([CHOICE.format(**usual)], "while they are asked")
    all_refused([update.format("state = 'open', ended_at = NULL")], "offered is not changed")


def test_nothing_is_carried_out_that_nobody_chose(coop, lena, buyers, plan, all_tables):
    offer = opened(lena, plan)
    choose(lena, offer, buyers[1], donated=10_00, shares=1)
    usual = {"coop": coop.pk, "offer": offer.pk, "entry": "NULL", "capital": 0, "shares": 0}
    mine = {**usual, "member": buyers[1].pk, "donated": 10_00}
    others = [mine | {"donated": 10_01}, mine | {"shares": 1, "capital": 49_99}, mine | {"member": buyers[2].pk}]
    unchosen = [(OUTCOME.format(**each), CARRY.format(**each)) for each in others]
    unchosen.append((CARRY.format(**mine | {"donated": 0}),))  # her choice left out
    all_refused(unchosen, "not what the members chose")
    sums = [(OUTCOME.format(**mine), CARRY.format(**mine | {"donated": 9_99}))]
    sums.append((OUTCOME.format(**mine), CARRY.format(**mine)))  # without an entry
    all_refused(sums, "their sums disagree")
    other = Entry.objects.order_by("-pk").first().pk
    all_refused([(OUTCOME.format(**mine), CARRY.format(**mine | {"entry": other}))], "by their own entry")


def test_an_entry_that_says_otherwise_and_one_before_the_last_day(coop, lena, buyers, plan):
    """As the service would, but the gift goes to the reserve, or comes off another member."""
    offer = opened(lena, plan)
    choose(lena, offer, buyers[1], donated=10_00)
    own = {n: Account.objects.get(coop=coop, purpose="patronage_payable", membership=buyers[n]) for n in (1, 2)}
    fund, reserve = account(coop, "community_fund"), Account.objects.get(coop=coop, code="3200")
    for off, to, days, said in (
        (own[1], reserve, 11, "their entry disagree"),
        (own[2], fund, 11, "their entry disagree"),
        (own[1], fund, 10, "after the last day"),
    ):
        with pytest.raises(DatabaseError, match=said), transaction.atomic():
            RefundOutcome.objects.create(coop=coop, offer=offer, membership=buyers[1], number=1, donated=10_00)
            entry = posting.post_entry(
                actor=lena, on=clock.today(coop) + timedelta(days=days), kind="x", memo="x", key=offer.posting_key,
                lines=[posting.Line(off, 10_00), posting.Line(to, -10_00)],
            )  # fmt: skip
            RefundOffer.objects.filter(pk=offer.pk).update(
                state="carried", ended_at=clock.now(), donated=10_00, entry=entry
            )
    lines = [posting.Line(own[1], 5), posting.Line(fund, -5)]
    with pytest.raises(DatabaseError, match="belongs to its offer"):
        posting.post_entry(actor=lena, on=clock.today(coop), kind="x", memo="x", lines=lines, key=f"choices:{offer.pk}")
    done_ = carried(lena, offer)
    with pytest.raises(DatabaseError, match="is not reversed"), transaction.atomic():
        posting.mirror(actor=lena, entry=done_.entry, on=done_.entry.posted_on, because="x")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="carried out once"):
        RefundOutcome.objects.create(coop=coop, offer=done_, membership=buyers[2], number=2, donated=1)
