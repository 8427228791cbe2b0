"""The Celery application: tasks of all our apps, settings from ``CELERY_*`` in Django's."""

import logging
import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import after_setup_logger, worker_process_init

from coop.keeper import tie_to_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
# Worker and beat would run Django's checks, which load every page: a second each. "manage.py check" and migrate do.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("rochdale")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.worker_log_format = "%(levelname)s %(message)s"
app.conf.worker_task_log_format = "%(levelname)s %(task_name)s: %(message)s"
app.set_default()  # for every thread: gunicorn's threads enqueue too
app.autodiscover_tasks()


# Celery warns of root because root's worker could be fed pickles; ours takes JSON alone, and the image is not root.
warnings.filterwarnings("ignore", category=SecurityWarning)


def is_news(record: logging.LogRecord) -> bool:
    """False for the lines beat would fill the log with: that it asked, every few seconds, and all was well."""
    regular = {entry["task"] for entry in app.conf.beat_schedule.values()}
    return record.levelno > logging.INFO or getattr(record, "data", {}).get("name") not in regular


@after_setup_logger.connect
def keep_to_the_news(**_):
    logging.getLogger("celery.app.trace").addFilter(is_news)
    logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)


@worker_process_init.connect
def die_with_the_worker(**_):
    """A worker killed with SIGKILL cannot stop its pool; the kernel does it instead."""
    tie_to_parent()
