"""Share capital as it is committed: raced on real connections, attacked by raw SQL, register and books as one."""

from __future__ import annotations

import psycopg2
import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from ledger.models import ShareEvent
from ledger.selectors.shares import holding_of, reconciliation
from ledger.services.accounts import account, member_account
from tests.members.factories import make_member

from .conftest import attack, raw, refused
from .factories import make_books, make_unpaid
from .test_posting import in_threads
from .test_shares import pay

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def admitted(coop):
    make_books(coop)
    return make_unpaid(coop)


def test_many_payments_at_once_never_exceed_what_is_owed(lena, admitted):
    answers = in_threads(12, lambda i: pay(lena, admitted, 6000, key=f"k{i}"))
    assert sum(isinstance(a, Refused) for a in answers) == 8
    assert holding_of(admitted).paid_up == 4 * 6000 - 1000
    assert reconciliation(lena.coop).agrees


def test_a_co_op_without_a_class_of_shares_says_so(coop, lena):
    membership = make_member(coop, active=False)
    with pytest.raises(Refused, match="no class of shares yet"):
        pay(lena, membership, 100, on=clock.today(coop))


def _capital_entry(books_coop, membership, amount, number=9001):
    own = member_account(membership, "share_capital", share_class=membership_class(membership))
    bank = account(books_coop, "bank")
    period = reconciled_period(books_coop)
    head = (
        "INSERT INTO ledger_entry (id, coop_id, period_id, posted_on, kind, memo, key, request_hash, batch,"
        " recorded_at) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, '2026-03-02', 'x', '', 'x', 'x', 0, now())",
        [number, books_coop.pk, period],
    )
    lines = (
        "INSERT INTO ledger_posting (entry_id, coop_id, account_id, amount, n, posted_on) VALUES"
        " (%s, %s, %s, %s, 1, '2026-03-02'), (%s, %s, %s, %s, 2, '2026-03-02')",
        [number, books_coop.pk, bank.pk, amount, number, books_coop.pk, own.pk, -amount],
    )
    return [head, lines]


def membership_class(membership):
    return ShareEvent.objects.filter(membership=membership).first().share_class


def reconciled_period(coop):
    from ledger.models import Period

    return Period.objects.get(coop=coop, starts="2026-01-01").pk


def _event(membership, number, paid, shares=0):
    return (
        "INSERT INTO ledger_shareevent (coop_id, membership_id, share_class_id, kind, shares, paid, effective_on,"
        " recorded_at, entry_id, reference, reason)"
        " VALUES (%s, %s, %s, 'paid', %s, %s, '2026-03-02', now(), %s, '', '')",
        [membership.coop_id, membership.pk, membership_class(membership).pk, shares, paid, number],
    )


def test_share_capital_never_moves_without_the_register_nor_the_register_without_it(coop, lena, admitted):
    pay(lena, admitted, 6000)
    capital = _capital_entry(coop, admitted, 100)
    with refused("that the register of shares does not show"):
        attack(*capital)
    with refused("that the register of shares does not show"):
        attack(*capital, _event(admitted, 9001, 99))
    with refused("share_event_paid_has_an_entry"):
        attack(_event(admitted, None, 100))
    attack(*capital, _event(admitted, 9001, 100))
    with refused("takes no more share events"):
        attack(_event(admitted, 9001, 100))
    assert reconciliation(coop).agrees


def test_nobody_pays_more_than_was_subscribed_or_holds_less_than_nothing(coop, lena, admitted):
    pay(lena, admitted, 6000)
    for paid in (20_001, -5001):
        with refused("would hold 5 shares"):
            attack(*_capital_entry(coop, admitted, paid), _event(admitted, 9001, paid))
    with refused("would hold -1 shares"):
        attack(_event(admitted, None, 0, shares=-6))
    with raw() as connection:
        connection.set_session(isolation_level="SERIALIZABLE")
        with pytest.raises(psycopg2.Error, match="READ COMMITTED only"), connection.cursor() as cursor:
            cursor.execute(*_event(admitted, None, 0, shares=1))


def test_share_events_and_fees_are_history(admitted, lena):
    pay(lena, admitted, 6000)
    for role in ("app", "owner"):
        for table in ("ledger_shareevent", "ledger_memberfee"):
            for act in (f"UPDATE {table} SET coop_id = coop_id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                with refused("permission denied|Cannot update or delete|append-only"):
                    attack(act, role=role)
        with refused("keeps its par value|permission denied|never deleted"):
            attack("UPDATE ledger_shareclass SET par = par + 1", role=role)
        with refused("permission denied|never deleted"):
            attack("DELETE FROM ledger_shareclass", role=role)
