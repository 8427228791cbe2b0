"""Members give their refund away or take shares for it: until the day, once, to the cent, and the rest is paid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.urls import reverse

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.tenancy import Actor
from ledger.models import Account, RefundChoice, RefundOffer, RefundOutcome
from ledger.selectors import choices as selectors
from ledger.services import choices, distribution, payouts
from members.services import give_notice
from tests.cast import signed_in
from tests.ledger.factories import make_books
from tests.ledger.payout_factories import make_run, owe, paid, ready, with_iban
from tests.ledger.stood import cast, parts, stands
from tests.ledger.surplus_factories import YEAR, make_buyers, make_import, make_plan, posted
from tests.members.factories import dead, erased

pytestmark = pytest.mark.django_db
coop, lena, jonas, mei, buyers, plan = parts("coop", "lena", "jonas", "mei", "buyers", "plan")
Less = RefundOutcome.Less
ALL_CASH = {
    "result": {"patronage": 1_000_00, "nonpatronage": 0, "losses_carried": 0},
    "appropriations": [],
    "settlement": {"cash_percent": "100", "notice": "none"},
}


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena", "jonas", "mei")
    buyers = make_buyers(made.coop)
    return stands(made, buyers=buyers, plan=make_refund(made.lena, made.jonas))


def make_refund(lena, jonas):
    """A refund of 1,000.00 all in cash: Amara 600.00, Ben 300.00, Carla 100.00. A share is 50.00."""
    make_books(lena.coop)
    ready(lena.coop, lena)
    make_import(lena, {1: "600.00", 2: "300.00", 3: "100.00"})
    return posted(make_plan(lena, **ALL_CASH), lena, jonas)


def opened(lena, plan, days: int = 10, **changes) -> RefundOffer:
    usual = {"bylaws": "by-laws § 34", "may_donate": True, "share_class": make_books(plan.coop)}
    closes_on = clock.today(plan.coop) + timedelta(days=days)
    return choices.open_offer(actor=lena, plan=plan, closes_on=closes_on, **{**usual, **changes})


def after(offer):
    """The day after the last one."""
    return clock.at(clock.now() + timedelta(days=(offer.closes_on - clock.today(offer.coop)).days + 1))


def choose(lena, offer, membership, donated=0, shares=0):
    return choices.choose(actor=lena, offer=offer, membership=membership, donated=donated, shares=shares)


def carried(lena, offer) -> RefundOffer:
    with after(offer):
        return choices.carry_out(actor=lena, offer=offer)


def balance(coop, purpose, membership=None) -> int:
    found = Account.objects.filter(coop=coop, purpose=purpose)
    found = found.filter(membership=membership) if membership else found
    return -sum(amount for each in found for amount in each.lines.values_list("amount", flat=True))


def done(offer) -> dict:
    return {each.number: (each.donated, each.shares, each.cash, each.less) for each in offer.outcomes.all()}


def test_the_dead_the_erased_the_indebted_and_whoever_leaves(coop, lena, buyers, plan):
    offer = opened(lena, plan)
    for number, shares in ((1, 2), (2, 5), (3, 0)):
        choose(lena, offer, buyers[number], donated=20_00, shares=shares)
    dead(buyers[3])
    owe(coop, buyers[2], debt=120_00)  # of 300.00 only 180.00 is free: three shares and a part of the gift
    offer = carried(lena, offer)
    assert done(offer) == {
        1: (20_00, 2, 480_00, ""),
        2: (20_00, 3, 130_00, Less.DEBT),
        3: (0, 0, 100_00, Less.DIED),
    }
    assert balance(coop, "patronage_payable", buyers[3]) == 100_00  # it belongs to the estate


def test_whoever_was_erased_or_paid_otherwise_or_holds_enough_gets_no_more(coop, lena, buyers, plan):
    offer = opened(lena, plan)
    for number in (1, 2, 3):
        choose(lena, offer, buyers[number], donated=50_00, shares=1)
    erased(buyers[3])
    owe(coop, buyers[2], refund=-240_00)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(selectors, "room", lambda terms, each, held: 0 if each.pk == buyers[1].pk else None)
        offer = carried(lena, offer)
    assert done(offer) == {
        1: (50_00, 0, 550_00, Less.MOST),
        2: (10_00, 1, 0, Less.GONE),
        3: (0, 0, 100_00, Less.ERASED),
    }


def test_what_nobody_may_choose(coop, lena, mei, buyers, plan):
    offer = opened(lena, plan)
    for wish, field in (
        ({"donated": 600_01}, "donated"),
        ({"donated": -1}, "donated"),
        ({"shares": 13}, "shares"),
        ({"shares": -1}, "shares"),
        ({"donated": 1, "shares": 12}, "donated"),
    ):
        with pytest.raises(Refused) as refusal:
            choose(lena, offer, buyers[1], **wish)
        assert refusal.value.field == field
    amara = Actor.of(buyers[1].party.account, coop)
    for actor, whose in ((amara, buyers[2]), (mei, buyers[1])):
        with pytest.raises(NotAllowed):
            choices.choose(actor=actor, offer=offer, membership=whose, donated=1)
    with after(offer), pytest.raises(Refused, match="could choose until"):
        choose(lena, offer, buyers[1], donated=1)
    for early in (choices.ask_to_carry_out, choices.carry_out):
        with pytest.raises(Refused, match="may choose until"):
            early(actor=lena, offer=offer)
    assert RefundChoice.objects.count() == 0


def test_whoever_has_left_meanwhile_is_paid_in_cash_and_chooses_nothing(coop, lena, mei, buyers, plan):
    offer, amara = opened(lena, plan), buyers[1].party.account
    client = signed_in(amara)
    statement = reverse("ledger:statement", args=[coop.slug, YEAR])
    choice = reverse("ledger:choice", args=[coop.slug, YEAR])
    assert choice in client.get(statement).content.decode()
    give_notice(actor=mei, membership=buyers[1], received_on=clock.today(coop) - timedelta(days=500))
    assert choice not in client.get(statement).content.decode()
    with pytest.raises(NotAllowed):
        choices.choose(actor=Actor.of(amara, coop), offer=offer, membership=buyers[1], donated=1)


def test_what_is_not_opened(coop, lena, jonas, buyers, plan):
    for change, field in (
        ({"bylaws": " "}, "bylaws"),
        ({"days": -1}, "closes_on"),
        ({"days": 366}, "closes_on"),
        ({"may_donate": False, "share_class": None}, "may_donate"),
    ):
        with pytest.raises(Refused) as refusal:
            opened(lena, plan, **change)
        assert refusal.value.field == field
    with pytest.raises(NotAllowed):
        opened(jonas, plan)
    make_import(lena, {1: "1.00"}, year=2024)
    with pytest.raises(Refused, match="once the plan is posted"):
        opened(lena, make_plan(lena, year=2024))
    offer = opened(lena, plan)
    with pytest.raises(Refused, match="asked already"):
        opened(lena, plan)
    assert choices.withdraw(actor=lena, offer=offer, because="the by-law was read wrong").state == "withdrawn"
    with_iban(lena, buyers[1])
    run = make_run(lena)  # nothing waits any more
    with pytest.raises(Refused, match="drawn up already"):
        opened(lena, plan)
    paid(run, jonas)
    with pytest.raises(Refused, match="drawn up already"):
        opened(lena, plan)


def test_all_in_cash_needs_no_entry(coop, lena, buyers, plan):
    offer = opened(lena, plan)
    choose(lena, offer, buyers[1], donated=5_00)
    choose(lena, offer, buyers[1])
    first = carried(lena, offer)
    assert (first.entry, first.donated, first.outcomes.count()) == (None, 0, 0)


def test_a_plan_given_up_has_no_choices_and_holds_no_pay_out_up(coop, lena, buyers, plan):
    offer = opened(lena, plan)
    choose(lena, offer, buyers[1], donated=5_00)
    distribution.void_distribution(actor=lena, plan_id=plan.pk, because="a mistake", on=clock.today(coop))
    with pytest.raises(Refused, match="could choose until"):
        choose(lena, offer, buyers[1], donated=6_00)
    with pytest.raises(Refused, match="given up"):
        carried(lena, offer)
    owe(coop, buyers[1], refund=1_00)
    with_iban(lena, buyers[1])
    assert make_run(lena).total == 1_00


def test_no_run_slips_in_before_the_choices(coop, lena, buyers, plan):
    with_iban(lena, buyers[1])
    opened(lena, plan)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(payouts, "_after_the_choices", lambda coop: None)
        with pytest.raises(DatabaseError, match="comes after the members' choices"):
            make_run(lena)
