"""Any sequence of acts: balances are sums as at every day, the register agrees, and a refused act leaves no trace.

The machine keeps its own little books beside ours: (account, day, amount) for every line it expects. It acts through
the services, one savepoint an act, with the deferred checks fired after each.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import Actor
from ledger.models import Account, Entry, Period, Redemption, RedemptionLimit
from ledger.selectors.balances import account_balances, balance, balances, chart
from ledger.selectors.shares import holdings, paid_up, reconciliation
from ledger.services.accounts import account
from ledger.services.closing import close_period, reopen_period
from ledger.services.holdings import give_to_coop, release, transfer
from ledger.services.posting import Line, post_entry, reverse_entry
from ledger.services.redemption import accept, ask_back, pay_out
from ledger.services.shares import record_payment, reverse_payment, subscribe
from tests.members.factories import make_class, make_member

from .conftest import trace
from .dues_machine import Dues
from .factories import make_books

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = date(2022, 11, 1)
DAYS = st.integers(0, 1200).map(lambda n: FIRST + timedelta(days=n))
AMOUNTS = st.one_of(st.integers(-5000, 5000), st.sampled_from([0, 1, -1, 2**40]))
LATE = st.one_of(DAYS, st.none(), st.none(), st.none())  # mostly one day after whatever happened so far
PICK = st.integers(0, 10_000)

REACHED: Counter[str] = Counter()  # the events of the register the acts came to


class Books(Dues, RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.coop = Cooperative.objects.create(slug="machine", name="Machine", currency="EUR", time_zone="UTC")
        self.actor = Actor.system(self.coop)
        make_books(self.coop)
        make_class(self.coop, notice_rule={"to": "month_end", "months": 1})
        self.begin_dues()
        self.accounts = [account(self.coop, p) for p in ("bank", "cash", "dues", "statutory_reserve", "bank_charges")]
        self.dollars = Account.objects.create(coop=self.coop, code="U", name="Dollars", kind="asset", currency="USD")
        self.members = [make_member(self.coop, active=False, on=FIRST, instalments=n == 0) for n in range(3)]
        self.lines: dict[int, list[tuple[date, int]]] = defaultdict(list)  # by account id
        self.paid: dict[int, list[tuple[date, int]]] = defaultdict(list)  # by membership id
        self.entries: list[Entry] = []
        self.keys = self.days_on = 0

        year = {"starts": date(2022, 1, 1), "ends": date(2027, 12, 31), "amount": 60_000, "resolution": "b 1"}
        RedemptionLimit.objects.create(coop=self.coop, **year)
        # The machine also meets members who have paid, so that shares have somewhere to go from the start.
        for member in self.members[1:]:
            subscribe(actor=self.actor, membership=member, shares=8, on=FIRST)
            self.act(lambda member=member: self.record(member, 41_000, FIRST, over="refuse"))

    def record(self, member, amount, day, over="keep"):
        act = {"amount": amount, "on": day, "key": self.key(), "overpayment": over}
        record_payment(actor=self.actor, membership=member, **act)
        member.refresh_from_db()

    def teardown(self):
        if hasattr(self, "outer"):
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    def act(self, do) -> bool:
        """Do it and keep in mind what it posted; a refusal must leave every row as it was. Whether it was done."""
        before = trace()
        known = set(Entry.objects.filter(coop=self.coop).values_list("pk", flat=True))
        try:
            with transaction.atomic():
                do()
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        except Refused:
            assert trace() == before
            return False
        for entry in Entry.objects.filter(coop=self.coop).exclude(pk__in=known):
            self.entries.append(entry)
            for line in entry.lines.all():
                self.lines[line.account_id].append((entry.posted_on, line.amount))
            for event in entry.share_events.all():
                self.paid[event.membership_id].append((event.effective_on, event.paid))
                REACHED[event.kind] += 1
        return True

    def late(self, day: date | None) -> date:
        self.days_on += 1
        return day or FIRST + timedelta(days=1201 + self.days_on)

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    @rule(day=DAYS, picks=st.lists(st.tuples(PICK, AMOUNTS), min_size=1, max_size=4), off=st.sampled_from([0, 0, 0, 1]))
    def post(self, day, picks, off):
        lines = [Line(self.accounts[pick % len(self.accounts)], amount) for pick, amount in picks]
        lines.append(Line(self.accounts[0], off - sum(line.amount for line in lines)))
        self.act(lambda: self._post(day, lines, self.key()))

    def _post(self, day, lines, key):
        return post_entry(actor=self.actor, on=day, kind="manual", memo="m", lines=lines, key=key)

    @rule(day=DAYS, amount=AMOUNTS)
    def post_across_currencies(self, day, amount):
        self.act(lambda: self._post(day, [Line(self.dollars, amount), Line(self.accounts[0], -amount)], self.key()))

    @precondition(lambda self: self.entries)
    @rule(pick=PICK)
    def the_same_again(self, pick):
        """A key that is known: the same act changes nothing, another is refused."""
        entry = self.entries[pick % len(self.entries)]
        found = entry.lines.order_by("n").select_related("account")
        lines = [Line(line.account, line.amount, line.memo) for line in found]
        count = len(self.entries)
        if entry.kind == "manual":
            self.act(lambda: self._post(entry.posted_on, lines, entry.key))
        self.act(lambda: self._post(entry.posted_on, lines + [Line(self.accounts[0], 1)] * 2, entry.key))
        assert len(self.entries) == count

    @precondition(lambda self: self.entries)
    @rule(pick=PICK, later=st.integers(-3, 400))
    def reverse(self, pick, later):
        entry = self.entries[pick % len(self.entries)]
        day = entry.posted_on + timedelta(days=later)
        reverse = reverse_payment if entry.kind == "share_payment" else reverse_entry
        self.act(lambda: reverse(actor=self.actor, entry=entry, on=day, because="wrong"))

    @rule(pick=PICK, day=DAYS, amount=st.integers(-10, 30_000), keep=st.booleans())
    def pay(self, pick, day, amount, keep):
        member = self.everybody[pick % len(self.everybody)]
        member.refresh_from_db()
        self.act(lambda: self.record(member, amount, day, over="keep" if keep else "refuse"))

    @rule(pick=PICK, day=DAYS, shares=st.integers(0, 3))
    def take_more(self, pick, day, shares):
        member = self.members[pick % 3]
        self.act(lambda: subscribe(actor=self.actor, membership=member, shares=shares, on=day))

    @rule(pick=PICK, to=PICK, day=LATE, shares=st.integers(0, 6))
    def transfer(self, pick, to, day, shares):
        giver, taker = self.members[pick % 3], self.members[to % 3]
        act = {
            "giver": giver,
            "taker": taker,
            "shares": shares,
            "on": self.late(day),
            "reason": "deed",
            "key": self.key(),
        }
        self.act(lambda: transfer(actor=self.actor, **act))

    @rule(pick=PICK, day=LATE, shares=st.integers(0, 6), forfeited=st.booleans())
    def give(self, pick, day, shares, forfeited):
        act = {
            "membership": self.members[pick % 3],
            "shares": shares,
            "on": self.late(day),
            "reason": "gift",
            "key": self.key(),
        }
        self.act(lambda: give_to_coop(actor=self.actor, forfeited=forfeited, **act))

    @rule(pick=PICK, day=LATE, shares=st.integers(0, 6))
    def let_off(self, pick, day, shares):
        act = {"membership": self.members[pick % 3], "shares": shares, "on": self.late(day), "reason": "hardship"}
        self.act(lambda: release(actor=self.actor, **act))

    @rule(pick=PICK, day=LATE, shares=st.integers(1, 4))
    def ask_for_shares_back(self, pick, day, shares):
        act = {"membership": self.members[pick % 3], "shares": shares, "on": self.late(day), "reason": "moving"}
        self.act(lambda: ask_back(actor=self.actor, **act))

    @rule(pick=PICK, day=LATE, pay=st.booleans())
    def take_out_or_pay(self, pick, day, pay):
        state = "accepted" if pay else "asked"
        found = list(Redemption.objects.filter(coop=self.coop, state=state).order_by("pk"))
        if found:
            wish = found[pick % len(found)]
            if pay:
                self.act(lambda: pay_out(actor=self.actor, redemption=wish, on=self.late(day)))
            else:
                self.act(lambda: accept(actor=self.actor, redemption=wish, on=self.late(day), out_of_turn="he is ill"))

    @rule()
    def close(self):
        period = Period.objects.filter(coop=self.coop, closed_at=None).order_by("starts").first()
        if period:
            self.act(lambda: close_period(actor=self.actor, period=period))

    @rule(pick=PICK)
    def reopen(self, pick):
        found = list(Period.objects.filter(coop=self.coop, closed_at__isnull=False).order_by("-starts"))
        if found:
            period = found[pick % len(found)]
            self.act(lambda: reopen_period(actor=self.actor, period=period, because="an invoice"))

    @invariant()
    def balances_are_sums_as_at_every_day(self):
        if not hasattr(self, "outer"):
            return
        for day in {day for lines in self.lines.values() for day, _amount in lines} | {FIRST, date(2027, 1, 1)}:
            expected = {
                pk: total
                for pk, lines in self.lines.items()
                if (total := sum(amount for on, amount in lines if on <= day))
            }
            assert balances(self.coop, day) == expected
            assert sum(row.amount for row in account_balances(self.coop, day) if row.currency == "EUR") == 0
        bank = self.accounts[0]
        assert balance(bank, date(2027, 1, 1)) == sum(amount for _day, amount in self.lines[bank.pk])
        assert sum(line.amount for line in chart(self.coop, date(2027, 1, 1))) == 0

    @invariant()
    def the_register_agrees(self):
        if not hasattr(self, "outer"):
            return
        for day in {day for lines in self.paid.values() for day, _paid in lines} | {date(2027, 1, 1)}:
            assert reconciliation(self.coop, day).agrees
            total = sum(paid for lines in self.paid.values() for on, paid in lines if on <= day)
            assert paid_up(self.coop, day) == total
        for holding in holdings(self.coop, date(2027, 1, 1)).values():
            assert 0 <= holding.paid_up <= holding.subscribed

    @invariant()
    def closed_periods_hold_no_result(self):
        if not hasattr(self, "outer"):
            return
        for period in Period.objects.filter(coop=self.coop, closed_at__isnull=False):
            for each in self.accounts:
                if each.is_result:
                    lines = self.lines[each.pk]
                    assert sum(amount for on, amount in lines if period.starts <= on <= period.ends) == 0


@pytest.fixture
def books_of_a_machine(transactional_db):
    machine = Books()
    machine.begin()
    REACHED.clear()
    yield machine
    machine.teardown()


def test_every_act_is_done_once_and_keeps_the_books(books_of_a_machine):
    """One sequence written out, in which each act succeeds: sequences that only met refusals would prove nothing."""
    books = books_of_a_machine
    spring = date(2023, 3, 1)

    def does(act, *kinds, entries=1, **arguments):
        before, known = REACHED.copy(), len(books.entries)
        act(books, **arguments)
        assert set(REACHED - before) == set(kinds)
        assert len(books.entries) - known == entries
        books.balances_are_sums_as_at_every_day()
        books.the_register_agrees()
        books.closed_periods_hold_no_result()

    does(Books.post, day=spring, picks=[(2, -700), (4, 300)], off=0)
    does(Books.reverse, pick=len(books.entries) - 1, later=3)
    does(Books.the_same_again, pick=len(books.entries) - 2, entries=0)
    does(Books.post, day=spring, picks=[(1, 500)], off=1, entries=0)
    does(Books.post_across_currencies, day=spring, amount=5, entries=0)
    does(Books.pay, "paid", pick=0, day=spring, amount=7000, keep=False)
    does(Books.reverse, "reversed", pick=len(books.entries) - 1, later=0)
    does(Books.take_more, pick=0, day=spring, shares=2, entries=0)
    does(Books.transfer, "transferred_out", "transferred_in", pick=1, to=2, day=None, shares=2)
    does(Books.give, "gifted", pick=1, day=None, shares=1, forfeited=False)
    does(Books.let_off, pick=0, day=None, shares=1, entries=0)
    does(Books.ask_for_shares_back, pick=2, day=None, shares=3, entries=0)
    does(Books.take_out_or_pay, "redeemed", pick=0, day=None, pay=False)
    does(Books.take_out_or_pay, pick=0, day=None, pay=True)
    does(Books.post, day=date(2022, 12, 1), picks=[(2, -900)], off=0)
    does(Books.close)
    does(Books.post, day=date(2022, 12, 2), picks=[(2, -900)], off=0, entries=0)
    does(Books.reopen, pick=0)
    does(Books.give, "forfeited", pick=2, day=None, shares=1, forfeited=True)


def test_every_act_of_dues_is_done_and_keeps_the_books(books_of_a_machine):
    """The same for dues: a month's charge by two by-laws, less for one, back for another, paid, waived, paid again."""
    books = books_of_a_machine
    spring = date(2023, 3, 1)

    def does(act, entries, **arguments):
        known = len(books.entries)
        act(books, **arguments)
        assert len(books.entries) - known == entries
        books.nobody_is_charged_twice_for_a_day_and_everybody_what_was_worked_out()
        books.the_books_say_what_was_charged_and_is_owed()
        books.balances_are_sums_as_at_every_day()

    monthly = {"every": 1, "amount": 500, "less": 200, "joining": "whole", "leaving": "whole"}
    yearly = {"every": 12, "amount": 2405, "less": None, "joining": "months", "leaving": "months"}
    does(Books.charge_a_month, 0, day=spring, on=spring)  # nothing is asked for yet
    does(Books.new_bylaws, 0, day=FIRST, **monthly)
    does(Books.join, 0, day=date(2023, 2, 10))
    does(Books.let_off_dues, 0, pick=1, kind="reduced", day=spring, days=40)
    does(Books.let_off_dues, 0, pick=2, kind="exempt", day=spring, days=40)
    does(Books.charge_a_month, 2, day=spring, on=spring)
    assert sorted(due.amount for due in books.book.values()) == [200, 500]
    does(Books.charge_a_month, 0, day=spring, on=spring)  # again: nobody is left
    does(Books.charge_a_month, 3, day=date(2023, 6, 9), on=date(2023, 6, 9))
    does(Books.new_bylaws, 0, day=date(2023, 12, 1), **yearly)
    does(Books.charge_a_month, 0, day=date(2023, 12, 9), on=spring)  # the year began under the others
    does(Books.charge_a_month, 3, day=date(2024, 2, 9), on=date(2024, 2, 9))
    does(Books.pay_what_is_owed, 1, day=date(2024, 3, 1))
    does(Books.waive, 1, pick=len(books.book) - 1, amount=300, part=1)
    does(Books.reverse, 1, pick=len(books.entries) - 2, later=0)
    does(Books.leave, 0, pick=0, later=420)
    does(Books.charge_a_month, 1, day=date(2024, 5, 9), on=date(2024, 5, 9))  # nobody; and months given back
    does(Books.charge_a_month, 2, day=date(2025, 5, 9), on=date(2025, 5, 9))  # who left is asked no more


def test_any_sequence_of_acts_keeps_the_books(transactional_db):
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=int(os.environ.get("ROCHDALE_MACHINE_RUNS", "3")),
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
