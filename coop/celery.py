"""The Celery application: tasks of all our apps, settings from ``CELERY_*`` in Django's."""

import os

from celery import Celery
from celery.signals import worker_process_init

from coop.keeper import tie_to_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")

app = Celery("rochdale")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.worker_log_format = "%(levelname)s %(message)s"
app.conf.worker_task_log_format = "%(levelname)s %(task_name)s: %(message)s"
app.set_default()  # for every thread: gunicorn's threads enqueue too
app.autodiscover_tasks()


@worker_process_init.connect
def die_with_the_worker(**_):
    """A worker killed with SIGKILL cannot stop its pool; the kernel does it instead."""
    tie_to_parent()
