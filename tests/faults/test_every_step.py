"""Inside every step of a bulk entry, of its distribution and of the pay-out, worker, database or broker die.

``test_posting`` finds its moments by locks others could hold, too. Here the owner puts a trigger on the rows that say
how far a run is: it waits in the very transaction that would take the next step, after the step's work is done, for as
long as a test asks for that. One step has no such row: loading the lines waits for a lock on the accounts.
"""

import os
from contextlib import ExitStack, closing, contextmanager

import psycopg2
import pytest

from coop import embedded
from tests.faults.house import WORKER, House, moved_in
from tests.faults.processes import wait_for
from tests.faults.test_posting import QUICK, Books

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(600),
    pytest.mark.skipif("ROCHDALE_SOAK" not in os.environ, reason="ten seconds each: in make soak"),
]
PAUSE = """
CREATE TABLE pause_at (what text);
CREATE FUNCTION pause_here() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    WHILE EXISTS (SELECT FROM pause_at WHERE what = TG_TABLE_NAME || ' ' || NEW.state) LOOP
        PERFORM pg_advisory_xact_lock_shared(4711, 0);  -- so that it is seen from outside
        PERFORM pg_sleep(0.02);
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER pause BEFORE INSERT OR UPDATE ON ledger_bulkbatch FOR EACH ROW EXECUTE FUNCTION pause_here();
CREATE TRIGGER pause BEFORE UPDATE ON ledger_surplusplan FOR EACH ROW EXECUTE FUNCTION pause_here();
CREATE TRIGGER pause BEFORE UPDATE ON ledger_payoutrun FOR EACH ROW EXECUTE FUNCTION pause_here();
"""
LOADING = "loading"
BUILDING = ["open", LOADING, "keyed", "tied", "valid", "built", "sealed"]  # what 0003_bulk calls its steps
POSTING = [f"ledger_bulkbatch {step}" for step in BUILDING] + ["ledger_surplusplan posted"]
PAYING = [f"ledger_bulkbatch {step}" for step in BUILDING] + ["ledger_payoutrun paid"]
FAULTS = ["kill_worker", "kill_database", "kill_broker"]


class Steps(Books):
    """Books whose steps can be held."""

    def __init__(self, folder):
        House.__init__(self, folder, "steps_story", **QUICK)
        self.made = 0
        self.as_owner(PAUSE)

    def as_owner(self, statement):
        os.environ["ROCHDALE_DATA"], before = str(self.folder), os.environ["ROCHDALE_DATA"]
        try:
            line = psycopg2.connect(**embedded.connection_params(embedded.OWNER_ROLE))
        finally:
            os.environ["ROCHDALE_DATA"] = before
        line.autocommit = True
        with closing(line), line.cursor() as cursor:
            cursor.execute(statement)

    @contextmanager
    def stopped_at(self, step):
        """The next run stops at the step; let go on the way out."""
        loading = step.endswith(LOADING)
        self.as_owner(f"INSERT INTO pause_at VALUES ('{'ledger_bulkbatch open' if loading else step}')")
        try:
            yield
        finally:
            self.as_owner("DELETE FROM pause_at")

    def wait_at(self, step, held):
        """Until somebody stands at the step."""
        wait_for(lambda: self.ask("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 4711"), 60)
        if step.endswith(LOADING):
            held.enter_context(self.holding("LOCK TABLE ledger_account IN ACCESS EXCLUSIVE MODE"))
            self.as_owner("DELETE FROM pause_at")
            wait_for(self.somebody_waits, 60)

    def check_paid(self, made, job):
        """One job, done; one entry that takes from the bank what the file says; nothing half; the chain unbroken."""
        self.wait_over(job)
        where = f"coop_id = {made['coop']}"
        assert self.ask(f"SELECT state, error FROM kernel_job WHERE id = {job}") == [("done", "")]
        ((entry, batch),) = self.ask(f"SELECT id, batch FROM ledger_entry WHERE {where} AND kind = 'payout'")
        run = f"SELECT state, entry_id, total FROM ledger_payoutrun WHERE id = {made['run']}"
        assert self.ask(run) == [("paid", entry, made["total"])]
        lines = f"ledger_posting WHERE batch = {batch} AND entry_id = {entry}"
        assert self.ask(f"SELECT count(*), sum(amount), min(amount) FROM {lines}") == [
            (made["members"] + 1, 0, -made["total"])
        ]
        still = self.ask(
            "SELECT coalesce(sum(p.amount), 0) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            f" WHERE p.{where} AND a.purpose = 'patronage_payable'"
        )
        assert still == [(0,)]
        states = dict(self.ask(f"SELECT state, count(*) FROM ledger_bulkbatch WHERE {where} GROUP BY 1"))
        assert states.pop("sealed") == 1  # the distribution was small enough for the everyday way
        assert set(states) <= {"dropped"}
        assert self.tell("walk", made["slug"]) == []


@pytest.fixture(scope="module")
def house(prepared):
    with moved_in(prepared, Steps) as made:
        yield made


def strike(house, step, fault, begin):
    """Begin, stop at the step, let the fault happen, let go. The number of the job."""
    with ExitStack() as held:
        with house.stopped_at(step):
            job = begin()
            house.wait_at(step, held)
            assert house.pids(WORKER)
            getattr(house, fault)()
        held.close()
        return job


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", POSTING)
def test_a_distribution_survives_it(house, step, fault):
    plan = house.next_plan("large")
    job = strike(house, step, fault, lambda: house.tell("post", plan["slug"], plan["plan"]))
    house.check(plan, job)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", PAYING)
def test_a_pay_out_survives_it(house, step, fault):
    house.made += 1
    made = house.tell("owing", str(house.made))
    house.settle()
    job = strike(house, step, fault, lambda: house.tell("release", made["slug"], made["run"], made["seen"]))
    house.check_paid(made, job)
