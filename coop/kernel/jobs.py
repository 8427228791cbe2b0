"""Work a person waits for: a row, a message, a claim, a heartbeat, and a sweeper that finds what was lost.

The row is the truth. ``enqueue`` writes it in the caller's transaction and sends a message after commit; a broker
that is down or emptied costs only time, because ``sweep`` sends again. A worker claims a job by a session advisory
lock, so two copies of a message run one job once, and the claim of a killed worker ends with its connection. Progress
is written on that same connection, outside the job's own transaction, so the page moves while the work is still open.
Handlers may run twice and must be idempotent.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta

from celery import current_app, shared_task
from django.conf import settings
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.models import F, Q
from django.utils.translation import gettext as _

from . import clock
from .errors import NotAllowed, Refused
from .models import Cooperative, Job, User
from .tenancy import Actor

log = logging.getLogger("rochdale.jobs")
LOCK_CLASS = 7002
BEAT_SECONDS = settings.HEARTBEAT_SECONDS
LOST_AFTER = timedelta(seconds=5 * BEAT_SECONDS)  # a running job whose heartbeat is older has no worker
UNSEEN_AFTER = timedelta(seconds=15 * BEAT_SECONDS)  # a queued job not picked up by then is sent again
MAX_ATTEMPTS = 20  # a job that kills its worker this often is given up
MAX_ERRORS = 3


class Running:
    """What a handler gets beside its arguments: the job's row, and a way to say how far it is."""

    def __init__(self, job: Job, cursor, lock: threading.Lock):
        self.job = job
        self._cursor, self._lock = cursor, lock

    def progress(self, done: int, total: int | None = None) -> None:
        """Show ``done`` of ``total`` at once, whatever becomes of the transaction the handler is in."""
        with self._lock:
            self._cursor.execute(
                "UPDATE kernel_job SET done = %s, total = coalesce(%s, total), heartbeat = now() WHERE id = %s",
                [done, total, self.job.pk],
            )

    def result(self, url: str) -> None:
        """Where the person finds what came of it."""
        self.job.result_url = url


def enqueue(kind: str, *args, actor, title: str, total: int = 0) -> Job:
    """Ask for work after commit. The same work asked for twice while it is open is the same job."""
    arguments = list(args)
    try:
        with transaction.atomic():
            job = Job.objects.create(
                coop_id=actor.coop_id, kind=kind, args=arguments, title=title, actor_id=actor.user_id, total=total
            )
    except IntegrityError:
        open_states = [Job.State.QUEUED, Job.State.RUNNING]
        job = Job.objects.get(coop_id=actor.coop_id, kind=kind, args=arguments, state__in=open_states)
    transaction.on_commit(lambda: send(job.pk, kind))
    return job


def send(job_id: int, kind: str) -> bool:
    """Put the message in the broker. False if the broker does not answer; the sweeper tries again."""
    try:
        current_app.send_task(kind, args=[job_id], retry=False)
    except Exception as failure:  # noqa: BLE001 - kombu raises transports' own errors; the row is safe either way
        log.warning("job %s waits: the broker does not answer (%s)", job_id, failure)
        return False
    Job.objects.filter(pk=job_id).update(sent_at=clock.now())
    return True


def task(kind: str) -> Callable:
    """Make ``fn(running, *args)`` the handler of jobs of this kind."""

    def register(fn: Callable) -> Callable:
        def run_job(job_id: int) -> None:
            run(job_id, fn)

        run_job.__name__ = fn.__name__
        run_job.__doc__ = fn.__doc__
        return shared_task(name=kind)(run_job)

    return register


def run(job_id: int, handler: Callable) -> None:
    """Claim the job and run its handler once; leave if somebody else holds it or it is over."""
    with _claim(job_id) as running:
        if running is None:
            return
        job = running.job
        try:
            handler(running, *job.args)
        except (Refused, NotAllowed) as refusal:
            _finish(job, Job.State.FAILED, error=str(refusal) or _("You are not allowed to do this."))
        except DatabaseError as lost:
            # The database going away is not the job's fault: the sweeper finds it again.
            log.warning("job %s (%s) lost its database: %s", job.pk, job.kind, lost)
            if not _is_gone(lost):
                _failed(job, lost)
        except Exception as failure:  # noqa: BLE001 - the row must say that it stopped
            _failed(job, failure)
        else:
            _finish(job, Job.State.DONE, result_url=job.result_url)


def _is_gone(error: DatabaseError) -> bool:
    return isinstance(error, InterfaceError | OperationalError)


def _failed(job: Job, failure: Exception) -> None:
    log.exception("job %s (%s) failed", job.pk, job.kind, exc_info=failure)
    if job.attempt < MAX_ERRORS:
        Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, sent_at=None, error=str(failure)[:500])
        return
    _finish(job, Job.State.FAILED, error=_("Something went wrong on our side; nothing was half-done."))


def _finish(job: Job, state: str, **fields) -> None:
    done = {"done": F("total")} if state == Job.State.DONE else {}
    fields.setdefault("error", "")
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(
        state=state, finished_at=clock.now(), **done, **fields
    )


@contextmanager
def _claim(job_id: int):
    """Hold the job's lock on a connection of its own, with a heartbeat on it, for as long as the handler runs."""
    line = connection.copy(alias=f"job-{job_id}")
    line.set_autocommit(True)
    stop, lock = threading.Event(), threading.Lock()
    try:
        with line.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, job_id % 2**31])
            if not cursor.fetchone()[0]:
                yield None
                return
            cursor.execute(
                "UPDATE kernel_job SET state = 'running', attempt = attempt + 1, heartbeat = now(), done = 0"
                " WHERE id = %s AND state IN ('queued', 'running')",
                [job_id],
            )
            if cursor.rowcount != 1:
                yield None
                return
            beat = threading.Thread(target=_beat, args=(cursor, job_id, stop, lock), daemon=True)
            beat.start()
            try:
                yield Running(Job.objects.select_related("coop", "actor").get(pk=job_id), cursor, lock)
            finally:
                stop.set()
                beat.join(timeout=5)
    finally:
        line.close()


def _beat(cursor, job_id: int, stop: threading.Event, lock: threading.Lock) -> None:
    while not stop.wait(BEAT_SECONDS):
        try:
            with lock:
                cursor.execute("UPDATE kernel_job SET heartbeat = now() WHERE id = %s", [job_id])
        except DatabaseError:
            return  # the claim is gone with its connection; the sweeper sees the heartbeat stop


def sweep() -> int:
    """Send again every open job nobody works on: a dead worker's, an emptied broker's. Returns how many."""
    now = clock.now()
    lost = Q(state=Job.State.RUNNING) & (Q(heartbeat__isnull=True) | Q(heartbeat__lt=now - LOST_AFTER))
    unseen = Q(state=Job.State.QUEUED) & (Q(sent_at__isnull=True) | Q(sent_at__lt=now - UNSEEN_AFTER))
    sent = 0
    for job in Job.objects.filter(lost | unseen).order_by("pk")[:1000]:
        if job.attempt >= MAX_ATTEMPTS:
            Job.objects.filter(pk=job.pk, state=job.state).update(
                state=Job.State.FAILED,
                finished_at=now,
                error=_("Tried %(times)s times without success; nothing was half-done.") % {"times": job.attempt},
            )
            continue
        sent += send(job.pk, job.kind)
    return sent


def actor_of(job: Job) -> Actor:
    """Who asked for the job, with the offices they hold now; the platform itself where nobody did."""
    coop: Cooperative = job.coop
    asked: User | None = job.actor
    return Actor.of(asked, coop) if asked else Actor.system(coop)


def close_stale_connections() -> None:
    """After a database restart, let the next query open a new connection."""
    for each in connections.all(initialized_only=True):
        each.close_if_unusable_or_obsolete()
