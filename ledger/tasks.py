"""What the worker does for the books: ids in, one service call, the row says the rest."""

from __future__ import annotations

from datetime import date

from coop.kernel import jobs, tenancy
from ledger.services import allocation_notices, distribution, payout_posting


@jobs.task("ledger.post_distribution")
def post_distribution(running: jobs.Running, plan_id: int, on: str) -> None:
    """Post an approved surplus plan."""
    distribution.post_distribution(
        actor=jobs.actor_of(running.job), plan_id=plan_id, on=date.fromisoformat(on), progress=running.progress
    )
    running.result(tenancy.path(running.job.coop, "ledger:plan", pk=plan_id))


@jobs.task("ledger.open_accounts")
def open_accounts(running: jobs.Running, plan_id: int) -> None:
    """Open the accounts an approved plan will post to."""
    distribution.open_accounts(actor=jobs.actor_of(running.job), plan_id=plan_id, progress=running.progress)
    running.result(tenancy.path(running.job.coop, "ledger:plan", pk=plan_id))


@jobs.task("ledger.void_distribution")
def void_distribution(running: jobs.Running, plan_id: int, on: str, because: str) -> None:
    """Void a posted surplus plan by the mirror of its entry."""
    distribution.void_distribution(
        actor=jobs.actor_of(running.job),
        plan_id=plan_id,
        because=because,
        on=date.fromisoformat(on),
        progress=running.progress,
    )
    running.result(tenancy.path(running.job.coop, "ledger:plan", pk=plan_id))


@jobs.task("ledger.post_payout")
def post_payout(running: jobs.Running, run_id: int, on: str) -> None:
    """Post a released pay-out."""
    payout_posting.post_payout(
        actor=jobs.actor_of(running.job), run_id=run_id, on=date.fromisoformat(on), progress=running.progress
    )
    running.result(tenancy.path(running.job.coop, "ledger:payout", pk=run_id))


@jobs.task("ledger.send_notices")
def send_notices(running: jobs.Running, plan_id: int, site: str) -> None:
    """Write to every member of a posted plan whom a letter reaches."""
    allocation_notices.send(actor=jobs.actor_of(running.job), plan_id=plan_id, site=site, progress=running.progress)
    running.result(tenancy.path(running.job.coop, "ledger:notices", pk=plan_id))
