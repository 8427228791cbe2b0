"""Lines of the bank as they are committed: entered by many hands, held to bank and books against raw SQL."""

from __future__ import annotations

from threading import Event
from time import monotonic

import pytest
from django.db import connection, transaction

from ledger import references
from ledger.models import BankAccount, BankLine
from ledger.selectors.bank import waiting
from ledger.selectors.shares import holding_of
from ledger.services.accounts import account
from ledger.services.bank_lines import enter_matched, set_aside, tie_to_entry
from tests.ledger.conftest import attack
from tests.ledger.factories import make_entry, make_unpaid
from tests.ledger.test_posting import in_threads

from .files import IBAN, PAYER, camt
from .test_bank import DAY, bring, make_bank, rows_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def bank(lena) -> BankAccount:
    return make_bank(lena)


@pytest.fixture
def ada(bank, coop):
    return make_unpaid(coop)


def test_a_line_is_entered_once_by_ten_hands(coop, lena, bank, ada):
    bring(lena, camt(rows_of(ada)))
    answers = in_threads(10, lambda i: enter_matched(actor=lena).count)
    assert sum(answer for answer in answers if isinstance(answer, int)) == 1
    assert holding_of(ada).paid_up == 25_000


def test_whoever_enters_all_lines_waits_for_one_before_the_first_is_entered(coop, lena, bank, ada):
    """Else it waits with the audit chain's lock, which whoever enters the one asks for last."""
    reference = references.printed(references.of_member(ada.number))
    bring(lena, camt(rows_of(ada, ("1.00", f"More {reference}", "Ada Byron", PAYER, ""))))
    first, second = sorted(waiting(coop), key=lambda line: line.pk)
    held = Event()

    def enter(i):
        if i == 0:
            assert held.wait(10)
            return enter_matched(actor=lena).count
        with transaction.atomic(), connection.cursor() as cursor:
            BankLine.objects.select_for_update(no_key=True).get(pk=second.pk)
            held.set()
            waits, until = False, monotonic() + 10
            while not waits and monotonic() < until:
                cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() <> pid)")
                (waits,) = cursor.fetchone()
            set_aside(actor=lena, line=second, because="hers, not ours")
            return waits

    assert in_threads(2, enter) == [1, True]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("entered", "aside")


def change(line, **values):
    columns = ", ".join(f"{name} = %s" for name in values)
    return f"UPDATE ledger_bankline SET {columns} WHERE id = %s", [*values.values(), line.pk]  # noqa: S608


@pytest.mark.parametrize("role", ["app", "owner"])
def test_the_database_holds_a_line_to_what_the_bank_said_and_to_the_books(coop, lena, bank, ada, role):
    entry, wrong = make_entry(coop, "bank", "dues", 500, on=DAY), make_entry(coop, "bank", "dues", 700, on=DAY)
    away = make_entry(coop, "cash", "dues", 500, on=DAY)
    bring(lena, camt([("5.00", "dues", "Ada", PAYER, ""), ("5.00", "dues again", "", "", "")]))
    line, twin = waiting(coop)

    def refused(pattern, *statements):
        before = list(BankLine.objects.order_by("pk").values_list())
        with pytest.raises(Exception, match=pattern):
            attack(*statements, role=role)
        assert list(BankLine.objects.order_by("pk").values_list()) == before

    said = "what the bank said is never changed"
    for values in ({"amount": 600}, {"booked_on": "2026-03-01"}, {"text": "other"}, {"iban": IBAN}, {"n": 9}):
        refused(said, change(line, **values))
    moves = "moves its amount on its account"
    refused(moves, change(line, state="entered", entry_id=wrong.pk))
    refused(moves, change(line, state="entered", entry_id=away.pk))
    refused("bank_line_entered_by_an_entry", change(line, state="entered"))
    refused("bank_line_aside_for_a_reason", change(line, state="aside"))
    refused("permission denied|never_deleted|Cannot delete", f"DELETE FROM ledger_bankline WHERE id = {line.pk}")
    refused("permission denied|append-only", "TRUNCATE ledger_bankline CASCADE")
    refused(
        "bank_line_once",
        "INSERT INTO ledger_bankline (coop_id, statement_id, bank_account_id, n, fingerprint,"
        " booked_on, amount, text, name, iban, end_to_end, bank_ref, state, note) SELECT coop_id, statement_id,"
        " bank_account_id, n, fingerprint, booked_on, amount, '', '', '', '', '', 'open', '' FROM ledger_bankline",
    )
    tie_to_entry(actor=lena, line=line, entry=entry)
    refused("only when its entry was reversed", change(line, state="open", entry_id=None))
    refused("ledger_bankline_entry_id_key|unique", change(twin, state="entered", entry_id=entry.pk))
    attack(change(line, name="", iban="", text=""), role=role)  # a person's data may go


def test_an_entry_that_still_grows_enters_no_line(coop, lena, bank):
    """Tied first and filled up afterwards: the entry has to stand before a line may point at it."""
    bring(lena, camt([("5.00", "dues", "", "", "")]))
    (line,) = waiting(coop)
    period = make_entry(coop, "bank", "dues", 1, on=DAY).period_id
    head = (
        "INSERT INTO ledger_entry (id, coop_id, period_id, posted_on, kind, memo, key, request_hash, batch,"
        " recorded_at) OVERRIDING SYSTEM VALUE VALUES (990001, %s, %s, '2026-03-02', 'x', '', 'grow', 'x', 0, now())",
        [coop.pk, period],
    )

    def put(n, purpose, amount):
        return (
            "INSERT INTO ledger_posting (entry_id, coop_id, account_id, amount, n, posted_on) VALUES"
            " (990001, %s, %s, %s, %s, '2026-03-02')",
            [coop.pk, account(coop, purpose).pk, amount, n],
        )

    with pytest.raises(Exception, match="entered by an entry that stands"):
        attack(
            head, put(1, "bank", 500), put(2, "dues", -500), change(line, state="entered", entry_id=990001),
            put(3, "bank", 50), put(4, "dues", -50),
        )  # fmt: skip
    assert BankLine.objects.get().state == "open"


@pytest.mark.parametrize("role", ["app", "owner"])
def test_the_database_holds_accounts_and_statements(coop, other_coop, lena, bank, role):
    bring(lena, camt([("5.00", "dues", "", "", "")]))
    for pattern, sql in (
        ("keeps its number", f"UPDATE ledger_bankaccount SET number = 'X' WHERE id = {bank.pk}"),
        ("in its own currency", f"UPDATE ledger_bankaccount SET currency = 'USD' WHERE id = {bank.pk}"),
        ("in its own currency", f"UPDATE ledger_bankaccount SET account_id = {account(coop, 'dues').pk}"),
        ("permission denied|Cannot", "UPDATE ledger_bankstatement SET closing = 0"),
        ("permission denied|Cannot", "DELETE FROM ledger_bankstatement"),
        ("permission denied|Cannot", "DELETE FROM ledger_bankaccount"),
        ("never changed", f"UPDATE ledger_bankline SET coop_id = {other_coop.pk}"),
    ):
        with pytest.raises(Exception, match=pattern):
            attack(sql, role=role)
