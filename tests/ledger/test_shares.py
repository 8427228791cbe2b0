"""Share capital: what is subscribed, what is paid, who becomes active, and that the register agrees with the books."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent
from ledger.models import MemberFee
from ledger.selectors.dues import owed_by, unpaid
from ledger.selectors.shares import holding_of, holdings, paid_up, reconciliation, share_register
from ledger.services.accounts import member_account
from ledger.services.posting import reverse_entry
from ledger.services.shares import create_share_class, record_payment, reverse_payment, subscribe
from members.models import Membership
from tests.members.factories import make_class, make_member

from .conftest import trace
from .factories import make_books, make_payment, make_shareholder, make_unpaid
from .stood import cast, parts, stands

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
coop, lena, shares, admitted = parts("coop", "lena", "shares", "admitted")


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena")
    shares = make_books(made.coop)
    return stands(made, shares=shares, admitted=make_unpaid(made.coop))


def pay(actor, membership, amount, key="k", on=DAY, **more):
    return record_payment(actor=actor, membership=membership, amount=amount, on=on, key=key, **more)


def test_a_payment_goes_to_the_fee_first_and_the_minimum_makes_the_member_active(
    lena, admitted, django_assert_num_queries
):
    with django_assert_num_queries(38):
        first = pay(lena, admitted, 6000, key="a")
    admitted.refresh_from_db()
    assert (first.fee, first.capital, first.activated, admitted.state) == (1000, 5000, False, "admitted")
    with django_assert_num_queries(32):
        second = pay(lena, admitted, 20_000, key="b")
    admitted.refresh_from_db()
    assert (second.fee, second.capital, second.activated, admitted.state) == (0, 20_000, True, "active")
    assert admitted.active_on == DAY
    holding = holding_of(admitted)
    assert (holding.shares, holding.subscribed, holding.paid_up, holding.owing) == (5, 25_000, 25_000, 0)
    assert [line.amount for line in first.entry.lines.order_by("n")] == [6000, -1000, -5000]
    assert reconciliation(lena.coop).agrees
    assert "ledger.payment_recorded" in AuditEvent.objects.values_list("kind", flat=True)


def test_who_pays_in_parts_is_active_with_the_first(coop, lena, shares):
    membership = make_member(coop, active=False, on=date(2026, 3, 1), instalments=True)
    owed = owed_by(membership, date(2026, 3, 1))
    assert (owed.fee, owed.capital, owed.due, len(owed.parts), owed.next_part) == (1000, 25_000, 3500, 10, 3500)
    payment = pay(lena, membership, 3500)
    assert (payment.activated, owed_by(membership, DAY).parts_paid) == (True, 1)
    later = owed_by(membership, date(2026, 5, 1))
    assert (later.due, later.next_due, later.next_part) == (5000, date(2026, 4, 1), 2500)


def test_the_same_payment_sent_twice_is_entered_once(lena, admitted):
    one, two = pay(lena, admitted, 6000), pay(lena, admitted, 6000)
    assert one.entry.pk == two.entry.pk
    assert (two.fee, two.capital, two.kept) == (1000, 5000, 0)
    with pytest.raises(Refused, match="used before"):
        pay(lena, admitted, 6001)
    assert holding_of(admitted).paid_up == 5000


def test_more_than_is_owed_is_refused_in_one_sentence_or_kept(lena, admitted):
    before = trace()
    with pytest.raises(Refused) as refusal:
        pay(lena, admitted, 26_001)
    assert refusal.value.message == (
        "€260.01 is more than member 1 owes: €260.00. Enter less, or keep the rest as a credit."
    )
    assert trace() == before
    assert Membership.objects.get(pk=admitted.pk).state == "admitted"
    payment = pay(lena, admitted, 26_500, overpayment="keep")
    assert (payment.fee, payment.capital, payment.kept) == (1000, 25_000, 500)
    assert sum(member_account(admitted, "member_credit").lines.values_list("amount", flat=True)) == -500


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("amount", {"amount": 0}),
        ("amount", {"amount": -5}),
        ("amount", {"amount": 5.0}),
        ("future", {"on": date(2999, 1, 1)}),
        ("before_admission", {"on": date(2026, 2, 28)}),
    ],
)
def test_what_a_payment_is_refused_for(lena, admitted, code, change):
    before = trace()
    with pytest.raises(Refused) as refusal:
        pay(lena, admitted, **{"amount": 100, **change})
    assert refusal.value.code == code
    assert trace() == before


def test_only_the_treasurer_enters_payments(mei, nadia, jonas, olga, admitted):
    for actor in (mei, nadia, jonas, olga):
        with pytest.raises(NotAllowed):
            pay(actor, admitted, 100)


def test_a_payment_entered_by_mistake_is_reversed_in_books_and_register(lena, admitted):
    entry = pay(lena, admitted, 6000).entry
    with pytest.raises(Refused, match="reverse the payment instead"):
        reverse_entry(actor=lena, entry=entry, on=DAY, because="wrong member")
    reversal = reverse_payment(actor=lena, entry=entry, on=DAY, because="wrong member")
    assert reversal.reverses == entry
    assert (holding_of(admitted).paid_up, sum(MemberFee.objects.values_list("amount", flat=True))) == (0, 0)
    assert reconciliation(lena.coop).agrees
    with pytest.raises(Refused, match="not the member’s any more|reversed already"):
        reverse_payment(actor=lena, entry=entry, on=DAY, because="again")
    assert pay(lena, admitted, 6000, key="again").fee == 1000  # the fee is owed again


def test_the_register_as_at_and_as_known_at(coop, lena, admitted):
    known = {}
    with clock.at(clock.now() - timedelta(days=2)):
        pay(lena, admitted, 6000, key="a", on=date(2026, 3, 2))
        known["then"] = clock.now()
    pay(lena, admitted, 5000, key="b", on=date(2026, 3, 3))
    assert holdings(coop, date(2026, 2, 28)) == {}
    assert holdings(coop, date(2026, 3, 1))[admitted.pk].paid_up == 0
    assert holdings(coop, date(2026, 3, 2))[admitted.pk].paid_up == 5000
    assert paid_up(coop, date(2026, 3, 3)) == 10_000
    assert paid_up(coop, date(2026, 3, 3), known["then"]) == 5000
    [line] = share_register(coop, date(2026, 3, 3))
    assert (line.number, line.name, line.shares, line.subscribed, line.paid_up, line.owing) == (
        1,
        "Ada Byron",
        5,
        25_000,
        10_000,
        15_000,
    )


def test_subscribing_more_keeps_to_the_by_laws(coop, lena, shares):
    membership = make_member(
        coop, active=False, on=date(2026, 3, 1), member_class=make_class(coop, "worker", maximum_shares=8)
    )
    pay(lena, membership, 1000)
    subscribe(actor=lena, membership=membership, shares=3, on=DAY)
    with pytest.raises(Refused, match="allow 8 shares a member; this would be 9"):
        subscribe(actor=lena, membership=membership, shares=1, on=DAY)
    with pytest.raises(Refused, match="at least one share"):
        subscribe(actor=lena, membership=membership, shares=0, on=DAY)
    assert holding_of(membership).subscribed == 40_000


def test_who_owes_what(coop, lena, admitted):
    second = make_shareholder(coop, name="Paid Up", on=date(2026, 3, 1))
    assert holding_of(second).owing == 0
    [debtor] = unpaid(coop, DAY)
    assert (debtor.membership, debtor.owed.total, debtor.owed.due) == (admitted, 26_000, 0)
    [debtor] = unpaid(coop, date(2026, 3, 31))
    assert debtor.owed.due == 26_000
    make_payment(admitted, 26_000, on=DAY)
    assert unpaid(coop, DAY) == []


def test_the_first_class_is_the_default_and_another_can_become_it(lena, shares):
    second = create_share_class(actor=lena, name="Investment shares", par=10_000)
    assert (shares.is_default, second.is_default) == (True, False)
    third = create_share_class(actor=lena, name="New shares", par=7500, is_default=True)
    shares.refresh_from_db()
    assert (shares.is_default, third.is_default) == (False, True)
    with pytest.raises(Refused, match="already"):
        create_share_class(actor=lena, name="New shares", par=7500)
    with pytest.raises(Refused, match="above nothing"):
        create_share_class(actor=lena, name="Free shares", par=0)
