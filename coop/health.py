"""What machines ask: is the process alive, may it be given traffic, how is the work going.

``/livez`` touches nothing: a database that is down is no reason to kill a process that waits for it. ``/readyz``
names each thing it needs as ``ok`` or ``down`` and nothing more, for anybody may ask. ``/metrics`` tells counts, and is
there for this machine only unless METRICS_PUBLIC says that something else keeps strangers away.
"""

import logging
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from coop.kernel import clock
from coop.kernel.models import Cooperative, Job, Mail

log = logging.getLogger("rochdale.health")
QUEUE = "celery"  # the list Celery keeps its messages in
_state = {"migrated": False}  # true for good once seen: new migrations come with a new process


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if database, schema and broker are there, else 503; each by name."""
    parts = {"database": _database, "migrations": _migrations, "broker": _broker}
    seen = {name: "ok" if _holds(name, probe) else "down" for name, probe in parts.items()}
    return JsonResponse(seen, status=200 if set(seen.values()) == {"ok"} else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, read from the database and the broker at the moment of asking."""
    if not (settings.METRICS_PUBLIC or asked_from_here(request)):
        raise Http404
    registry = CollectorRegistry()
    registry.register(Work())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def asked_from_here(request: HttpRequest) -> bool:
    """True if the request was made on this machine and not merely handed on by a proxy that runs on it."""
    try:
        local = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return local and not any(header in request.META for header in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"))


def _holds(name: str, probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except (DatabaseError, redis.RedisError, OSError) as problem:
        log.warning("not ready: %s: %s", name, problem)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _migrations() -> bool:
    if not _state["migrated"]:
        executor = MigrationExecutor(connection)
        _state["migrated"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _state["migrated"]


def _broker() -> bool:
    with broker() as client:
        return bool(client.ping())


def broker() -> redis.Redis:
    """A client of the broker that gives up after two seconds."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


class Work:
    """A Prometheus collector. Every number is the whole platform's, whichever process answers; no co-op is named."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("rochdale_jobs", "Jobs by state.", labels=["state"])
        mail = GaugeMetricFamily("rochdale_letters", "Letters in the outbox by state.", labels=["state"])
        for family, model in ((jobs, Job), (mail, Mail)):
            counted = dict(model.objects.order_by().values_list("state").annotate(Count("pk")))
            for state in model.State.values:
                family.add_metric([state], counted.get(state, 0))
            yield family
        yield from self._ages()
        coops = Cooperative.objects.count()
        yield GaugeMetricFamily("rochdale_cooperatives", "Co-operatives on this platform.", value=coops)
        yield from self._stores()

    def _ages(self) -> Iterator[GaugeMetricFamily]:
        now = clock.now()
        for name, model, what in (
            ("rochdale_oldest_waiting_job_seconds", Job, "How long the oldest waiting job has waited."),
            ("rochdale_oldest_waiting_letter_seconds", Mail, "How long the oldest waiting letter has waited."),
        ):
            oldest = model.objects.filter(state=model.State.QUEUED).aggregate(at=Min("created_at"))["at"]
            yield GaugeMetricFamily(name, what, value=(now - oldest).total_seconds() if oldest else 0)

    def _stores(self) -> Iterator[GaugeMetricFamily]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            size = cursor.fetchone()[0]
        yield GaugeMetricFamily("rochdale_database_bytes", "Size of the database on disk.", value=size)
        answers = GaugeMetricFamily("rochdale_broker_up", "1 if the broker answers.", value=0)
        waiting = GaugeMetricFamily("rochdale_broker_messages", "Messages no worker has taken yet.")
        try:
            with broker() as client:
                waiting.add_metric([], client.llen(QUEUE))
        except (redis.RedisError, OSError):
            yield answers
            return
        answers.samples.clear()
        answers.add_metric([], 1)
        yield answers
        yield waiting


urlpatterns = [
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
