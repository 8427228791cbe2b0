from celery import shared_task

from . import jobs, outbox


@shared_task(name="kernel.sweep_jobs")
def sweep_jobs():
    jobs.sweep()


@shared_task(name="kernel.send_mail")
def send_mail():
    outbox.send_waiting()
