"""What the worker does for the books: ids in, one service call, the row says the rest."""

from __future__ import annotations

from datetime import date

from coop.kernel import jobs, tenancy
from ledger.services import distribution


@jobs.task("ledger.post_distribution")
def post_distribution(running: jobs.Running, plan_id: int, on: str) -> None:
    """Post an approved surplus plan."""
    distribution.post_distribution(
        actor=jobs.actor_of(running.job), plan_id=plan_id, on=date.fromisoformat(on), progress=running.progress
    )
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
