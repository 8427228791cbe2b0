"""What the worker does for the books: ids in, one service call, the row says the rest."""

from __future__ import annotations

from datetime import date

from coop.kernel import jobs, tenancy
from ledger.models import EquityPlan, PatronageImport, RefundOffer
from ledger.services import (
    allocation_notices,
    calls,
    choices,
    debits,
    distribution,
    dues,
    equity,
    patronage,
    patronage_jobs,
    payout_posting,
)


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


@jobs.task("ledger.read_patronage")
def read_patronage(running: jobs.Running, import_id: int) -> None:
    """Check a large file of patronage."""
    patronage_jobs.read_waiting(actor=jobs.actor_of(running.job), import_id=import_id, progress=running.progress)
    running.result(tenancy.path(running.job.coop, "ledger:patronage-import", pk=import_id))


@jobs.task("ledger.record_patronage")
def record_patronage(running: jobs.Running, import_id: int) -> None:
    """Record a large file of patronage."""
    actor = jobs.actor_of(running.job)
    found = PatronageImport.objects.get(coop=actor.coop, pk=import_id)
    patronage.record_import(actor=actor, patronage_import=found, progress=running.progress)
    running.result(tenancy.path(running.job.coop, "ledger:patronage-import", pk=import_id))


@jobs.task("ledger.post_payback")
def post_payback(running: jobs.Running, plan_id: int) -> None:
    """Post an approved payback of kept refunds."""
    actor = jobs.actor_of(running.job)
    equity.post(actor=actor, plan=EquityPlan.objects.get(coop=actor.coop, pk=plan_id))
    running.result(tenancy.path(running.job.coop, "ledger:equity-plan", pk=plan_id))


@jobs.task("ledger.carry_out_choices")
def carry_out_choices(running: jobs.Running, offer_id: int) -> None:
    """Do what members chose about their refunds."""
    actor = jobs.actor_of(running.job)
    done = choices.carry_out(actor=actor, offer=RefundOffer.objects.get(coop=actor.coop, pk=offer_id))
    running.result(tenancy.path(running.job.coop, "ledger:choices", pk=done.plan_id))


@jobs.task("ledger.book_debits")
def book_debits(running: jobs.Running, run_id: int) -> None:
    """Book a collection the bank has carried out."""
    debits.book_debits(actor=jobs.actor_of(running.job), run_id=run_id, progress=running.progress)
    running.result(tenancy.path(running.job.coop, "ledger:debit-run", pk=run_id))


@jobs.task("ledger.charge_dues")
def charge_dues(running: jobs.Running, run_id: int) -> None:
    """Charge the dues of a month."""
    dues.charge_dues(actor=jobs.actor_of(running.job), run_id=run_id, progress=running.progress)
    running.result(tenancy.path(running.job.coop, "ledger:dues-run", pk=run_id))


@jobs.task("ledger.tell_of_call")
def tell_of_call(running: jobs.Running, call_id: int, site: str) -> None:
    """Write to everybody a call on shares asks."""
    calls.tell_of_call(actor=jobs.actor_of(running.job), call_id=call_id, site=site, progress=running.progress)
    running.result(tenancy.path(running.job.coop, "ledger:call", pk=call_id))
