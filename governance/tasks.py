"""What beat and the worker call: identifiers in, one service call each."""

from __future__ import annotations

from celery import shared_task

from coop.kernel import jobs
from coop.kernel.tenancy import path

from . import services
from .models import Ballot, Extension, Question, Reminder, RollPublication


@shared_task(name="governance.tick")
def tick() -> None:
    """Close what is due, and destroy keys nobody needs any more."""
    services.close_due()
    services.destroy_spent_keys()


@shared_task(name="governance.shake")
def shake() -> None:
    """Shake the boxes of open secret ballots."""
    services.shake_open()


@jobs.task("governance.announce_ballot")
def announce_ballot(running, pk: int) -> None:
    """Write to everybody who may vote that the ballot is released."""
    services.announce(ballot_id=pk)
    running.result(path(running.job.coop, "governance:ballot", pk=pk))


@jobs.task("governance.announce_extension")
def announce_extension(running, pk: int) -> None:
    """Write to everybody who may vote that the ballot closes later."""
    services.announce_extension(extension_id=pk)
    ballot = Extension.objects.values_list("ballot_id", flat=True).get(pk=pk)
    running.result(path(running.job.coop, "governance:ballot", pk=ballot))


@jobs.task("governance.announce_roll")
def announce_roll(running, pk: int) -> None:
    """Write to everybody on a published roll what their line says."""
    services.announce_roll(publication_id=pk)
    roll = RollPublication.objects.values_list("roll_id", flat=True).get(pk=pk)
    running.result(path(running.job.coop, "governance:roll-objections", pk=roll))


@jobs.task("governance.send_reminder")
def send_reminder(running, pk: int) -> None:
    """Write to everybody who has not voted yet."""
    services.send_reminder(reminder_id=pk)
    ballot = Reminder.objects.values_list("ballot_id", flat=True).get(pk=pk)
    running.result(path(running.job.coop, "governance:remind", pk=ballot))


@jobs.task("governance.count_ballot")
def count_ballot(running, pk: int) -> None:
    """Count a closed ballot; a secret one's box is opened first and its keys destroyed."""
    actor = jobs.actor_of(running.job)
    if Ballot.objects.filter(pk=pk, kind=Ballot.Kind.SECRET).exists():
        services.open_box(actor=actor, ballot_id=pk, progress=running.progress)
        services.destroy_spent_keys()
    services.count_ballot(actor=actor, ballot_id=pk, progress=running.progress)
    running.result(path(running.job.coop, "governance:result", pk=pk))


@jobs.task("governance.count_other_rule")
def count_other_rule(running, pk: int, method: str) -> None:
    """Count the same papers by another rule, to compare."""
    services.count_other_rule(actor=jobs.actor_of(running.job), question_id=pk, method=method)
    ballot = Question.objects.values_list("ballot_id", flat=True).get(pk=pk)
    running.result(path(running.job.coop, "governance:compare", pk=ballot, question=pk))
