"""Jobs: asked once, run once, shown while they run, found again when lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from coop.kernel import clock, jobs
from coop.kernel.errors import Refused
from coop.kernel.models import Job


@pytest.fixture
def queued(transactional_db, system) -> Job:
    with transaction.atomic():
        return jobs.enqueue("test.work", 7, actor=system, title="Working", total=3)


def in_thread(work) -> threading.Thread:
    def run():
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_same_work_asked_twice_is_one_job(transactional_db, system, queued):
    with transaction.atomic():
        again = jobs.enqueue("test.work", 7, actor=system, title="Working", total=3)
    assert again.pk == queued.pk
    assert Job.objects.count() == 1


def test_work_asked_for_in_a_transaction_that_fails_was_never_asked(transactional_db, system):
    with pytest.raises(ValueError), transaction.atomic():
        jobs.enqueue("test.work", 8, actor=system, title="Working")
        raise ValueError
    assert not Job.objects.exists()


def test_a_job_runs_once_and_says_so(queued):
    ran = []
    jobs.run(queued.pk, lambda running, number: ran.append(number))
    jobs.run(queued.pk, lambda running, number: ran.append(number))
    queued.refresh_from_db()
    assert ran == [7]
    assert (queued.state, queued.done, queued.error) == ("done", 3, "")
    assert queued.finished_at is not None


def test_progress_shows_before_the_work_commits(queued):
    seen = {}

    def handler(running, number):
        with transaction.atomic():
            running.progress(2)
            in_thread(lambda: seen.update(done=Job.objects.get(pk=queued.pk).done)).join()

    jobs.run(queued.pk, handler)
    assert seen == {"done": 2}


def test_two_copies_of_a_message_run_it_once(queued):
    inside, leave, ran = threading.Event(), threading.Event(), []

    def slow(running, number):
        ran.append("first")
        inside.set()
        leave.wait(10)

    thread = in_thread(lambda: jobs.run(queued.pk, slow))
    assert inside.wait(10)
    jobs.run(queued.pk, lambda running, number: ran.append("second"))
    leave.set()
    thread.join()
    assert ran == ["first"]


def test_a_refusal_is_the_jobs_sentence(queued):
    def refuse(running, number):
        raise Refused("no", "There is nothing to count.")

    jobs.run(queued.pk, refuse)
    queued.refresh_from_db()
    assert (queued.state, queued.error) == ("failed", "There is nothing to count.")


def test_a_mistake_is_tried_three_times_and_then_given_up(queued):
    def fall(running, number):
        raise ZeroDivisionError

    for _attempt in range(jobs.MAX_ERRORS):
        jobs.run(queued.pk, fall)
    queued.refresh_from_db()
    assert queued.state == "failed"
    assert queued.attempt == 3
    assert "nothing was half-done" in queued.error


def test_the_sweeper_finds_what_a_dead_worker_left(queued):
    Job.objects.filter(pk=queued.pk).update(
        state="running", heartbeat=clock.now() - jobs.LOST_AFTER - timedelta(seconds=1), sent_at=clock.now(), attempt=1
    )
    assert jobs.sweep() == 1
    jobs.run(queued.pk, lambda running, number: None)  # the claim ended with the dead worker's connection
    queued.refresh_from_db()
    assert (queued.state, queued.attempt) == ("done", 2)


def test_the_sweeper_finds_what_the_broker_forgot(queued):
    Job.objects.filter(pk=queued.pk).update(sent_at=clock.now() - jobs.UNSEEN_AFTER - timedelta(seconds=1))
    assert jobs.sweep() == 1


def test_the_sweeper_leaves_fresh_work_alone(queued):
    Job.objects.filter(pk=queued.pk).update(sent_at=clock.now())
    assert jobs.sweep() == 0
    Job.objects.filter(pk=queued.pk).update(state="running", heartbeat=clock.now())
    assert jobs.sweep() == 0


def test_a_job_that_always_kills_its_worker_is_given_up(queued):
    Job.objects.filter(pk=queued.pk).update(state="running", heartbeat=None, attempt=jobs.MAX_ATTEMPTS)
    jobs.sweep()
    queued.refresh_from_db()
    assert queued.state == "failed"


def test_one_open_job_per_work_is_the_databases_promise(queued):
    with pytest.raises(Exception, match="job_asked_once_at_a_time"), transaction.atomic():
        Job.objects.create(coop_id=queued.coop_id, kind="test.work", args=[7], title="again")
    assert connection.is_usable()
