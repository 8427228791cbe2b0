"""Shares on their way as they are committed: raced on real connections, attacked by raw SQL."""

from __future__ import annotations

import pytest

from ledger.models import Certificate, Redemption
from ledger.selectors.queue import room
from ledger.selectors.shares import holding_of
from ledger.services.certificates import issue_certificate
from ledger.services.holdings import transfer
from ledger.services.redemption import accept, ask_back
from tests.members.factories import make_member

from .conftest import attack, refused
from .factories import make_books, make_payment, make_shareholder
from .test_holdings import DAY, LATER, make_holder, make_limit, still_agrees
from .test_posting import in_threads

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def holder(coop):
    return make_holder(coop)


@pytest.fixture
def limit(jonas):
    return make_limit(jonas)


def test_two_who_transfer_to_each_other_at_once_do_not_wait_for_ever(coop, lena, holder):
    second = make_member(coop, active=False, on=DAY, shares_wanted=10)
    make_payment(second, 51_000, on=DAY)
    pair = [(holder, second), (second, holder)]

    def act(i):
        giver, taker = pair[i % 2]
        return transfer(actor=lena, giver=giver, taker=taker, shares=1, on=LATER, reason="x", key=f"t{i}").pk

    answers = in_threads(8, act)
    assert all(isinstance(answer, int) for answer in answers)
    assert holding_of(holder).shares == 10
    still_agrees(coop)


def test_two_treasurers_accept_at_once_and_the_limit_holds(coop, lena, holder, limit):
    second = make_shareholder(coop, on=DAY, shares_wanted=10, paid=51_000)
    wishes = [ask_back(actor=lena, membership=m, shares=5, on=DAY) for m in (holder, second)]
    answers = in_threads(8, lambda i: accept(actor=lena, redemption=wishes[i % 2], on=LATER, out_of_turn="estate"))
    assert sum(isinstance(answer, Redemption) for answer in answers) == 1
    assert room(coop, LATER) == 5000
    still_agrees(coop)


def test_a_redemption_only_goes_forward(coop, lena, holder, limit):
    wish = accept(actor=lena, redemption=ask_back(actor=lena, membership=holder, shares=5, on=DAY), on=LATER)
    for role in ("app", "owner"):
        for change in ("state = 'asked'", "shares = 1", "amount = 1", "entry_id = NULL", "state = 'withdrawn'"):
            with refused("goes forward"):
                attack((f"UPDATE ledger_redemption SET {change} WHERE id = %s", [wish.pk]), role=role)
        for act in (
            "DELETE FROM ledger_redemption",
            "TRUNCATE ledger_redemption",
            "UPDATE ledger_redemptionlimit SET amount = 1",
        ):
            with refused("permission denied|Cannot|append-only"):
                attack(act, role=role)


def test_certificates_at_once_get_different_numbers(coop, lena):
    make_books(coop)
    members = [make_shareholder(coop, on=DAY) for _ in range(6)]
    in_threads(6, lambda i: issue_certificate(actor=lena, membership=members[i], on=DAY))
    assert sorted(Certificate.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
