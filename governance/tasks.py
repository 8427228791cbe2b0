"""What beat and the worker call: identifiers in, one service call each."""

from __future__ import annotations

from celery import shared_task

from coop.kernel import jobs
from coop.kernel.tenancy import path

from . import services
from .models import Question


@shared_task(name="governance.tick")
def tick() -> None:
    """Close what is due."""
    services.close_due()


@jobs.task("governance.count_ballot")
def count_ballot(running, pk: int) -> None:
    """Count a closed ballot."""
    services.count_ballot(actor=jobs.actor_of(running.job), ballot_id=pk, progress=running.progress)
    running.result(path(running.job.coop, "governance:result", pk=pk))


@jobs.task("governance.count_other_rule")
def count_other_rule(running, pk: int, method: str) -> None:
    """Count the same papers by another rule, to compare."""
    services.count_other_rule(actor=jobs.actor_of(running.job), question_id=pk, method=method)
    ballot = Question.objects.values_list("ballot_id", flat=True).get(pk=pk)
    running.result(path(running.job.coop, "governance:compare", pk=ballot, question=pk))
