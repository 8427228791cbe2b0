"""The job that posts a distribution, with something dying in the middle of it: done once, nothing twice, nothing half.

Real processes: supervisor, worker with its pool, PostgreSQL, Valkey. The middle is found without touching our code: a
transaction of the owner's holds a lock the job needs at a certain step, the fault strikes while the job waits there,
and the lock is let go. Further runs strike at random moments. ``make test`` has one fault of each kind and one seed,
``make soak`` every fault at every step and twenty seeds.
"""

import os
import random
import time
from contextlib import ExitStack

import pytest

from tests.faults.house import WORKER, House, moved_in, paused
from tests.faults.processes import wait_for
from tests.faults.story import EVERYDAY

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
SOAK = "ROCHDALE_SOAK" in os.environ
SEEDS = range(20 if SOAK else 1)
# whoever waits for the sweeper waits less; both ways of posting are taken by few members
QUICK = {
    "HEARTBEAT_SECONDS": "0.2",
    "SWEEP_SECONDS": "0.5",
    "TICK_SECONDS": "60",
    "EVERYDAY_MEMBERS": str(EVERYDAY),
}
SEALING = "in the sealing transaction"
LOCKS = {  # where the job waits: what holds it there
    "before its accounts": "LOCK TABLE ledger_account IN ACCESS EXCLUSIVE MODE",
    "before its entry": "LOCK TABLE ledger_entry IN ACCESS EXCLUSIVE MODE",
    "before its batch": "LOCK TABLE ledger_bulkbatch IN ACCESS EXCLUSIVE MODE",
    SEALING: "SELECT 1 FROM ledger_surplusplan WHERE id = {plan} FOR UPDATE",
}
FAULTS = [  # a large co-op's plan is built aside and sealed, a small one's is an ordinary entry
    ("large", "kill_pool", "before its accounts"),
    ("large", "kill_worker_late", SEALING),
    ("large", "kill_database", SEALING),
    ("large", "kill_broker", "before its batch"),
    ("small", "kill_pool", SEALING),
]
if SOAK:
    EACH = ("kill_pool", "kill_worker", "kill_database", "restart_database", "kill_broker", "empty_broker")
    STEPS = {"large": LOCKS, "small": [where for where in LOCKS if where != "before its batch"]}
    FAULTS = [(size, fault, where) for size, steps in STEPS.items() for where in steps for fault in EACH]
    FAULTS += [(size, f"{fault}_late", SEALING) for size in STEPS for fault in EACH]


class Books(House):
    """A running Rochdale with co-ops whose plans wait to be posted, one for each fault."""

    def __init__(self, folder):
        super().__init__(folder, "story", **QUICK)
        self.made = 0

    def next_plan(self, size):
        """Another co-op's plan, and a worker that is ready for it."""
        self.made += 1
        plan = self.tell("begin", size, str(self.made))
        self.settle()
        return plan

    def check(self, plan, job):
        """One job, done; one entry, whole and balanced, every member with what the plan says; the chain unbroken."""
        self.wait_over(job)
        where = f"coop_id = {plan['coop']}"
        assert self.ask(f"SELECT state, error FROM kernel_job WHERE {where} AND kind = 'ledger.post_distribution'") == [
            ("done", "")
        ]
        ((entry, batch),) = self.ask(f"SELECT id, batch FROM ledger_entry WHERE {where} AND kind = 'distribution'")
        assert self.ask(f"SELECT state, entry_id FROM ledger_surplusplan WHERE id = {plan['plan']}") == [
            ("posted", entry)
        ]
        ((lines, total, batches),) = self.ask(
            "SELECT count(*), sum(amount), array_agg(DISTINCT batch) FROM ledger_posting"
            f" WHERE {where} AND entry_id = {entry}"
        )
        assert (total, batches) == (0, [batch])
        credited = self.ask(
            "SELECT a.membership_id, -sum(p.amount) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            f" WHERE p.{where} AND p.entry_id = {entry} AND a.membership_id IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        wanted = self.ask(
            "SELECT membership_id, cash + interest + qualified + nonqualified + netted + rolled_forward"
            f" FROM ledger_planline WHERE plan_id = {plan['plan']} ORDER BY 1"
        )
        assert credited == wanted
        assert len(wanted) == plan["members"]
        assert lines > 2 * plan["members"]
        states = dict(self.ask(f"SELECT state, count(*) FROM ledger_bulkbatch WHERE {where} GROUP BY 1"))
        assert states.pop("sealed", 0) == (1 if plan["members"] > EVERYDAY else 0)
        assert set(states) <= {"dropped"}, "a run that was given up left something behind"
        assert self.ask(f"SELECT count(*) FROM kernel_auditevent WHERE {where} AND kind = 'ledger.plan_posted'") == [
            (1,)
        ]
        assert self.tell("walk", plan["slug"]) == []


@pytest.fixture(scope="module")
def house(prepared):
    with moved_in(prepared, Books) as made:
        yield made


def post(house, plan):
    return house.tell("post", plan["slug"], plan["plan"])


@pytest.mark.parametrize("size", ["small", "large"] if SOAK else ["large"])
def test_nothing_dies(house, size):
    plan = house.next_plan(size)
    house.check(plan, post(house, plan))


@pytest.mark.parametrize(("size", "fault", "where"), FAULTS)
def test_something_dies_in_the_middle(house, size, fault, where):
    plan = house.next_plan(size)
    with ExitStack() as held:
        with paused(house.pids(WORKER)):
            job = post(house, plan)
            before = held.enter_context(ExitStack())
            before.enter_context(house.holding(LOCKS[where].format(**plan)))
        wait_for(house.somebody_waits, 60)
        if where == SEALING and fault.endswith("_late"):  # let it post, and hold it before it says so
            held.enter_context(house.holding(f"SELECT 1 FROM kernel_job WHERE id = {job} FOR UPDATE"))
            before.close()
            posted = f"SELECT 1 FROM ledger_surplusplan WHERE id = {plan['plan']} AND state = 'posted'"
            wait_for(lambda: house.ask(posted), 60)
        getattr(house, fault.removesuffix("_late"))()
    house.check(plan, job)


def test_the_broker_is_emptied_before_anybody_saw_the_message(house):
    plan = house.next_plan("small")
    with paused(house.pids(WORKER)):
        job = post(house, plan)
        house.empty_broker()
    house.check(plan, job)


@pytest.mark.parametrize("seed", SEEDS)
def test_something_dies_at_some_moment(house, seed):
    chance = random.Random(seed)
    plan = house.next_plan(("large", "small")[seed % 2])
    faults = [house.kill_pool, house.kill_worker, house.kill_database, house.restart_database]
    faults += [house.empty_broker, house.kill_broker]
    job = post(house, plan)
    for _ in range(chance.randint(1, 3)):
        time.sleep(chance.uniform(0, 0.6))
        fault = chance.choice(faults)
        print(f"seed {seed}: {fault.__name__}")
        fault()
    house.check(plan, job)
