"""Many hands in the same books at once, each on a real connection of its own: the sums hold and nobody deadlocks."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from coop.kernel import audit
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from ledger.models import (
    Account,
    DuesCharge,
    DuesRelief,
    DuesRun,
    Entry,
    Period,
    Posting,
    Redemption,
    RedemptionLimit,
    Sealed,
    ShareClass,
    ShareEvent,
)
from ledger.selectors.balances import balances
from ledger.selectors.charging import propose
from ledger.selectors.shares import holdings, reconciliation
from ledger.services.accounts import account, member_account
from ledger.services.closing import close_period, reopen_period
from ledger.services.dues import ask_to_charge, charge_dues, let_off, set_dues
from ledger.services.holdings import transfer
from ledger.services.payment_import import import_payments
from ledger.services.posting import Line, post_entry, reverse_entry
from ledger.services.redemption import accept, ask_back, pay_out
from ledger.services.shares import record_payment, reverse_payment
from members.services import history
from tests.members.factories import make_bylaws, make_class, make_member

from .factories import make_books, make_payment
from .test_posting import in_threads

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
START = date(2024, 3, 1)
END = START + timedelta(days=701)  # after every payment: what leaves a holding comes after what came in


@pytest.fixture
def members(transactional_db, coop):
    make_books(coop)
    found = [make_member(coop, active=False, on=START, shares_wanted=12) for _ in range(4)]
    for member in found[:2]:
        make_payment(member, 61_000, on=START)
    year = {"starts": START, "ends": date(2026, 12, 31), "amount": 20_000, "resolution": "b 1"}
    RedemptionLimit.objects.create(coop=coop, **year)
    terms = {"every": 1, "amount": 300, "joining": "whole", "leaving": "whole"}
    set_dues(actor=Actor.system(coop), bylaws=make_bylaws(coop), member_class=make_class(coop), **terms)
    return found


class Hand:
    """One person's acts, drawn from a seed."""

    def __init__(self, coop, members, seed: int):
        self.coop, self.members, self.draw, self.actor = coop, members, random.Random(seed), Actor.system(coop)

    def day(self) -> date:
        return START + timedelta(days=self.draw.randrange(700))

    def pay(self):
        member, amount = self.draw.choice(self.members), self.draw.randrange(1, 9000)
        act = {"amount": amount, "on": self.day(), "key": f"p{self.draw.randrange(40)}", "overpayment": "keep"}
        record_payment(actor=self.actor, membership=member, **act)

    def post(self):
        amount = self.draw.randrange(1, 500)
        lines = [Line(account(self.coop, "bank"), amount), Line(account(self.coop, "dues"), -amount)]
        key = f"m{self.draw.randrange(60)}"
        post_entry(actor=self.actor, on=self.day(), kind="manual", memo="", lines=lines, key=key)

    def take_back(self):
        entry = Entry.objects.filter(coop=self.coop, kind__in=["manual", "share_payment"]).order_by("?").first()
        if entry:
            reverse = reverse_payment if entry.kind == "share_payment" else reverse_entry
            reverse(actor=self.actor, entry=entry, on=max(self.day(), entry.posted_on), because="wrong")

    def enter_a_file(self):
        rows = [(m.number, self.draw.randrange(1, 99)) for m in self.draw.sample(self.members, 3)]
        text = "date,member,amount\n" + "".join(f"2024-03-09,{number},0.{cents:02d}\n" for number, cents in rows)
        total = sum(cents for _number, cents in rows)
        import_payments(actor=self.actor, data=text.encode(), file_name="f.csv", total=total, overpayment="keep")

    def transfer(self):
        giver, taker = self.draw.sample(self.members, 2)
        act = {"shares": self.draw.randrange(1, 3), "on": END, "reason": "deed"}
        transfer(actor=self.actor, giver=giver, taker=taker, key=f"t{self.draw.randrange(40)}", **act)

    def give_back(self):
        """Ask, take out against the board's limit, and pay: whatever step comes next for some wish."""
        wish = Redemption.objects.filter(coop=self.coop, state__in=["asked", "accepted"]).order_by("?").first()
        if wish is None:
            ask_back(actor=self.actor, membership=self.draw.choice(self.members), shares=1, on=END)
        elif wish.state == "asked":
            accept(actor=self.actor, redemption=wish, on=END, out_of_turn="he is ill")
        else:
            pay_out(actor=self.actor, redemption=wish, on=END)

    def charge_dues(self):
        """A month, looked at and charged; somebody else may charge it meanwhile, or have done so."""
        month = (START + timedelta(days=31 * self.draw.randrange(1, 6))).replace(day=1)
        seen = propose(self.coop, month, on=END).hash
        job = ask_to_charge(actor=self.actor, month=month, seen=seen, on=END)
        charge_dues(actor=self.actor, run_id=job.args[0])

    def open_or_close(self):
        period = Period.objects.filter(coop=self.coop).order_by("?").first()
        if period and period.is_closed:
            reopen_period(actor=self.actor, period=period, because="an invoice")
        elif period:
            close_period(actor=self.actor, period=period)

    def work(self, acts: int) -> list[str]:
        """That many acts; what was refused, by code."""
        refused = []
        choice = [self.pay, self.pay, self.post, self.post, self.take_back, self.enter_a_file, self.open_or_close]
        choice += [self.transfer, self.give_back, self.give_back, self.charge_dues]
        for _act in range(acts):
            try:
                self.draw.choice(choice)()
            except Refused as refusal:
                refused.append(refusal.code)
        return refused


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_hands_at_once(coop, members, seed):
    answers = in_threads(10, lambda i: Hand(coop, members, seed * 100 + i).work(15))
    assert all(isinstance(answer, list) for answer in answers)
    assert {code for answer in answers for code in answer} <= {
        "key_used", "closed_period", "closed_already", "open_already", "earlier_open", "not_over", "not_the_last",
        "reversed_already", "spent", "file_refused", "too_early", "too_many_shares", "below_minimum", "not_paid",
        "not_waiting", "not_accepted", "not_its_turn", "over_the_limit", "asked_already", "shares",
        "nothing", "not_what_was_seen", "under_way", "over",
    }  # fmt: skip
    entries = Entry.objects.filter(coop=coop)
    assert entries.count() == Sealed.objects.filter(entry__coop=coop).count() > 10
    by_entry: dict[int, int] = {}
    by_account: dict[int, int] = {}
    for line in Posting.objects.filter(coop=coop):
        by_entry[line.entry_id] = by_entry.get(line.entry_id, 0) + line.amount
        by_account[line.account_id] = by_account.get(line.account_id, 0) + line.amount
    assert set(by_entry.values()) == {0}
    assert balances(coop, date(2030, 1, 1)) == {pk: total for pk, total in by_account.items() if total}
    for on in (date(2024, 12, 31), date(2025, 12, 31), date(2030, 1, 1)):
        assert reconciliation(coop, on).agrees
    held = holdings(coop, date(2030, 1, 1))
    for member in members:
        own = member_account(member, "share_capital", share_class=ShareClass.objects.get(coop=coop), create=False)
        if own is not None:
            assert -by_account.get(own.pk, 0) == held[member.pk].paid_up
    for period in Period.objects.filter(coop=coop, closed_at__isnull=False):
        results = Account.objects.filter(coop=coop, kind__in=["income", "expense"])
        lines = Posting.objects.filter(account__in=results, posted_on__range=(period.starts, period.ends))
        assert sum(line.amount for line in lines) == 0
    out = Redemption.objects.filter(coop=coop, state__in=["accepted", "paid"]).values_list("amount", flat=True)
    assert sum(out) <= 20_000
    kinds = set(ShareEvent.objects.filter(coop=coop).values_list("kind", flat=True))
    assert "paid" in kinds
    assert kinds & {"transferred_out", "redeemed"}
    assert list(audit.verify(coop)) == []
    check_dues(coop)


def check_dues(coop) -> None:
    """Each charge has its entry and each entry its charge; nobody is charged twice for a month; no run is left over."""
    charges = DuesCharge.objects.filter(coop=coop)
    assert charges.exists()
    entries = Entry.objects.filter(coop=coop, kind="dues").exclude(key__startswith="dues-advance")
    assert set(charges.values_list("entry_id", flat=True)) == set(entries.values_list("pk", flat=True))
    months = list(charges.values_list("membership_id", "starts"))
    assert len(set(months)) == len(months) == charges.filter(amount=300).count()
    assert set(DuesRun.objects.filter(coop=coop).values_list("state", flat=True)) <= {"posted", "cancelled"}


def test_nobody_waits_for_a_row_somebody_changes_only_to_name_it(coop, members):
    """Else: one holds a member for a payment and waits for the audit chain, the other has the chain and waits to commit
    a row that names the member."""
    actor, decided = Actor.system(coop), {"kind": "full", "ground": "hardship", "decision": "b 2", "starts": START}

    def name_it(_i):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        return let_off(actor=actor, membership=members[0], **decided)

    with transaction.atomic():
        history.lock(members[0])  # as a payment does that makes somebody a member
        (relief,) = in_threads(1, name_it)
    assert DuesRelief.objects.get() == relief


def test_eight_posters_on_one_hot_account(coop, members):
    actor, bank, dues = Actor.system(coop), account(coop, "bank"), account(coop, "dues")
    before = balances(coop)[bank.pk]

    def hand(i):
        for n in range(25):
            lines = [Line(bank, 1), Line(dues, -1)]
            post_entry(actor=actor, on=START, kind="manual", memo="", lines=lines, key=f"{i}-{n}")

    in_threads(8, hand)
    assert balances(coop)[bank.pk] == before + 200
