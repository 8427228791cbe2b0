"""A month of dues being charged, with something dying in the middle of it: everybody once, or nobody and it goes on.

Real processes, as in ``test_posting.py``: the job waits for a lock at a certain step, the fault strikes there, and the
lock is let go. ``make test`` has one worker, one broker and one database dying together and one seed; ``make soak``
every fault at every step and twenty seeds.
"""

import os
import random
import time
from contextlib import ExitStack

import pytest

from tests.faults.dues_story import DUES
from tests.faults.house import WORKER, House, moved_in, paused
from tests.faults.processes import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
SOAK = "ROCHDALE_SOAK" in os.environ
SEEDS = range(20 if SOAK else 1)
QUICK = {"HEARTBEAT_SECONDS": "0.2", "SWEEP_SECONDS": "0.5", "TICK_SECONDS": "60"}
LOCKS = {  # where the job waits: what holds it there; it reads what it likes until then
    "before its run": "SELECT 1 FROM ledger_duesrun WHERE id = {run} FOR UPDATE",
    "before its accounts": "LOCK TABLE ledger_account IN EXCLUSIVE MODE",
    "before its entries": "LOCK TABLE ledger_entry IN EXCLUSIVE MODE",
    "before its charges": "LOCK TABLE ledger_duescharge IN EXCLUSIVE MODE",
    "before its seal": "LOCK TABLE kernel_auditevent IN EXCLUSIVE MODE",
}
EACH = ("kill_pool", "kill_worker", "kill_broker", "empty_broker", "kill_database", "restart_database")
FAULTS = [("before its charges", ("kill_worker", "empty_broker", "restart_database"))]
if SOAK:
    FAULTS += [(where, (fault,)) for where in LOCKS for fault in EACH]


class Dues(House):
    """A running Rochdale with a co-op for each fault."""

    def __init__(self, folder):
        super().__init__(folder, "dues_story", **QUICK)
        self.made = 0

    def next_coop(self):
        """Another co-op whose month is to be charged, and a worker that is ready for it."""
        self.made += 1
        told = self.tell("begin", f"dues-{self.made}")
        self.settle()
        return told

    def charges(self, told):
        return self.ask(f"SELECT membership_id, amount, entry_id FROM ledger_duescharge WHERE coop_id = {told['coop']}")

    def check(self, told, asked):
        """One job, done; one charge and one entry a member; what was paid in advance used once; the chain unbroken."""
        self.wait_over(asked["job"])
        where, owed = f"coop_id = {told['coop']}", {int(pk): amount for pk, amount in told["owed"].items()}
        assert self.ask(f"SELECT state, error FROM kernel_job WHERE {where} AND kind = 'ledger.charge_dues'") == [
            ("done", "")
        ]
        assert self.ask(f"SELECT state, count, total, because FROM ledger_duesrun WHERE {where}") == [
            ("posted", len(owed), DUES * len(owed), "")
        ]
        charged = self.charges(told)
        assert sorted((member, amount) for member, amount, _entry in charged) == [(pk, DUES) for pk in sorted(owed)]
        entries = self.ask(f"SELECT id, key FROM ledger_entry WHERE {where} AND kind = 'dues'")
        assert {entry for _m, _a, entry in charged} == {pk for pk, key in entries if not key.startswith("dues-advance")}
        assert len(entries) == len(owed) + 1
        debts = self.ask(
            "SELECT a.membership_id, sum(p.amount) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            f" WHERE p.{where} AND a.purpose = 'member_receivable' GROUP BY 1"
        )
        assert dict(debts) == owed
        assert self.ask(f"SELECT count(*) FROM kernel_auditevent WHERE {where} AND kind = 'ledger.dues_charged'") == [
            (1,)
        ]
        assert self.tell("walk", told["slug"]) == []


@pytest.fixture(scope="module")
def house(prepared):
    with moved_in(prepared, Dues) as made:
        yield made


@pytest.mark.parametrize(("where", "faults"), FAULTS)
def test_something_dies_in_the_middle(house, where, faults):
    told = house.next_coop()
    with ExitStack() as held:
        with paused(house.pids(WORKER)):
            asked = house.tell("charge", told["slug"])
            held.enter_context(house.holding(LOCKS[where].format(**asked)))
        wait_for(house.somebody_waits, 60)
        for fault in faults:
            assert house.charges(told) == [], "nothing is to be seen before all of it is done"
            getattr(house, fault)()
    house.check(told, asked)


@pytest.mark.parametrize("seed", SEEDS)
def test_something_dies_at_some_moment(house, seed):
    chance = random.Random(seed)
    told = house.next_coop()
    asked = house.tell("charge", told["slug"])
    for _ in range(chance.randint(1, 3)):
        time.sleep(chance.uniform(0, 0.4))
        fault = chance.choice(EACH)
        print(f"seed {seed}: {fault}")
        getattr(house, fault)()
        if house.answers():
            assert len(house.charges(told)) in (0, len(told["owed"])), "half a month was charged"
    house.check(told, asked)
