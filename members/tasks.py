"""What happens by itself: a day comes, and a membership has ended."""

from __future__ import annotations

from celery import shared_task

from coop.kernel import jobs
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import path
from members import services
from members.models import BulkLetter, CourseSession, ImportBatch


@shared_task(name="members.tick")
def tick() -> None:
    """Write down every membership that is over and who has come of age; what was announced for today begins."""
    for coop in Cooperative.objects.order_by("pk"):
        services.close_cases(coop)
        services.end_due(coop)
        services.begin_announced(coop)
        services.come_of_age(coop)


@jobs.task("members.check_import")
def check_import(running, batch_id: int) -> None:
    """Check a large file's lines."""
    batch = ImportBatch.objects.get(pk=batch_id, coop=running.job.coop)
    services.check_lines(batch, running.progress)
    running.result(path(running.job.coop, "members:import", pk=batch_id))


@jobs.task("members.write_import")
def write_import(running, batch_id: int) -> None:
    """Write a large file into the register."""
    batch = ImportBatch.objects.get(pk=batch_id, coop=running.job.coop)
    services.write_import(actor=jobs.actor_of(running.job), batch=batch, progress=running.progress)
    running.result(path(running.job.coop, "members:import", pk=batch_id))


@jobs.task("members.write_to_many")
def write_to_many(running, letter_id: int) -> None:
    """Write one letter to everybody on its list who was not written to yet."""
    letter = BulkLetter.objects.get(pk=letter_id, coop=running.job.coop)
    services.send_lines(letter, running.progress)
    running.result(path(running.job.coop, "members:written", pk=letter_id))


@jobs.task("members.tell_session")
def tell_session(running, session_id: int, _asked_at: str) -> None:
    """Write to everybody on a session's list who was not written to yet."""
    session = CourseSession.objects.get(pk=session_id, coop=running.job.coop)
    services.tell_the_rest(session, running.progress)
    running.result(path(running.job.coop, "members:session", pk=session_id))


@jobs.task("members.invite_everybody")
def invite_everybody(running) -> None:
    """Send a code to everybody who has neither a login nor a code."""
    services.invite_everybody(actor=jobs.actor_of(running.job), progress=running.progress)
    running.result(path(running.job.coop, "members:invitations"))
