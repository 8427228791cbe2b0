"""Shares on their way: transferred, released, given, forfeited, given back in turn and paid, certified."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from ledger import documents
from ledger.selectors.certificates import certificates_of, words
from ledger.selectors.queue import room, to_pay, waiting
from ledger.selectors.shares import holding_of, reconciliation
from ledger.services.accounts import account, member_account
from ledger.services.certificates import issue_certificate
from ledger.services.holdings import give_to_coop, release, transfer
from ledger.services.redemption import accept, ask_back, pay_out, refuse, set_limit, withdraw_request
from ledger.services.shares import subscribe
from tests.cast import make_user
from tests.members.factories import make_class, make_member

from .conftest import trace
from .factories import make_books, make_payment, make_shareholder
from .stood import cast, parts, stands

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
LATER = date(2026, 4, 2)
coop, lena, holder = parts("coop", "lena", "holder")


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena")
    return stands(made, holder=make_holder(made.coop))


def make_holder(coop):
    """Ten shares of 50.00, fully paid; the class asks for five."""
    make_books(coop)
    membership = make_member(coop, name="Ada Byron", active=False, on=DAY, shares_wanted=10)
    make_payment(membership, 51_000, on=DAY)
    return membership


@pytest.fixture
def other(holder, coop):
    """Admitted, nothing paid but the fee, so nothing more is missing than shares."""
    membership = make_member(coop, name="Bob Noyce", active=False, on=DAY)
    make_payment(membership, 1000, on=DAY)
    return membership


def still_agrees(coop):
    assert reconciliation(coop, date(2027, 1, 1)).agrees
    assert reconciliation(coop, DAY).agrees


def balance_of(account_) -> int:
    return sum(account_.lines.values_list("amount", flat=True))


# --- transfer ---------------------------------------------------------------------------------------------------------


def test_a_transfer_has_two_legs_and_makes_the_taker_active(coop, lena, holder):
    taker = make_member(coop, active=False, on=DAY, member_class=make_class(coop, "heir", entry_fee=0))
    act = {"actor": lena, "giver": holder, "taker": taker, "shares": 5, "on": LATER, "reason": "gift", "key": "t"}
    entry = transfer(**act)
    assert [line.amount for line in entry.lines.order_by("n")] == [25_000, -25_000]
    assert (holding_of(holder).shares, holding_of(holder).paid_up) == (5, 25_000)
    assert (holding_of(taker).shares, holding_of(taker).paid_up) == (5, 25_000)
    taker.refresh_from_db()
    assert taker.state == "active"
    assert transfer(**act).pk == entry.pk
    still_agrees(coop)
    with pytest.raises(Refused, match="keeps at least 5 shares; 4 would be left"):
        transfer(**{**act, "shares": 1, "key": "u"})


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("below_minimum", {"shares": 6}),
        ("too_many_shares", {"shares": 11}),
        ("shares", {"shares": 0}),
        ("reason", {"reason": "  "}),
        ("future", {"on": date(2999, 1, 1)}),
        ("before_the_last", {"on": date(2026, 3, 1)}),
    ],
)
def test_what_a_transfer_is_refused_for(coop, lena, holder, other, code, change):
    before = trace()
    act = {"actor": lena, "giver": holder, "taker": other, "shares": 5, "on": LATER, "reason": "gift", "key": "t"}
    with pytest.raises(Refused) as refusal:
        transfer(**{**act, **change})
    assert refusal.value.code == code
    assert trace() == before


def test_a_transfer_to_oneself_or_of_unpaid_shares_is_refused(coop, lena, holder, other):
    with pytest.raises(Refused, match="between two members"):
        transfer(actor=lena, giver=holder, taker=holder, shares=1, on=LATER, reason="x", key="t")
    subscribe(actor=lena, membership=holder, shares=2, on=DAY)
    with pytest.raises(Refused, match="still owes €100.00 for shares"):
        transfer(actor=lena, giver=holder, taker=other, shares=5, on=LATER, reason="x", key="t")


# --- released, given, forfeited ---------------------------------------------------------------------------------------


def test_unpaid_shares_are_released_and_paid_ones_are_not(coop, lena, holder):
    subscribe(actor=lena, membership=holder, shares=2, on=DAY)
    event = release(actor=lena, membership=holder, shares=2, on=LATER, reason="hardship")
    assert (event.shares, event.paid, event.entry) == (-2, 0, None)
    with pytest.raises(Refused, match="given back, not released"):
        release(actor=lena, membership=holder, shares=1, on=LATER, reason="hardship")
    still_agrees(coop)


@pytest.mark.parametrize(("forfeited", "kind"), [(False, "gifted"), (True, "forfeited")])
def test_shares_given_or_forfeited_become_income(coop, lena, holder, forfeited, kind):
    act = {"actor": lena, "membership": holder, "shares": 2, "on": LATER, "reason": "deed of 1 April", "key": "g"}
    entry = give_to_coop(**act, forfeited=forfeited)
    assert give_to_coop(**act, forfeited=forfeited).pk == entry.pk
    assert balance_of(account(coop, "gifts")) == -10_000
    assert holding_of(holder).shares == 8
    assert entry.share_events.get().kind == kind
    still_agrees(coop)


# --- given back -------------------------------------------------------------------------------------------------------


@pytest.fixture
def limit(coop, jonas):
    return make_limit(jonas)


def make_limit(jonas):
    """300.00 in the year, by the board."""
    year = {"starts": date(2026, 1, 1), "ends": date(2026, 12, 31)}
    return set_limit(actor=jonas, amount=30_000, resolution="board 2026-4", **year)


def test_the_way_back_asked_taken_out_paid(coop, lena, holder, limit):
    wish = ask_back(actor=lena, membership=holder, shares=5, on=DAY, reason="moving")
    assert [(w.amount, w.is_due, w.fits) for w in waiting(coop, LATER)] == [(25_000, True, True)]
    assert room(coop, LATER) == 30_000
    wish = accept(actor=lena, redemption=wish, on=LATER)
    assert (wish.state, wish.amount, holding_of(holder).paid_up) == ("accepted", 25_000, 25_000)
    assert balance_of(member_account(holder, "redemption_payable")) == -25_000
    assert room(coop, LATER) == 5000
    still_agrees(coop)
    assert list(to_pay(coop)) == [wish]
    paid = pay_out(actor=lena, redemption=wish, on=LATER)
    again = pay_out(actor=lena, redemption=wish, on=LATER)
    assert paid.payment_id == again.payment_id
    assert balance_of(member_account(holder, "redemption_payable")) == 0
    assert waiting(coop, LATER) == []
    assert list(to_pay(coop)) == []


def test_nothing_goes_beyond_what_the_board_lets_go(coop, lena, jonas, holder, limit):
    second = make_shareholder(coop, on=DAY, shares_wanted=10, paid=51_000)
    wishes = [ask_back(actor=lena, membership=m, shares=5, on=DAY) for m in (holder, second)]
    assert [w.fits for w in waiting(coop, LATER)] == [True, False]
    with pytest.raises(Refused, match="has waited longer"):
        accept(actor=lena, redemption=wishes[1], on=LATER)
    accept(actor=lena, redemption=wishes[0], on=LATER)
    before = trace()
    with pytest.raises(Refused, match=r"lets €50.00 more go; this is €250.00"):
        accept(actor=lena, redemption=wishes[1], on=LATER)
    assert trace() == before
    set_limit(actor=jonas, starts=limit.starts, ends=limit.ends, amount=20_000, resolution="board 2026-9")
    assert accept(actor=lena, redemption=wishes[1], on=LATER).state == "accepted"


def test_out_of_turn_needs_its_reason_and_keeps_it(coop, lena, holder, limit):
    second = make_shareholder(coop, on=DAY, shares_wanted=10, paid=51_000)
    ask_back(actor=lena, membership=holder, shares=5, on=DAY)
    wish = ask_back(actor=lena, membership=second, shares=5, on=DAY)
    assert accept(actor=lena, redemption=wish, on=LATER, out_of_turn="an estate").answer == "an estate"


def test_a_wish_waits_for_its_day_and_for_a_limit(coop, lena, holder):
    wish = ask_back(actor=lena, membership=holder, shares=5, on=DAY, due_on=date(2026, 6, 30))
    with pytest.raises(Refused, match="not due before"):
        accept(actor=lena, redemption=wish, on=LATER)
    with pytest.raises(Refused, match="has not said how much"):
        accept(actor=lena, redemption=wish, on=date(2026, 7, 1))


def test_a_member_asks_for_themselves_and_takes_it_back(coop, holder, lena, theo):
    holder.party.account = make_user("ada")
    holder.party.save()
    from coop.kernel.tenancy import Actor

    ada = Actor.of(holder.party.account, coop)
    wish = ask_back(actor=ada, membership=holder, shares=5, on=DAY)
    with pytest.raises(Refused, match="waiting already|has 5 shares that are free|keeps at least") as refusal:
        ask_back(actor=ada, membership=holder, shares=1, on=DAY)
    assert refusal.value.code in ("asked_already", "below_minimum")
    with pytest.raises(NotAllowed):
        withdraw_request(actor=theo, redemption=wish)
    assert withdraw_request(actor=ada, redemption=wish).state == "withdrawn"
    with pytest.raises(Refused, match="not waiting any more"):
        withdraw_request(actor=ada, redemption=wish)
    second = ask_back(actor=ada, membership=holder, shares=5, on=DAY)
    assert refuse(actor=lena, redemption=second, because="in the notice period").answer == "in the notice period"


def test_shares_that_are_asked_back_are_not_transferred_meanwhile(coop, lena, holder, other):
    ask_back(actor=lena, membership=holder, shares=5, on=DAY)
    with pytest.raises(Refused, match="keeps at least 5 shares; 4 would be left"):
        transfer(actor=lena, giver=holder, taker=other, shares=1, on=LATER, reason="x", key="t")


def test_only_the_board_sets_a_limit(lena, mei, coop):
    for actor in (lena, mei):
        with pytest.raises(NotAllowed):
            set_limit(actor=actor, starts=DAY, ends=LATER, amount=1, resolution="x")


# --- certificates -----------------------------------------------------------------------------------------------------


def test_a_certificate_says_what_is_paid_and_is_replaced_when_that_changes(coop, lena, holder):
    first = issue_certificate(actor=lena, membership=holder, on=DAY)
    assert (first.number, first.shares) == (1, 10)
    assert issue_certificate(actor=lena, membership=holder, on=LATER).pk == first.pk
    give_to_coop(actor=lena, membership=holder, shares=2, on=LATER, reason="deed", key="g")
    second = issue_certificate(actor=lena, membership=holder, on=LATER)
    assert (second.number, second.shares, second.replaces) == (2, 8, first)
    newest, oldest = certificates_of(holder)
    assert words(newest)["void"] == ""
    assert words(oldest)["void"] == "Replaced"
    assert words(newest)["headline"] == "Ada Byron holds 8 shares"


def test_no_certificate_over_nothing(coop, lena, other):
    with pytest.raises(Refused, match="no share that is fully paid"):
        issue_certificate(actor=lena, membership=other, on=DAY)


def test_the_paper_is_a_tagged_pdf_with_its_title(coop, lena, holder):
    certificate = issue_certificate(actor=lena, membership=holder, on=clock.today(coop) - timedelta(days=1))
    pdf = documents.certificate_pdf(words(certificate), certificate.recorded_at)
    assert pdf.startswith(b"%PDF-")
    assert b"/MarkInfo" in pdf
    assert documents.certificate_pdf(words(certificate), certificate.recorded_at) == pdf
